"""Polling Kinesis: AWS's ratio comes out, its values are twice ours, and one reading of them fits both."""

import numpy as np
import pytest

from archlab.published.polling_delay import ages_s, explained, fitting, mean_s, published_s
from archlab.sim.distributions import Exponential
from archlab.sim.messaging.shard_reader import EnhancedFanOut, Polling


@pytest.fixture(scope="module")
def found():
    return explained(seed=1)


@pytest.fixture(scope="module")
def shared():
    return {consumers: ages_s(1, consumers) for consumers in (1, 2, 5, 20)}


def test_aws_prints_a_ratio_of_five():
    assert published_s() == {1: 0.2, 5: 1.0}


@pytest.mark.parametrize("consumers", [1, 2, 5, 20])
def test_a_record_waits_half_an_interval_as_theory_says(shared, consumers):
    assert shared[consumers].mean() == pytest.approx(mean_s(consumers), rel=0.03)
    assert shared[consumers].std() == pytest.approx(consumers / 5 / np.sqrt(12), rel=0.05)


def test_without_turns_twenty_get_in_one_anothers_way(shared):
    assert ages_s(1, 20, Polling(every_s=20 / 5)).mean() > 1.5 * shared[20].mean()


def test_the_ratio_reproduces_and_the_values_are_half(found):
    ours = found["mean, calls shared evenly"]
    assert ours[5] / ours[1] == pytest.approx(5.0, rel=0.03)
    for consumers, aws_s in published_s().items():
        assert aws_s / ours[consumers] == pytest.approx(2.0, rel=0.03)


def test_no_overhead_that_is_the_same_for_all_explains_both(found):
    ours = found["mean, calls shared evenly"]
    missing_s = [aws_s - ours[consumers] for consumers, aws_s in published_s().items()]
    assert missing_s[1] > 4 * missing_s[0] > 0


def test_the_whole_interval_fits_both_and_nothing_else_tried_does(found):
    assert fitting(found) == ["longest, calls shared evenly"]
    assert found["mean, and 70 ms besides, as a push takes"][1] == pytest.approx(0.17, rel=0.03)


@pytest.mark.parametrize("call_s", [0.005, 0.02, 0.05, 0.1])
def test_five_who_do_not_share_wait_longer_than_aws_says_whatever_a_call_takes(call_s):
    ages = ages_s(1, 5, Polling(0.2, read_s=Exponential(call_s)), seconds=100)
    assert ages.mean() > 1.2 * published_s()[5]


@pytest.mark.parametrize("consumers", [1, 5])
def test_a_push_takes_the_same_for_one_and_for_five(consumers):
    assert ages_s(1, consumers, EnhancedFanOut(), seconds=20).mean() == pytest.approx(0.07, rel=0.01)


def test_a_wider_tolerance_would_let_more_pass(found):
    assert len(fitting(found, within=0.6)) > 1


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="consumers is 0"):
        ages_s(1, 0)
    with pytest.raises(ValueError, match="within is 0"):
        fitting({}, within=0)
