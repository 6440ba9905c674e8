"""What triggers guarantee: limits against the arithmetic of the published defaults, shares against theory, the rule."""

import numpy as np
import pytest

from archlab.chapters.serverless import trigger_designs, trigger_figure, triggers
from archlab.chapters.serverless.trigger_designs import DESIGNS, LOOP, RECEIVES, TRIGGERS
from archlab.chapters.serverless.triggers import event_triggers
from archlab.course.claims.limit import Limit
from archlab.course.claims.verdict import Outcome
from archlab.data import load
from archlab.sim.functions import AsyncInvocations, AsyncPolicy

LAMBDA = load("lambda").set_index(["setting", "what"])["value"]


@pytest.fixture(scope="module")
def told():
    return triggers.table()


@pytest.fixture(scope="module")
def rows(told):
    return told.set_index("design")


@pytest.fixture(scope="module")
def figures(told):
    return triggers.figures(told)


def last_try_of_a_queue_s():
    """When a message is tried last while its function is away: in its last receive, after 1, 3, 7 ... s."""
    visibility_s = 6 * trigger_designs.TIME_LIMIT_S
    tries_s = [2**n - 1 for n in range(20) if 2**n - 1 <= visibility_s]
    return (RECEIVES - 1) * visibility_s + tries_s[-1]


def test_a_queue_gives_up_when_its_receives_are_used_up(rows):
    limit = rows.away_up_to_min["queue"]
    assert limit.low <= (last_try_of_a_queue_s() + triggers.JUST_S) / 60
    assert limit.high >= last_try_of_a_queue_s() / 60
    assert limit.high - limit.low < 0.5


@pytest.mark.parametrize("design", ["asynchronous", "object created", "timer"])
def test_asynchronous_events_are_given_up_when_they_are_too_old(rows, design):
    oldest_min = LAMBDA["asynchronous", "longest age of an event"] / 60
    assert rows.away_up_to_min[design] == pytest.approx(oldest_min, rel=0.03)


def test_a_stream_keeps_records_for_a_day_and_a_loop_for_as_long_as_was_tried(rows):
    kept_min = load("kinesis").set_index("setting").value["retention"] / 60
    assert rows.away_up_to_min["stream"] == pytest.approx(kept_min, rel=0.03)
    assert rows.away_up_to_min[LOOP] == np.inf


@pytest.mark.parametrize("design", DESIGNS)
def test_without_keys_events_are_written_twice_as_often_as_calls_fail_after_their_work(rows, design):
    """A try fails after its work with probability p, so about p in a hundred events are written once more."""
    assert np.mean(rows.twice_percent[design].per_seed) == pytest.approx(triggers.FAILING_PERCENT, abs=1.5)
    assert max(rows.twice_with_keys_percent[design].per_seed) == 0


def test_only_a_stream_and_a_loop_keep_the_order(rows):
    in_order = {design for design in DESIGNS if max(rows.late_percent[design].per_seed) == 0}
    assert in_order == {"stream", LOOP}


@pytest.mark.parametrize("design", DESIGNS)
def test_a_short_absence_and_few_failing_calls_lose_nothing(rows, design):
    assert max(rows.never_percent[design].per_seed) == 0


@pytest.mark.parametrize(("design", "tries"), [("asynchronous", 3), ("queue", RECEIVES)])
def test_an_event_is_given_up_when_all_of_its_tries_fail(design, tries):
    failing = 0.5
    given_up = [triggers.given_up_percent(seed, design, failing) for seed in range(5)]
    assert np.mean(given_up) == pytest.approx(100 * failing**tries, abs=2.2)


@pytest.mark.parametrize("design", ["stream", LOOP])
def test_who_tries_for_ever_gives_nothing_up(design):
    assert triggers.given_up_percent(1, design, 0.5) == 0


def test_the_share_of_failing_calls_is_the_cube_root_of_what_may_be_lost(figures):
    limit = figures["failing_up_to_percent"]
    expected = 100 * (triggers.LOST_PERCENT / 100) ** (1 / 3)
    assert limit.low <= expected <= limit.high


def test_the_claim_holds_for_as_long_as_the_queue_waits(figures):
    verdict = event_triggers(**figures)
    assert (verdict.outcome, verdict.seeds) == (Outcome.HOLDS_WHEN, 10)
    assert verdict.flips_at == figures["queue_up_to_min"]
    assert "a loop on a server gives none up" in verdict.words


def test_events_that_are_acted_on_twice_with_keys_turn_the_verdict(monkeypatch, figures):
    """A handler that does not look at the keys."""
    write = triggers.Desk.write

    def forgets(desk, event):
        desk.with_keys = False
        write(desk, event)

    monkeypatch.setattr(triggers.Desk, "write", forgets)
    run = triggers.over_failures(1, "asynchronous", with_keys=True, failing_percent=20.0)
    assert run["twice_percent"] > 0
    assert event_triggers(**{**figures, "twice_with_keys_percent": run["twice_percent"]}).outcome is (
        Outcome.DOES_NOT_HOLD
    )


def test_with_more_receives_another_trigger_is_the_first_to_give_up(monkeypatch, figures):
    monkeypatch.setattr(trigger_designs, "RECEIVES", 200)
    two_seeds = triggers.away_up_to_min("queue", range(2))
    longer = Limit("up to", two_seeds.brackets * 5)
    assert longer > figures["others_up_to_min"]
    verdict = event_triggers(**{**figures, "queue_up_to_min": longer})
    assert verdict.flips_at == figures["others_up_to_min"]


def test_a_loop_that_gives_up_as_early_makes_the_claim_hold(figures):
    as_bad = {**figures, "loop_up_to_min": figures["queue_up_to_min"]}
    assert event_triggers(**as_bad).words.startswith("Holds when: with the share of failing calls")


def test_when_an_event_is_not_tried_again_too_many_are_given_up(monkeypatch, figures):
    """Without retries one failing call in a hundred is one event in a hundred."""
    assert "with the share of failing calls at most" in event_triggers(**figures).words
    once = AsyncPolicy(max_retries=0)
    monkeypatch.setattr(
        trigger_designs, "AsyncInvocations", lambda function: AsyncInvocations(function, once)
    )
    few = triggers.failing_up_to_percent(range(10))
    verdict = event_triggers(**{**figures, "failing_up_to_percent": few})
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
    assert verdict.detail.startswith("it would hold with the share of failing calls at most")


def test_the_figure_reads_out_how_long_each_waits(told):
    picture = trigger_figure.figure(told, "How long")
    assert "queue: 14 min" in picture.alt
    assert "loop on a server: over 50 h, in order." in picture.alt
    assert set(TRIGGERS) < set(told.design)
    with pytest.raises(ValueError, match="told has"):
        trigger_figure.figure(told.drop(columns="late_percent"), "How long")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: triggers.never(1, "queue", 0), "away_min is 0"),
        (lambda: triggers.never(1, "fax", 5), "design is 'fax'"),
        (lambda: triggers.given_up_percent(1, "queue", 2), "before is 2"),
        (lambda: triggers.over_failures(1, "queue", True, events=1), "events is 1"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
