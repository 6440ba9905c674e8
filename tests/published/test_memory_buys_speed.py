"""lambda-perf (2026): first invocations of seven runtimes with three sizes of memory, measured and predicted."""

import pytest

from archlab.data import load
from archlab.published.memory_buys_speed import (
    KNOWN_MB,
    WAITS,
    compare,
    core_share,
    measured,
    run_s,
    simulated_s,
    work_s,
)
from archlab.sim.functions.memory import MB_PER_PROCESSOR

UNEXPLAINED = "Java 25"
COMPUTE = [".NET 8", ".NET 10", "Quarkus native", "GraalVM 21", "shell", UNEXPLAINED]


@pytest.fixture(scope="module")
def table():
    return compare()


def test_a_core_comes_with_the_memory_of_the_table():
    row = load("first_invocations").set_index("product").loc["AWS Lambda"]
    assert (row.memory_mb, row.value) == (MB_PER_PROCESSOR, 1)


def test_the_table_has_the_runtimes_that_are_tested_here():
    assert set(measured().index) == {*COMPUTE, WAITS}
    assert list(measured().columns) == [128, 512, KNOWN_MB]


@pytest.mark.parametrize("runtime", COMPUTE)
def test_with_half_the_memory_it_takes_what_is_predicted_within_15_percent_and_never_less(table, runtime):
    assert 1.0 <= table.ratio[runtime, 512] <= 1.15


@pytest.mark.parametrize("runtime", [name for name in COMPUTE if name != UNEXPLAINED])
def test_with_an_eighth_it_takes_more_than_is_predicted_but_within_35_percent(table, runtime):
    assert 1.15 < table.ratio[runtime, 128] <= 1.35


def test_one_runtime_is_far_slower_with_little_memory_than_the_model_says(table):
    assert table.ratio[UNEXPLAINED, 128] == pytest.approx(2.8, abs=0.05)


@pytest.mark.parametrize("runtime", COMPUTE)
def test_from_512_to_128_mb_everything_gets_more_than_four_times_as_slow(runtime):
    ms = measured().loc[runtime]
    assert ms[128] / ms[512] > 4.3


def test_what_does_not_compute_takes_the_same_with_any_memory(table):
    ms = measured().loc[WAITS]
    assert ms.max() / ms.min() < 1.05
    assert table.ratio[WAITS, 128] < 0.15


def test_net_8_costs_nearly_the_same_with_any_memory_as_published(table):
    assert table.mgb_s[".NET 8"].round().tolist() == [89, 82, 74]


@pytest.mark.parametrize("runtime", COMPUTE)
def test_what_computes_costs_more_with_little_memory_and_python_far_less(table, runtime):
    assert table.mgb_s[runtime, 128] > table.mgb_s[runtime, KNOWN_MB]
    assert table.mgb_s[WAITS, 128] < table.mgb_s[WAITS, KNOWN_MB] / 7


@pytest.mark.parametrize("memory_mb", [128, 512, 1024, 1769, 3008])
def test_the_kits_processor_takes_as_long_as_the_formula_says(memory_mb):
    assert simulated_s(0.043, memory_mb) == pytest.approx(run_s(0.043, memory_mb), rel=1e-9)
    assert work_s(run_s(0.043, memory_mb), memory_mb) == pytest.approx(0.043)


def test_threads_share_what_there_is():
    assert simulated_s(0.043, 512, threads=3) == pytest.approx(3 * simulated_s(0.043, 512))


def test_above_one_core_more_memory_is_no_faster_for_one_thread():
    assert core_share(884) == pytest.approx(0.5, abs=0.001)
    assert core_share(int(MB_PER_PROCESSOR)) == core_share(10_240) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: core_share(100), "memory_mb is 100; it must be a whole number, 128 or more"),
        (lambda: run_s(-1, 128), "work_s is -1"),
        (lambda: run_s(1, 20_000), "memory_mb is 20000"),
        (lambda: work_s(float("nan"), 128), "run_s is nan"),
        (lambda: simulated_s(-1, 128), "work_s is -1"),
        (lambda: simulated_s(1, 128, threads=0), "threads is 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
