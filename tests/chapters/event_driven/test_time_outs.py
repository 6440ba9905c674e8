"""The explorer of time-outs: short ones find the dead soon, and the living, too."""

import pytest

from archlab.chapters.event_driven.killed_consumer import PARTITIONS
from archlab.chapters.event_driven.time_outs import AT_S, PartitionsRead, time_outs

START = {
    "session_timeout_s": 45,
    "heartbeat_s": 3,
    "stands_still_s": 12,
    "happens": "is killed",
    "assignor": "range",
}


def figures(**values):
    return PartitionsRead().read(time_outs(**{**START, **values})).figures


def test_a_longer_time_out_finds_the_dead_later():
    assert figures(session_timeout_s=10, stands_still_s=0)["longest_wait_s"] < 14
    assert figures(session_timeout_s=45, stands_still_s=0)["longest_wait_s"] > 40


@pytest.mark.parametrize(("timeout_s", "alarms"), [(10, True), (20, False)])
def test_who_stands_still_for_longer_is_thought_dead(timeout_s, alarms):
    found = figures(session_timeout_s=timeout_s)
    assert (found["false_alarms"] > 0) == alarms
    quiet = figures(session_timeout_s=timeout_s, stands_still_s=0)
    assert quiet["false_alarms"] == 0
    assert (found["done_twice"] > quiet["done_twice"]) == alarms


def test_who_leaves_is_missed_for_a_heartbeat_only():
    assert figures(happens="leaves", stands_still_s=0)["longest_wait_s"] < 4


def test_the_picture_shows_the_partitions_that_nobody_reads():
    watched = time_outs(**{**START, "stands_still_s": 0})
    read = watched.read.set_index("time_s").partitions
    assert read[AT_S - 1] == read.iloc[-1] == PARTITIONS
    assert (read[AT_S + 1 : AT_S + 40] == PARTITIONS - 3).all()


def test_a_heartbeat_that_is_too_slow_is_refused():
    with pytest.raises(ValueError, match="heartbeat_s is 10"):
        time_outs(**{**START, "session_timeout_s": 6, "heartbeat_s": 10})
