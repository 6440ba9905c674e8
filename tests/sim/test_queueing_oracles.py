"""The kit against queueing theory: long runs, with the interval of batch means at 99.9 %.

A test passes when theory lies in the interval and the interval is narrow enough to find an error of a few per cent.
"""

import numpy as np
import pytest

from archlab.sim import Constant, Exponential, Lognormal, Poisson, Simulation, Station, TimedOut
from archlab.sim.statistics import batch_interval
from archlab.sim.theory import (
    erlang_a,
    erlang_b,
    jackson_tandem,
    littles_law_gap,
    mg1,
    mm1,
    mmc,
    mmc_response_percentile,
    mmck,
)
from tests.oracles.closed_network import closed_network, mva

SERVICE_S = 0.010


def line(sim, services, capacities, queue_limit=None):
    """Stations in a row, and a handler that visits all of them."""
    stations = [Station(sim, f"station {i}", c, queue_limit) for i, c in enumerate(capacities)]
    draws = [sim.draws(f"service {i}", service) for i, service in enumerate(services)]

    def handler(request):
        for station, service_s in zip(stations, draws, strict=True):
            yield station.serve(service_s())

    return handler


def open_run(rate_per_s, services, capacities, requests, queue_limit=None):
    """A run of about so many requests after a tenth as many for warming up."""
    sim = Simulation(seed=1)
    sim.open_load(Poisson(rate_per_s), line(sim, services, capacities, queue_limit))
    duration_s = requests / rate_per_s
    return sim.measure(duration_s, warmup_s=0.1 * duration_s)


def closed_run(users, think_s, services, capacities, duration_s):
    sim = Simulation(seed=1)
    sim.closed_load(users, Exponential(think_s), line(sim, services, capacities))
    return sim.measure(duration_s, warmup_s=0.1 * duration_s)


def assert_mean_latency(result, theory_s, precision):
    """Theory lies within the interval of batch means, which is at most `precision` wide to either side."""
    ok = result.requests.loc[result.requests["outcome"] == "ok", "latency_s"]
    interval = batch_interval(ok.to_numpy(), batches=20, confidence=0.999)
    assert interval.half_width < precision * theory_s
    assert interval.contains(theory_s)


def assert_little(result):
    """Number inside, counted in two ways, and rate times time: edges of the run are all that differs."""
    parts = result.parts
    at_stations = (parts["mean_queue_length"] + parts["utilisation"] * parts["capacity"]).sum()
    assert at_stations == pytest.approx(result.in_system(), rel=1e-6)
    ended = result.rows[result.rows["outcome"] == "ok"]
    gap = littles_law_gap(result.in_system(), len(ended) / result.duration_s, ended["latency_s"].mean())
    at_the_edges = result.rows["latency_s"].max() / result.duration_s
    assert abs(gap) < max(0.01, 2 * at_the_edges)


def test_mm1():
    result, theory = open_run(80, [Exponential(SERVICE_S)], [1], 200_000), mm1(80, SERVICE_S)
    assert_mean_latency(result, theory.response_s, precision=0.09)
    assert_little(result)
    part = result.parts.loc["station 0"]
    assert part["utilisation"] == pytest.approx(theory.utilisation, rel=0.01)
    assert part["mean_queue_length"] == pytest.approx(theory.queue_length, rel=0.06)


@pytest.mark.parametrize(("servers", "utilisation"), [(2, 0.7), (8, 0.85), (50, 0.9)])
def test_mmc_has_the_mean_of_erlang_c(servers, utilisation):
    rate_per_s = utilisation * servers / SERVICE_S
    result = open_run(rate_per_s, [Exponential(SERVICE_S)], [servers], 150_000)
    assert_mean_latency(result, mmc(rate_per_s, SERVICE_S, servers).response_s, precision=0.09)
    assert_little(result)


@pytest.mark.parametrize(("servers", "utilisation"), [(1, 0.6), (4, 0.8)])
def test_mmc_has_the_percentiles_of_theory(servers, utilisation):
    """The tolerances are three and a half standard deviations of the figures over eight other seeds."""
    rate_per_s = utilisation * servers / SERVICE_S
    result = open_run(rate_per_s, [Exponential(SERVICE_S)], [servers], 150_000)
    for q, tolerance in ((50, 0.04), (95, 0.06), (99, 0.08)):
        expected = mmc_response_percentile(q, rate_per_s, SERVICE_S, servers)
        assert result.latency_s(q) == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize(("servers", "offered_load"), [(1, 0.5), (5, 4.0), (20, 25.0)])
def test_without_a_queue_the_share_refused_is_erlangs_b(servers, offered_load):
    result = open_run(offered_load / SERVICE_S, [Exponential(SERVICE_S)], [servers], 80_000, queue_limit=0)
    refused = batch_interval((result.requests["outcome"] == "refused").to_numpy(float), confidence=0.999)
    assert refused.half_width < 0.02
    assert refused.contains(erlang_b(servers, offered_load))
    assert 1 - result.availability() == pytest.approx(refused.mean, abs=1e-3)
    assert_little(result)


def test_erlangs_b_does_not_ask_for_the_distribution_of_service_times():
    """The insensitivity of M/G/c/c: constant and very variable work are refused alike."""
    for service in (Constant(SERVICE_S), Lognormal.from_mean_cv(SERVICE_S, 2.0)):
        result = open_run(4.0 / SERVICE_S, [service], [5], 80_000, queue_limit=0)
        refused = batch_interval((result.requests["outcome"] == "refused").to_numpy(float), confidence=0.999)
        assert refused.contains(erlang_b(5, 4.0))


def test_a_bounded_queue_is_mmck_even_beyond_its_capacity():
    result = open_run(600, [Exponential(SERVICE_S)], [4], 100_000, queue_limit=6)
    theory = mmck(600, SERVICE_S, servers=4, queue_limit=6)
    refused = batch_interval((result.requests["outcome"] == "refused").to_numpy(float), confidence=0.999)
    assert refused.contains(theory.probability_refused)
    assert_mean_latency(result, theory.response_s, precision=0.025)
    assert result.parts.loc["station 0", "utilisation"] == pytest.approx(theory.utilisation, rel=0.005)


IMPATIENT = {
    "patient": (300, 4, 0.050, 0.11),
    "one server": (80, 1, 0.020, 0.05),
    "overloaded": (500, 4, 0.050, 0.08),
    "twenty servers": (2200, 20, 0.020, 0.15),
}


@pytest.mark.parametrize("name", IMPATIENT)
def test_work_that_loses_patience_is_erlangs_a(name):
    """The share that leaves, and the mean wait of all, whether they leave or are served."""
    rate_per_s, servers, patience_s, precision = IMPATIENT[name]
    sim = Simulation(seed=1)
    web, waited_s = Station(sim, "station 0", servers), []
    service_s = sim.draws("service", Exponential(SERVICE_S))
    next_patience_s = sim.draws("patience", Exponential(patience_s))

    def handler(request):
        work_s = service_s()
        try:
            yield web.serve(work_s, patience_s=next_patience_s())
            waited_s.append(sim.now - request.arrived_s - work_s)
        except TimedOut:
            waited_s.append(sim.now - request.arrived_s)
            raise

    sim.open_load(Poisson(rate_per_s), handler)
    result = sim.measure(100_000 / rate_per_s)
    theory = erlang_a(rate_per_s, SERVICE_S, servers, patience_s)
    left = batch_interval((result.requests["outcome"] == "timed_out").to_numpy(float), confidence=0.999)
    waits = batch_interval(np.array(waited_s), confidence=0.999)
    assert left.half_width < precision * theory.probability_abandoned
    assert left.contains(theory.probability_abandoned)
    assert waits.half_width < precision * theory.waiting_s
    assert waits.contains(theory.waiting_s)
    part = result.parts.loc["station 0"]
    assert part["utilisation"] == pytest.approx(theory.utilisation, rel=0.02)
    assert part["mean_queue_length"] == pytest.approx(theory.queue_length, rel=precision)


MG1 = {
    "constant": (Constant(SERVICE_S), 0.8, 0.05),
    "lognormal, cv 0.5": (Lognormal.from_mean_cv(SERVICE_S, 0.5), 0.8, 0.06),
    "lognormal, cv 2": (Lognormal.from_mean_cv(SERVICE_S, 2.0), 0.6, 0.15),
}


@pytest.mark.parametrize("name", MG1)
def test_mg1_has_the_mean_of_pollaczek_and_khinchine(name):
    service, utilisation, precision = MG1[name]
    rate_per_s = utilisation / SERVICE_S
    result = open_run(rate_per_s, [service], [1], 200_000)
    assert_mean_latency(result, mg1(rate_per_s, SERVICE_S, service.cv).response_s, precision)
    assert_little(result)


def test_a_tandem_of_three_is_jacksons():
    services, capacities = [0.010, 0.020, 0.005], [2, 3, 1]
    result = open_run(120, [Exponential(s) for s in services], capacities, 120_000)
    theory = jackson_tandem(120, services, capacities)
    assert_mean_latency(result, theory.response_s, precision=0.09)
    assert_little(result)
    parts = result.parts
    inside = parts["mean_queue_length"] + parts["utilisation"] * parts["capacity"]
    assert inside.tolist() == pytest.approx([q.in_system for q in theory.stations], rel=0.06)


CLOSED = {"light": 5, "at the knee": 25, "heavy": 60}


@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_network_has_the_exact_means_of_convolution(name):
    users, demands, capacities = CLOSED[name], [0.030, 0.090], [1, 4]
    result = closed_run(users, 0.5, [Exponential(d) for d in demands], capacities, duration_s=2000)
    theory = closed_network(0.5, demands, users, capacities)
    assert result.throughput_per_s() == pytest.approx(theory.throughput_per_s, rel=0.02)
    assert_mean_latency(result, theory.response_s, precision=0.06)
    assert result.parts["utilisation"].tolist() == pytest.approx(theory.utilisation, rel=0.03)
    assert_little(result)


def test_a_closed_network_of_single_servers_has_the_exact_means_of_mean_value_analysis():
    demands = [0.020, 0.050]
    result = closed_run(20, 1.0, [Exponential(d) for d in demands], [1, 1], duration_s=3000)
    theory = mva(1.0, demands, users=20)
    assert result.throughput_per_s() == pytest.approx(theory.throughput_per_s, rel=0.02)
    assert_mean_latency(result, theory.response_s, precision=0.06)


def test_little_holds_for_lifo_and_priority_too_and_their_mean_is_that_of_fifo():
    """Work is conserved, and nobody is chosen by how long it takes: the mean does not depend on the order."""
    means = []
    for discipline in ("fifo", "lifo", "priority"):
        sim = Simulation(seed=1)
        web = Station(sim, "station 0", capacity=2, discipline=discipline)
        service_s, rng = sim.draws("service", Exponential(SERVICE_S)), sim.stream("priority")

        def handler(request, web=web, service_s=service_s, rng=rng):
            yield web.serve(service_s(), priority=rng.random() if web.discipline == "priority" else 0)

        sim.open_load(Poisson(150), handler)
        result = sim.measure(duration_s=400, warmup_s=10)
        assert_little(result)
        assert_mean_latency(result, mmc(150, SERVICE_S, 2).response_s, precision=0.15)
        means.append(result.mean_latency_s())
    assert means == pytest.approx([means[0]] * 3, rel=0.02)


def test_two_classes_of_priority_wait_as_cobham_says():
    """Non-preemptive priority M/M/1 (A. Cobham 1954): W1 = R / (1 - rho1), W2 = R / ((1 - rho1) (1 - rho))."""
    sim = Simulation(seed=1)
    web = Station(sim, "web", discipline="priority")
    service_s = sim.draws("service", Exponential(SERVICE_S))

    def handler(request):
        yield web.serve(service_s(), priority=0 if request.kind == "urgent" else 1)

    sim.open_load(Poisson(80), handler, mix={"urgent": 1, "other": 1})
    result = sim.measure(duration_s=3000, warmup_s=100)
    residual_s = 0.8 * SERVICE_S
    waits = {"urgent": residual_s / (1 - 0.4), "other": residual_s / ((1 - 0.4) * (1 - 0.8))}
    for kind, waiting_s in waits.items():
        assert result.mean_latency_s(kind) == pytest.approx(waiting_s + SERVICE_S, rel=0.05)


def test_poisson_arrivals_see_time_averages():
    """The share of requests that need not wait is the share of time with a free server (R. Wolff 1982)."""
    sim = Simulation(seed=1)
    sim.open_load(Poisson(300), line(sim, [Constant(SERVICE_S)], [4]))
    result = sim.measure(duration_s=200, warmup_s=10, sample_every_s=0.01)
    at_once = (result.requests["latency_s"] < SERVICE_S * (1 + 1e-9)).mean()
    a_server_was_free = (result.samples["busy"] < result.samples["capacity"]).mean()
    assert at_once == pytest.approx(a_server_was_free, abs=0.015)
    assert 0.3 < at_once < 0.8
