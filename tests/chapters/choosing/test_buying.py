"""The search for the best shop, against all shops that a small budget could buy."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from archlab.chapters.choosing.buying import (
    HOUR_S,
    Terms,
    best,
    cheapest,
    cheapest_of_form,
    law_per_s,
    offers,
    rent_usd_per_h,
    usd_per_request,
)
from archlab.chapters.choosing.forms import ARCHITECTURES, FORMS, Form
from archlab.chapters.choosing.objective import least_memory_mb
from archlab.shop.config import ShopConfig
from archlab.shop.day import run_day
from archlab.shop.layered.config import PROGRAMS as TIERS
from archlab.shop.monolithic import Monolith, MonolithConfig
from archlab.sim.billing import total_usd
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Mix, Poisson

FEW = 3
"""So many cores more than the smallest shop has."""


def all_shops(form: Form, budget_usd_per_h: float) -> Iterator[ShopConfig]:
    """Every shop of a form that the budget rents: all counts of all its programs and databases."""
    smallest = form.smallest(1)
    if form.key == "monolithic":
        counts = product(range(1, 7), (1, 2), range(1, 5))
        made = (replace(smallest, clones=c, cores=n, database_cores=d) for c, n, d in counts)
    elif form.key.startswith("layered"):
        programs = TIERS[smallest.tiers]
        counts = product(*[range(1, 6)] * len(programs), (1, 2), range(1, 4))
        made = (
            replace(
                smallest,
                instances=dict(zip(programs, row, strict=False)),
                cores=row[-2],
                database_cores=row[-1],
            )
            for row in counts
        )
    elif form.key == "cqrs, same database":
        counts = product(range(1, 5), range(1, 5), range(1, 4))
        made = (
            replace(smallest, instances={"commands": c, "queries": q}, database_cores=d) for c, q, d in counts
        )
    else:
        made = _of_parts(smallest)
    return (shop for shop in made if rent_usd_per_h(shop) <= budget_usd_per_h)


def _of_parts(smallest: ShopConfig) -> Iterator[ShopConfig]:
    """All ways to give a few cores to programs and databases that each have their own."""
    programs, databases = list(smallest.instances), list(smallest.database_cores)
    for more in product(range(FEW + 1), repeat=len(programs) + len(databases)):
        if sum(more) <= FEW:
            one = {name: 1 + count for name, count in zip(programs, more, strict=False)}
            other = {name: 1 + count for name, count in zip(databases, more[len(programs) :], strict=True)}
            yield replace(smallest, instances=one, database_cores=other)


BUDGETS = {
    "monolithic": 0.4,
    "layered, one process": 0.4,
    "layered, three tiers": 0.5,
    "cqrs, same database": 0.5,
}


@pytest.mark.parametrize("key", BUDGETS)
def test_no_shop_that_the_budget_could_buy_serves_more(key):
    form, terms = FORMS[key], Terms(busy_at_most=1.0)
    found = list(offers(form, BUDGETS[key], terms))
    served = [law_per_s(form, shop) for shop in all_shops(form, BUDGETS[key])]
    assert len(served) > 10
    assert max(offer.serves_per_s for offer in found) == pytest.approx(max(served))


@pytest.mark.parametrize("key", ["microservices", "event-driven"])
def test_no_other_way_to_spend_a_few_cores_serves_more(key):
    form, terms = FORMS[key], Terms(busy_at_most=1.0)
    budget = rent_usd_per_h(form.smallest(1)) + FEW * 0.048 + 1e-9
    found = max(offer.serves_per_s for offer in offers(form, budget, terms))
    served = [law_per_s(form, shop) for shop in _of_parts(form.smallest(1))]
    assert found == pytest.approx(max(served))


def test_the_cheapest_shop_for_a_load_is_the_cheapest_of_all_that_serve_it():
    form, terms = FORMS["monolithic"], Terms(busy_at_most=1.0)
    for rate_per_s in (100.0, 250.0, 500.0):
        rents = [
            rent_usd_per_h(shop) for shop in all_shops(form, 0.45) if law_per_s(form, shop) >= rate_per_s
        ]
        assert cheapest_of_form(form, rate_per_s, terms).usd_per_h == pytest.approx(min(rents))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_budget_pays_for_all_of_what_it_bought_at_the_load_it_was_bought_for(name):
    offer = best(name, 1.0)
    used_usd = HOUR_S * offer.serves_per_s * offer.usd_per_request
    assert offer.usd_per_h == pytest.approx(rent_usd_per_h(offer.config) + used_usd)
    assert offer.usd_per_h <= 1.0 + 1e-9


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_more_money_never_serves_less(name):
    served = [best(name, budget).serves_per_s for budget in (0.75, 0.9, 1.0, 1.5, 2.0)]
    assert served == sorted(served)


def test_the_price_is_that_of_the_shop_that_is_built():
    offer = best("monolithic", 1.0)
    assert Monolith(Simulation(1), offer.config).price_per_hour_usd() == pytest.approx(offer.usd_per_h)


def test_a_request_on_functions_costs_what_a_warm_run_meters():
    form = FORMS["serverless"]
    config = form.smallest(1)
    sim = Simulation(5)
    shop = form.build(sim, config=config)
    sim.open_load(Poisson(20.0), shop.handle, Terms().mix)
    sim.run(until=60)
    before, settling = shop.bill(), _by_the_clock(shop)
    result = sim.measure(400)
    used = total_usd(shop.bill().without(before)) - (_by_the_clock(shop) - settling)
    assert used / result.completed == pytest.approx(usd_per_request(config), rel=0.06)


def _by_the_clock(shop) -> float:
    """What functions have cost that no request starts, which `usd_per_request` leaves out."""
    return sum(total_usd(function.usage()) for name, function in shop.functions.items() if name in LEFT_OUT)


LEFT_OUT = ("settle", "finish_orders", "report")


def test_other_shops_cost_nothing_by_the_request():
    assert usd_per_request(MonolithConfig()) == 0.0


def test_less_memory_is_cheaper_and_slower_so_the_least_that_is_quick_enough_is_bought():
    prices = [
        usd_per_request(replace(FORMS["serverless"].smallest(1), memory_mb=mb)) for mb in (256, 512, 1769)
    ]
    assert prices == sorted(prices)
    assert least_memory_mb(page_s=0.1) > least_memory_mb()
    assert FORMS["serverless"].smallest(1).memory_mb == least_memory_mb()
    with pytest.raises(ValueError, match="no function is that quick"):
        least_memory_mb(page_s=0.01)


def test_a_budget_too_small_names_the_smallest_shop():
    with pytest.raises(ValueError, match=r"budget_usd_per_h is 0.5; .* microservices costs 0.61"):
        best("microservices", 0.5)


def test_who_cannot_grow_so_far_is_not_bought():
    assert cheapest("monolithic", 9_000, Terms(largest_database_cores=8)) is None


def test_twice_the_price_of_a_core_and_twice_the_work_cost_more():
    usual = cheapest("monolithic", 500).usd_per_h
    assert cheapest("monolithic", 500, Terms(price_times={"m5.large": 2.0})).usd_per_h > 1.7 * usual
    assert cheapest("monolithic", 500, Terms(work_times={"browse_cpu_s": 2.0})).usd_per_h > 1.2 * usual
    with pytest.raises(ValueError, match="price_times is 'gold'"):
        Terms(price_times={"gold": 2.0})


def test_the_shop_with_other_terms_is_the_one_that_runs():
    terms = Terms(Mix(browse=1.0), work_times={"browse_cpu_s": 2.0})
    offer = cheapest("monolithic", 50, terms)
    day = run_day(
        offer.form.build, offer.config, Poisson(50), seed=1, duration_s=20, warmup_s=2, mix=terms.mix
    )
    cpu = day.result.parts.utilisation[[name for name in day.result.parts.index if "cpu" in name]].sum()
    assert cpu == pytest.approx(50 * 2 * 0.00479, rel=0.1)
