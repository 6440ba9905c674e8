"""The forms that compete: they work, they cost what they say, and the law knows what they ask."""

import pandas as pd
import pytest

from archlab.chapters.choosing.buying import Terms, asked_s, cheapest_of_form, rent_usd_per_h
from archlab.chapters.choosing.forms import ARCHITECTURES, FORMS, forms_of
from archlab.shop.audit import ANOMALIES
from archlab.shop.day import run_day
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Mix, Poisson

SERVERS = [key for key in FORMS if not key.startswith("serverless")]
NOT_LOADED = ("projector",)
"""They apply full batches when they are busy, and that is what the law counts. At a small load they ask for more."""


@pytest.fixture(scope="module", params=FORMS)
def day(request):
    """A busy half minute of the shop bought for 100 requests a second, and the orders' end."""
    form = FORMS[request.param]
    offer = cheapest_of_form(form, rate_per_s=100.0)
    ran = run_day(form.build, offer.config, Poisson(60.0), seed=3, duration_s=30, warmup_s=5, drain_s=30)
    return form, ran


def test_every_form_keeps_the_books_in_order(day):
    _, ran = day
    wrong = {name: count for name in ANOMALIES if (count := getattr(ran.audit, name))}
    assert set(wrong) <= {"stale_reads"}  # a read model of its own is a little late, and that is its price
    assert ran.audit.money_difference_cents == 0
    assert ran.result.availability() == 1.0


def test_the_law_knows_what_a_form_asks_of_every_station(day):
    form, ran = day
    served_per_s, mix = ran.result.throughput_per_s(), _mix(ran.result)
    busy = ran.result.parts.utilisation * ran.result.parts.capacity
    for station, time_s in asked_s(form, Terms(mix)).items():
        measured = _measured(busy, station)
        if measured is not None and not station.endswith(NOT_LOADED):
            assert measured == pytest.approx(served_per_s * time_s, rel=0.1, abs=0.002), station


def _mix(result: Result) -> Mix:
    """What was really asked for, so that luck is not in the comparison."""
    return Mix(**result.requests.kind.value_counts(normalize=True))


def _measured(busy: pd.Series, station: str) -> float | None:
    """How many servers of a station were busy on average; None where the parts do not tell."""
    if station.endswith("cpu"):
        program = station.removesuffix("cpu").strip() or "shop"
        return float(busy[[name for name in busy.index if name.startswith(program) and "cpu" in name]].sum())
    part = f"{station.removesuffix('log')}database log" if station.endswith(" log") else station
    part = "database log" if station == "log" else part
    return float(busy[part]) if part in busy.index and not station.endswith("workers") else None


@pytest.mark.parametrize("key", SERVERS)
@pytest.mark.parametrize("copies", [1, 2])
def test_a_form_costs_what_the_shop_that_is_built_says(key, copies):
    config = FORMS[key].smallest(copies)
    assert FORMS[key].build(Simulation(1), config=config).price_per_hour_usd() == pytest.approx(
        rent_usd_per_h(config)
    )


@pytest.mark.parametrize("key", FORMS)
def test_a_form_grows_at_each_station_that_money_makes_larger(key):
    form = FORMS[key]
    smallest = form.smallest(1)
    for station in (name for name in asked_s(form) if name.endswith(("cpu", "database"))):
        larger = form.grow(smallest, station, 16)
        assert larger.servers()[station] == smallest.servers()[station] + 1
        assert rent_usd_per_h(larger) > rent_usd_per_h(smallest)


@pytest.mark.parametrize("key", FORMS)
def test_no_database_grows_beyond_the_largest(key):
    form = FORMS[key]
    for station in (name for name in asked_s(form) if name.endswith("database")):
        assert form.grow(form.smallest(1), station, 1) is None


def test_a_monolith_and_a_layered_program_are_the_same_shop_to_the_law():
    one, other = FORMS["monolithic"], FORMS["layered, one process"]
    for rate_per_s in (50, 300, 2000):
        shops = [cheapest_of_form(form, rate_per_s) for form in (one, other)]
        assert shops[0].usd_per_h == shops[1].usd_per_h


def test_one_broker_is_enough_where_nothing_must_survive():
    assert [FORMS["event-driven"].smallest(copies).broker_machines for copies in (1, 2)] == [1, 3]


def test_each_architecture_has_a_form():
    assert [form.architecture for name in ARCHITECTURES for form in forms_of(name)] == [
        form.architecture for form in FORMS.values()
    ]
    with pytest.raises(ValueError, match="architecture is 'pigeons'"):
        forms_of("pigeons")
