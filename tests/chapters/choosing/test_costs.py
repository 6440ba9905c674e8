"""What an architecture costs on the average of a day with a peak."""

from dataclasses import replace
from math import inf

import pytest

from archlab.chapters.choosing.buying import HOUR_S, cheapest, rent_usd_per_h
from archlab.chapters.choosing.cost_against_load import usd_per_h
from archlab.chapters.choosing.costs import day_cost, form_cost, terms_of
from archlab.chapters.choosing.fault_matrix import ROWS
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.needs import Needs


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_even_day_costs_what_the_cheapest_shop_costs(architecture):
    needs = Needs(per_s=50)
    assert day_cost(architecture, needs).usd_per_h == pytest.approx(
        cheapest(architecture, 50, terms_of(needs)).usd_per_h
    )


def test_servers_for_a_peak_that_nobody_foresees_are_rented_all_day():
    needs = Needs(per_s=50, peak_times=20)
    all_day = cheapest("monolithic", 1000, terms_of(needs)).rent_usd_per_h
    assert day_cost("monolithic", needs).usd_per_h == pytest.approx(all_day)


def test_servers_for_a_foreseen_peak_are_rented_for_its_hours():
    needs = Needs(per_s=50, peak_times=20, peak_h=6, is_foreseen=True)
    usual, peak = (cheapest("monolithic", rate, terms_of(needs)).rent_usd_per_h for rate in (50, 1000))
    assert day_cost("monolithic", needs).usd_per_h == pytest.approx(0.75 * usual + 0.25 * peak)


def test_functions_are_paid_for_the_requests_of_the_day_and_not_of_the_peak():
    needs = Needs(per_s=50, peak_times=20, peak_h=1)
    cost = day_cost("serverless", needs)
    paid = HOUR_S * needs.mean_per_s * cost.offer.usd_per_request
    assert cost.usd_per_h == pytest.approx(cost.offer.rent_usd_per_h + paid)


def test_what_cannot_be_bought_costs_infinitely_much():
    cost = day_cost("monolithic", Needs(per_s=100_000))
    assert (cost.usd_per_h, cost.offer) == (inf, None)


def test_a_second_copy_and_a_smaller_database_change_what_is_bought():
    dearer = day_cost("microservices", Needs(copies=2)).usd_per_h
    assert dearer > day_cost("microservices", Needs(copies=1)).usd_per_h
    assert day_cost("monolithic", Needs(per_s=3000, largest_database_cores=2)).usd_per_h == inf


def test_an_architecture_costs_what_its_cheapest_form_costs():
    needs = Needs(per_s=50, copies=2)
    both = [form_cost(f"cqrs, {name}", needs).usd_per_h for name in ("same database", "separate")]
    assert day_cost("cqrs", needs).usd_per_h == min(both)


@pytest.mark.parametrize("copies", [1, 2])
def test_paying_later_costs_a_monolith_with_one_clone_more(copies):
    needs = Needs(per_s=200, copies=copies)
    serving = form_cost("monolithic", needs).offer.config
    later = form_cost("monolithic, pays later", needs)
    assert later.offer.config.clones == serving.clones
    assert later.usd_per_h == pytest.approx(rent_usd_per_h(replace(serving, clones=serving.clones + 1)))


@pytest.mark.parametrize("sharing", ["programs", "programs and databases"])
def test_what_shares_machines_costs_the_cores_that_it_needs(sharing):
    alone, shared = Needs(per_s=60), Needs(per_s=60, sharing=sharing)
    offer = day_cost("microservices", alone).offer
    assert day_cost("microservices", shared).usd_per_h == pytest.approx(
        usd_per_h(offer, terms_of(shared), sharing)
    )
    saved = [
        day_cost(name, alone).usd_per_h - day_cost(name, shared).usd_per_h
        for name in ("microservices", "monolithic")
    ]
    assert saved[0] > saved[1] >= 0


def test_the_machine_for_jobs_is_rented_outside_of_a_foreseen_peak_too():
    needs = Needs(per_s=200, peak_times=20, peak_h=6, is_foreseen=True, copies=2)
    more = form_cost("monolithic, pays later", needs).usd_per_h - form_cost("monolithic", needs).usd_per_h
    even = replace(needs, peak_times=1)
    machine = form_cost("monolithic, pays later", even).usd_per_h - form_cost("monolithic", even).usd_per_h
    assert more == pytest.approx(machine)
    assert machine > 0


def test_a_form_that_there_is_not_is_named():
    with pytest.raises(ValueError, match=r"^form is 'cqrs'; it must be one of 'monolithic'"):
        form_cost("cqrs", Needs())
    assert "cqrs, separate" in ROWS
