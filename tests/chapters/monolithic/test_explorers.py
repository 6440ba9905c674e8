"""The explorers of chapter 01 show what their questions ask for, with more seeds than the one of the sliders."""

import pytest

from archlab.chapters.monolithic import explorers


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_too_few_workers_let_the_queue_grow_while_the_cores_idle(seed):
    result = explorers.under_load(rate_per_s=200, workers=4, cores=8, seed=seed).result
    assert result.parts.utilisation["shop-1"] > 0.9
    assert result.parts.utilisation["shop-1 cpu"] < 0.3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_four_clones_carry_what_three_cannot_but_half_of_the_requests_wait(seed):
    three, four, five = (explorers.on_one_database(1500, clones, 2, seed).result for clones in (3, 4, 5))
    assert three.throughput_per_s() < 1300
    assert four.throughput_per_s() == pytest.approx(1500, rel=0.1)
    assert four.latency_s(50) > 2 * five.latency_s(50)


def test_a_third_core_of_the_database_carries_what_no_number_of_clones_did():
    full, larger = (explorers.on_one_database(2500, 8, cores).result for cores in (2, 3))
    assert full.throughput_per_s() < 2300
    assert larger.throughput_per_s() == pytest.approx(2500, rel=0.1)
