"""The parameters of the layered shop, and that the law counts what the shop does."""

import pandas as pd
import pytest

from archlab.shop.day import Users, run_shop
from archlab.shop.layered import Layered, LayeredConfig
from archlab.sim import Poisson, Simulation

CASES = {
    "one process": {},
    "two tiers": {"tiers": "two tiers"},
    "three tiers": {"tiers": "three tiers"},
    "one call": {"tiers": "three tiers", "chatty": False},
    "key-value": {"storage": "key-value"},
    "memory": {"storage": "memory"},
}


@pytest.mark.parametrize("kind", ["browse", "place_order", "track_order"])
@pytest.mark.parametrize("name", CASES)
def test_a_request_asks_of_each_station_what_the_configuration_says(name, kind):
    config = LayeredConfig(coherency=0.0, settle_every_s=1e6, **CASES[name])
    sim = Simulation(seed=3)
    shop = Layered(sim, config)
    shop.answer(shop.place_order(-5, {1: 1}))
    shop.receipts.acknowledge(-5)
    before = {name: part.totals()["busy_s"] for name, part in sim.parts.items()}
    sim.open_load(Poisson(8), shop.handle, mix={kind: 1.0})
    result = sim.measure(duration_s=150)
    demands_s = config.demands_s().loc[kind]
    parts = {f"{program} cpu": f"{program}-1 cpu" for program in config.programs}
    parts |= {"database": "database", "log": "database log"} if config.has_database else {}
    for column, part in parts.items():
        measured_s = (sim.parts[part].totals()["busy_s"] - before[part]) / result.arrived
        assert measured_s == pytest.approx(demands_s.get(column, 0.0), rel=0.12, abs=1e-9), column


@pytest.mark.parametrize("name", CASES)
def test_the_capacity_is_that_of_the_bottleneck(name):
    mix = {"browse": 0.6, "place_order": 0.3, "track_order": 0.1}
    config = LayeredConfig(coherency=0.0, workers=200, **CASES[name])
    day = run_shop(lambda sim: Layered(sim, config), Users(150, 0.01), seed=1, duration_s=12, mix=mix)
    assert day.result.throughput_per_s() == pytest.approx(config.capacity_per_s(mix).min(), rel=0.12)


@pytest.mark.parametrize("name", CASES)
def test_workers_are_held_as_long_as_the_law_says(name):
    """One request at a time, so nobody waits for anybody: Little's law gives the workers in use."""
    mix = {"browse": 0.6, "place_order": 0.3, "track_order": 0.1}
    config = LayeredConfig(coherency=0.0, workers=200, cores=50, settle_every_s=1e6, **CASES[name])
    result = run_shop(
        lambda sim: Layered(sim, config), Poisson(5.0), seed=1, duration_s=400, mix=mix, drain_s=0
    ).result
    held_s = config.held_s().mul(pd.Series(mix), axis=0).sum()
    busy = result.parts.utilisation
    for program in config.programs:
        in_use = 200 * busy[f"{program}-1"]
        assert in_use == pytest.approx(5.0 * held_s[f"{program} workers"], rel=0.1), program


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"tiers": "four"}, "tiers is 'four'"),
        ({"storage": "paper"}, "storage is 'paper'"),
        ({"instances": {"data": 2}}, "instances is 'data'"),
        ({"instances": {"shop": 0}}, "instances"),
        ({"storage": "memory", "instances": {"shop": 2}}, "in its memory"),
        ({"cores": 0}, "cores is 0"),
        ({"presentation_share": 1.5}, "presentation_share is 1.5"),
    ],
)
def test_what_cannot_be_is_refused(values, named):
    with pytest.raises(ValueError, match=named):
        LayeredConfig(**values)


def test_more_machines_cost_more():
    usd = [
        rented_in_all(LayeredConfig(tiers=tiers, instances=instances))
        for tiers, instances in (
            ("one process", {}),
            ("two tiers", {}),
            ("three tiers", {}),
            ("three tiers", {"web": 2}),
        )
    ]
    assert usd == sorted(usd)
    assert len(set(usd)) == len(usd)


def rented_in_all(config):
    return sum(config.rented().values())


def test_a_program_may_have_fewer_workers_than_the_others():
    config = LayeredConfig(tiers="three tiers", workers=8, workers_of={"data": 2}, instances={"data": 3})
    assert {name: count for name, count in config.servers().items() if name.endswith("workers")} == {
        "web workers": 8,
        "app workers": 8,
        "data workers": 6,
    }


@pytest.mark.parametrize("workers_of", [{"shop": 2}, {"data": 0}])
def test_workers_of_a_program_that_is_not_there_and_no_workers_are_refused(workers_of):
    with pytest.raises(ValueError, match="workers_of"):
        LayeredConfig(tiers="three tiers", workers_of=workers_of)
