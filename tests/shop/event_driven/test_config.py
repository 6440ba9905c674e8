"""The parameters: the same work as in the monolith plus what events cost, and a capacity that a run confirms."""

import pytest

from archlab.data import load
from archlab.shop.architecture import Assortment
from archlab.shop.customers import mean_lines
from archlab.shop.day import ORDERS_ONLY, run_day
from archlab.shop.event_driven import COMPONENTS, PROGRAMS, USE_CASES, EventDriven, EventDrivenConfig
from archlab.shop.monolithic import MonolithConfig
from archlab.sim import Poisson

QUERY_S, COMMIT_S = 0.0005, 0.0003


def total(demands, kind, what, names=COMPONENTS):
    return sum(demands.loc[kind, f"{name} {what}"] for name in names)


@pytest.mark.parametrize("kind", USE_CASES)
def test_a_use_case_does_the_same_work_on_processors_as_in_the_monolith_but_for_messages(kind):
    mine = EventDrivenConfig(message_bytes=0, proxy_s=0.0).demands_s()
    monolith = MonolithConfig().demands_s()
    assert total(mine, kind, "cpu", PROGRAMS) == pytest.approx(monolith.cpu[kind])
    assert mine.provider[kind] == monolith.provider[kind]


def test_only_an_order_asks_more_of_the_databases_and_its_statements_can_be_counted():
    lines = mean_lines(Assortment().products)
    mine, monolith = EventDrivenConfig(way_out="log_tailing").demands_s(), MonolithConfig().demands_s()
    for kind in ("browse", "track_order"):
        assert total(mine, kind, "database") == pytest.approx(monolith.database[kind])
    own = 2 + 3 * lines + 1 + 3 + 1
    events, notes = 5, 5
    assert total(mine, "place_order", "database") == pytest.approx((own + events + notes) * QUERY_S)
    assert total(mine, "place_order", "log") == pytest.approx(6 * COMMIT_S)


def test_an_outbox_costs_a_statement_an_event_and_an_inbox_one_a_reaction():
    def statements(**changed):
        return total(EventDrivenConfig(**changed).demands_s(), "place_order", "database") / QUERY_S

    assert statements(way_out="outbox") - statements(way_out="log_tailing") == pytest.approx(5)
    assert statements(way_out="dual_write") == statements(way_out="log_tailing")
    assert statements(idempotent=True) - statements(idempotent=False) == pytest.approx(5)


@pytest.mark.parametrize("way_out", ["log_tailing", "dual_write"])
def test_what_a_run_asks_of_every_station_is_what_the_demands_say(way_out):
    config = EventDrivenConfig(
        way_out=way_out, topic="queue", coherency=0.0, settle_every_s=1e6, cores=2, database_cores=2
    )
    day = run_day(EventDriven, config, Poisson(30), seed=3, duration_s=50, mix=ORDERS_ONLY)
    parts, orders = day.result.parts, (day.result.requests.outcome == "ok").sum()
    demands, servers = config.demands_s().loc["place_order"], config.servers()
    for station in (name for name in demands.index if name not in ("provider", "hops")):
        part = station.replace(" cpu", "-1 cpu").replace(" log", " database log")
        asked_s = parts.utilisation[part] * servers[station] * 50 / orders
        assert asked_s == pytest.approx(demands[station], rel=0.09), station
    assert parts.utilisation["payments-1"] * 16 * 50 / orders == pytest.approx(
        config.held_s()["payments workers"]["place_order"], rel=0.09
    )


def test_the_door_takes_the_cited_time_of_a_proxy():
    seconds = load("costs_of_operations").set_index("operation").seconds
    assert EventDrivenConfig().proxy_s == seconds["proxy hop"]


def test_readers_of_a_log_keep_their_offsets_as_often_as_kafkas():
    settings = load("brokers").set_index("setting").value
    assert EventDrivenConfig().commit_every_s == float(settings["auto.commit.interval.ms"])


def test_the_broker_is_paid_for_and_each_instance_and_database():
    small, large = EventDrivenConfig(), EventDrivenConfig(instances={"orders": 3}, broker_machines=4)
    assert small.rented()["m5.large"] == (6 + 5) / 2 + 3
    assert large.rented()["m5.large"] - small.rented()["m5.large"] == 2 / 2 + 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"instances": {"shoes": 1}}, "instances names 'shoes'; it must be one of web, catalogue"),
        ({"readers": {"web": 1}}, "readers names 'web'; it must be one of catalogue, orders"),
        ({"readers": {"orders": 0}}, r"readers\['orders'\] is 0; it must be a whole number, 1 or more"),
        (
            {"way_out": "shouting"},
            "way_out is 'shouting'; it must be one of 'dual_write', 'outbox', 'log_tailing'",
        ),
        ({"poll_s": 0}, "poll_s is 0"),
        ({"retention_s": -1}, "retention_s is -1"),
        ({"partitions": 0}, "partitions is 0"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        EventDrivenConfig(**wrong)
