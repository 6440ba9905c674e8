"""The distribution of response times under processor sharing agrees with its mean, its limits and a simulation."""

import numpy as np
import pytest
from scipy.integrate import quad

from archlab.sim import Exponential, Poisson, SharedProcessors, Simulation
from archlab.sim.shared_time_theory import mmc_ps_response_percentile, mmc_ps_response_survival
from archlab.sim.theory import mgc_ps


@pytest.mark.parametrize(("rate_per_s", "servers"), [(0.3, 1), (0.9, 1), (0.95, 1), (1.8, 2), (7.0, 8)])
def test_its_mean_is_that_of_the_queue(rate_per_s, servers):
    area, _ = quad(lambda t: mmc_ps_response_survival(t, rate_per_s, 1.0, servers), 0, np.inf, limit=500)
    assert area == pytest.approx(mgc_ps(rate_per_s, 1.0, servers).response_s, rel=1e-6)


def test_with_a_processor_for_everybody_the_response_is_the_service_alone():
    assert mmc_ps_response_survival(2.0, 1.0, 1.0, 60) == pytest.approx(np.exp(-2.0), rel=1e-9)


def test_who_is_always_alone_takes_the_service_alone():
    assert mmc_ps_response_survival(2.0, 0.0, 1.0, 1) == pytest.approx(np.exp(-2.0))


def test_at_time_zero_everybody_is_still_inside():
    assert mmc_ps_response_survival(0.0, 1.7, 1.0, 2) == pytest.approx(1.0, abs=1e-9)


def test_the_second_moment_on_one_processor_is_the_published_one():
    """Coffman, Muntz and Trotter 1970: the variance is (2 + rho) / ((1 - rho)^2 (2 - rho)), in service times."""
    rho = 0.8
    second, _ = quad(lambda t: 2 * t * mmc_ps_response_survival(t, rho, 1.0, 1), 0, np.inf, limit=800)
    mean = 1 / (1 - rho)
    assert second - mean**2 == pytest.approx((2 + rho) / ((1 - rho) ** 2 * (2 - rho)), rel=1e-5)


@pytest.mark.parametrize("servers", [1, 2])
def test_simulated_processors_have_its_percentiles(servers):
    sim = Simulation(seed=1)
    cpu = SharedProcessors(sim, "cpu", servers)
    work_s = sim.draws("work", Exponential(1.0))

    def handle(request):
        yield cpu.serve(work_s())

    sim.open_load(Poisson(0.7 * servers), handle)
    result = sim.measure(duration_s=60_000 / servers, warmup_s=500)
    for q in (50, 95, 99):
        theory_s = mmc_ps_response_percentile(q, 0.7 * servers, 1.0, servers)
        assert result.latency_s(q) == pytest.approx(theory_s, rel=0.06), q


def test_a_queue_without_a_steady_state_is_refused():
    with pytest.raises(ValueError, match="utilisation is 1"):
        mmc_ps_response_percentile(99, 2.0, 1.0, 2)
    with pytest.raises(ValueError, match="q is 101"):
        mmc_ps_response_percentile(101, 1.0, 1.0, 2)
