"""Twelve faults: they mean the same for all, and hit parts that are there."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.choosing import twelve_faults
from archlab.chapters.choosing.fault_matrix import ROWS, smallest
from archlab.chapters.choosing.trial_terms import Trial
from archlab.chapters.choosing.trials import Coming
from archlab.chapters.choosing.twelve_faults import (
    BURST,
    CUT,
    DATABASE_DOWN,
    FAULTS,
    MACHINE,
    PAGES_COPY,
    PROVIDER_SLOW,
    QUEUE_DOWN,
    RELEASE,
    TWICE,
    applies,
    copies_of,
    faults_in,
    on_one_machine,
    why_not,
)
from archlab.chapters.monolithic.failure import SLOW_PARTS
from archlab.shop.config import QUERY_S
from archlab.sim.simulation import Simulation


@pytest.fixture(scope="module")
def shops():
    return {name: form.build(Simulation(seed=1), config=smallest(form)) for name, form in ROWS.items()}


def test_there_are_twelve_and_each_is_said_in_words():
    assert len(FAULTS) == 12
    assert all(len(words.split()) > 5 for words in FAULTS.values())


@pytest.mark.parametrize("name", ROWS)
def test_every_part_that_a_fault_names_is_there_and_can_be_hit(name, shops):
    form, shop = ROWS[name], shops[name]
    for fault in FAULTS:
        if applies(fault, form):
            hits = faults_in(fault, form, shop)
            assert bool(hits) == (fault not in (BURST, TWICE))
            shop.sim.inject(*hits)


@pytest.mark.parametrize("name", ROWS)
def test_all_faults_begin_at_the_same_moment_and_last_as_long(name, shops):
    trial = Trial(at_s=2.5, lasts_s=7.0)
    for fault in FAULTS:
        if applies(fault, ROWS[name]):
            hits = faults_in(fault, ROWS[name], shops[name], trial)
            assert {(hit.at_s, hit.lasts_s) for hit in hits} <= {(2.5, 7.0)}


def test_what_does_not_apply_has_a_reason_and_is_refused(shops):
    assert why_not(QUEUE_DOWN, ROWS["monolithic"])
    with pytest.raises(ValueError, match="does not apply to monolithic: programs send"):
        faults_in(QUEUE_DOWN, ROWS["monolithic"], shops["monolithic"])
    with pytest.raises(ValueError, match="fault is 'fire'; it must be one of"):
        applies("fire", ROWS["monolithic"])


def test_a_fault_that_takes_all_copies_takes_all_of_them(shops):
    for name in ("monolithic", "microservices", "cqrs, separate"):
        program = twelve_faults.CASTS[name].orders
        hit = {fault.where for fault in faults_in(RELEASE, ROWS[name], shops[name])}
        assert hit == {
            part for part in shops[name].parts if part.removesuffix("-1").removesuffix("-2") == program
        }


def test_one_copy_is_one_copy_and_each_fault_of_a_database_is_one_server(shops):
    for name, form in ROWS.items():
        for fault in (PAGES_COPY, DATABASE_DOWN):
            if applies(fault, form):
                assert len(faults_in(fault, form, shops[name])) == 1


def test_a_machine_never_takes_all_copies_of_a_program_that_has_two():
    for name, form in ROWS.items():
        if not applies(MACHINE, form):
            continue
        shop = form.build(Simulation(seed=1), config=smallest(form))
        cast = twelve_faults.CASTS[name]
        hit = on_one_machine(cast, shop)
        for program in (cast.pages, cast.orders):
            assert not set(copies_of(program, shop)) <= set(hit)


def test_a_machine_has_as_many_copies_as_it_has_cores_for():
    form = ROWS["layered, one process"]
    config = smallest(form)
    for cores, expected in ((1, 2), (2, 1)):
        shop = form.build(Simulation(1), config=replace(config, cores=cores, instances={"shop": 4}))
        assert len(on_one_machine(twelve_faults.CASTS["layered, one process"], shop)) == expected


def test_the_cut_separates_the_door_from_the_orders_and_nothing_else(shops):
    (cut,) = faults_in(CUT, ROWS["event-driven"], shops["event-driven"])
    assert cut.one_side == ("web-1", "web-2")
    assert cut.other_side == ("orders-1", "orders-2")


def test_slow_is_as_slow_as_in_the_chapters_before():
    usual = Trial()
    assert usual.slow_provider_times == SLOW_PARTS["payment provider"]
    assert usual.slow_query_times == SLOW_PARTS["payments queries"]
    assert usual.slow_query_times * QUERY_S.mean == pytest.approx(0.2)


def test_twice_the_slowness_reaches_the_fault(shops):
    trial = Trial(slow_provider_times=80.0)
    (slow,) = faults_in(PROVIDER_SLOW, ROWS["cqrs, separate"], shops["cqrs, separate"], trial)
    assert slow.factor == 80.0


def test_four_times_as_many_come_in_the_burst_and_nobody_after_the_end():
    trial = Trial(rate_per_s=100.0)
    coming = Coming(100.0, trial.end_s, 4.0, trial.at_s, trial.over_s)
    at_s = np.array(list(coming.times(np.random.default_rng(1), 0.0)))
    inside = (at_s >= trial.at_s) & (at_s < trial.over_s)
    assert inside.sum() / trial.lasts_s == pytest.approx(400.0, rel=0.05)
    assert (~inside).sum() / (trial.end_s - trial.lasts_s) == pytest.approx(100.0, rel=0.1)
    assert at_s.max() < trial.end_s


@pytest.mark.parametrize("name", ["rate_per_s", "lasts_s", "patience_s", "burst_times"])
def test_a_trial_refuses_what_is_not_positive(name):
    with pytest.raises(ValueError, match=f"{name} is 0"):
        Trial(**{name: 0})


def test_a_trial_must_be_watched_as_long_as_a_customer_waits():
    with pytest.raises(ValueError, match="after_s"):
        Trial(after_s=1.0, patience_s=2.0)
