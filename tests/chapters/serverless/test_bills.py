"""The bill of a load: metered functions agree with the price list, and servers with the theory of queues."""

import pytest

from archlab.chapters.serverless import bills
from archlab.chapters.serverless.bills import USUAL, Work, bears_per_s
from archlab.chapters.serverless.load_shapes import SPIKES, STEADY, WAVE
from archlab.sim.billing import usd_per_request
from archlab.sim.theory import mmc_response_percentile


def test_the_metered_price_is_that_of_the_price_list():
    metered = sum(bills.usd_per_request(seed, STEADY) for seed in range(10)) / 10
    run_s = USUAL.run_s(512) + 0.0005  # rounded up to the millisecond
    assert metered == pytest.approx(usd_per_request(run_s, 512), rel=0.03)


def test_the_price_of_a_request_hardly_changes_with_the_load_from_one_a_second_on():
    low, high = (bills.metered(1, per_s).compute_gb_s for per_s in (1.0, 100.0))
    assert low == pytest.approx(high, rel=0.03)


def test_a_burst_from_empty_starts_its_environments_first():
    assert bills.usd_per_request(1, STEADY) < bills.usd_per_request(1, SPIKES)
    assert bills.usd_per_request(1, SPIKES) < 1.1 * bills.usd_per_request(1, STEADY)


def test_a_machine_bears_what_just_meets_the_objective():
    for machines in (1, 3):
        p99_s = mmc_response_percentile(99, bears_per_s(machines), USUAL.cpu_s, 2 * machines)
        assert p99_s + USUAL.waiting_s == pytest.approx(bills.OBJECTIVE_S, rel=1e-6)
    assert bears_per_s(3) > 3 * bears_per_s(1)
    assert bears_per_s(1, Work(0.2, 0.08)) == 0
    assert bears_per_s(1, Work(0.02, 0.6)) == 0


def test_functions_get_the_least_memory_that_meets_the_objective():
    assert [bills.least_memory_mb(objective_s=s) for s in (0.3, 0.5, 1.0, 2.0)] == [1024, 512, 256, 128]
    with pytest.raises(ValueError, match="no function does"):
        bills.least_memory_mb(objective_s=0.1)
    with pytest.raises(ValueError, match="no server does"):
        bills.machines_for(1.0, objective_s=0.1)


def test_a_cluster_follows_a_wave_and_must_be_ready_for_spikes():
    assert bills.cluster_usd_per_h(WAVE, 200.0) < bills.servers_usd_per_h(WAVE, 200.0)
    assert bills.cluster_usd_per_h(SPIKES, 50.0) == bills.servers_usd_per_h(SPIKES, 50.0)
    assert bills.cluster_usd_per_h(STEADY, 1.0) == bills.idle_usd_per_h()["cluster of two, with a balancer"]
