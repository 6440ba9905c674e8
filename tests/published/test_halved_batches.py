"""Halving a failed batch: as many calls as the enumeration says; without halving the shard stands still for a day."""

import numpy as np
import pytest

from archlab.data import load
from archlab.published.halved_batches import calls, iterator_age, mean_calls, simulated_calls
from archlab.sim.messaging.batches import BatchPolicy
from archlab.sim.messaging.shard_stream import RETENTION_S

PUBLISHED = (
    load("kinesis")
    .query("product == 'AWS Lambda' and setting.str.startswith('invocations')")
    .set_index("setting")["value"]
)


@pytest.mark.parametrize("batch", [10, 100, 1000])
def test_enumeration_and_simulation_give_the_published_calls(batch):
    published = PUBLISHED[f"invocations to isolate one bad record, batch of {batch}"]
    places = range(batch) if batch < 1000 else range(0, batch, 7)
    simulated = [simulated_calls(batch, bad) for bad in places]
    assert simulated == [calls(batch, bad) for bad in places]
    assert round(float(np.mean([calls(batch, bad) for bad in range(batch)])), 1) == published
    assert mean_calls(batch) == pytest.approx(np.mean([calls(batch, bad) for bad in range(batch)]))
    assert np.mean(simulated) == pytest.approx(published, abs=0.1)


def test_a_batch_that_is_twice_as_large_costs_two_calls_more():
    assert [mean_calls(2**power) for power in range(6)] == [1 + 2 * power for power in range(6)]


@pytest.fixture(scope="module")
def standstill():
    return iterator_age(BatchPolicy(retry_s=60.0))


def test_without_halving_the_age_grows_by_a_second_a_second_until_retention(standstill):
    before = standstill[standstill.time_s <= RETENTION_S]
    assert before.age_s.to_numpy() == pytest.approx(before.time_s.to_numpy())
    assert before.age_s.max() == RETENTION_S


def test_after_the_retention_the_bad_record_is_gone_and_the_shard_catches_up(standstill):
    after = standstill[standstill.time_s > RETENTION_S + 600]
    assert after.age_s.max() < 600


@pytest.mark.parametrize(
    "policy",
    [BatchPolicy(bisect=True, max_retries=0), BatchPolicy(max_retries=2, retry_s=60.0)],
    ids=["halving", "two retries"],
)
def test_with_a_way_out_the_shard_does_not_stand_still(policy):
    assert iterator_age(policy, until_s=36_000).age_s.max() <= 600


def test_halving_alone_is_no_way_out_when_the_bad_record_is_retried_for_ever():
    ages = iterator_age(BatchPolicy(bisect=True, retry_s=60.0), until_s=36_000)
    assert ages.age_s.iloc[-1] == 36_000


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="bad is 10"):
        calls(10, 10)
    with pytest.raises(ValueError, match="batch is 0"):
        mean_calls(0)
