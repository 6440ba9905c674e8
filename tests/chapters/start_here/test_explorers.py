"""The explorers of chapter 00 agree with the formulas, and show what their questions ask for."""

import math

import numpy as np
import pytest

from archlab.chapters.start_here.explorers import (
    EVEN,
    HEAVY,
    VARIED,
    WORKS,
    BesideTheFormula,
    InVain,
    TwoWays,
    giving_up,
    one_queue,
    pooling,
)
from archlab.course.explorer import explore
from archlab.sim import theory
from archlab.sim.statistics import mean_interval

# One queue -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("work", "rate_per_s"), [(VARIED, 70), (EVEN, 80), (HEAVY, 50)])
def test_the_mean_is_that_of_the_formula(work: str, rate_per_s: float):
    read = [BesideTheFormula().read(one_queue(rate_per_s, work, seed)).figures for seed in range(20)]
    means = [float(figures["mean_ms"]) for figures in read]
    assert mean_interval(means, confidence=0.999).contains(float(read[0]["formula_mean_ms"]))


def test_the_formula_of_all_latencies_is_that_of_the_textbook():
    reading = BesideTheFormula().read(one_queue(80))
    formula = next(curve for curve in reading.curves if curve.name == "formula")
    for x, y in zip(formula.x[::15], formula.y[::15], strict=True):
        assert y == pytest.approx(100 * theory.mmc_response_survival(x / 1000, 80, 0.010, servers=1))
    p99_s = theory.mmc_response_percentile(99, 80, 0.010, servers=1)
    assert reading.figures["formula_p99_ms"] == pytest.approx(1000 * p99_s)


@pytest.mark.parametrize("rate_per_s", [10, 50, 80, 95])
def test_the_line_of_the_formula_ends_before_the_name_of_the_other_line(rate_per_s: float):
    simulated, formula, _ = BesideTheFormula().read(one_queue(rate_per_s)).curves
    assert max(formula.x) <= max(simulated.x) * (1 + 1e-9)


def test_where_there_is_no_formula_none_is_shown():
    full = BesideTheFormula().read(one_queue(110))
    assert math.isnan(full.figures["formula_mean_ms"])
    assert "formula" not in [curve.name for curve in full.curves]
    heavy = BesideTheFormula().read(one_queue(50, HEAVY))
    assert math.isnan(heavy.figures["formula_p99_ms"])
    assert heavy.figures["formula_mean_ms"] > 50


def test_another_kind_of_work_is_refused():
    with pytest.raises(ValueError, match="work is 'light'; it must be one of varied"):
        one_queue(50, "light")


# Pooling -------------------------------------------------------------------------------------------------


def test_one_queue_is_erlangs_and_many_are_as_slow_as_one_server_alone():
    read = [TwoWays().read(pooling(10, 80, seed)).figures for seed in range(12)]
    one, many = ([float(f[f"{key}_mean_s"]) for f in read] for key in ("one_queue", "a_queue_each"))
    assert mean_interval(one, confidence=0.999).contains(theory.mmc(8.0, 1.0, 10).response_s)
    assert mean_interval(many, confidence=0.999).contains(theory.mm1(0.8, 1.0).response_s)


def test_the_formula_beside_short_runs_says_that_one_queue_is_worth_more_near_full_load():
    read = [TwoWays().read(pooling(10, busy_percent)).figures for busy_percent in (50, 95)]
    each, one = ([float(f[f"{key}_formula_mean_s"]) for f in read] for key in ("a_queue_each", "one_queue"))
    assert each == pytest.approx([2, 20])
    assert each[1] / one[1] > 3 * each[0] / one[0]


@pytest.mark.parametrize("servers", [2, 5, 20])
def test_with_one_queue_nobody_waits_beside_an_idle_server(servers: int):
    figures = TwoWays().read(pooling(servers, 80)).figures
    assert figures["one_queue_idle_while_others_wait_percent"] == 0
    assert figures["a_queue_each_idle_while_others_wait_percent"] > 20


def test_one_server_alone_is_the_same_either_way():
    answer = pooling(1, 70)
    np.testing.assert_array_equal(answer.one_queue.requests.latency_s, answer.a_queue_each.requests.latency_s)


@pytest.mark.parametrize(("servers", "busy"), [(0, 50), (2, 0), (2, 100)])
def test_a_pool_that_cannot_be_is_refused(servers: int, busy: float):
    with pytest.raises(ValueError, match=r"(servers|busy_percent) is"):
        pooling(servers, busy)


# Time-outs -----------------------------------------------------------------------------------------------


def in_vain(**values) -> float:
    return float(InVain().read(giving_up(**values)).figures["work_in_vain_percent"])


def test_a_full_server_works_in_vain_for_people_who_have_left():
    assert in_vain(rate_per_s=120, timeout_s=0.5) > 90
    assert in_vain(rate_per_s=120, timeout_s=0.5, most_waiting=5) < 1
    assert in_vain(rate_per_s=50, timeout_s=5.0) < 1


def test_work_in_vain_is_what_was_served_after_its_customer_had_left():
    result = giving_up(rate_per_s=120, timeout_s=0.5)
    server = result.parts.loc["server"]
    ok = (result.requests.outcome == "ok").sum()
    assert InVain().read(result).figures["work_in_vain_percent"] == pytest.approx(
        100 * (1 - ok / server.completed)
    )


def test_the_curves_count_every_second_that_has_ended():
    result = giving_up(rate_per_s=80, timeout_s=0.2)
    in_time, gave_up, _ = InVain().read(result).curves
    inside = result.requests[result.requests.arrived_s < result.end_s - 1]
    assert sum(in_time.y) == (inside.outcome == "ok").sum()
    assert sum(gave_up.y) == (inside.outcome == "timed_out").sum()


# The calls -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: explore(one_queue, BesideTheFormula(), rate_per_s=(10, 110, 80), work=WORKS),
        lambda: explore(pooling, TwoWays(), servers=(2, 20, 10), busy_percent=(30, 95, 80)),
        lambda: explore(
            giving_up,
            InVain(),
            rate_per_s=(50, 150, 120),
            timeout_s=(0.1, 5.0, 0.5),
            most_waiting=(None, 2, 5, 20),
        ),
    ],
    ids=["one queue", "pooling", "time-outs"],
)
def test_every_corner_of_the_sliders_gives_a_picture(call):
    explorer = call()
    for known in explorer._known.values():
        ends = known.options if hasattr(known, "options") else (known.low, known.high)
        for value in ends:
            explorer.set(**{known.name: value})
            assert explorer.problem == ""
            assert explorer.picture().png.startswith(b"\x89PNG")
