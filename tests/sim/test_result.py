"""Results of runs whose figures are known, by hand or by NumPy."""

import numpy as np
import pandas as pd
import pytest

from archlab.sim import (
    Crash,
    Deterministic,
    Exponential,
    Lognormal,
    Poisson,
    Simulation,
    SlowDown,
    Station,
    Trace,
)


def run_of(latencies_s, duration_s, warmup_s=0.0):
    """A run in which request number i arrives at i seconds and takes `latencies_s[i]`."""
    sim = Simulation(seed=1)

    def handler(request):
        yield sim.timeout(latencies_s[request.id])

    sim.open_load(Trace(range(len(latencies_s))), handler)
    return sim.measure(duration_s=duration_s, warmup_s=warmup_s)


def loaded(rho, duration_s=2000, warmup_s=0, capacity=2, faults=(), **station):
    """A station with Poisson arrivals, 1 s of work and utilisation `rho`."""
    sim = Simulation(seed=1)
    web = Station(sim, "web", capacity=capacity, **station)
    service_s = sim.draws("service", Exponential(1.0))

    def handler(request):
        yield web.serve(service_s())

    sim.open_load(Poisson(rho * capacity), handler)
    sim.inject(*faults)
    return sim.measure(duration_s=duration_s, warmup_s=warmup_s)


# Latency, counts, availability -------------------------------------------------------------------------------


def test_percentiles_and_mean_are_numpys():
    latencies = np.random.default_rng(1).lognormal(size=999).tolist()
    result = run_of(latencies, duration_s=2000)
    for q in (0, 1, 50, 90, 99, 99.9, 100):
        assert result.latency_s(q) == pytest.approx(np.percentile(latencies, q), rel=1e-9)
    assert result.mean_latency_s() == pytest.approx(np.mean(latencies), rel=1e-9)


def test_what_did_not_finish_is_counted_and_not_in_the_percentiles():
    result = run_of([1.0, 100.0, 3.0, 100.0], duration_s=10)
    assert (result.arrived, result.completed) == (4, 2)
    assert result.outcomes().to_dict() == {"ok": 2, "unfinished": 2}
    assert result.latency_s(100) == 3.0
    unfinished = result.requests[result.requests["outcome"] == "unfinished"]
    assert unfinished["finished_s"].isna().all()
    assert unfinished["latency_s"].isna().all()


def test_warm_up_is_left_out_but_for_those_still_inside():
    """Requests at 0, 1, ..., 9 take 2.5 s each; measured from 4 to 10: those of 2 and 3 are still inside at 4."""
    result = run_of([2.5] * 10, duration_s=6, warmup_s=4)
    assert result.requests["arrived_s"].tolist() == [4, 5, 6, 7, 8, 9]
    assert result.rows["arrived_s"].tolist() == [2, 3, 4, 5, 6, 7, 8, 9]
    assert (result.start_s, result.end_s, result.duration_s) == (4, 10, 6)
    assert result.throughput_per_s() == pytest.approx(6 / 6)  # answers at 4.5, 5.5, ..., 9.5
    inside = sum(max(0, min(a + 2.5, 10) - max(a, 4)) for a in range(10)) / 6
    assert result.in_system() == pytest.approx(inside)


def test_availability_is_the_share_of_those_that_ended():
    sim = Simulation(seed=1)
    web = Station(sim, "web", queue_limit=0)

    def handler(request):
        yield web.serve(1.0 if request.kind == "browse" else 1000.0)

    sim.open_load(Trace([0, 0.5, 2, 4, 4.5]), handler, mix={"browse": 1})
    result = sim.measure(duration_s=4.9)
    assert result.outcomes().to_dict() == {"ok": 2, "refused": 2, "unfinished": 1}
    assert result.availability() == 2 / 4
    assert result.availability("browse") == 2 / 4


def test_kinds_are_told_apart():
    sim = Simulation(seed=1)
    takes_s = {"browse": 0.1, "order": 0.7}

    def handler(request):
        yield sim.timeout(takes_s[request.kind])

    sim.open_load(Deterministic(10), handler, mix={"browse": 1, "order": 1})
    result = sim.measure(duration_s=100)
    table = result.summary()
    assert table.index.tolist() == ["browse", "order", "all"]
    assert table["arrived"]["browse"] + table["arrived"]["order"] == table["arrived"]["all"] == result.arrived
    assert result.latency_s(50, "browse") == pytest.approx(0.1)
    assert table["p99_ms"]["order"] == pytest.approx(700)
    per_s = [result.throughput_per_s(kind) for kind in ("browse", "order", None)]
    assert per_s[0] + per_s[1] == pytest.approx(per_s[2])
    with pytest.raises(ValueError, match="kind='pay' did not occur; there are browse, order"):
        result.latency_s(50, "pay")


def test_a_run_without_requests_has_no_figures_and_no_warnings():
    sim = Simulation(seed=1)
    Station(sim, "web")
    result = sim.measure(duration_s=10)
    assert (result.arrived, result.completed, result.throughput_per_s(), result.in_system()) == (0, 0, 0, 0)
    assert np.isnan([result.latency_s(50), result.mean_latency_s(), result.availability()]).all()
    assert result.saturated == []
    assert result.summary().index.tolist() == ["all"]


def test_a_run_without_parts_has_an_empty_table():
    result = run_of([1.0], duration_s=5)
    assert result.parts.empty
    assert result.samples.empty
    assert result.faults.empty


# Parts and samples -------------------------------------------------------------------------------------------


def test_the_parts_have_exact_averages_of_the_measured_time_only():
    """Work of 4 s at 0, 1 and 2 s on one server; measured from 3 s to 13 s."""
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def handler(request):
        yield web.serve(4.0)

    sim.open_load(Trace([0, 1, 2]), handler)
    result = sim.measure(duration_s=10, warmup_s=3)
    part = result.parts.loc["web"]
    assert part["utilisation"] == pytest.approx(9 / 10)
    assert part["mean_queue_length"] == pytest.approx((1 * 2 + 4 * 1) / 10)
    assert (part["completed"], part["refused"], part["failed"], part["capacity"]) == (3, 0, 0, 1)


def test_samples_show_queue_busy_and_up_at_regular_times():
    sim = Simulation(seed=1)
    web = Station(sim, "web", capacity=2)

    def handler(request):
        yield web.serve(4.0)

    sim.open_load(Trace([0, 1, 2]), handler)
    sim.inject(Crash("web", at_s=5, restart_after_s=2))
    result = sim.measure(duration_s=8, sample_every_s=1.5)
    expected = [
        (0, 0, 0, True),
        (1.5, 0, 2, True),
        (3, 1, 2, True),
        (4.5, 0, 2, True),
        (6, 0, 0, False),
        (7.5, 0, 0, True),
    ]
    columns = ["time_s", "queue_length", "busy", "up"]
    assert [tuple(row) for row in result.samples[columns].itertuples(index=False)] == expected
    assert set(result.samples["part"]) == {"web"}
    assert result.faults.values.tolist() == [["Crash", "web", 5, 7]]


def test_there_are_200_samples_of_each_part_unless_told_otherwise():
    result = loaded(0.5, duration_s=10)
    assert len(result.samples) == 200
    assert result.samples["time_s"].max() < result.end_s


def test_sampling_changes_nothing_else():
    rows = []
    for every_s in (0.01, 50):
        sim = Simulation(seed=1)
        web = Station(sim, "web")
        service_s = sim.draws("service", Lognormal.from_median_p99(0.3, 3.0))

        def handler(request, web=web, service_s=service_s):
            yield web.serve(service_s())

        sim.open_load(Poisson(1), handler)
        rows.append(sim.measure(duration_s=100, sample_every_s=every_s).rows)
    pd.testing.assert_frame_equal(*rows)


def test_measuring_goes_on_where_the_last_measurement_ended():
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def handler(request):
        yield web.serve(0.5)

    sim.open_load(Deterministic(1), handler)
    first, second = sim.measure(duration_s=10), sim.measure(duration_s=10)
    assert (second.start_s, second.end_s) == (10, 20)
    assert second.requests["arrived_s"].tolist() == list(range(10, 20))
    assert first.requests["arrived_s"].tolist() == list(range(1, 10))
    assert second.parts.loc["web", "utilisation"] == pytest.approx(0.5)


# Saturation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("duration_s", "rho"), [(500, 1.2), (2000, 1.1), (5000, 1.05), (500, 2.0)])
def test_more_load_than_capacity_is_said_and_leaves_no_latency_in_the_summary(duration_s, rho):
    result = loaded(rho, duration_s=duration_s)
    assert result.saturated == ["web"]
    summary = result.summary().loc["all"]
    assert summary["saturated"] == "web"
    assert summary[["p50_ms", "p95_ms", "p99_ms"]].isna().all()
    assert summary["throughput_per_s"] == pytest.approx(2, rel=0.1)
    assert result.latency_s(50) > 10  # still there for those who ask


NOT_SATURATED = {
    "a utilisation of 0.9": {"rho": 0.9},
    "a utilisation of 0.95 in a long run": {"rho": 0.95, "duration_s": 10_000},
    "a bounded queue": {"rho": 2.0, "queue_limit": 10},
    "no queue at all": {"rho": 2.0, "queue_limit": 0},
    "a slow time that is over": {"rho": 0.7, "faults": [SlowDown("web", at_s=300, for_s=300, factor=4)]},
    "a crash": {"rho": 0.8, "faults": [Crash("web", at_s=500, restart_after_s=100)]},
}


@pytest.mark.parametrize("name", NOT_SATURATED)
def test_these_are_not_called_saturated(name):
    result = loaded(**NOT_SATURATED[name])
    assert result.saturated == []
    assert result.summary().loc["all", "p50_ms"] > 0


def test_with_too_few_samples_nothing_is_said_of_growth():
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def handler(request):
        yield web.serve(10)

    sim.open_load(Deterministic(5), handler)
    assert sim.measure(duration_s=10, sample_every_s=100).saturated == []


def test_the_part_that_saturates_is_the_one_named():
    sim = Simulation(seed=1)
    web, database = Station(sim, "web", capacity=10), Station(sim, "database")

    def handler(request):
        yield web.serve(0.1)
        yield database.serve(0.2)

    sim.open_load(Poisson(8), handler)
    assert sim.measure(duration_s=300).saturated == ["database"]


# Bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"duration_s": 0}, "duration_s is 0; it must be a finite number above 0"),
        ({"duration_s": float("inf")}, "duration_s is inf"),
        ({"duration_s": 1, "warmup_s": -1}, "warmup_s is -1; it must be a finite number, 0 or more"),
        ({"duration_s": 1, "sample_every_s": 0}, "sample_every_s is 0; it must be a finite number above 0"),
    ],
)
def test_measuring_says_what_is_allowed(arguments, words):
    with pytest.raises(ValueError, match=words):
        Simulation(seed=1).measure(**arguments)


@pytest.mark.parametrize("q", [-1, 101])
def test_a_percentile_is_between_0_and_100(q):
    with pytest.raises(ValueError, match=r"q is .*must be between 0 and 100"):
        run_of([1.0], duration_s=5).latency_s(q)
