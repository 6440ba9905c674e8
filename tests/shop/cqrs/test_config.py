"""What the shop with separate models asks of its machines, and what it costs."""

import pytest

from archlab.shop.cqrs import KINDS, Cqrs, CqrsConfig, Question
from archlab.shop.day import Users, run_shop
from archlab.sim import Poisson, Simulation

MODELS = ("one", "replicas", "same database", "separate")


@pytest.mark.parametrize("kind", ["place_order", *KINDS])
@pytest.mark.parametrize("models", MODELS)
def test_a_request_asks_of_each_station_what_the_configuration_says(models, kind):
    config = CqrsConfig(models=models, coherency=0.0, settle_every_s=1e6, batch=1, replicas=2, tail_s=0.0)
    sim = Simulation(seed=3)
    shop = Cqrs(sim, config)
    shop.answer(shop.place_order(-5, {1: 1}))
    shop.receipts.acknowledge(-5)
    sim.run(until=5)
    before = {name: part.totals()["busy_s"] for name, part in sim.parts.items()}
    sim.open_load(Poisson(8), shop.handle, mix={kind: 1.0})
    result = sim.measure(duration_s=150)
    demands_s = config.demands_s().loc[kind]
    parts = {name: name for name in ("database", *config.read_servers)}
    parts |= {f"{program} cpu": f"{program}-1 cpu" for program in ("commands", "queries")}
    parts["log"] = "database log"
    for column, part in parts.items():
        measured_s = (sim.parts[part].totals()["busy_s"] - before[part]) / result.arrived
        assert measured_s == pytest.approx(demands_s.get(column, 0.0), rel=0.12, abs=1e-9), column


@pytest.mark.parametrize("models", MODELS)
def test_the_capacity_is_that_of_the_bottleneck(models):
    mix = {"browse": 0.6, "place_order": 0.1, "best_sellers": 0.3}
    config = CqrsConfig(models=models, coherency=0.0, workers=64)
    capacity = config.capacity_per_s(mix)
    day = run_shop(lambda sim: Cqrs(sim, config), Users(150, 0.01), seed=1, duration_s=12, mix=mix)
    assert day.result.throughput_per_s() == pytest.approx(capacity.min(), rel=0.12)


def test_each_read_model_in_the_same_database_makes_a_command_write_more():
    def written_s(read_models):
        config = CqrsConfig(models="same database", read_models=read_models)
        return config.demands_s().database["place_order"]

    none, one, two = (written_s(list(Question)[:count]) for count in (0, 1, 2))
    assert none < one < two
    assert none == CqrsConfig(models="one").demands_s().database["place_order"]


def test_each_database_is_paid_for():
    one, all_of_them = CqrsConfig(models="one").rented(), CqrsConfig().rented()
    assert all_of_them["m5.large"] - one["m5.large"] == len(Question) / 2
    assert all_of_them["database storage GB"] == (1 + len(Question)) * one["database storage GB"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"models": "two"}, "models is 'two'"),
        ({"place": "nowhere"}, "place is 'nowhere'"),
        ({"read_models": ["best movers"]}, "read_models is 'best movers'"),
        ({"instances": {"web": 1}}, "instances is 'web'"),
        ({"batch": 0}, "batch is 0"),
        ({"replicas": 0}, "replicas is 0"),
        ({"tail_s": -1.0}, "tail_s is -1.0"),
        ({"retry_s": 0}, "retry_s is 0"),
        ({"joined_queries": {Question.SEARCH: 0.0}}, "joined_queries"),
    ],
)
def test_what_cannot_be_is_refused_by_name(values, named):
    with pytest.raises(ValueError, match=named):
        CqrsConfig(**values)
