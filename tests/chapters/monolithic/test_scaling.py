"""Scaling of the monolith follows its bottleneck until the shared database is full, and goes on when it never is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from archlab.chapters.monolithic import scaling
from archlab.course.claims.verdict import Outcome
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH
from archlab.sim import Simulation


def test_a_larger_machine_follows_the_bottleneck_until_the_database_is_busy_and_then_falls():
    frame = scaling.scaling_up((2, 4, 8, 32), seeds=range(2), requests=400)
    few = frame[frame.cores <= 8]
    assert few.throughput_per_s.tolist() == pytest.approx(few.bottleneck_per_s.tolist(), rel=0.08)
    assert frame.throughput_per_s.iloc[-1] < 0.8 * frame.throughput_per_s[2]


def test_the_universal_scalability_law_is_fitted_and_set_beside_the_published_benchmark():
    cores = np.array(scaling.CORES)
    frame = pd.DataFrame(
        {
            "cores": cores,
            "throughput_per_s": 200 * cores / (1 + 0.02 * (cores - 1) + 0.001 * cores * (cores - 1)),
        }
    )
    curves, fit = scaling.beside_spec(frame)
    assert (fit.alpha, fit.beta, fit.gamma) == pytest.approx((0.02, 0.001, 200), rel=1e-3)
    spec = curves[curves.design.str.startswith("SPEC")]
    assert spec.throughput_share.max() == pytest.approx(1853.2 / 1884, abs=0.005), "its published peak"
    assert spec.n[spec.peak_share_of_n < 1].max() == 72, "its peak is published at 96.5 users"


@pytest.mark.parametrize("browse_share", [0.1, 0.9])
def test_whatever_is_hot_the_cores_of_the_clones_do_it(browse_share):
    assert scaling.busy_cores(seed=1, browse_share=browse_share, requests=100)["busy_percent"] > 98


def test_the_bill_for_a_request_is_the_price_of_the_hour_over_the_requests_in_it():
    figures = scaling.scale_out(seed=1, clones=1, requests=200)
    per_hour = 3600 * figures["throughput_per_s"]
    price = Monolith(Simulation(seed=1)).price_per_hour_usd()
    assert figures["usd_per_million_requests"] == pytest.approx(1e6 * price / per_hour)


def test_clones_help_until_the_shared_database_is_full_and_always_when_it_never_is():
    def verdict(**changed):
        config = replace(MONOLITH, **changed)
        frame = scaling.scaling_out((4, 5, 6), seeds=range(2), config=config, requests=300)
        return scaling.small_to_medium(clones_help_up_to_per_s=scaling.clones_help_up_to_per_s(frame))

    real = verdict()
    assert real.outcome is Outcome.HOLDS_WHEN
    assert 1500 < real.flips_at < 2200
    assert verdict(database_cores=64, coherency=0.0, commit_s=0.0).outcome is Outcome.HOLDS
