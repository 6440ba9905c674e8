"""Results of runs whose figures are known, by hand or by NumPy."""

import numpy as np
import pandas as pd
import pytest

from archlab.sim import (
    Crash,
    Deterministic,
    Exponential,
    Lognormal,
    Network,
    Poisson,
    Ramp,
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


def test_availability_is_the_share_of_those_that_had_time_to_end():
    sim = Simulation(seed=1)
    web = Station(sim, "web", queue_limit=0)

    def handler(request):
        yield web.serve(1.0 if request.kind == "browse" else 1000.0)

    sim.open_load(Trace([0, 0.5, 2, 4, 4.5]), handler, mix={"browse": 1})
    result = sim.measure(duration_s=4.9)
    assert result.outcomes().to_dict() == {"ok": 2, "refused": 2, "unfinished": 1}
    assert result.availability() == 2 / 4
    assert result.availability("browse") == 2 / 4


def test_a_message_that_is_lost_for_ever_is_a_failure():
    """Two messages in each call, half of them lost: a quarter of the calls is answered."""
    sim = Simulation(1)
    station = Station(sim, "s")
    network = Network(sim, 0.001, loss=0.5)

    def work():
        yield station.serve(0.01)

    def handler(request):
        yield network.call("a", "b", work())

    sim.open_load(Poisson(10), handler)
    result = sim.measure(100)
    assert result.outcomes().to_dict() == {
        "unfinished": result.arrived - result.completed,
        "ok": result.completed,
    }
    assert result.availability() == pytest.approx(0.25, abs=0.04)
    assert result.summary()["availability"].tolist() == [result.availability()]


def test_when_nothing_is_answered_those_that_waited_for_half_of_the_time_have_failed():
    result = run_of([1000.0] * 10, duration_s=10)
    assert result.patience_s == 5
    assert result.availability() == 0
    assert np.isnan(run_of([1000.0], duration_s=0.5).availability(patience_s=1))


def test_those_without_an_answer_count_once_they_waited_twice_as_long_as_anybody_else():
    """Answers after 1 s; the last arrive 1.5 and 0.5 s before the end, the lost ones 4.5 s and 2.5 s and 1.5 s."""
    result = run_of([1.0, 1.0, 1000.0, 1.0, 1000.0, 1000.0, 1.0], duration_s=6.5)
    assert result.patience_s == 2.0
    assert result.outcomes().to_dict() == {"ok": 3, "unfinished": 4}
    assert result.availability() == 3 / 5
    assert result.availability(patience_s=1.4) == 3 / 6
    assert result.availability(patience_s=0.4) == 3 / 7
    assert result.availability(patience_s=5.0) == 1.0


def test_nobody_counts_as_lost_before_the_customers_give_up():
    """Half of the answers come at once, the others never; customers wait for 8 s."""
    sim = Simulation(seed=1)

    def handler(request):
        yield sim.timeout(0.1 if request.id % 2 else 1000.0)

    sim.open_load(Trace(range(10)), handler, timeout_s=8.0)
    result = sim.measure(duration_s=9.5)
    assert result.patience_s == 16.0  # twice 8 s, when the first gave up
    assert result.outcomes().to_dict() == {"ok": 5, "unfinished": 4, "timed_out": 1}
    assert result.availability() == 5 / 6
    early = Simulation(seed=1)
    early.open_load(
        Trace([0, 1]), lambda request: iter_wait(early, 0.1 if request.id else 1000.0), timeout_s=8.0
    )
    early = early.measure(duration_s=5)
    assert (early.patience_s, early.availability()) == (8.0, 1.0)


def iter_wait(sim, wait_s):
    yield sim.timeout(wait_s)


def test_requests_that_wait_their_turn_in_a_growing_queue_are_not_lost():
    result = loaded(2.0, duration_s=500)
    assert result.outcomes()["unfinished"] > 800
    assert result.availability() == 1.0


def test_a_patience_must_be_positive():
    with pytest.raises(ValueError, match="patience_s is 0; it must be a finite number above 0"):
        run_of([1.0], duration_s=5).availability(patience_s=0)


def test_failures_as_infinite_move_the_percentiles_up():
    """Of ten requests seven succeed, after 1 s to 7 s; one is refused and two are lost."""
    sim = Simulation(seed=1)
    door = Station(sim, "door", queue_limit=0)

    def handler(request):
        if request.id == 7:
            with door.hold(), door.hold() as full:
                yield full
        yield sim.timeout(request.id + 1 if request.id < 7 else 1000.0)

    sim.open_load(Trace(range(10)), handler)
    result = sim.measure(duration_s=100)
    assert result.outcomes().to_dict() == {"ok": 7, "unfinished": 2, "refused": 1}
    assert result.latencies_s().tolist() == pytest.approx([1, 2, 3, 4, 5, 6, 7])
    assert result.latencies_s(failures="infinite").tolist() == pytest.approx(
        [1, 2, 3, 4, 5, 6, 7] + 3 * [np.inf]
    )
    assert (result.latency_s(50), result.latency_s(50, failures="infinite")) == pytest.approx((4.0, 5.5))
    assert (result.latency_s(70), result.latency_s(70, failures="infinite")) == pytest.approx((5.2, np.inf))
    usual, honest = result.summary(), result.summary(failures="infinite")
    assert honest[["p50_ms", "p95_ms"]].values.tolist() == [pytest.approx([5500, np.inf])]
    assert usual.drop(columns=["p50_ms", "p95_ms", "p99_ms"]).equals(
        honest.drop(columns=["p50_ms", "p95_ms", "p99_ms"])
    )
    for call in (result.latency_s, lambda failures, **_: result.summary(failures)):
        with pytest.raises(ValueError, match="failures is 'slow'; it must be one of 'left out', 'infinite'"):
            call(q=50, failures="slow")


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


RAMPS = {
    "half of the capacity to one and a half": {"end": 1.5, "saturates": True},
    "up to four fifths of the capacity": {"end": 0.8, "saturates": False},
    "the same, with a bounded queue": {"end": 1.5, "saturates": False, "queue_limit": 10},
    "back in time": {"end": 1.5, "saturates": False, "and_back": True},
}


@pytest.mark.parametrize("name", RAMPS)
def test_a_ramp_is_saturated_when_it_passes_the_capacity_and_the_queue_still_grows_at_the_end(name):
    """Measured for 2000 s. It passes the capacity in the middle, so the part is busy for three quarters at most."""
    ramp = dict(RAMPS[name])
    end, saturates, and_back = ramp.pop("end"), ramp.pop("saturates"), ramp.pop("and_back", False)
    sim = Simulation(seed=1)
    web = Station(sim, "web", capacity=2, **ramp)
    service_s = sim.draws("service", Exponential(1.0))

    def handler(request):
        yield web.serve(service_s())

    sim.open_load(Ramp(1.0, 2 * end, over_s=1000 if and_back else 2000), handler)
    if and_back:
        sim.inject(SlowDown("web", at_s=1000, for_s=1000, factor=0.3))
    result = sim.measure(duration_s=2000)
    assert result.parts.utilisation["web"] < 0.95
    assert result.saturated == (["web"] if saturates else [])
    assert np.isnan(result.summary()["p99_ms"]["all"]) == saturates


def test_constant_loads_below_the_capacity_are_hardly_ever_called_saturated():
    def saturated(seed, rho, service):
        sim = Simulation(seed)
        web = Station(sim, "web")
        service_s = sim.draws("service", service)

        def handler(request):
            yield web.serve(service_s())

        sim.open_load(Poisson(rho), handler)
        return bool(sim.measure(duration_s=500, warmup_s=100).saturated)

    assert not any(saturated(seed, 0.8, Exponential(1.0)) for seed in range(40))
    assert sum(saturated(seed, 0.9, Exponential(1.0)) for seed in range(40)) <= 2
    assert sum(saturated(seed, 0.8, Lognormal.from_mean_cv(1.0, cv=3)) for seed in range(40)) <= 3


def shop(serve, shares, duration_s=300, timeout_s=None, discipline="fifo"):
    """20 requests a second at a web server with room for all, and then what `serve` does with one database."""
    sim = Simulation(seed=1)
    web = Station(sim, "web", capacity=50)
    database = Station(sim, "database", discipline=discipline)

    def handler(request):
        yield web.serve(0.05)
        yield from serve(request, database)

    sim.open_load(Poisson(20), handler, mix=shares, timeout_s=timeout_s)
    return sim.measure(duration_s=duration_s)


def orders_only(request, database):
    if request.kind != "browse":
        yield database.serve(0.2)


WAYS_TO_SUFFER = {
    "slower and slower": {},
    "the last ones never": {"discipline": "lifo"},
    "giving up, more and more of them": {"timeout_s": 2.0},
}


@pytest.mark.parametrize("orders", [0.5, 0.9])
@pytest.mark.parametrize("way", WAYS_TO_SUFFER)
def test_only_the_kinds_that_wait_for_the_saturated_part_lose_their_percentiles(orders, way):
    result = shop(orders_only, {"browse": 1 - orders, "order": orders}, **WAYS_TO_SUFFER[way])
    assert result.saturated == ["database"]
    assert (result.saturated_for("order"), result.saturated_for("browse")) == (["database"], [])
    table = result.summary()
    assert table["p99_ms"].isna().to_dict() == {"browse": False, "order": True, "all": True}
    assert table["p99_ms"]["browse"] == pytest.approx(50)
    assert table["saturated"].to_dict() == {"browse": "", "order": "database", "all": "database"}
    with pytest.raises(ValueError, match="kind='pay' did not occur"):
        result.saturated_for("pay")


def test_a_rare_kind_is_found_out_by_its_slower_answers():
    """Of 6000 requests about 30 are returns, too few to see them pile up."""
    result = shop(orders_only, {"browse": 0.5, "order": 0.495, "return": 0.005})
    assert result.saturated_for("return") == ["database"]


def test_a_kind_whose_customers_fare_as_in_the_beginning_keeps_its_percentiles():
    """The last one is served first, and who waits for 2 s gives up. Only abandoned work piles up."""
    result = shop(orders_only, {"browse": 0.5, "order": 0.5}, timeout_s=2.0, discipline="lifo")
    assert result.saturated == ["database"]
    assert result.saturated_for("order") == []
    table = result.summary()
    assert table["p99_ms"]["order"] < 2050
    assert table["availability"]["order"] == pytest.approx(0.5, abs=0.05)
    assert table["saturated"].to_dict() == {"browse": "", "order": "", "all": "database"}


def test_a_kind_that_passes_the_queue_does_not_suffer_from_it():
    def urgent_first(request, database):
        yield database.serve(0.06, priority=-1 if request.kind == "urgent" else 0)

    def in_turn(request, database):
        yield database.serve(0.06)

    result = shop(urgent_first, {"usual": 0.9, "urgent": 0.1}, discipline="priority")
    assert result.saturated == ["database"]
    assert (result.saturated_for("usual"), result.saturated_for("urgent")) == (["database"], [])
    fair = shop(in_turn, {"usual": 0.9, "urgent": 0.1})
    assert fair.saturated_for("urgent") == ["database"]


def test_work_that_nobody_waits_for_saturates_a_part_and_no_request():
    def throw_in(request, database):
        database.serve(0.2)
        yield database.sim.timeout(0.01)

    result = shop(throw_in, {"browse": 0.5, "order": 0.5})
    table = result.summary()
    assert table["saturated"].to_dict() == {"browse": "", "order": "", "all": "database"}
    assert table["p99_ms"].tolist() == pytest.approx([60, 60, 60])


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
