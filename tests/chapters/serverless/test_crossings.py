"""Where functions cost as much as servers: limits agree with arithmetic, and the verdict can come out the other way."""

import math

import pytest

from archlab.chapters.serverless import bills, crossings
from archlab.chapters.serverless.bills import USUAL, Work, bears_per_s
from archlab.chapters.serverless.crossings import cheaper_from_peak, cheaper_up_to, cost_effective
from archlab.chapters.serverless.load_shapes import HOUR_S, SPIKES, WAVE, Shape
from archlab.course.claims import Limit
from archlab.course.claims.verdict import Outcome
from archlab.published.worked_bills import break_even_per_s
from archlab.sim.billing import usd_per_request


@pytest.fixture(scope="module")
def figures():
    return crossings.figures()


def test_the_verdict_is_stable_and_says_all_that_decides(figures):
    verdict = cost_effective(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert "at any load from a peak of about 5.5" in verdict.words
    assert "beside a cluster of two to about 45" in verdict.words


def test_beside_one_machine_the_limit_is_that_of_the_published_arithmetic(figures):
    expected = break_even_per_s(0.096, USUAL.run_s(512), 512)
    assert figures["server_up_to"].low <= expected <= figures["server_up_to"].high
    assert figures["small_server_up_to"] == pytest.approx(expected * 0.0416 / 0.096, rel=0.05)
    assert figures["cluster_up_to"] == pytest.approx(expected * 0.2336 / 0.096, rel=0.05)


def test_the_shape_does_not_matter_until_the_machine_is_full(figures):
    assert cheaper_up_to("servers for the peak", WAVE) == figures["server_up_to"]
    later = Shape("later", bears_per_s(1) / figures["server_up_to"] * 1.2, is_foreseen=False)
    assert cheaper_up_to("servers for the peak", later, seeds=[1]) > figures["server_up_to"] * 1.5


def test_where_functions_cross_a_small_server_it_rests_nine_tenths_of_the_time(figures):
    assert figures["small_server_up_to"] * USUAL.cpu_s / bills.CORES < 0.1


def test_the_peak_over_mean_at_which_the_limit_goes_away_is_where_it_says(figures):
    below, above = (
        Shape("spikes", factor * figures["beside_a_server_from_peak"], is_foreseen=False)
        for factor in (0.9, 1.1)
    )

    def cheaper(shape, mean):
        return bills.functions_usd_per_h(1, shape, mean) < bills.servers_usd_per_h(shape, mean)

    full = [bears_per_s(n) * 0.999 for n in (1, 2, 5, 20, 50)]
    assert all(cheaper(above, rate / above.peak_to_mean) for rate in full)
    assert not all(cheaper(below, rate / below.peak_to_mean) for rate in full)


def test_less_waiting_moves_the_limit_up_and_a_gateway_down(figures):
    assert (
        cheaper_up_to("a small server", work=Work(0.02, 0.0), seeds=[1]) > 1.5 * figures["small_server_up_to"]
    )
    with_gateway = cheaper_up_to("a small server", seeds=[1], extra_usd_per_million=1.0)
    usd = usd_per_request(USUAL.run_s(512), 512) + 1e-6
    assert with_gateway == pytest.approx(0.0416 / HOUR_S / usd, rel=0.05)


def test_other_figures_flip_the_verdict(figures):
    dear_gateway = cheaper_up_to("a small server", extra_usd_per_million=12.0)
    flipped = cost_effective(**{**figures, "small_server_up_to": dear_gateway})
    assert flipped.outcome is Outcome.DOES_NOT_HOLD
    assert flipped.is_stable
    always = Limit("up to", [math.inf] * 10, tried=(1.0, 128.0))
    assert "at any load" in cost_effective(**{**figures, "small_server_up_to": always}).words


def test_functions_that_wait_longer_are_dearer_sooner():
    long_waits = cheaper_up_to("a small server", work=Work(0.02, 0.40), seeds=[1])
    assert f"{long_waits:.1f}" == "less than 1"
    assert cheaper_up_to("servers for the peak", work=Work(0.02, 0.40), seeds=[1]) < 4


def test_the_limit_is_the_first_load_at_which_functions_are_dearer_though_a_step_follows():
    limit = cheaper_up_to("a small server", SPIKES, seeds=[1])
    after_the_step = 1.01 * bears_per_s(1) / SPIKES.peak_to_mean
    assert limit < after_the_step
    for mean_per_s, dearer in ((0.99 * limit, False), (1.01 * limit, True), (after_the_step, False)):
        functions = bills.functions_usd_per_h(1, SPIKES, mean_per_s)
        assert (functions > bills.small_server_usd_per_h(SPIKES, mean_per_s)) == dearer
    assert cheaper_up_to("a small server", work=Work(0.08, 0.08), seeds=[1]) < 4


def test_a_design_that_is_not_rented_is_refused():
    with pytest.raises(ValueError, match="design"):
        cheaper_up_to("a mainframe")
    with pytest.raises(ValueError, match="design"):
        cheaper_from_peak("functions")
