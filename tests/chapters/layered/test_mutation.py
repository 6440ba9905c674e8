"""Mutation testing: which tests notice which mistakes."""

import pytest

import archlab.shop.domain as domain
from archlab.chapters.layered import mutation, promises
from archlab.chapters.layered.mutants import in_place, mutants
from archlab.chapters.layered.mutation import AROUND, RULES, figure, made, missed, noticed, shares, tried
from archlab.chapters.layered.promises import DOORS
from archlab.chapters.layered.testable import both

RULES_FILE = "archlab.shop.layered.business.rules"


@pytest.fixture(scope="module")
def table():
    return both()


def percent(table, shop, where, suite):
    found = shares(table[(table.shop == shop) & (table["where"] == where)]).set_index("suite")
    return found.noticed_percent[suite]


def test_tests_of_rules_notice_all_mistakes_in_rules_and_none_around_them(table):
    assert percent(table, "layered", RULES, "rules") == 100
    assert percent(table, "layered", AROUND, "rules") == 0


def test_tests_of_use_cases_notice_some_of_the_mistakes_around_rules(table):
    assert 0 < percent(table, "layered", AROUND, "use cases") < 25


def test_tests_of_the_whole_notice_all_that_makes_a_difference_but_what_no_promise_asks_for(table):
    (unread,) = missed(table[table.no_difference == ""], "whole").before
    assert unread.startswith("_require_pieces")
    assert missed(table[table.no_difference == ""], "monolith whole").empty


def test_what_makes_no_difference_is_noticed_by_nobody(table):
    same = table[table.no_difference != ""]
    assert set(same.function) == {"reserve", "OrderRepository.status"}
    assert not same.noticed.any()


def test_the_monolith_on_fakes_is_tested_as_well(table):
    assert percent(table, "monolithic", RULES, "monolith on fakes") == 100
    assert percent(table, "monolithic", AROUND, "monolith on fakes") == 0


def test_functions_alone_do_not_see_what_the_layer_does_with_them(table):
    of_layer = table[(table.module == RULES_FILE) & (table.suite == "functions")]
    assert len(of_layer) > 0
    assert not of_layer.noticed.any()


def test_the_promises_written_last_are_needed(monkeypatch):
    early = tuple(one for one in promises.PROMISES if one not in promises.FOUND_BY_MISTAKES)
    monkeypatch.setattr(mutation, "suites", lambda: {name: early for name in ("use cases", "whole")})
    found = [one for one in made("layered") if one.function in ("Rules.draft", "Application.settle")]
    unnoticed = {one.before for one in found if not tried(one, "whole")[0]}
    assert any("reserve" in before for before in unnoticed)
    assert any("capture" in before for before in unnoticed)


def test_what_a_promise_does_not_run_it_cannot_notice():
    """The short way of `tried` and asking every promise come to the same."""
    for mutant in made("layered", [RULES_FILE]):
        with in_place(mutant):
            broken = any(_is_broken(promise) for promise in promises.suites()["use cases"])
        assert tried(mutant, "use cases")[0] == broken


def _is_broken(promise):
    try:
        promise(DOORS["use cases"])
    except Exception:
        return True
    return False


def test_a_program_that_runs_on_is_stopped_by_the_count_of_lines(monkeypatch):
    monkeypatch.setattr(mutation, "MOST_LINES", 20)
    mutant = next(one for one in mutants(domain) if one.function == "reserve")
    mutation._usual("use cases")
    seen, lines = tried(mutant, "use cases")
    assert seen
    assert lines < 1000


def test_lines_until_noticed_are_no_more_than_a_few_suites(table):
    assert (table.lines > 0).all()
    for suite in ("rules", "whole"):
        rows = table[(table.suite == suite) & ~table.noticed]
        assert (rows.lines <= 2 * mutation.lines_of(suite)).all()


def test_only_modules_of_the_shop_are_changed():
    with pytest.raises(ValueError, match="only is"):
        noticed("layered", only=["json"])
    with pytest.raises(ValueError, match="shop is"):
        made("kiosk")


def test_the_figure_says_every_share(table):
    alt = figure(table, "All in the rules").alt
    assert "functions (" in alt
    assert "whole (" in alt
    assert "use cases" in alt
