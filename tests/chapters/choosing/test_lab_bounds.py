"""Task 5 of lab 07: bounds that no simulated shop gets below, and demands that break one of them or none."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.choosing import lab_bounds_known
from archlab.chapters.choosing.buying import Terms, cheapest
from archlab.chapters.choosing.lab_bounds import LIGHT_KM_PER_S
from archlab.chapters.choosing.lab_bounds_known import (
    BRIMFUL,
    FULL,
    KINDS,
    least_offer,
    least_order_s,
    least_usd_per_h,
    proof_of,
)
from archlab.chapters.choosing.lab_known import SERVICES
from archlab.shop.budget import limit_per_s, mix_with
from archlab.shop.day import run_day
from archlab.shop.microservices import Microservices
from archlab.shop.monolithic import Monolith, MonolithConfig
from archlab.sim.workload import Poisson


@pytest.fixture(scope="module")
def demands():
    random = np.random.default_rng(7)
    return {kind: lab_bounds_known.drawn(random, kind) for kind in KINDS}


def lived(build, config, demand, per_s=None, seconds=15.0):
    """A day of a shop whose commits wait for the second site, with the demand's provider."""
    second_site_s = 2 * demand.km / LIGHT_KM_PER_S
    facts = replace(config, commit_s=0.0003 + second_site_s, provider_s=demand.provider_s)
    mix = mix_with(demand.order_percent / 100)
    return run_day(build, facts, Poisson(per_s or demand.per_s), 3, seconds, mix=mix).result


@pytest.mark.parametrize("seed", range(3))
def test_half_of_the_kinds_are_impossible_for_one_reason_each(seed):
    random = np.random.default_rng(seed)
    demands = {kind: lab_bounds_known.drawn(random, kind) for kind in KINDS}
    proofs = {kind: proof_of(demand) for kind, demand in demands.items()}
    assert {kind: proof is None for kind, proof in proofs.items()} == {
        kind: of.is_possible for kind, of in KINDS.items()
    }
    assert sum(of.is_possible for of in KINDS.values()) == len(KINDS) / 2
    for kind in ("far", "paid first"):
        assert proofs[kind][0] == "order_s"
        assert least_usd_per_h(demands[kind]) < demands[kind].budget_usd_per_h
    for kind in ("poor", "brimful", "poor and few"):
        assert proofs[kind][0] == "usd_per_h"
        assert least_order_s(demands[kind]) < demands[kind].order_s


def test_far_sites_are_too_far_for_some_and_not_for_all(demands):
    far, enough = demands["far"], demands["far enough"]
    assert min(far.km, enough.km) >= 8000
    assert far.order_s < least_order_s(far)
    assert least_order_s(enough) < enough.order_s < 1.2 * least_order_s(enough)


@pytest.mark.parametrize("kind", ["few", "poor and few"])
def test_where_few_come_functions_cost_least_and_a_monolith_is_another_bound(demands, kind):
    demand = demands[kind]
    mix = mix_with(demand.order_percent / 100)
    least = least_offer(demand.per_s, demand.order_percent, FULL)
    program = cheapest("monolithic", demand.per_s, Terms(mix, busy_at_most=FULL))
    assert least.form.architecture == "serverless"
    assert least.rent_usd_per_h < 0.97 * least.usd_per_h
    assert program.usd_per_h > max(demand.budget_usd_per_h, 1.05 * least.usd_per_h)


def test_the_usual_slips_lead_to_another_bound_for_the_poor(demands):
    """The share of orders that the examples have, and stations that are nearly full."""
    for kind in ("poor", "poor and few"):
        demand = demands[kind]
        with_usual = least_offer(demand.per_s, 12.0, FULL).usd_per_h
        assert abs(with_usual / least_usd_per_h(demand) - 1) > 0.015
    brimful = demands["brimful"]
    for busy in (0.93, 0.95, BRIMFUL):
        nearly = least_offer(brimful.per_s, brimful.order_percent, busy).usd_per_h
        assert nearly > 1.015 * least_usd_per_h(brimful)
    smallest = least_offer(60.0, demands["poor"].order_percent, FULL).usd_per_h
    assert least_usd_per_h(demands["poor"]) > 1.05 * smallest


def test_a_demand_of_each_kind_that_can_be_met_is_met_by_a_simulated_shop(demands):
    for kind in ("near", "tight"):
        demand = demands[kind]
        busy = 0.7 if kind == "near" else FULL
        offer = least_offer(demand.per_s, demand.order_percent, busy)
        assert offer.usd_per_h <= demand.budget_usd_per_h
        program = replace(offer.config, payment_timeout_s=None, bulkheads=None, connections=64)
        assert lived(Monolith, program, demand).latency_s(99, "place_order") <= demand.order_s


def test_a_slow_provider_is_no_proof_where_customers_may_pay_later(demands):
    demand = demands["paid later"]
    per_s = 0.7 * limit_per_s(SERVICES, mix_with(demand.order_percent / 100))
    result = lived(Microservices, SERVICES, demand, per_s=per_s, seconds=5)
    assert result.latency_s(99, "place_order") < demand.order_s < demand.provider_s


@pytest.mark.parametrize("kind", ["far", "paid first", "near"])
def test_no_order_of_a_simulated_shop_that_waits_for_all_of_it_is_quicker_than_the_bound(demands, kind):
    demand = demands[kind]
    fastest_s = (
        lived(Monolith, MonolithConfig(), demand, per_s=2, seconds=60).latencies_s("place_order").min()
    )
    assert least_order_s(demand) < fastest_s < least_order_s(demand) + 0.1


def test_no_process_of_whole_cores_that_carries_the_load_costs_less_than_the_bound(demands):
    for demand in (demand for demand in demands.values() if demand.per_s > 100):
        mix = mix_with(demand.order_percent / 100)
        prices = [
            0.048 * (copies * cores + database) + 0.115 * 100 / 730 + (0.0416 if copies > 1 else 0)
            for cores in (1, 2)
            for copies in range(1, 8)
            for database in range(1, 5)
            if limit_per_s(
                MonolithConfig(clones=copies, cores=cores, workers=64, database_cores=database), mix
            )
            >= demand.per_s
        ]
        assert least_usd_per_h(demand) == pytest.approx(min(prices))


def test_a_shop_that_costs_less_than_the_bound_does_not_answer_all_who_come(demands):
    demand = demands["poor"]
    fewer = least_offer(demand.per_s, demand.order_percent, FULL)
    config = replace(fewer.config, clones=1, cores=1)
    served = lived(Monolith, config, demand, seconds=10).throughput_per_s()
    assert served < 0.95 * demand.per_s


def test_a_proof_falls_when_its_cause_does(demands):
    far, poor, first = (demands[kind] for kind in ("far", "poor", "paid first"))
    assert proof_of(replace(far, km=far.km / 2)) is None
    assert proof_of(replace(poor, budget_usd_per_h=1.05 * poor.budget_usd_per_h)) is None
    assert proof_of(replace(first, is_paid_when_told=False)) is None


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind is 'rich'"):
        lab_bounds_known.drawn(np.random.default_rng(1), "rich")


@pytest.mark.parametrize("name", ["per_s", "order_percent", "budget_usd_per_h", "order_s"])
def test_a_demand_without_a_figure_is_refused(demands, name):
    with pytest.raises(ValueError, match=name):
        replace(demands["near"], **{name: 0})


def test_a_load_that_no_form_carries_is_refused():
    with pytest.raises(ValueError, match="per_s is"):
        lab_bounds_known.least_offer(1e6, 12.0, 1.0)
