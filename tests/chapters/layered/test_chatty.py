"""Tiers: calls times distance."""

from dataclasses import replace

import pytest

from archlab.chapters.layered import chatty
from archlab.chapters.layered.chatty import (
    DESIGNS,
    calls_crossing,
    config_of,
    expected_ms,
    expected_noticed_from_ms,
    in_process_percent,
    latencies_ms,
    noticed_from_ms,
    performance_overhead,
)
from archlab.course.claims import Limit, OverSeeds
from archlab.course.claims.verdict import Outcome

ONE, CHATTY, ONE_CALL = DESIGNS
SEEDS = range(4)


@pytest.fixture(scope="module")
def limits():
    return {
        (design, kind): noticed_from_ms(design, kind, seeds=SEEDS)
        for design, kind in ((CHATTY, "browse"), (CHATTY, "place_order"), (ONE_CALL, "place_order"))
    }


def test_all_designs_rent_the_same_and_hold_as_many_workers():
    first, *others = [config_of(design) for design in DESIGNS]
    for other in others:
        assert other.rented() == first.rented()
        assert sum(v for k, v in other.servers().items() if "workers" in k) == first.servers()["shop workers"]
        assert sum(v for k, v in other.servers().items() if " cpu" in k) == first.servers()["shop cpu"]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("kind", ["browse", "place_order"])
def test_calls_counted_on_a_run_are_those_of_the_arithmetic(design, kind):
    demands = config_of(design, hop_ms=1.0).demands_s()
    assert calls_crossing(design, kind) == pytest.approx(demands.hops[kind] / 0.002, rel=0.03)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("kind", ["browse", "place_order"])
def test_in_an_idle_shop_a_request_takes_what_it_asks_for(design, kind):
    taken_ms = sum(latencies_ms(seed, design, kind, 5.0).mean() for seed in SEEDS) / len(SEEDS)
    assert taken_ms == pytest.approx(expected_ms(design, kind, 5.0), rel=0.06)


def test_a_hop_costs_two_messages_a_call():
    near, far = (latencies_ms(1, CHATTY, "browse", hop_ms).mean() for hop_ms in (0.0, 2.0))
    assert far - near == pytest.approx(2 * 2 * 2.0, rel=0.02)


def test_the_cores_that_one_process_has_more_make_no_difference_in_an_idle_shop(monkeypatch):
    many = latencies_ms(1, ONE, "place_order")
    latencies_ms.cache_clear()
    monkeypatch.setattr(chatty, "TIERS", 1)
    few = latencies_ms(1, ONE, "place_order")
    latencies_ms.cache_clear()
    assert few.mean() == pytest.approx(many.mean(), rel=0.01)


def test_the_limit_is_near_the_arithmetic_of_calls_times_distance(limits):
    for (design, kind), limit in limits.items():
        # The median is below the mean that the arithmetic is about, more so for pages, whose time is exponential.
        assert 0.5 < limit / expected_noticed_from_ms(design, kind) < 1.0


def test_the_limits_of_orders_are_as_their_calls(limits):
    calls = calls_crossing(CHATTY, "place_order") / calls_crossing(ONE_CALL, "place_order")
    ratio = limits[ONE_CALL, "place_order"] / limits[CHATTY, "place_order"]
    assert ratio == pytest.approx(calls, rel=0.12)


def test_the_p99_notices_later_as_it_is_longer(limits):
    assert noticed_from_ms(CHATTY, "place_order", q=99, seeds=[1]) > 2 * limits[CHATTY, "place_order"]


def test_layers_in_one_process_are_noticed_only_when_a_border_costs_a_hundred_microseconds():
    assert in_process_percent(2e-6, SEEDS) < 0.5
    assert in_process_percent(200e-6, SEEDS) > 10


def test_the_verdict_holds_from_a_hop_on(limits):
    verdict = performance_overhead(
        in_process_percent(2e-6, SEEDS),
        limits[CHATTY, "browse"],
        limits[CHATTY, "place_order"],
        limits[ONE_CALL, "place_order"],
    )
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.flips_at == limits[CHATTY, "browse"]


def test_layers_as_dear_in_one_process_as_a_network_call_make_it_hold_everywhere(limits):
    dear = in_process_percent(1000e-6, SEEDS)
    at = [limits[CHATTY, "browse"], limits[CHATTY, "place_order"], limits[ONE_CALL, "place_order"]]
    assert performance_overhead(dear, *at).outcome is Outcome.HOLDS


def test_a_page_that_takes_long_anyway_notices_no_tier(monkeypatch):
    slow = chatty.config_of

    def with_slow_pages(design, hop_ms=0.0):
        return replace(slow(design, hop_ms), browse_cpu_s=20.0)

    latencies_ms.cache_clear()
    monkeypatch.setattr(chatty, "config_of", with_slow_pages)
    monkeypatch.setattr(chatty, "RATE_PER_S", 0.01)
    limit = noticed_from_ms(CHATTY, "browse", seeds=[1])
    latencies_ms.cache_clear()
    assert limit == float("inf")
    never = Limit("from", [limit])
    verdict = performance_overhead(OverSeeds([0.1]), never, never, never)
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_one_process_serves_most_for_the_same_money():
    served = (
        chatty.capacities({"browse": 0.8, "place_order": 0.12, "track_order": 0.08}).set_index("design").per_s
    )
    assert served.idxmax() == ONE


def test_the_figure_says_where_each_design_is_noticed():
    table = chatty.against_hop("browse", [0.1, 1.0], seeds=[1, 2])
    picture = chatty.figure(table, "Tiers are noticed", {CHATTY: 0.074})
    assert "three tiers, chatty from 0.074 ms" in picture.alt


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: config_of("two tiers"),
        lambda: config_of(ONE, hop_ms=-1),
        lambda: latencies_ms(1, ONE, "pay"),
        lambda: calls_crossing(ONE, "pay"),
        lambda: in_process_percent(-1e-6),
    ],
)
def test_what_is_not_allowed_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        wrong()
