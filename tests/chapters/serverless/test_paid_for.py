"""What a bill is for: parts add up, sharing agrees with the kit's own environments, and the verdict can flip."""

import math
from collections.abc import Generator
from typing import Any

import pytest

from archlab.chapters.serverless import paid_for
from archlab.chapters.serverless.bills import USUAL
from archlab.chapters.serverless.paid_for import pay_per_use
from archlab.course.claims import Limit
from archlab.course.claims.verdict import Outcome
from archlab.sim import Function, Poisson, Simulation, Station
from archlab.sim.billing import usd_per_request
from archlab.sim.distributions import Exponential


@pytest.fixture(scope="module")
def figures():
    return paid_for.figures()


def test_the_verdict_is_stable_and_says_what_is_waiting(figures):
    verdict = pay_per_use(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert "46 % of the bill is for waiting" in verdict.words


def test_the_parts_are_the_whole_price():
    assert paid_for.parts_of_bill().sum() == pytest.approx(1e6 * usd_per_request(USUAL.run_s(512), 512))


def test_rare_requests_pay_for_initialisation_as_often_as_they_are_cold(figures):
    """By hand: a gap longer than the keep-alive, 300 to 420 s, and 85 ms beside a run of 149; one in 8 costs 7 %."""
    per_s = figures["follows_from_per_hour"] / 3600
    keep = sum(math.exp(-per_s * (300 + 1.2 * k)) for k in range(101)) / 101
    compute = 1 - paid_for.parts_of_bill()["request"] / paid_for.parts_of_bill().sum()
    dearer = 100 * compute * keep * 0.0852 / USUAL.run_s(512)
    assert dearer == pytest.approx(10.0, abs=1.5)


def shared_on_the_kit(waiting_s: float, places: int, per_s: float, seconds: float = 60.0) -> float:
    """Dollars for a million requests of which so many share an environment whose one processor is a station."""
    sim = Simulation(seed=1)
    draw = sim.draws("work", Exponential(USUAL.cpu_s))

    def run(invocation) -> Generator[Any, Any, None]:
        number = invocation.environment.number
        if "processor" not in invocation.kept:
            invocation.kept["processor"] = Station(sim, f"processor {number}", 1)
        yield invocation.kept["processor"].serve(draw())
        yield sim.timeout(waiting_s)

    function = Function(sim, "shared", run, 0.085, 300.0, memory_mb=1769, requests_each=places)

    def call(request) -> Generator[Any, Any, None]:
        yield function.invoke()

    sim.open_load(Poisson(per_s), call)
    sim.run(until=seconds)
    usage = function.usage()
    busy_gb_s = function.environments.busy.area * 1769 / 1024
    assert usage.compute_gb_s <= busy_gb_s * 1.001
    return 1e6 * (busy_gb_s * 0.0000166667 / usage.requests + 0.0000002)


def test_sharing_costs_what_the_kits_own_environments_cost():
    """Ten places, a second of waiting: places are the limit, and environments that fill first are nearly full."""
    expected = paid_for.shared_usd_per_million(1.0, 10)
    assert shared_on_the_kit(1.0, 10, per_s=60.0) == pytest.approx(expected, rel=0.25)


def test_waiting_is_paid_by_those_who_have_an_environment_to_themselves():
    one = [paid_for.one_each_usd_per_million(s) for s in (0.0, 1.0)]
    assert one[1] - one[0] == pytest.approx(1e6 * 0.5 * 0.0000166667)
    shared = [paid_for.shared_usd_per_million(s, 80) for s in (0.0, 1.0)]
    assert shared[1] == pytest.approx(shared[0])


def test_one_place_is_not_shared():
    by_hand = 1e6 * (1.02 * 1769 / 1024 * 0.0000166667 + 0.0000002)
    assert paid_for.shared_usd_per_million(1.0, 1) == pytest.approx(by_hand)


def test_one_environment_kept_ready_is_more_than_may_be_always_on(figures):
    kept_ready = 730 * 3600 * 0.5 * 0.0000041667
    assert kept_ready > figures["always_on_up_to_usd_per_month"]


def test_a_bill_without_use_or_a_price_that_never_settles_flips_the_verdict(figures):
    flipped = pay_per_use(**{**figures, "idle_usd_per_month": 30.0})
    assert flipped.outcome is Outcome.DOES_NOT_HOLD
    never = Limit("from", [math.inf] * 10, tried=paid_for.RARE_PER_HOUR)
    assert pay_per_use(**{**figures, "follows_from_per_hour": never}).outcome is Outcome.DOES_NOT_HOLD
