"""Published scaling measurements and figures, reproduced."""

import pytest

from archlab.data import load
from archlab.sim.scalability import fit_usl, usl
from archlab.sim.theory import erlang_b, erlang_c, mmc


def spec_fit():
    spec = load("spec_sdm91")
    return fit_usl(spec.users, spec.scripts_per_hour)


def test_the_universal_scalability_law_fitted_to_spec_sdm91_has_the_published_parameters():
    fit, published = spec_fit(), load("spec_sdm91_fit").iloc[0]
    assert fit.alpha == pytest.approx(published.alpha, rel=5e-4)
    assert fit.beta == pytest.approx(published.beta, rel=5e-4)
    assert fit.gamma == pytest.approx(published.gamma, rel=5e-5)
    assert fit.r_squared > 0.98


def test_the_fit_peaks_where_and_as_high_as_published():
    fit, published = spec_fit(), load("spec_sdm91_fit").iloc[0]
    assert fit.peak_n == pytest.approx(published.peak_users, abs=0.05)
    assert fit.peak_throughput == pytest.approx(published.peak_scripts_per_hour, abs=0.5)
    assert fit.gamma / fit.alpha == pytest.approx(published.amdahl_limit_scripts_per_hour, abs=1)


def test_contention_alone_cannot_explain_why_spec_sdm91_falls_after_its_peak():
    spec, fit = load("spec_sdm91"), spec_fit()
    without_coherency = usl(spec.users, fit.alpha, 0.0, fit.gamma)
    assert without_coherency[-1] > 1.5 * spec.scripts_per_hour.iloc[-1]


def test_the_ray_tracer_shows_contention_and_next_to_no_coherency_cost():
    rays = load("raytracer")
    fit = fit_usl(rays.processors, rays.operations_per_s)
    assert fit.alpha == pytest.approx(0.0578, rel=0.01)
    assert fit.gamma == pytest.approx(21.85, rel=0.01)
    assert fit.beta < 1e-5
    assert fit.r_squared > 0.97


# Servers: P(wait), mean time in seconds, P(refused without a queue); load 0.8 a server, service 1 s.
POOLS = {
    1: (0.800, 5.00, 0.444),
    2: (0.711, 2.78, 0.330),
    3: (0.647, 2.08, 0.268),
    5: (0.554, 1.55, 0.199),
    10: (0.409, 1.20, 0.122),
    20: (0.256, 1.06, 0.064),
    50: (0.087, 1.01, 0.019),
    100: (0.020, 1.00, 0.004),
}


@pytest.mark.parametrize("servers", POOLS)
def test_one_shared_pool_waits_less_the_larger_it_is_at_the_same_utilisation(servers):
    """The set-up is M. Brooker's (2020), *Surprising Economics of Load-Balanced Systems*."""
    probability_wait, mean_s, probability_refused = POOLS[servers]
    assert erlang_c(servers, 0.8 * servers) == pytest.approx(probability_wait, abs=5e-4)
    assert mmc(0.8 * servers, 1.0, servers).response_s == pytest.approx(mean_s, abs=5e-3)
    assert erlang_b(servers, 0.8 * servers) == pytest.approx(probability_refused, abs=5e-4)
