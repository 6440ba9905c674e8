"""What lab 05 works on: the figures its text names, and cases that punish what they should and nothing else."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from archlab.chapters.serverless import (
    lab_checks,
    lab_cold,
    lab_pieces,
    lab_servers_known,
    lab_settings,
    lab_twice,
)


def test_the_figures_that_the_text_of_the_lab_names():
    assert (lab_settings.SHARE_IN_TIME, lab_settings.TRIALS, lab_settings.MOST_PROVISIONED) == (0.95, 12, 8)
    assert len(lab_settings.CASES) == 9
    assert (lab_pieces.LIMIT_S, lab_pieces.LONGEST_S, lab_pieces.NOTE_S) == (60, 3, 1 / 50)
    assert (lab_checks.MOST_PIECES, lab_checks.PRICE_ROOM, lab_checks.SERVERS_ROOM) == (24, 1.025, 0.005)


# Cold starts


def test_requests_at_the_same_time_need_an_environment_each():
    trace = lab_cold.Trace((0.0, 0.5, 100.0, 100.5, 101.0), run_s=1.0, init_s=0.2, keep_alive_s=300.0)
    assert trace.cold_share() == 3 / 5


def test_an_environment_idles_from_the_end_of_its_request_on():
    late = lab_cold.Trace((0.0, 61.1), run_s=1.0, init_s=0.2, keep_alive_s=60.0)
    too_late = replace(late, arrivals_s=(0.0, 61.3))
    assert (late.cold_share(), too_late.cold_share()) == (0.5, 1.0)


def test_a_trace_that_goes_back_in_time_is_refused():
    with pytest.raises(ValueError, match="arrivals_s"):
        lab_cold.Trace((1.0, 0.5), run_s=1.0, init_s=0.2, keep_alive_s=60.0)


@pytest.mark.parametrize("seed", range(10))
def test_drawn_traces_are_neither_mostly_warm_nor_mostly_cold(seed):
    assert 0.05 < lab_cold.drawn(np.random.default_rng(seed)).cold_share() < 0.6


# Settings


@pytest.mark.parametrize("kind", lab_settings.KINDS)
def test_no_other_settings_are_cheaper_than_the_best(kind):
    service = lab_settings.drawn(np.random.default_rng(5), kind)
    least_usd = lab_checks._least_usd(service, 5)
    for memory_mb in lab_settings.MEMORY_MB:
        for provisioned in (0, 1, 2, 4, 6):
            tried = lab_settings.lived(service, memory_mb, provisioned, seed=5)
            if tried.share_in_time >= lab_settings.SHARE_IN_TIME:
                assert tried.usd_per_month > 0.99 * least_usd


def test_trials_come_to_an_end():
    trials = lab_settings.Trials(lab_settings.drawn(np.random.default_rng(5), "seldom"), seed=5)
    for _ in range(lab_settings.TRIALS):
        trials.tried(1024, 1)
    with pytest.raises(AssertionError, match="12 trials are used up"):
        trials.tried(1024, 1)


def test_a_size_that_is_not_on_the_menu_is_refused():
    with pytest.raises(ValueError, match="memory_mb is 640"):
        lab_settings.lived(lab_settings.drawn(np.random.default_rng(5), "busy"), 640, 0, seed=1)


# Twice


def charging_anew():
    """A function that has a new key at every run."""
    random = np.random.default_rng(1)
    return lambda tables, provider, event: provider.charge(str(random.integers(2**62)), event.cents)


def test_a_run_that_is_overtaken_sees_the_other_one_between_its_calls():
    order = lab_twice.OrderPlaced(7, "lamp", 2, cents=4000)
    world = lab_twice.World([order])
    assert world.deliver(charging_anew(), order, overtaken_at=0)
    assert world.charged() == [4000, 4000]


def test_a_run_is_killed_before_the_call_that_it_has_no_more():
    order = lab_twice.OrderPlaced(7, "lamp", 2, cents=4000)
    world = lab_twice.World([order])
    assert not world.deliver(charging_anew(), order, calls=0)
    assert not world.deliver(charging_anew(), order, calls=1)  # it died before anybody heard of its end
    assert world.charged() == [4000]


def test_the_provider_charges_once_for_a_key_and_refuses_another_amount():
    provider = lab_twice.Provider({}, lab_twice.Run())
    assert provider.charge("a", 100) == provider.charge("a", 100) == 1
    with pytest.raises(ValueError, match="used for 100 cents"):
        provider.charge("a", 200)


def test_tables_know_no_transactions():
    world = lab_twice.World([])
    with pytest.raises(ValueError, match="BEGIN"):
        world.deliver(lambda tables, *_: tables.execute("BEGIN"), lab_twice.OrderPlaced(1, "lamp", 1, 100))


# Pieces


def book_all(invocation, job):
    row = yield from job.position()
    while row < job.rows:
        yield from job.book(row)
        row += 1
        yield from job.note(row)


def test_a_job_that_ignores_the_limit_is_given_up_after_three_runs():
    lived = lab_pieces.Night(rows=500).run(book_all, seed=1)
    assert (lived.cut_off, lived.given_up, lived.pieces) == (3, 1, 3)
    assert len(lived.booked) == len(set(lived.booked)) < 150


@pytest.mark.parametrize("seed", range(5))
def test_kills_of_a_drawn_night_never_give_up_a_job_that_notes_how_far_it_is(seed):
    def one_piece(invocation, job):
        row = yield from job.position()
        while row < job.rows and invocation.left_s > 3.2:
            yield from job.book(row)
            row += 1
            yield from job.note(row)
        if row < job.rows:
            job.again()

    night = lab_pieces.Night.drawn(np.random.default_rng(seed))
    lived = night.run(one_piece, seed)
    assert (lived.given_up, lived.cut_off) == (0, 0)
    assert 2 <= lived.killed <= 4
    assert set(lived.booked) == set(range(night.rows))


# Servers


@pytest.mark.parametrize("kind", lab_servers_known.KINDS)
def test_above_the_load_servers_are_cheaper_everywhere_and_just_below_they_are_not(kind):
    service = lab_servers_known.drawn(np.random.default_rng(2), kind)
    limit = lab_servers_known.cheaper_from(service)

    def functions_win(load):
        return service.function_usd_per_h(load) < service.server_usd_per_h_at(load)

    if limit == inf:
        assert all(functions_win(load) for load in np.linspace(0.5, 5000, 4000))
    else:
        assert not any(functions_win(load) for load in np.linspace(limit * 1.0001, limit * 20, 4000))
        assert functions_win(limit * 0.9999)
