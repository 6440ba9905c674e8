"""Tiers: what a call over a border costs, and what its failure does."""

from contextlib import suppress

import pytest

from archlab.shop.layered import Layered, LayeredConfig
from archlab.shop.layered.tiers import Border, Tier
from archlab.sim import Crash, Simulation
from archlab.sim.failure import Failure

QUICK = {
    "browse_cpu_s": 0.0,
    "order_cpu_s": 0.0,
    "track_cpu_s": 0.0,
    "query_s": 0.0,
    "commit_s": 0.0,
    "provider_s": 0.0,
    "message_bytes": 0,
    "coherency": 0.0,
}
HOP_S = 0.010
BASKET = {1: 1, 2: 1, 3: 1}


def taken_s(use_case, **changed):
    shop = Layered(Simulation(seed=1), LayeredConfig(hop_s=HOP_S, **QUICK, **changed))
    began_s = shop.sim.now
    shop.answer(getattr(shop, use_case)(*((7, BASKET) if use_case == "place_order" else (1,))))
    return shop.sim.now - began_s


@pytest.mark.parametrize(
    ("tiers", "use_case", "chatty", "round_trips"),
    [
        ("one process", "place_order", True, 0),
        ("two tiers", "browse", True, 1),
        ("two tiers", "place_order", True, 1),
        ("three tiers", "browse", True, 2),
        ("three tiers", "place_order", True, 1 + 2 + 3 + 1 + 1 + 1 + 1),  # app; reads; stock; rest; commit
        ("three tiers", "place_order", False, 1 + 2 + 1),
    ],
)
def test_a_request_takes_as_many_round_trips_as_it_crosses_borders(tiers, use_case, chatty, round_trips):
    assert taken_s(use_case, tiers=tiers, chatty=chatty) == pytest.approx(round_trips * 2 * HOP_S)


@pytest.mark.parametrize("tiers", ["one process", "two tiers", "three tiers"])
@pytest.mark.parametrize("chatty", [True, False])
def test_the_law_counts_the_same_hops(tiers, chatty):
    config = LayeredConfig(hop_s=HOP_S, tiers=tiers, chatty=chatty)
    lines = config._lines()
    expected = {"one process": 0, "two tiers": 1, "three tiers": 1 + 2 + (lines + 4 if chatty else 1)}[tiers]
    assert config.demands_s().hops["place_order"] == pytest.approx(expected * 2 * HOP_S)


def test_the_caller_holds_its_worker_while_the_other_side_works():
    config = LayeredConfig(tiers="two tiers", workers=1, **{**QUICK, "browse_cpu_s": 1.0, "hop_s": 0.0})
    shop = Layered(Simulation(seed=1), config)
    shop.sim.start(shop.browse(1))
    shop.sim.run(until=0.7)
    (web,), (app,) = (shop.tiers[name].copies for name in ("web", "app"))
    assert (web.busy, app.busy) == (1, 1)


def test_a_call_to_a_tier_that_is_down_fails():
    sim, config = Simulation(seed=1), LayeredConfig(hop_s=HOP_S)
    tier = Tier(sim, "data", config)
    sim.inject(Crash("data-1", at_s=0.0, restart_after_s=60.0))

    def call():
        yield sim.timeout(1.0)
        yield from Border(sim, tier, config).cross(iter(()))

    task = sim.start(call())
    with suppress(Failure):
        sim.run(until=task)
    assert isinstance(task.value, Failure)


def test_all_changes_of_an_order_are_kept_or_none_when_the_data_tier_dies_on_the_way():
    for chatty in (True, False):
        for at_s in (0.05, 0.15, 0.21, 0.25):
            config = LayeredConfig(tiers="three tiers", chatty=chatty, hop_s=HOP_S, provider_s=0.1)
            shop = Layered(Simulation(seed=1), config)
            shop.sim.inject(Crash("data-1", at_s, 1.0))
            shop.sim.start(quiet(shop.place_order(7, BASKET)))
            shop.sim.run(until=20)
            rows = [len(shop.rows(table)) for table in ("orders", "payments", "notifications")]
            assert rows in ([0, 0, 0], [1, 1, 1])


def quiet(steps):
    with suppress(Failure):
        yield from steps
