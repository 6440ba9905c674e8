"""A chapter settles each claim of its pattern by a rule, from figures, and its scorecard is made from that."""

import math
import re

import numpy as np
import pytest

from archlab.course.claims.chapter import Chapter
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.scorecard import MIME, Scorecard
from archlab.course.claims.verdict import Verdict, cannot_be_shown, holds_if, holds_up_to, last_holding
from archlab.sim import Poisson, Simulation, Station

SEPARATE = "definition.separate-read-and-write-models"
OPTIMISE = "definition.optimize-each-independently"
STALE = "definition.eventual-consistency-between-models"


MOST_SHARED_TABLES = 0


@settles(SEPARATE, evidence=Evidence.MEASURED)
def separate_models(shared_tables: int) -> Verdict:
    """Holds when the two models share no more tables than {MOST_SHARED_TABLES}."""
    return holds_if(shared_tables <= MOST_SHARED_TABLES)


@settles(OPTIMISE, evidence=Evidence.SIMULATED)
def optimise_each(last_good_write_share_percent: float) -> Verdict:
    """Holds up to the share of writes at which both are as slow."""
    return holds_up_to(last_good_write_share_percent, "% writes")


@settles(STALE, evidence=Evidence.NONE)
def stale_reads() -> Verdict:
    """What would be needed are users."""
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
        """Holds up to the rate at which half of the requests are slow."""
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


def test_a_settled_claim_shows_its_words_figures_verdict_evidence_and_rule():
    claims = Chapter("cqrs", RULES)
    settled = claims.settle(SEPARATE, "Each model has tables of its own.", shared_tables=0)
    text = [
        "Claim (definition): Separate read and write models",
        "  Rule: Holds when the two models share no more tables than 0.",
        "  Measured: shared tables: 0",
        "  So: ✔ Holds (measured on the code)",
        "  Because: Each model has tables of its own.",
    ]
    bundle = settled._repr_mimebundle_()
    assert bundle["text/plain"].splitlines() == text
    html = re.sub(r"<[^>]+>", "", bundle["text/html"])
    assert "return" not in bundle["text/html"]
    for piece in (
        "Separate read and write models",
        "✔ Holds",
        "measured on the code",
        "Measured: shared tables: 0",
    ):
        assert piece in html


def test_the_page_shows_a_symbol_words_and_no_raw_markup():
    bundle = settled_chapter().scorecard()._repr_mimebundle_()
    assert "It would need &lt;real&gt; users &amp; years" in bundle["text/html"]
    assert '<span aria-hidden="true">◐</span> Holds when: up to 37.2&nbsp;% writes' in bundle["text/html"]
    assert bundle["text/html"].count('scope="row"') == 3
    assert bundle["text/plain"].startswith(
        "3 claims about cqrs: holds 1, true by construction 0, holds when 1, does not hold 0, cannot be shown here 1"
    )


def test_a_scorecard_carries_its_rows_as_data():
    records = settled_chapter().scorecard()._repr_mimebundle_()[MIME]
    assert [record["claim"] for record in records] == [
        f"cqrs.{short}" for short in (SEPARATE, OPTIMISE, STALE)
    ]
    assert records[1]["flips_at"] == 37.2
    assert records[1]["figures"] == {"last_good_write_share_percent": "37.2 %"}
    assert records[0]["rule"] == "Holds when the two models share no more tables than 0."


SHARES = [40, 36, 38, 36, 37, 36, 39, 35, 37, 36]


def test_a_limit_over_seeds_shows_its_interval_and_on_how_many_seeds_the_verdict_stands():
    settled = settled_chapter(last_good_write_share_percent=Limit("up to", SHARES)).scorecard().rows[1]
    lines = str(settled).splitlines()
    assert lines[3] == (
        "  So: ◐ Holds when: up to about 36 (36 to 39) % writes (simulated, the same with each of 10 seeds)"
    )
    assert lines[2] == "  Measured: last good write share: 36 % (36 to 39)"
    record = settled.record()
    assert (record["flips_at"], record["flips_at_low"], record["flips_at_high"]) == (36.5, 36, 39)
    assert record["seeds"] == 10
    assert record["figures"] == {"last_good_write_share_percent": "36 % (36 to 39)"}


def test_a_verdict_that_some_seeds_do_not_share_depends_on_luck_and_is_counted_apart():
    claims = settled_chapter(shared_tables=OverSeeds([0] * 9 + [1]))
    settled = claims.scorecard().rows[0]
    assert str(settled).splitlines()[3] == (
        "  So: ⚄ Depends on luck (run again with other chances, it comes out otherwise): "
        "'holds' with 9 of 10 seeds, 'does not hold' with 1 (measured on the code)"
    )
    assert claims.scorecard().summary.endswith("cannot be shown here 1, depends on luck 1")


def test_a_figure_whose_name_is_no_english_is_given_words():
    def decide(growth_when_shared, wait_ms):
        """Holds when it does."""
        return holds_if(growth_when_shared < 2 and wait_ms < 9)

    says = {"growth_when_shared": "p99 is {} times the usual one", "wait_ms": "the wait of the pages"}
    rule = settles(SEPARATE, evidence=Evidence.MEASURED, says=says)(decide)
    settled = Chapter("cqrs", [rule]).settle(SEPARATE, "It is.", growth_when_shared=0.998, wait_ms=4)
    told = "p99 is 0.998 times the usual one; the wait of the pages: 4 ms"
    assert str(settled).splitlines()[2] == f"  Measured: {told}"
    assert "p99 is 0.998 times the usual one<br>the wait" in settled._repr_mimebundle_()["text/html"]


def test_words_for_a_figure_that_the_rule_does_not_take_are_refused():
    with pytest.raises(ValueError, match=r"says of .* has \['lost'\]; it may have \['shared_tables'\]"):
        settles(SEPARATE, evidence=Evidence.MEASURED, says={"lost": "lost"})(separate_models.decide)


def construct(shared_tables):
    rule = settles(SEPARATE, evidence=Evidence.BY_CONSTRUCTION)(separate_models.decide)
    return Chapter("cqrs", [rule]).settle(SEPARATE, "We gave each its tables.", shared_tables=shared_tables)


def test_what_is_true_by_construction_has_a_symbol_of_its_own_and_is_counted_apart():
    settled = construct(shared_tables=0)
    assert str(settled).splitlines()[3] == "  So: ≡ Holds (true by construction)"
    assert "holds 0, true by construction 1, " in Scorecard("cqrs", (settled,)).summary
    assert (settled.record()["verdict"], settled.record()["evidence"]) == ("Holds", "true by construction")


def test_what_was_not_built_as_claimed_does_not_hold():
    settled = construct(shared_tables=2)
    assert str(settled).splitlines()[3] == "  So: ✘ Does not hold (it was to be true by construction)"
    assert "does not hold 1" in Scorecard("cqrs", (settled,)).summary


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (
            37.2,
            r"the verdict on cqrs\..* is 'Holds when: up to 37.2 % writes' over no seeds; it must be the same",
        ),
        (Limit("up to", SHARES[:9]), "over 9 seeds"),
        (
            Limit("up to", [*SHARES, math.inf]),
            r"Depends on luck \(.*\): 'holds when' with 10 of 11 seeds, 'holds' with 1",
        ),
    ],
)
def test_a_verdict_that_luck_may_have_made_is_refused_for_print(limit, message):
    settled = settled_chapter(last_good_write_share_percent=limit).scorecard().rows[1]
    with pytest.raises(ValueError, match=message):
        settled.require_stable()


def test_ten_seeds_that_agree_and_counts_without_luck_may_be_printed():
    for settled in settled_chapter(last_good_write_share_percent=Limit("up to", SHARES)).scorecard().rows:
        settled.require_stable()


def test_the_table_of_data_holds_numbers_also_where_there_are_none():
    frame = settled_chapter(last_good_write_share_percent=Limit("up to", SHARES)).scorecard().frame()
    numbers = frame[["flips_at", "flips_at_low", "flips_at_high", "seeds"]]
    assert numbers.dtypes.unique().tolist() == [np.dtype(float)]
    assert numbers.notna().all(axis=1).tolist() == [False, True, False]
