"""A rule decides from figures, seed by seed where they have seeds, and says in words what it does."""

import math
from dataclasses import dataclass

import pytest

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, Rule, settles
from archlab.course.claims.verdict import (
    Outcome,
    Verdict,
    all_of,
    cannot_be_shown,
    holds_from,
    holds_if,
    holds_up_to,
)


@dataclass
class Guards:
    timeout_s: float


CLAIM = "definition.separate-read-and-write-models"
MUCH_PERCENT = 12.5
MOST_CORES = 1024
GUARDS = Guards(timeout_s=0.5)
RULE = "least outstanding"


@settles(CLAIM, evidence=Evidence.SIMULATED)
def saves_much(saved_percent: float, lost: float) -> Verdict:
    """Holds when {MUCH_PERCENT} % are saved
    with at most {MOST_CORES} cores, by {RULE}, with {GUARDS.timeout_s} s of time-out.

    And nothing is lost.
    """
    return holds_if(saved_percent > MUCH_PERCENT and lost == 0)


def ruled(decide, evidence=Evidence.SIMULATED):
    decide.__doc__ = "Holds when it does."
    return settles(CLAIM, evidence=evidence)(decide)


def test_its_words_are_the_first_paragraph_with_the_values_of_the_thresholds():
    assert saves_much.words == (
        "Holds when 12.5 % are saved with at most 1,024 cores, by least outstanding, with 0.5 s of time-out."
    )


def test_a_threshold_that_the_module_does_not_have_is_refused():
    def decide(saved_percent):
        """Holds when {SO_MUCH} is saved."""
        return holds_if(saved_percent > 1)

    with pytest.raises(ValueError, match="names 'SO_MUCH'; its module must have it"):
        _ = settles(CLAIM, evidence=Evidence.SIMULATED)(decide).words


def test_numbers_decide_as_they_are():
    assert saves_much(saved_percent=20, lost=0) == saves_much(20, 0) == Verdict(Outcome.HOLDS)
    assert saves_much(20, 1).outcome is Outcome.DOES_NOT_HOLD


def test_the_verdict_stands_when_every_seed_gives_it_by_itself():
    verdict = saves_much(OverSeeds([20.0] * 12), 0)
    assert (verdict.outcome, verdict.seeds, verdict.is_stable) == (Outcome.HOLDS, 12, True)
    assert not saves_much(OverSeeds([20.0] * 9), 0).is_stable


def test_the_figures_of_one_seed_are_judged_together():
    """Each figure by itself looks well in nine seeds of ten, but never the same nine."""
    saved = OverSeeds([5.0, *[20.0] * 9])
    verdict = saves_much(saved, OverSeeds([0] * 9 + [1]))
    assert verdict.outcome is Outcome.BY_LUCK
    assert verdict.detail == "'holds' with 8 of 10 seeds, 'does not hold' with 2"
    assert saves_much(saved, OverSeeds([1, *[0] * 9])).words.endswith("'does not hold' with 1")


def test_seeds_that_agree_overrule_their_medians():
    def decide(a, b):
        return holds_if(a + b == 2)

    verdict = ruled(decide)(OverSeeds([0, 1, 2, 2]), OverSeeds([2, 1, 0, 0]))
    assert (verdict.outcome, verdict.seeds) == (Outcome.HOLDS, 4)


def test_a_limit_keeps_its_interval_and_its_condition_through_a_rule():
    def decide(more_from_usd, flips_at_cores):
        largest = Assumption("the largest database", 2, flips_at_cores, "cores")
        return holds_from(more_from_usd, "USD an hour", decided_by=largest)

    limit = Limit("from", [1.9, 1.8, 2.0, 1.9, 2.1, 1.9, 1.8, 2.0, 1.9, 1.7])
    verdict = ruled(decide)(limit, Limit("up to", [4] * 10, whole=True))
    condition = "from about 1.9 (1.8 to 2.0) USD an hour, with the largest database at most 4 cores (here 2)"
    assert verdict.words == f"Holds when: {condition}"
    assert (verdict.flips_at, verdict.seeds) == (limit, 10)


def test_a_limit_that_some_seeds_do_not_have_depends_on_luck():
    def decide(limit):
        return holds_up_to(limit, "teams")

    verdict = ruled(decide)(Limit("up to", [4, 5, math.inf], whole=True))
    assert verdict.detail == "'holds when' with 2 of 3 seeds, 'holds' with 1"


def test_a_plain_number_that_decides_and_does_not_hold_with_one_seed_depends_on_luck():
    def decide(saved_percent):
        return holds_if(saved_percent > 10, decided_by=Assumption("the load", 50, 80, "%"))

    verdict = ruled(decide)(OverSeeds([20.0] * 9 + [5.0]))
    assert verdict.outcome is Outcome.BY_LUCK
    assert verdict.detail == "'holds when' with 9 of 10 seeds, 'does not hold' with 1"


def test_a_rule_that_changes_a_limit_and_loses_its_seeds_is_refused():
    def decide(limit):
        return holds_up_to(limit - 1, "teams")

    with pytest.raises(
        ValueError, match=r"flips_at of .* is 3\.0, without its seeds; the rule must hand a limit on"
    ):
        ruled(decide)(Limit("up to", [4, 5, 3], whole=True))
    assert ruled(decide)(4).words == "Holds when: up to 3 teams"


def test_figures_over_different_numbers_of_seeds_are_refused():
    with pytest.raises(
        ValueError, match=r"so many seeds: \{'saved_percent': 10, 'lost': 3\}; they must have the same"
    ):
        saves_much(OverSeeds([1] * 10), OverSeeds([1] * 3))


def test_a_rule_that_looks_at_nothing_is_refused():
    with pytest.raises(ValueError, match="takes no figures"):
        settles(CLAIM, evidence=Evidence.SIMULATED)(lambda: holds_if(True))


def test_a_rule_without_words_is_refused():
    with pytest.raises(ValueError, match="has no docstring; it must say when the claim holds"):
        settles(CLAIM, evidence=Evidence.SIMULATED)(lambda lost: holds_if(lost == 0))


def test_an_unknown_kind_of_evidence_is_refused():
    with pytest.raises(
        ValueError, match="evidence is 'hearsay'; it must be one of simulated, measured on the"
    ):
        Rule(CLAIM, "hearsay", lambda shared_tables: holds_if(True))


@pytest.mark.parametrize(
    ("evidence", "decide"),
    [
        (Evidence.NONE, lambda reads: holds_if(reads > 0)),
        (Evidence.MODELLED, lambda reads: cannot_be_shown("No users")),
        (Evidence.BY_CONSTRUCTION, lambda reads: holds_up_to(reads, "reads")),
        (Evidence.BY_CONSTRUCTION, lambda reads: cannot_be_shown("No users")),
    ],
)
def test_evidence_and_a_verdict_that_it_cannot_give_exclude_each_other(evidence, decide):
    with pytest.raises(ValueError, match="evidence of"):
        ruled(decide, evidence)(reads=1)


def test_what_is_true_by_construction_needs_a_figure_that_shows_it():
    rule = ruled(lambda shared_tables: holds_if(shared_tables == 0), Evidence.BY_CONSTRUCTION)
    assert rule(0).outcome is Outcome.HOLDS
    assert rule(1).outcome is Outcome.DOES_NOT_HOLD
    with pytest.raises(ValueError, match="takes no figures"):
        settles(CLAIM, evidence=Evidence.BY_CONSTRUCTION)(lambda: holds_if(True))


def test_two_conditions_hold_together():
    def decide(from_replicas, adds_ms):
        cheap = Assumption("what two proxies add", adds_ms, flips_at=3, unit="ms")
        return all_of(holds_from(from_replicas, "replicas"), holds_if(adds_ms < 3, decided_by=cheap))

    rule = ruled(decide)
    limit = Limit("from", [3] * 10, whole=True)
    both = "from 3 replicas, and with what two proxies add at most 3 ms (here 0.5)"
    assert rule(limit, 0.5).words == f"Holds when: {both}"
    assert (
        rule(limit, 4).words == "Does not hold: it would hold with what two proxies add at most 3 ms (here 4)"
    )
