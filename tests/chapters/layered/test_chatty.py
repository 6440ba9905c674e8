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
    median_ms,
    noticed_from_ms,
    performance_overhead,
)
from archlab.course.claims import Limit, OverSeeds
from archlab.course.claims.verdict import Outcome
from archlab.shop.config import PROVIDER_S

ONE, CHATTY, ONE_CALL = DESIGNS
SEEDS, MANY_SEEDS = range(4), range(15)


@pytest.fixture(scope="module")
def limits():
    return {
        (design, kind): noticed_from_ms(design, kind, seeds=SEEDS)
        for design, kind in ((CHATTY, "browse"), (CHATTY, "place_order"), (ONE_CALL, "place_order"))
    }


@pytest.fixture(scope="module")
def far_limits():
    return {
        (design, kind): noticed_from_ms(design, kind, seeds=SEEDS, database_far=True)
        for design, kind in ((CHATTY, "browse"), (CHATTY, "place_order"), (ONE_CALL, "place_order"))
    }


@pytest.fixture(scope="module")
def known(limits, far_limits):
    """The figures of the claim but that of layers in one process."""
    return {
        "page_ms": median_ms("browse", SEEDS),
        "order_ms": median_ms("place_order", SEEDS),
        "page_from_ms": limits[CHATTY, "browse"],
        "order_from_ms": limits[CHATTY, "place_order"],
        "one_call_from_ms": limits[ONE_CALL, "place_order"],
        "far_page_from_ms": far_limits[CHATTY, "browse"],
        "far_order_from_ms": far_limits[CHATTY, "place_order"],
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
    taken_ms = sum(latencies_ms(seed, design, kind, 5.0).mean() for seed in MANY_SEEDS) / len(MANY_SEEDS)
    assert taken_ms == pytest.approx(expected_ms(design, kind, 5.0), rel=0.06)


@pytest.mark.parametrize("kind", ["browse", "place_order"])
def test_with_its_database_far_one_process_takes_what_the_arithmetic_says(kind):
    runs = [latencies_ms(seed, ONE, kind, 5.0, database_far=True).mean() for seed in MANY_SEEDS]
    assert sum(runs) / len(runs) == pytest.approx(expected_ms(ONE, kind, 5.0, database_far=True), rel=0.06)


def test_a_far_database_makes_no_difference_to_tiers_whose_data_access_stands_beside_it():
    near, far = (latencies_ms(1, CHATTY, "browse", 1.0, database_far=far) for far in (False, True))
    assert near.tolist() == far.tolist()


def test_with_the_database_as_far_pages_are_noticed_later_and_orders_never(limits, far_limits):
    assert limits[CHATTY, "browse"] < far_limits[CHATTY, "browse"] < float("inf")
    assert far_limits[CHATTY, "place_order"] == far_limits[ONE_CALL, "place_order"] == float("inf")


def test_orders_in_one_call_are_shorter_on_tiers_than_in_one_process_that_is_far_from_its_database():
    assert chatty.slower_percent(1, 5.0, ONE_CALL, "place_order", database_far=True) < -10


def test_the_payment_is_most_of_an_order():
    assert 1000 * PROVIDER_S.mean > 0.8 * expected_ms(ONE, "place_order")


def test_a_shorter_payment_makes_tiers_noticed_nearer(monkeypatch, limits):
    usual = chatty.config_of

    def with_short_payments(design, hop_ms=0.0):
        return replace(usual(design, hop_ms), provider_s=0.02)

    latencies_ms.cache_clear()
    monkeypatch.setattr(chatty, "config_of", with_short_payments)
    limit = noticed_from_ms(CHATTY, "place_order", seeds=[1])
    latencies_ms.cache_clear()
    assert limit < 0.5 * limits[CHATTY, "place_order"]


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


def test_far_limits_are_near_those_of_the_arithmetic(far_limits):
    expected = expected_noticed_from_ms(CHATTY, "browse", database_far=True)
    assert 0.5 < far_limits[CHATTY, "browse"] / expected < 1.0
    assert expected_noticed_from_ms(CHATTY, "place_order", database_far=True) == float("inf")


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


def test_the_verdict_holds_from_a_hop_on_and_says_what_a_far_database_changes(known, limits):
    verdict = performance_overhead(in_process_percent(2e-6, SEEDS), **known)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.flips_at == limits[CHATTY, "browse"]
    assert verdict.detail.endswith(", orders never")


def test_the_words_follow_when_a_far_database_makes_orders_slower_after_all(known):
    other = known | {"far_page_from_ms": -float("inf"), "far_order_from_ms": known["order_from_ms"]}
    detail = performance_overhead(in_process_percent(2e-6, SEEDS), **other).detail
    assert "pages always, orders from about" in detail


def test_layers_as_dear_in_one_process_as_a_network_call_make_it_hold_everywhere(known):
    assert performance_overhead(in_process_percent(1000e-6, SEEDS), **known).outcome is Outcome.HOLDS


def test_a_page_that_takes_long_anyway_notices_no_tier(monkeypatch, known):
    slow = chatty.config_of

    def with_slow_pages(design, hop_ms=0.0):
        return replace(slow(design, hop_ms), browse_cpu_s=20.0)

    latencies_ms.cache_clear()
    monkeypatch.setattr(chatty, "config_of", with_slow_pages)
    monkeypatch.setattr(chatty, "RATE_PER_S", 0.01)
    limit = noticed_from_ms(CHATTY, "browse", seeds=[1])
    latencies_ms.cache_clear()
    assert limit == float("inf")
    never = Limit("from", [limit] * len(SEEDS))
    verdict = performance_overhead(OverSeeds([0.1] * len(SEEDS)), **(known | {"page_from_ms": never}))
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


def test_the_figure_has_the_opponent_when_it_is_asked_for():
    table = chatty.against_hop("place_order", [0.1, 1.0], seeds=[1, 2], database_far=True)
    assert table.design.unique().tolist() == [*DESIGNS, chatty.FAR]
    assert chatty.FAR in chatty.figure(table, "Orders are not", {}).alt


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
