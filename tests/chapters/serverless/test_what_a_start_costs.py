"""What an initialisation, memory and environments kept ready cost."""

import pytest

from archlab.chapters.serverless import memory, own_machine, provisioned, runtimes
from archlab.sim.theory import erlang_b


def test_libraries_weigh_more_than_the_language():
    medians, sizes = runtimes.initialisations().zip, runtimes.sizes()
    assert sizes["35 MB"] / sizes["1 KB"] > 10 > medians[".NET 10"] / medians["Go"]
    assert "Python 3.13 85" in runtimes.figure("libraries").alt


def test_what_was_recorded_is_in_the_order_that_a_new_measurement_finds():
    recorded, now = own_machine.recorded(), own_machine.measure(runs=1)
    assert list(recorded.index) == list(now.index)
    for times_ms in (recorded, now):
        assert times_ms["this course's kit"] > times_ms["pandas"] > 2 * times_ms["nothing"]
        assert times_ms["nothing"] > 100 * times_ms[own_machine.CALL]
    assert "a warm call" in own_machine.figure(recorded, "starts").alt


@pytest.fixture(scope="module")
def calls():
    return memory.by_memory()


def test_what_computes_costs_the_same_with_any_memory_up_to_one_processor(calls):
    assert memory.factor(calls, "computes", "usd_per_million", 128, 1769) == pytest.approx(1, rel=0.001)
    assert memory.factor(calls, "computes", "time_ms", 128, 1769) == pytest.approx(128 / 1769)
    assert memory.factor(calls, "computes", "usd_per_million", 1769, 3538) > 1.9


def test_what_waits_pays_for_memory_and_gets_nothing(calls):
    assert memory.factor(calls, "waits", "time_ms", 128, 1769) == 1
    assert memory.factor(calls, "waits", "usd_per_million", 128, 1769) > 7


def test_an_order_of_the_shop_is_more_like_the_one_that_waits(calls):
    gained = memory.factor(calls, "an order", "time_ms", 128, 1769)
    paid = memory.factor(calls, "an order", "usd_per_million", 128, 1769)
    assert 0.4 < gained < 0.7
    assert paid > 4
    assert "an order, ms from" in memory.figure(calls, "memory").alt


@pytest.fixture(scope="module")
def table():
    return provisioned.by_provisioned(kept=(50, 60), seconds=200.0)


def test_what_spills_is_erlangs_formula_whatever_the_run_times(table):
    assert set(table.runs) == set(provisioned.RUNS)
    for row in table.itertuples():
        assert row.theory == erlang_b(row.provisioned, 50.0)
        assert row.spilled == pytest.approx(row.theory, abs=0.005)


def test_the_figure_of_what_spills_names_the_shares(table):
    assert "from 0.1" in provisioned.figure(table, "spills").alt


def test_an_unknown_kind_of_run_time_is_refused():
    with pytest.raises(ValueError, match="runs is 'odd'"):
        provisioned.spilled(50, runs="odd")
