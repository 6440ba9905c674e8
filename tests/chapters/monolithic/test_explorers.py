"""The explorers of chapter 01 show what their questions ask for, with more seeds than the one of the sliders."""

import pytest

from archlab.chapters.monolithic import explorers


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_too_few_workers_let_the_queue_grow_while_the_cores_idle(seed):
    result = explorers.under_load(rate_per_s=200, workers=4, cores=8, seed=seed).result
    assert result.parts.utilisation["shop-1"] > 0.9
    assert result.parts.utilisation["shop-1 cpu"] < 0.3


def test_more_cores_of_the_database_carry_what_no_number_of_clones_did():
    full, larger = (explorers.on_one_database(2500, 8, cores).result for cores in (2, 4))
    assert full.throughput_per_s() < 2300
    assert larger.throughput_per_s() == pytest.approx(2500, rel=0.1)
