"""A chapter settles each claim of its pattern by a rule, from figures, and its scorecard is made from that."""

import math
import re

import numpy as np
import pytest

from archlab.course.claims.chapter import Chapter
from archlab.course.claims.rule import Evidence, Rule, settles
from archlab.course.claims.scorecard import MIME
from archlab.course.claims.verdict import Verdict, cannot_be_shown, holds_if, holds_up_to, last_holding
from archlab.sim import Poisson, Simulation, Station

SEPARATE = "definition.separate-read-and-write-models"
OPTIMISE = "definition.optimize-each-independently"
STALE = "definition.eventual-consistency-between-models"


@settles(SEPARATE, evidence=Evidence.MEASURED)
def separate_models(shared_tables: int) -> Verdict:
    """They are separate when they share no table."""
    return holds_if(shared_tables == 0)


@settles(OPTIMISE, evidence=Evidence.SIMULATED)
def optimise_each(last_good_write_share_percent: float) -> Verdict:
    return holds_up_to(last_good_write_share_percent, "% writes")


@settles(STALE, evidence=Evidence.NONE)
def stale_reads() -> Verdict:
    return cannot_be_shown("It would need <real> users & years")


RULES = (separate_models, optimise_each, stale_reads)


def settled_chapter(**changed: float) -> Chapter:
    figures = {"shared_tables": 0, "last_good_write_share_percent": 37.2} | changed
    claims = Chapter("cqrs", RULES)
    claims.settle(SEPARATE, "Each model has tables of its own.", shared_tables=figures.pop("shared_tables"))
    claims.settle(OPTIMISE, "Writes update both.", **figures)
    claims.settle(STALE, "We have no users.")
    return claims


def test_other_figures_flip_the_verdict():
    assert settled_chapter().scorecard().frame()["verdict"].tolist() == [
        "Holds",
        "Holds when",
        "Cannot be shown here",
    ]
    other = settled_chapter(shared_tables=2, last_good_write_share_percent=-math.inf).scorecard().frame()
    assert other["verdict"].tolist() == ["Does not hold", "Does not hold", "Cannot be shown here"]


def p50_ms(workers: int, rate_per_s: float) -> float:
    sim = Simulation(seed=1)
    web = Station(sim, "web", capacity=workers)

    def browse(request):
        yield web.serve(0.010)

    sim.open_load(Poisson(rate_per_s), browse)
    return 1000 * sim.measure(duration_s=20, warmup_s=5).latency_s(50)


def test_a_changed_model_flips_the_verdict_of_the_same_rule():
    rates = [50, 80, 95, 120]

    @settles(OPTIMISE, evidence=Evidence.SIMULATED)
    def quick_enough(last_quick_rate_per_s: float) -> Verdict:
        return holds_up_to(last_quick_rate_per_s, "requests/s")

    def verdict(workers: int) -> Verdict:
        margins = [30 - p50_ms(workers, rate) for rate in rates]
        return quick_enough(last_quick_rate_per_s=last_holding(rates, margins))

    one, two = verdict(workers=1), verdict(workers=2)
    assert (one.outcome, two.outcome) == ("Holds when", "Holds")
    assert one.flips_at is not None
    assert 80 < one.flips_at < 120


def test_a_chapter_that_leaves_a_claim_unsettled_has_no_scorecard():
    claims = Chapter("cqrs", RULES)
    claims.settle(SEPARATE, "Each model has tables of its own.", shared_tables=0)
    with pytest.raises(ValueError, match=rf"2 of 3 claims about cqrs are not settled: {OPTIMISE}, {STALE}"):
        claims.scorecard()


@pytest.mark.parametrize("pattern", ["monolithic", "cqrs"])
def test_nothing_is_settled_to_begin_with(pattern):
    claims = Chapter(pattern, [])
    assert claims.unsettled == list(claims.claims)


def test_settling_again_replaces_the_verdict():
    claims = settled_chapter()
    claims.settle(SEPARATE, "They share one table now.", shared_tables=1)
    frame = claims.scorecard().frame()
    assert len(frame) == 3
    assert frame.verdict[0] == "Does not hold"


@pytest.mark.parametrize(
    ("claim", "because", "figures", "message"),
    [
        ("pros.fast", "Why not.", {}, "claim is 'pros.fast'; it must be one of definition.separate"),
        (SEPARATE, " ", {"shared_tables": 0}, "because is ' '; it must be a sentence"),
        (SEPARATE, "Why.", {}, r"figures of .* are \[\]; they must be \['shared_tables'\]"),
        (SEPARATE, "Why.", {"shared_tables": 0, "more": 1}, "figures of .* must be"),
        (SEPARATE, "Why.", {"shared_tables": math.nan}, "shared_tables is nan"),
        (SEPARATE, "Why.", {"shared_tables": np.float64("nan")}, "shared_tables is .*nan"),
        (SEPARATE, "Why.", {"shared_tables": "none"}, "shared_tables is 'none'"),
    ],
)
def test_what_cannot_settle_a_claim_is_refused(claim, because, figures, message):
    claims = Chapter("cqrs", RULES)
    with pytest.raises(ValueError, match=message):
        claims.settle(claim, because, **figures)
    assert len(claims.unsettled) == 3


def test_a_claim_without_a_rule_cannot_be_settled():
    with pytest.raises(ValueError, match="has no rule in this chapter"):
        Chapter("cqrs", [separate_models]).settle(STALE, "Why.")


def test_two_rules_for_one_claim_are_refused():
    with pytest.raises(ValueError, match="rules has two"):
        Chapter("cqrs", [separate_models, separate_models])


def test_a_rule_for_another_patterns_claim_is_refused():
    with pytest.raises(ValueError, match=r"it must be one of characteristics\.single-codebase"):
        Chapter("monolithic", [separate_models])


def test_a_rule_that_looks_at_nothing_is_refused():
    with pytest.raises(ValueError, match="takes no figures"):
        settles(SEPARATE, evidence=Evidence.SIMULATED)(lambda: holds_if(True))


def test_an_unknown_kind_of_evidence_is_refused():
    with pytest.raises(
        ValueError, match="evidence is 'hearsay'; it must be one of simulated, measured on the"
    ):
        Rule(SEPARATE, "hearsay", lambda shared_tables: holds_if(True))


def test_evidence_and_a_verdict_that_there_is_none_exclude_each_other():
    shown = settles(STALE, evidence=Evidence.NONE)(lambda reads: holds_if(reads > 0))
    hidden = settles(STALE, evidence=Evidence.MODELLED)(lambda reads: cannot_be_shown("No users"))
    for rule in (shown, hidden):
        with pytest.raises(ValueError, match="evidence of"):
            Chapter("cqrs", [rule]).settle(STALE, "Why.", reads=1)


def test_a_settled_claim_shows_its_words_figures_verdict_evidence_and_rule():
    claims = Chapter("cqrs", RULES)
    settled = claims.settle(SEPARATE, "Each model has tables of its own.", shared_tables=0)
    text = [
        "Claim (definition): Separate read and write models",
        "✔ Holds (measured on the code)",
        "  shared tables: 0",
        "  Rule: return holds_if(shared_tables == 0)",
        "  Because: Each model has tables of its own.",
    ]
    bundle = settled._repr_mimebundle_()
    assert bundle["text/plain"].splitlines() == text
    html = re.sub(r"<[^>]+>", "", bundle["text/html"])
    for piece in ("Separate read and write models", "✔ Holds", "measured on the code", "shared tables0"):
        assert piece in html


def test_the_page_shows_a_symbol_words_and_no_raw_markup():
    bundle = settled_chapter().scorecard()._repr_mimebundle_()
    assert "It would need &lt;real&gt; users &amp; years" in bundle["text/html"]
    assert '<span aria-hidden="true">◐</span> Holds when: up to 37.2 % writes' in bundle["text/html"]
    assert bundle["text/html"].count('scope="row"') == 3
    assert bundle["text/plain"].startswith(
        "3 claims about cqrs: holds 1, holds when 1, does not hold 0, cannot be shown here 1"
    )


def test_a_scorecard_carries_its_rows_as_data():
    records = settled_chapter().scorecard()._repr_mimebundle_()[MIME]
    assert [record["claim"] for record in records] == [
        f"cqrs.{short}" for short in (SEPARATE, OPTIMISE, STALE)
    ]
    assert records[1]["flips_at"] == 37.2
    assert records[1]["figures"] == {"last_good_write_share_percent": "37.2 %"}
