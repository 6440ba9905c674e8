"""A consumer that dies or leaves: what waits, and who else stops."""

import pytest

from archlab.chapters.event_driven.killed_consumer import BACK_AFTER_S, WAYS, Way, beside_each_other, stopped
from archlab.chapters.event_driven.killed_consumer import longest_waits as waits_of
from archlab.sim.messaging import Coordination


@pytest.fixture(scope="module")
def table():
    return beside_each_other(seeds=range(3))


@pytest.fixture(scope="module")
def waits(table):
    return waits_of(table).set_index("design")


def test_a_killed_consumers_events_wait_for_the_session_time_out_and_others_for_a_heartbeat(waits):
    killed = waits.loc["killed"]
    assert 42 < killed.own_s_low < killed.own_s_high < 48 + 2
    assert 0.5 < killed.others_s < 3 + 3
    shorter = waits.loc["killed, time-out 10 s"]
    assert killed.own_s - shorter.own_s == pytest.approx(35, abs=2)


def test_who_is_started_again_as_a_stranger_makes_everybody_wait(waits):
    stranger = waits.loc["killed, back in 5 s"]
    assert stranger.others_s > 36
    assert stranger.others_s == pytest.approx(stranger.own_s - BACK_AFTER_S, abs=2)


def test_a_static_member_or_a_cooperative_rebalance_spares_the_others(waits):
    assert waits.others_s[["the same, static member", "the same, cooperative"]].max() < 0.1
    assert waits.own_s["the same, static member"] == pytest.approx(BACK_AFTER_S, abs=1)
    assert waits.own_s["the same, cooperative"] > 40


def test_a_goodbye_needs_no_time_out_and_leaves_nothing_to_do_again(waits, table):
    assert waits.own_s["says goodbye"] < 4
    runs = table.set_index("design")
    assert runs.twice["says goodbye"].sum() == 0
    assert runs.twice["killed"].sum() > 0


def test_a_queue_sees_the_connection_break(waits):
    assert waits.own_s["killed, with a queue"] < 0.1


def test_a_static_member_that_comes_too_late_is_no_better_than_a_killed_one():
    late = {"late": Way(back_after_s=60.0, coordination=Coordination(static_members=True))}
    assert stopped(1, "late", late)["own_s"] > 42


def test_all_ways_have_the_same_events(table):
    assert set(table.design) == set(WAYS)
    assert table.late[table.design == "killed"].min() > 50
