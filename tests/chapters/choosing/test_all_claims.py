"""All 100 claims are gathered from the six notebooks, each once, and counted."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from archlab.chapters.choosing.all_claims import NOTEBOOKS, all_claims, counts, counts_figure, totals
from archlab.course.claims import claim as table
from archlab.course.claims.scorecard import MIME, WAYS


@pytest.fixture(scope="module")
def claims() -> pd.DataFrame:
    return all_claims()


def changed(tmp_path: Path, pattern: str, change) -> list[Path]:
    """The notebooks, with the rows of one scorecard changed."""
    notebook = json.loads(NOTEBOOKS[pattern].read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                output["data"][MIME] = change(output["data"][MIME])
    copy = tmp_path / NOTEBOOKS[pattern].name
    copy.write_text(json.dumps(notebook), encoding="utf-8")
    return [copy if known == pattern else path for known, path in NOTEBOOKS.items()]


def test_each_of_the_100_claims_is_there_once_in_the_order_of_the_table(claims):
    assert len(claims) == 100
    assert list(claims.claim) == [claim.id for claim in table.all_claims()]
    assert list(claims.text) == [claim.text for claim in table.all_claims()]


def test_the_counts_add_up_to_100_and_to_the_claims_of_each_pattern(claims):
    found = counts(claims)
    assert found.to_numpy().sum() == 100
    known = pd.Series([claim.pattern for claim in table.all_claims()]).value_counts()
    assert found.sum(axis=1).to_dict() == known.to_dict()
    assert sum(totals(claims).values()) == 100
    assert list(totals(claims)) == [str(way) for way in WAYS[:-1]]


def test_what_is_true_by_construction_is_counted_apart_from_what_holds(claims):
    assert (claims.way == claims.verdict).sum() == 100 - (claims.evidence == "true by construction").sum()
    assert totals(claims)["Holds"] == ((claims.verdict == "Holds") & (claims.way == "Holds")).sum()


def test_a_missing_claim_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"lack cqrs\.definition\.eventual.*each of the 100 claims once"):
        all_claims(changed(tmp_path, "cqrs", lambda rows: rows[:-1]))


def test_a_claim_that_is_there_twice_is_named(tmp_path):
    def again(rows):
        return [*rows, *(row for row in rows if row["claim"] == "layered.pros.maintainable")]

    twice = changed(tmp_path, "layered", again)
    with pytest.raises(ValueError, match=r"have twice layered\.pros\.maintainable"):
        all_claims(twice)


def test_a_claim_that_nobody_made_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"and the course has not, cqrs\.pros\.magic"):
        all_claims(changed(tmp_path, "cqrs", lambda rows: [*rows, rows[0] | {"claim": "cqrs.pros.magic"}]))


def test_a_verdict_that_changes_in_a_notebook_changes_the_counts(tmp_path, claims):
    def turned(rows):
        return [rows[0] | {"verdict": "Does not hold", "flips_at": None}, *rows[1:]]

    found = all_claims(changed(tmp_path, "cqrs", turned))
    assert totals(found)["Does not hold"] == totals(claims)["Does not hold"] + 1


def test_by_construction_is_no_way_out_for_what_does_not_hold(tmp_path):
    def turned(rows):
        return [
            row | {"verdict": "Does not hold"} if "single-codebase" in row["claim"] else row for row in rows
        ]

    found = all_claims(changed(tmp_path, "monolithic", turned)).set_index("claim")
    row = found.loc["monolithic.characteristics.single-codebase"]
    assert (row.way, row.symbol) == ("Does not hold", "✘")


def test_the_notebooks_are_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(all_claims()) == 100
    assert not os.path.exists("notebooks")


def test_the_picture_says_the_number_of_each_way_in_words_and_in_the_bars(claims):
    picture = counts_figure(claims, "Most claims hold under a condition")
    assert f"all: holds {totals(claims)['Holds']}, true by construction" in picture.alt
    texts = [text.get_text() for text in picture.figure.axes[0].texts]
    assert sum(map(int, texts)) == 2 * 100
