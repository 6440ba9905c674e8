"""Bisecting replays: what is found, what it takes, what is repaired, and what nightly backups tell instead."""

import math
import sqlite3
from collections import Counter

import numpy as np
import pytest

from archlab.chapters.event_driven import time_travel
from archlab.chapters.event_driven.history import DAY_S, Trade, play, wishes
from archlab.chapters.event_driven.kept_as_states import as_states
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def story():
    return time_travel.slip_in(seed=3)


@pytest.fixture(scope="module")
def figures():
    return time_travel.travelled(trade=Trade(days=4, price_changes_per_day=0.6), tolerance=0.6)


def one_by_one(store):
    """The first wrong event by a look after each event, in one replay."""
    state = time_travel.AsItWas()
    for event in store.read_all():
        state.apply(event)
        if time_travel.any_order_is_wrong(state):
            return event.position
    return None


def test_halving_finds_the_event_that_a_look_after_each_event_finds(story):
    found = time_travel.bisect_replays(story.store, time_travel.any_order_is_wrong)
    assert found.position == one_by_one(story.store) == story.first_wrong
    assert story.store.at(found.position).type == "OrderPlaced"
    assert story.store.at(found.position).at_s > story.from_s


def test_it_takes_about_log2_looks(story):
    found = time_travel.bisect_replays(story.store, time_travel.any_order_is_wrong)
    assert (
        1 + math.floor(math.log2(story.store.head))
        <= found.looks
        <= 1 + math.ceil(math.log2(story.store.head))
    )
    assert found.replayed < found.looks * story.store.head


def test_a_shop_that_is_right_has_no_first_wrong_event(story):
    with pytest.raises(ValueError, match="is_wrong says no of the last position"):
        time_travel.bisect_replays(story.store, lambda state: False)


def test_a_history_in_which_the_bug_does_nothing_is_named():
    with pytest.raises(ValueError, match="trade gives no wrong order"):
        time_travel.slip_in(seed=1, trade=Trade(days=2, price_changes_per_day=0.0))


def test_the_repair_appends_and_changes_nothing_that_was_there():
    story = time_travel.slip_in(seed=3)
    before = story.store.read_all()
    corrected = time_travel.compensate(story.store, at_s=1e7)
    after = story.store.read_all()
    assert after[: len(before)] == before
    assert Counter(event.type for event in after[len(before) :]) == {"AmountCorrected": corrected}
    standing = {id_ for id_, order in story.history.orders.items() if order.state.value == "placed"}
    assert corrected == len(standing & set(story.history.wrongly_priced())) > 0
    assert time_travel.compensate(story.store, at_s=1e7) == 0


def test_an_update_is_refused(story):
    with pytest.raises(sqlite3.IntegrityError, match="never updated"):
        story.store.connection.execute(
            "UPDATE events SET data = '{}' WHERE position = ?", (story.first_wrong,)
        )


@pytest.mark.parametrize("seed", [1, 5])
def test_a_replay_repairs_what_code_derived_and_nothing_that_events_say(seed):
    off = time_travel.repaired(seed).set_index(["bug", "step"]).off_cents
    assert off["bug in a report", "noticed"] > 0
    assert off["bug in a report", "code repaired, replayed"] == 0
    assert off["bug in the events", "code repaired, replayed"] == off["bug in the events", "noticed"] != 0
    assert off["bug in the events", "compensated"] == 0


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_nightly_backups_leave_open_what_theory_says(rate):
    trade = Trade(days=60, products=20, price_changes_per_day=rate)
    open_, lines = [], []
    for seed in range(2):
        history = play(wishes(trade, seed))
        open_.append(
            time_travel.left_open_percent(history, time_travel.prices_from_backups(history), from_s=0.0)
        )
        lines += [len(order.lines) for order in history.orders.values()]
    expected = 100 * (1 - np.mean(np.exp(-rate * np.array(lines))))
    assert np.mean(open_) == pytest.approx(expected, rel=0.2)


def test_the_share_of_the_bytes_does_not_hang_on_the_length_of_the_history():
    few, many = (time_travel.slip_in(1, Trade(days=days, price_changes_per_day=0.4)) for days in (4, 12))
    sizes = [time_travel.storage_bytes(one.history) for one in (few, many)]
    shares = [size["triggers"] / size["events"] for size in sizes]
    assert shares[0] == pytest.approx(shares[1], rel=0.25)


def test_triggers_leave_nothing_open_and_take_fewer_bytes_than_events(story):
    tell = time_travel.prices_from_triggers(story.history)
    assert time_travel.left_open_percent(story.history, tell, story.from_s) == 0
    size = time_travel.storage_bytes(story.history)
    assert size["backups"] < size["triggers"] < size["events"]


def test_the_state_tables_forget_the_price_that_was(story):
    now = dict(as_states(story.history).execute("SELECT product, price_cents FROM products"))
    changed = [product for product, listed in story.history.listed.items() if len(listed) > 1]
    assert changed
    assert all(now[product] == story.history.listed[product][-1][1] for product in changed)


def test_time_travel_pays_from_a_rate_of_changes_that_theory_knows(figures):
    verdict = time_travel.time_travel_debugging(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert "travels as well" in verdict.words
    lines = [len(order.lines) for order in play(wishes(time_travel.LONG, 1)).orders.values()]
    rates = np.linspace(0.01, 0.3, 300)
    told = np.array([np.mean(np.exp(-rate * np.array(lines))) for rate in rates])
    by_theory = float(rates[np.argmin(abs(told - (1 - time_travel.NOTICEABLE_PERCENT / 100)))])
    limit = figures["price_changes_a_day"]
    assert limit.low < by_theory < limit.high


def test_the_verdict_flips_when_the_search_misses_and_when_backups_are_as_good(figures):
    beside = figures | {"events_beside_the_first_wrong_one": OverSeeds([3] * 10)}
    assert time_travel.time_travel_debugging(**beside).outcome is Outcome.DOES_NOT_HOLD
    never = figures | {"price_changes_a_day": Limit("from", [math.inf] * 10, tried=(0.003, 1.0))}
    assert time_travel.time_travel_debugging(**never).outcome is Outcome.DOES_NOT_HOLD
    worse = figures | {"left_open_by_triggers_percent": OverSeeds([5.0] * 10)}
    assert "leaves some open" in time_travel.time_travel_debugging(**worse).words


def test_the_day_of_a_change_is_the_one_that_backups_leave_open():
    history = play(wishes(Trade(days=3, products=1, price_changes_per_day=0.0, pieces=500), seed=1))
    history.listed[1].append((1.5 * DAY_S, 777))
    tell = time_travel.prices_from_backups(history)
    assert [tell(1, night * DAY_S + 60) for night in range(3)] == [history.list_price(1, 0.0)] * 3
