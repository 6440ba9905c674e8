"""M. Sackman, *Some queuing theory* (2012): 50 ms each way, 4 ms of work.

Published: prefetch 1 is 3.8 % busy, 26 is enough, 51 adds 100 ms. With a slow worker (40 ms) a message waits 880 and
1,880 ms at first. In the steady state, by hand, 26 x 40 ms less the two ways and the work: 900 ms.
"""

import pytest

from archlab.data import load
from archlab.published.prefetch import WAY_S, WORK_S, model

FACTS = load("rabbitmq").set_index(["setting", "what"])["value"]["prefetch example"]


def test_the_inputs_are_those_of_the_table():
    assert FACTS["time on the way to the consumer, and as long back"] == WAY_S
    assert FACTS["work on a message"] == WORK_S


def test_with_a_prefetch_of_1_the_consumer_is_hardly_busy():
    published = FACTS["share of the time a consumer with prefetch 1 is busy"]
    assert model(1)["busy"] == pytest.approx(published, abs=0.0005)


@pytest.mark.parametrize("prefetch", [1, 5, 13, 25, 26, 40])
def test_by_hand_it_works_for_all_it_may_have_in_the_time_of_a_round(prefetch):
    assert model(prefetch)["busy"] == pytest.approx(min(1.0, prefetch * 4 / 104), abs=1e-9)


def test_26_keep_it_busy_and_one_less_does_not():
    enough = int(FACTS["prefetch that keeps the consumer busy"])
    assert model(enough)["busy"] == pytest.approx(1.0)
    assert model(enough - 1)["busy"] < 0.97


def test_51_make_each_message_wait_100_ms_for_nothing():
    assert model(26)["waits_s"] == pytest.approx(0.0, abs=1e-9)
    assert model(51)["waits_s"] == pytest.approx(0.100)


@pytest.mark.parametrize(("prefetch", "waits_s"), [(26, 0.900), (51, 1.900)])
def test_when_the_work_becomes_ten_times_as_slow_they_wait_longer_still(prefetch, waits_s):
    """The published 880 and 1,880 ms are for the first message that comes after the change."""
    assert model(prefetch, work_s=0.040)["waits_s"] == pytest.approx(waits_s)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="prefetch is 0"):
        model(0)
