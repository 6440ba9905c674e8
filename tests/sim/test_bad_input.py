"""Bad input: whatever is wrong with an argument is said at once, with its name and its value, and nothing is half done.

Every public class, function and method of the kit is called with good arguments of which one is replaced by something
odd, one at a time. It must raise `ValueError` or `TypeError` with the name of the parameter and the value in the
message, leave the simulation as it was, and take the good arguments afterwards. What may be odd is listed in `ALLOWED`.
"""

import importlib
import inspect
import math
import re
from functools import cached_property

import pytest
import simpy

from archlab.sim import (
    Backoff,
    Bulkhead,
    Bursts,
    CircuitBreaker,
    ClientSideDiscovery,
    CloudAccount,
    Constant,
    Consul,
    Crash,
    Deterministic,
    Diurnal,
    Empirical,
    Etcd,
    Eureka,
    EventLog,
    Exponential,
    Failure,
    Function,
    Hedge,
    HorizontalPodAutoscaler,
    Lognormal,
    Lossy,
    Mesh,
    MessageQueue,
    Mix,
    Network,
    OutlierDetection,
    Pareto,
    Partition,
    Poisson,
    Pool,
    PooledPercentile,
    Ramp,
    Replicas,
    Retry,
    RetryBudget,
    ScalablePool,
    ServerSideDiscovery,
    SharedProcessors,
    SheddingStation,
    Simulation,
    SlowDown,
    Station,
    Streams,
    TimeLimit,
    TokenBucket,
    Trace,
    Uniform,
    balancing_rule,
    replicate,
    sweep,
)
from archlab.sim.balancing import (
    FailureAccrual,
    LeastOutstanding,
    MeshDefaults,
    PeakEwma,
    PowerOfTwoChoices,
    RandomChoice,
    RoundRobin,
    mesh_defaults,
)
from archlab.sim.balancing.mesh import Sidecar
from archlab.sim.billing import (
    Usage,
    bill,
    billed_s,
    cost_usd,
    free_tier,
    in_provisioned,
    invocations,
    managed_instances_usd,
    memory_gb,
    on_demand,
    price_usd,
    provisioned,
    provisioned_pays_above,
    requests_of_event,
    streamed,
    total_usd,
    usd_per_request,
)
from archlab.sim.connections import Http1Pool, Http2Connection, Tcp, TcpConnection
from archlab.sim.connections.tcp import ByteStream
from archlab.sim.core import Calendar, Level, Repeating
from archlab.sim.discovery import EurekaSettings, Quorum, Swim, build, kind_of
from archlab.sim.distributions import as_distribution
from archlab.sim.functions import (
    AsyncInvocations,
    AsyncPolicy,
    ObjectStore,
    PollerScaling,
    QueueTrigger,
    ScalingRate,
    ScheduleTrigger,
    StreamTrigger,
    computing_s,
    processors,
)
from archlab.sim.messaging import (
    BatchPolicy,
    BatchWork,
    Broker,
    CoordinatedGroup,
    Coordination,
    Credit,
    EnhancedFanOut,
    Polling,
    ResourceAlarm,
    ShardLimits,
    ShardStream,
)
from archlab.sim.resilience import SlidingWindow
from archlab.sim.scalability import amdahl, fit_usl, usl, usl_peak
from archlab.sim.servers import BatchServer, Policy, ScalingRules, desired_replicas
from archlab.sim.shared_time_theory import mmc_ps_response_percentile, mmc_ps_response_survival
from archlab.sim.statistics import (
    batch_interval,
    batch_means,
    mean_interval,
    percentile,
    pooled_percentile,
    proportion_interval,
)
from archlab.sim.teams import (
    DeliveryModel,
    capacity_per_day,
    crossing,
    deliver,
    differences,
    intervals,
    most_teams_on_one_unit,
    probability_train_fails,
    runs_per_train,
    sweep_teams,
)
from archlab.sim.theory import (
    erlang_a,
    erlang_b,
    erlang_c,
    jackson_tandem,
    littles_law,
    littles_law_gap,
    mg1,
    mgc_ps,
    mgc_ps_response_s,
    mm1,
    mmc,
    mmc_response_percentile,
    mmc_response_survival,
    mmck,
    solve_percentile,
)


def falling(time_s):
    return 1 / (1 + time_s)


def handler(_):
    yield from ()


def work():
    yield from ()


class World:
    """A simulation with one of everything, made when it is needed."""

    def __init__(self):
        self.sim = Simulation(seed=1)

    @cached_property
    def network(self):
        network = Network(self.sim, latency_s=0.001)
        network.link("a", "b")
        return network

    @cached_property
    def lossy(self):
        self.network.add_loss("a", "b", 0.5)
        return self.network

    @cached_property
    def cpu(self):
        return SharedProcessors(self.sim, "cpu")

    def held(self):
        """A server that is held."""
        hold = self.web.hold()
        self.sim.run(until=hold)
        return hold

    @cached_property
    def web(self):
        return Station(self.sim, "web", capacity=2)

    @cached_property
    def office(self):
        return Station(self.sim, "office", discipline="priority")

    @cached_property
    def queue(self):
        return MessageQueue(self.sim, "queue", store_s=0.001)

    @cached_property
    def log(self):
        return EventLog(self.sim, "log", append_s=0.001)

    @cached_property
    def member(self):
        return CoordinatedGroup(self.log, "coordinated", handler, Coordination()).members[0]

    @cached_property
    def broker(self):
        return Broker(self.sim, "broker")

    @cached_property
    def stream(self):
        return ShardStream(self.sim, "stream", append_s=0.001)

    @cached_property
    def function(self):
        return Function(self.sim, "function", handler, init_s=0.1, keep_alive_s=60)

    @cached_property
    def quick(self):
        return Function(self.sim, "quick", handler, init_s=0.1, keep_alive_s=60, time_limit_s=0.25)

    @cached_property
    def objects(self):
        return ObjectStore(self.sim, "objects")

    @cached_property
    def pool(self):
        return ScalablePool(self.sim, "pool", instances=1, capacity_each=1, startup_s=1.0)

    @cached_property
    def consul(self):
        consul = Consul(self.sim, self.network)
        consul.register("orders", self.web)
        return consul

    @cached_property
    def result(self):
        self.sim.open_load(Deterministic(10), handler, mix={"browse": 1})
        return self.sim.measure(duration_s=2)

    @cached_property
    def rule(self):
        return RoundRobin(self.sim, "rule")

    @cached_property
    def rng(self):
        return self.sim.stream("test")

    def start(self):
        return self.sim.timeout(1.0)


def happened(sim):
    event = simpy.Event(sim)
    event._ok, event._value = True, None
    return event


def a(call, **arguments):
    return call, arguments


RUNS = {"requests": 0.25, "run_s": 0.25, "memory_mb": 128}
SWEEP = sweep_teams(DeliveryModel(), team_counts=[1, 2], replications=2, days=12, warm_up_days=1)
LOAD = {"handler": handler, "mix": {"browse": 1.0}, "timeout_s": 1.0, "name": "new"}
TEAMS = {
    field: getattr(DeliveryModel(teams=2, units=2), field) for field in DeliveryModel.__dataclass_fields__
}
TARGETS = {
    # the calendar and what stands on it
    "Simulation": lambda w: a(Simulation, seed=1, initial_time=0.5),
    "Simulation.stream": lambda w: a(w.sim.stream, name="new"),
    "Simulation.draws": lambda w: a(w.sim.draws, name="new", distribution=1.0),
    "Simulation.durations": lambda w: a(
        lambda name, distribution: w.sim.durations(name, "distribution", distribution),
        name="new",
        distribution=1.0,
    ),
    "Simulation.require_free": lambda w: a(lambda name: w.sim.require_free("part", name), name="new"),
    "Simulation.enter": lambda w: a(lambda name: w.sim.enter("part", name, w), name="new"),
    "Simulation.call_at": lambda w: a(w.sim.call_at, time_s=5.0, action=print, argument=7, priority=1),
    "Simulation.schedule": lambda w: a(lambda delay: w.sim.schedule(happened(w.sim), delay=delay), delay=0.5),
    "Simulation.run": lambda w: a(w.sim.run, until=9.0),
    "Simulation.start": lambda w: a(w.sim.start, generator=work()),
    "Simulation.deadline": lambda w: a(w.sim.deadline, event=w.start(), timeout_s=2.0),
    "Simulation.open_load": lambda w: a(w.sim.open_load, arrivals=Poisson(1), **LOAD),
    "Simulation.closed_load": lambda w: a(w.sim.closed_load, users=2, think_s=1.0, **LOAD),
    "Simulation.paced_load": lambda w: a(w.sim.paced_load, users=2, pace_s=0.5, **LOAD),
    "Simulation.inject": lambda w: a(lambda faults: w.sim.inject(faults), faults=Crash(w.web.name, 1, 1)),
    "Simulation.measure": lambda w: a(w.sim.measure, duration_s=2.0, warmup_s=0.1, sample_every_s=0.25),
    "Calendar": lambda w: a(Calendar, seed=1, initial_time=0.5),
    "Streams": lambda w: a(Streams, seed=1),
    "Streams.stream": lambda w: a(Streams(1).stream, name="new"),
    "Level": lambda w: a(Level, sim=w.sim),
    "Repeating": lambda w: a(Repeating, sim=w.sim, every_s=0.25, action=print, first_at_s=0.25),
    "Repeating.at_random_phase": lambda w: a(
        Repeating.at_random_phase, sim=w.sim, every_s=0.25, action=print, name="new"
    ),
    # distributions and workload
    "Constant": lambda w: a(Constant, value=0.25),
    "Exponential": lambda w: a(Exponential, mean=0.25),
    "Uniform": lambda w: a(Uniform, low=0.25, high=0.75),
    "Lognormal": lambda w: a(Lognormal, median=0.25, sigma=0.75),
    "Lognormal.from_median_p99": lambda w: a(Lognormal.from_median_p99, median=0.25, p99=0.75),
    "Lognormal.from_mean_cv": lambda w: a(Lognormal.from_mean_cv, mean=0.25, cv=0.75),
    "Pareto": lambda w: a(Pareto, minimum=0.25, alpha=1.5),
    "Empirical": lambda w: a(Empirical, values=[1, 2], weights=[1, 2]),
    "Constant.percentile": lambda w: a(Constant(1).percentile, q=25.0),
    "Exponential.percentile": lambda w: a(Exponential(1).percentile, q=25.0),
    "Uniform.percentile": lambda w: a(Uniform(1, 2).percentile, q=25.0),
    "Lognormal.percentile": lambda w: a(Lognormal(1, 2).percentile, q=25.0),
    "Pareto.percentile": lambda w: a(Pareto(1, 2).percentile, q=25.0),
    "Empirical.percentile": lambda w: a(Empirical([1, 2]).percentile, q=25.0),
    "as_distribution": lambda w: a(lambda value: as_distribution(value), value=0.25),
    "Poisson": lambda w: a(Poisson, rate_per_s=0.25),
    "Deterministic": lambda w: a(Deterministic, rate_per_s=0.25),
    "Bursts": lambda w: a(Bursts, base_per_s=0.25, burst_per_s=0.75, every_s=2.0, burst_s=0.25),
    "Diurnal": lambda w: a(Diurnal, mean_per_s=0.25, peak_to_mean=1.5, day_s=9.0),
    "Ramp": lambda w: a(Ramp, start_per_s=0.25, end_per_s=0.75, over_s=9.0),
    "Trace": lambda w: a(Trace, times_s=[1, 2]),
    "Mix": lambda w: a(lambda browse: Mix(browse=browse), browse=0.75),
    # stations and what scales them
    "Station": lambda w: a(Station, sim=w.sim, name="new", capacity=2, queue_limit=3, discipline="lifo"),
    "Station.serve": lambda w: a(w.office.serve, service_s=0.25, priority=2, patience_s=0.25),
    "Station.hold": lambda w: a(w.office.hold, priority=2),
    "Station.release": lambda w: a(w.office.release, hold=w.office.hold()),
    "Station.slow_down": lambda w: a(w.web.slow_down, factor=2.0),
    "Station.capacity": lambda w: a(
        lambda capacity, web=w.web: setattr(web, "capacity", capacity), capacity=2
    ),
    "BatchServer": lambda w: a(BatchServer, sim=w.sim, name="new", batch_s=0.25, each_s=0.125),
    "BatchServer.slow_down": lambda w: a(BatchServer(w.sim, "new", 1.0).slow_down, factor=2.0),
    "Pool": lambda w: a(Pool, sim=w.sim, name="new", capacity=2, queue_limit=3, discipline="lifo"),
    "SharedProcessors": lambda w: a(SharedProcessors, sim=w.sim, name="new", capacity=2, jobs_limit=3),
    "SharedProcessors.serve": lambda w: a(w.cpu.serve, work_s=0.25, priority=0),
    "SharedProcessors.slow_down": lambda w: a(w.cpu.slow_down, factor=2.0),
    "Hold.work": lambda w: a(w.held().work, work_s=0.25),
    "SheddingStation": lambda w: a(
        SheddingStation, sim=w.sim, name="new", capacity=2, queue_limit=3, drop_older_than_s=0.25
    ),
    "ScalablePool": lambda w: a(
        ScalablePool,
        sim=w.sim,
        name="new",
        instances=2,
        capacity_each=2,
        startup_s=0.25,
        queue_limit_each=3,
        metric_every_s=0.25,
    ),
    "ScalablePool.scale_to": lambda w: a(w.pool.scale_to, replicas=2),
    "ScalablePool.serve": lambda w: a(w.pool.serve, service_s=0.25),
    "HorizontalPodAutoscaler": lambda w: a(
        HorizontalPodAutoscaler,
        sim=w.sim,
        name="new",
        read_metric=lambda: 1.0,
        replicas=lambda: 1,
        scale_to=print,
        target=0.25,
        min_replicas=2,
        max_replicas=9,
        up=ScalingRules((Policy("pods", 1, 15.0),), 1.0),
        down=ScalingRules((Policy("pods", 1, 15.0),), 1.0),
        ready=lambda: 1,
        every_s=0.25,
        tolerance=0.25,
    ),
    "Policy": lambda w: a(Policy, kind="pods", value=2, period_s=0.25),
    "ScalingRules": lambda w: a(
        ScalingRules, policies=(Policy("pods", 1, 1.0),), stabilisation_s=0.25, select="min"
    ),
    "desired_replicas": lambda w: a(
        desired_replicas, current=2, metric=0.25, target=0.75, tolerance=0.25, ready=2
    ),
    # faults and the network
    "Crash": lambda w: a(Crash, part="web", at_s=0.25, restart_after_s=0.75),
    "SlowDown": lambda w: a(SlowDown, part="web", at_s=0.25, for_s=0.75, factor=2.0),
    "Partition": lambda w: a(
        Partition, network=w.network, one_side=("a",), other_side=("b",), at_s=0.25, for_s=0.75
    ),
    "Lossy": lambda w: a(Lossy, network=w.network, source="a", target="b", at_s=0.25, for_s=0.75, loss=0.25),
    "Network": lambda w: a(
        Network, sim=w.sim, latency_s=0.25, bandwidth_bytes_per_s=9.0, loss=0.25, name="new"
    ),
    "Network.nodes": lambda w: a(lambda names, network=w.network: network.nodes(names), names="new"),
    "Network.link": lambda w: a(
        w.network.link, one="a", other="b", latency_s=0.25, bandwidth_bytes_per_s=9.0, loss=0.25
    ),
    "Network.send": lambda w: a(w.network.send, source="a", target="b", size_bytes=9),
    "Network.call": lambda w: a(
        w.network.call,
        source="a",
        target="b",
        work=work(),
        timeout_s=0.25,
        request_bytes=9,
        response_bytes=9,
    ),
    "Network.partition": lambda w: a(w.network.partition, one_side=["a"], other_side=["b"]),
    "Network.cut": lambda w: a(w.network.cut, one_side=["a"], other_side=["b"]),
    "Network.heal": lambda w: a(w.network.heal, one_side=["a"], other_side=["b"]),
    "Network.set_loss": lambda w: a(w.network.set_loss, one="a", other="b", loss=0.25),
    "Network.add_loss": lambda w: a(w.network.add_loss, source="a", target="b", loss=0.25),
    "Network.remove_loss": lambda w: a(w.lossy.remove_loss, source="a", target="b", loss=0.5),
    "Network.loss_of": lambda w: a(w.network.loss_of, one="a", other="b"),
    "Network.is_cut": lambda w: a(w.network.is_cut, source="a", target="b"),
    # connections
    "Tcp": lambda w: a(
        Tcp, rto_s=0.25, connect_rto_s=0.25, segment_bytes=9, frame_bytes=9, bandwidth_bytes_per_s=9.0
    ),
    "ByteStream": lambda w: a(ByteStream, network=w.network, source="a", target="b", tcp=Tcp()),
    "ByteStream.send": lambda w: a(ByteStream(w.network, "a", "b").send, size_bytes=9, rto_s=0.25),
    "TcpConnection": lambda w: a(TcpConnection, network=w.network, source="a", target="b", tcp=Tcp()),
    "TcpConnection.exchange": lambda w: a(
        TcpConnection(w.network, "a", "b").exchange, work=work(), request_bytes=9, answer_bytes=len
    ),
    "Http1Pool": lambda w: a(
        Http1Pool, network=w.network, source="a", target="b", connections=2, keep_alive=False, tcp=Tcp()
    ),
    "Http1Pool.call": lambda w: a(
        Http1Pool(w.network, "a", "b", 1).call, work=work(), request_bytes=9, answer_bytes=9, timeout_s=0.25
    ),
    "Http2Connection": lambda w: a(Http2Connection, network=w.network, source="a", target="b", tcp=Tcp()),
    "Http2Connection.call": lambda w: a(
        Http2Connection(w.network, "a", "b").call,
        work=work(),
        request_bytes=9,
        answer_bytes=9,
        timeout_s=0.25,
    ),
    # resilience
    "Backoff": lambda w: a(Backoff, base_s=0.25, cap_s=0.75, jitter="none"),
    "Backoff.delays": lambda w: a(Backoff(1.0).delays, random=w.rng),
    "Bulkhead": lambda w: a(Bulkhead, sim=w.sim, name="new", concurrent=2, queue_limit=3),
    "Bulkhead.call": lambda w: a(Bulkhead(w.sim, "new", 1).call, attempt=w.start),
    "CircuitBreaker": lambda w: a(
        CircuitBreaker,
        sim=w.sim,
        name="new",
        failure_ratio=0.25,
        minimum_calls=2,
        window_s=0.25,
        open_s=0.25,
        half_open_calls=2,
        counts=(Failure,),
    ),
    "CircuitBreaker.call": lambda w: a(CircuitBreaker(w.sim, "new").call, attempt=w.start),
    "TimeLimit": lambda w: a(TimeLimit, sim=w.sim, within_s=0.25),
    "TimeLimit.wait": lambda w: a(TimeLimit(w.sim, 1.0).wait, event=w.start()),
    "TimeLimit.check": lambda w: a(TimeLimit(w.sim, 1.0).check, part="web"),
    "TimeLimit.at_most": lambda w: a(TimeLimit(w.sim, 1.0).at_most, within_s=0.25),
    "Hedge": lambda w: a(Hedge, sim=w.sim, after_s=0.25),
    "Hedge.call_each": lambda w: a(Hedge(w.sim, 1.0).call_each, attempts=[w.start]),
    "Retry": lambda w: a(
        Retry,
        sim=w.sim,
        name="new",
        attempts=2,
        backoff=Backoff(1.0),
        budget=RetryBudget(w.sim),
        retry_on=(Failure,),
    ),
    "Retry.call": lambda w: a(Retry(w.sim, "new").call, attempt=w.start),
    "RetryBudget": lambda w: a(RetryBudget, sim=w.sim, per_success=0.25, cap=2.0, per_s=0.25),
    "SlidingWindow": lambda w: a(SlidingWindow, sim=w.sim, window_s=0.25, buckets=2),
    "SlidingWindow.add": lambda w: a(SlidingWindow(w.sim, 1.0, 2).add, amount=2),
    "TokenBucket": lambda w: a(TokenBucket, sim=w.sim, rate_per_s=0.25, burst=2.0),
    "TokenBucket.take": lambda w: a(TokenBucket(w.sim, 1.0, 2.0).take, tokens=0.75),
    # balancing
    **{
        f"{rule.__name__}": lambda w, rule=rule: a(rule, sim=w.sim, name="new")
        for rule in (RandomChoice, RoundRobin, LeastOutstanding)
    },
    "PowerOfTwoChoices": lambda w: a(PowerOfTwoChoices, sim=w.sim, name="new", choices=2),
    "PeakEwma": lambda w: a(PeakEwma, sim=w.sim, name="new", decay_s=0.25, failure_penalty_s=0.25),
    "RoundRobin.choose": lambda w: a(w.rule.choose, candidates=["x", "y"]),
    "balancing_rule": lambda w: a(balancing_rule, balancing="random", sim=w.sim, name="new"),
    "Replicas": lambda w: a(
        Replicas,
        sim=w.sim,
        name="new",
        candidates=lambda: [w.web],
        rule=w.rule,
        ejection=OutlierDetection(w.sim, "out"),
    ),
    "Replicas.call": lambda w: a(
        Replicas(w.sim, "new", lambda: [w.web], w.rule).call, to=lambda web: web.serve(1.0), avoid=["x"]
    ),
    "OutlierDetection": lambda w: a(
        OutlierDetection,
        sim=w.sim,
        name="new",
        consecutive_failures=2,
        sweep_s=0.25,
        base_ejection_s=0.25,
        max_ejection_s=0.75,
        max_ejected=0.25,
        at_least_one=False,
    ),
    "FailureAccrual": lambda w: a(
        FailureAccrual,
        sim=w.sim,
        name="new",
        consecutive_failures=2,
        min_penalty_s=0.25,
        max_penalty_s=0.75,
        jitter_ratio=0.25,
    ),
    "MeshDefaults": lambda w: a(
        MeshDefaults,
        balancing=RoundRobin,
        ejection=OutlierDetection,
        retries=2,
        retry_on=(Failure,),
        backoff=Backoff(1.0),
        budget=RetryBudget,
        proxy_s=0.25,
        proxy_cpu_s=0.25,
    ),
    "mesh_defaults": lambda w: a(mesh_defaults, mesh="istio"),
    "Mesh": lambda w: a(Mesh, sim=w.sim, defaults=mesh_defaults("istio")),
    "Mesh.call": lambda w: a(
        Mesh(w.sim, mesh_defaults("istio")).call,
        caller="new",
        service="orders",
        candidates=lambda: [w.web],
        to=lambda web: web.serve(1.0),
    ),
    "Sidecar": lambda w: a(
        Sidecar, sim=w.sim, name="new", candidates=lambda: [w.web], defaults=mesh_defaults("istio")
    ),
    # messaging
    "MessageQueue": lambda w: a(
        MessageQueue,
        sim=w.sim,
        name="new",
        store_s=0.25,
        delivery_s=0.25,
        durable=False,
        delivery_limit=2,
        ack_timeout_s=0.25,
        order="strict",
        max_length=2,
        overflow="reject-publish",
        single_active=True,
        alarm=ResourceAlarm(w.sim, limit=2),
    ),
    "MessageQueue.publish": lambda w: a(w.queue.publish, message=7, priority=2),
    "ResourceAlarm": lambda w: a(ResourceAlarm, sim=w.sim, limit=2, check_every_s=0.25),
    "Credit": lambda w: a(Credit, sim=w.sim, initial=4, back_at=2),
    "MessageQueue.consume": lambda w: a(
        w.queue.consume, handler=handler, concurrent=2, prefetch=2, name="new", priority=2
    ),
    "EventLog": lambda w: a(
        EventLog, sim=w.sim, name="new", append_s=0.25, partitions=2, retention_s=0.25, broker=w.broker
    ),
    "EventLog.add_partitions": lambda w: a(w.log.add_partitions, count=2, noticed_after_s=0.25),
    "Broker": lambda w: a(Broker, sim=w.sim, name="new", store_s=0.25, send_s=0.25, cores=2),
    "Broker.store": lambda w: a(w.broker.store, copies=2),
    "Broker.send": lambda w: a(w.broker.send, messages=2),
    "Broker.load": lambda w: a(w.broker.load, events_per_s=0.25, subscribers=2, copies=2),
    "EventLog.append": lambda w: a(w.log.append, key="Ann", value=7),
    "GroupMember.pause": lambda w: a(w.member.pause, for_s=0.25),
    "EventLog.subscribe": lambda w: a(
        w.log.subscribe,
        group="new",
        handler=handler,
        members=2,
        reset="earliest",
        commit_every_s=0.25,
        max_poll_records=2,
        fetch_s=0.25,
        retry_s=0.25,
    ),
    "CoordinatedGroup": lambda w: a(
        CoordinatedGroup,
        log=w.log,
        group="new",
        handler=handler,
        coordination=Coordination(),
        members=2,
        reset="earliest",
        commit_every_s=0.25,
        max_poll_records=2,
        fetch_s=0.25,
        retry_s=0.25,
    ),
    "Coordination": lambda w: a(
        Coordination,
        session_timeout_s=1.5,
        heartbeat_s=0.125,
        max_poll_interval_s=0.5,
        assignor="sticky",
        static_members=False,
        topics=(1, 2),
    ),
    "ShardStream": lambda w: a(
        ShardStream, sim=w.sim, name="new", append_s=0.25, shards=2, retention_s=0.25, limits=ShardLimits()
    ),
    "ShardStream.append": lambda w: a(w.stream.append, key="Ann", value=7, size_bytes=9),
    "ShardStream.split": lambda w: a(w.stream.split, number=0, at_hash=9),
    "ShardStream.subscribe": lambda w: a(
        w.stream.subscribe,
        application="new",
        handler=handler,
        reading=Polling(0.25),
        policy=BatchPolicy(),
        reset="earliest",
        checkpoint_every_s=0.25,
        by_batch=True,
    ),
    "ShardLimits": lambda w: a(
        ShardLimits,
        write_records_per_s=2.0,
        write_bytes_per_s=2.0,
        reads_per_s=2.0,
        read_bytes_per_s=2.0,
        records_per_read=2,
        bytes_per_read=2.0,
    ),
    "Polling": lambda w: a(Polling, every_s=0.25, read_s=0.25, backoff=Backoff(1.0), first_s=0.25),
    "EnhancedFanOut": lambda w: a(EnhancedFanOut, propagation_s=0.25, bytes_per_s=2.0),
    "BatchPolicy": lambda w: a(
        BatchPolicy, batch_size=2, bisect=True, max_retries=2, max_age_s=0.25, retry_s=0.25
    ),
    "BatchWork": lambda w: a(BatchWork, sim=w.sim, handler=handler, policy=BatchPolicy(), retention_s=0.25),
    # functions
    "CloudAccount": lambda w: a(CloudAccount, sim=w.sim, concurrency=9, scaling=ScalingRate(1, 1.0)),
    "ScalingRate": lambda w: a(ScalingRate, environments=2, per_s=0.25, is_shared=True),
    "Function": lambda w: a(
        Function,
        sim=w.sim,
        name="new",
        handler=handler,
        init_s=0.25,
        keep_alive_s=0.25,
        memory_mb=2.0,
        time_limit_s=0.25,
        requests_each=2,
        account=CloudAccount(w.sim, 9),
        reserved=4,
        provisioned=2,
    ),
    "Function.invoke": lambda w: a(w.function.invoke, payload=7),
    "Function.provision": lambda w: a(w.function.provision, environments=2),
    "Function.usage": lambda w: a(w.function.usage, bills_initialisation=True, storage_mb=1024),
    "Function.slow_down": lambda w: a(w.function.slow_down, factor=2.0),
    "Function.computing_s": lambda w: a(w.function.computing_s, cpu_s=0.25, threads=2),
    "Invocation.compute": lambda w: a(w.function.invoke().compute, cpu_s=0.25, threads=2),
    "AsyncPolicy": lambda w: a(
        AsyncPolicy, max_retries=2, retry=Backoff(1.0), max_age_s=0.25, not_run=Backoff(1.0)
    ),
    "AsyncInvocations": lambda w: a(AsyncInvocations, function=w.function, policy=AsyncPolicy()),
    "AsyncInvocations.send": lambda w: a(AsyncInvocations(w.function).send, payload=7),
    "PollerScaling": lambda w: a(PollerScaling, at_first=2, per_minute=0.25, most=4),
    "QueueTrigger": lambda w: a(
        QueueTrigger,
        function=w.quick,
        queue=w.queue,
        batch_size=2,
        window_s=0.25,
        pollers=PollerScaling(),
        partial_failures=True,
        visibility_s=0.75,
    ),
    "StreamTrigger": lambda w: a(
        StreamTrigger,
        function=w.quick,
        stream=w.stream,
        policy=BatchPolicy(),
        reading=Polling(),
        reset="latest",
    ),
    "ScheduleTrigger": lambda w: a(
        ScheduleTrigger,
        target=w.quick,
        every_s=0.25,
        first_s=0.25,
        twice=0.25,
        missed=[2],
        apart_s=0.25,
    ),
    "ObjectStore": lambda w: a(ObjectStore, sim=w.sim, name="new", put_s=0.25, get_s=0.25, bytes_per_s=0.25),
    "ObjectStore.put": lambda w: a(w.objects.put, key="new", size_bytes=2, body=7),
    "ObjectStore.get": lambda w: a(w.objects.get, key="new"),
    "ObjectStore.notify": lambda w: a(
        w.objects.notify, target=w.quick, notice_s=0.25, twice=0.25, prefix="new"
    ),
    "computing_s": lambda w: a(computing_s, cpu_s=0.25, memory_mb=2.0, threads=2),
    "processors": lambda w: a(processors, memory_mb=2.0),
    # discovery
    "Eureka": lambda w: a(
        Eureka, sim=w.sim, network=w.network, servers=["x", "y"], settings=EurekaSettings(), name="new"
    ),
    "EurekaSettings": lambda w: a(
        EurekaSettings,
        heartbeat_s=0.25,
        lease_s=0.25,
        eviction_every_s=0.25,
        self_preservation=False,
        renewal_threshold=0.25,
        response_cache_s=0.25,
        fetch_every_s=0.25,
    ),
    "Consul": lambda w: a(
        Consul,
        sim=w.sim,
        network=w.network,
        servers=["x", "y"],
        check_every_s=0.25,
        check_timeout_s=0.25,
        death="hangs",
        gossip=Swim(),
        name="new",
    ),
    "Etcd": lambda w: a(
        Etcd,
        sim=w.sim,
        network=w.network,
        servers=["x", "y"],
        ttl_s=0.25,
        name="new",
        heartbeat_s=0.25,
        election_timeout_s=0.25,
    ),
    "Consul.register": lambda w: a(
        w.consul.register, service="orders", instance=Station(w.sim, "orders-2"), node="a"
    ),
    "Consul.deregister": lambda w: a(w.consul.deregister, service="orders", instance="web"),
    "Consul.instances": lambda w: a(w.consul.instances, service="orders", client="a"),
    "Consul.on_news": lambda w: a(w.consul.on_news, listener=print),
    "Quorum": lambda w: a(
        Quorum,
        sim=w.sim,
        network=w.network,
        members={"web": w.web},
        name="new",
        heartbeat_s=0.25,
        election_timeout_s=0.25,
    ),
    "Swim": lambda w: a(Swim, probe_every_s=0.25, suspicion_mult=2, suspicion_max_mult=2),
    "ClientSideDiscovery": lambda w: a(ClientSideDiscovery, registry=w.consul),
    "ServerSideDiscovery": lambda w: a(
        ServerSideDiscovery, registry=w.consul, balancer=w.web, hop_s=0.25, timeout_s=0.25
    ),
    "build": lambda w: a(build, registry="etcd", sim=w.sim, network=w.network),
    "kind_of": lambda w: a(kind_of, registry="etcd"),
    # results, experiments, theory
    "Result.latency_s": lambda w: a(w.result.latency_s, q=25.0, kind="browse", failures="infinite"),
    "Result.latencies_s": lambda w: a(w.result.latencies_s, kind="browse", failures="infinite"),
    "Result.mean_latency_s": lambda w: a(w.result.mean_latency_s, kind="browse"),
    "Result.throughput_per_s": lambda w: a(w.result.throughput_per_s, kind="browse"),
    "Result.availability": lambda w: a(w.result.availability, kind="browse", patience_s=0.25),
    "Result.outcomes": lambda w: a(w.result.outcomes, kind="browse"),
    "Result.saturated_for": lambda w: a(w.result.saturated_for, kind="browse"),
    "Result.summary": lambda w: a(w.result.summary, failures="infinite"),
    "Result.latency_from_intended_s": lambda w: a(w.result.latency_from_intended_s, q=25.0, kind="browse"),
    "Result.end_to_end_s": lambda w: a(w.result.end_to_end_s, q=25.0, kind="browse", failures="left out"),
    "Result.ends_to_end_s": lambda w: a(w.result.ends_to_end_s, kind="browse", failures="left out"),
    "Result.not_done": lambda w: a(w.result.not_done, kind="browse"),
    "DeliveryModel": lambda w: a(DeliveryModel, **TEAMS),
    "deliver": lambda w: a(deliver, model=DeliveryModel(), days=12, seed=1),
    "sweep_teams": lambda w: a(
        sweep_teams,
        model=DeliveryModel(),
        team_counts=[1],
        replications=2,
        days=12,
        warm_up_days=1,
        seed=1,
        organisations=["one unit"],
    ),
    "capacity_per_day": lambda w: a(capacity_per_day, model=DeliveryModel()),
    "most_teams_on_one_unit": lambda w: a(most_teams_on_one_unit, model=DeliveryModel()),
    "probability_train_fails": lambda w: a(probability_train_fails, size=2, change_failure_probability=0.25),
    "runs_per_train": lambda w: a(runs_per_train, size=2, change_failure_probability=0.25),
    "crossing": lambda w: a(crossing, sweep=SWEEP, measure="lead_time_mean_h"),
    "differences": lambda w: a(differences, sweep=SWEEP, measure="lead_time_mean_h"),
    "intervals": lambda w: a(intervals, sweep=SWEEP, measure="lead_time_mean_h"),
    # bills
    "Usage": lambda w: a(Usage, **Usage(requests=0.25).amounts()),
    "Usage.without": lambda w: a(Usage(requests=2).without, allowance=Usage(requests=1)),
    "on_demand": lambda w: a(on_demand, **RUNS, cold_share=0.25, init_s=0.25, storage_mb=1024),
    "invocations": lambda w: a(invocations, run_s=[0.25, 0.5], memory_mb=128, init_s=[0.25]),
    "billed_s": lambda w: a(billed_s, run_s=[0.25, 0.5], init_s=[0.25]),
    "provisioned": lambda w: a(provisioned, environments=2, lasts_s=0.25, memory_mb=128),
    "in_provisioned": lambda w: a(in_provisioned, **RUNS),
    "streamed": lambda w: a(streamed, answers=0.25, answer_mb=0.25),
    "requests_of_event": lambda w: a(requests_of_event, event_kb=0.25),
    "memory_gb": lambda w: a(memory_gb, memory_mb=128),
    "bill": lambda w: a(bill, usage=Usage(requests=2), architecture="arm", free=Usage(requests=1)),
    "total_usd": lambda w: a(total_usd, usage=Usage(requests=2), architecture="arm", free=Usage(requests=1)),
    "cost_usd": lambda w: a(cost_usd, item="compute", amount=0.25, architecture="arm"),
    "price_usd": lambda w: a(price_usd, item="compute", architecture="arm"),
    "usd_per_request": lambda w: a(
        usd_per_request, run_s=0.25, memory_mb=128, architecture="arm", cold_share=0.25, init_s=0.25
    ),
    "provisioned_pays_above": lambda w: a(provisioned_pays_above, architecture="arm"),
    "managed_instances_usd": lambda w: a(
        managed_instances_usd, requests=0.25, instance_h=0.25, on_demand_usd_per_h=0.25, discount=0.25
    ),
    "free_tier": lambda w: a(free_tier),
    "littles_law": lambda w: a(littles_law, arrival_rate_per_s=0.25, response_s=0.25),
    "littles_law_gap": lambda w: a(littles_law_gap, in_system=0.25, arrival_rate_per_s=0.25, response_s=0.25),
    "erlang_b": lambda w: a(erlang_b, servers=2, offered_load=0.25),
    "erlang_c": lambda w: a(erlang_c, servers=2, offered_load=0.25),
    "mm1": lambda w: a(mm1, arrival_rate_per_s=0.25, service_s=0.25),
    "mmc": lambda w: a(mmc, arrival_rate_per_s=0.25, service_s=0.25, servers=2),
    "mmck": lambda w: a(mmck, arrival_rate_per_s=0.25, service_s=0.25, servers=2, queue_limit=2),
    "mg1": lambda w: a(mg1, arrival_rate_per_s=0.25, service_s=0.25, service_cv=0.25),
    "mgc_ps": lambda w: a(mgc_ps, arrival_rate_per_s=0.25, service_s=0.25, servers=2),
    "mgc_ps_response_s": lambda w: a(
        mgc_ps_response_s, work_s=0.25, arrival_rate_per_s=0.25, service_s=0.25, servers=2
    ),
    "erlang_a": lambda w: a(erlang_a, arrival_rate_per_s=0.25, service_s=0.25, servers=2, patience_s=0.25),
    "jackson_tandem": lambda w: a(
        jackson_tandem, arrival_rate_per_s=0.25, service_s=[0.25, 0.25], servers=[1, 2]
    ),
    "mmc_response_survival": lambda w: a(
        mmc_response_survival, time_s=0.25, arrival_rate_per_s=0.25, service_s=0.25, servers=2
    ),
    "mmc_response_percentile": lambda w: a(
        mmc_response_percentile, q=25.0, arrival_rate_per_s=0.25, service_s=0.25, servers=2
    ),
    "solve_percentile": lambda w: a(solve_percentile, q=25.0, survival=falling, begin_s=0.25),
    "mmc_ps_response_survival": lambda w: a(
        mmc_ps_response_survival, time_s=0.25, arrival_rate_per_s=0.25, service_s=0.25, servers=2
    ),
    "mmc_ps_response_percentile": lambda w: a(
        mmc_ps_response_percentile, q=25.0, arrival_rate_per_s=0.25, service_s=0.25, servers=2
    ),
    "amdahl": lambda w: a(amdahl, n=2.5, serial_fraction=0.25),
    "usl": lambda w: a(usl, n=2.5, alpha=0.25, beta=0.25, gamma=0.25),
    "usl_peak": lambda w: a(usl_peak, alpha=0.25, beta=0.25),
    "fit_usl": lambda w: a(fit_usl, n=[1, 2, 4, 8], throughput=[1.0, 1.9, 3.5, 6.0]),
    "percentile": lambda w: a(percentile, values=[1, 2], q=25.0),
    "pooled_percentile": lambda w: a(pooled_percentile, runs=[[1, 2], [1, 3]], q=25.0, confidence=0.25),
    "PooledPercentile": lambda w: a(PooledPercentile, q=25.0, values=[1, 2]),
    "mean_interval": lambda w: a(mean_interval, values=[1, 2], confidence=0.25),
    "batch_means": lambda w: a(batch_means, values=[1, 2], batches=2),
    "batch_interval": lambda w: a(batch_interval, values=[1, 2], batches=2, confidence=0.25),
    "proportion_interval": lambda w: a(proportion_interval, successes=1, trials=2, confidence=0.25),
    "replicate": lambda w: a(replicate, model=lambda seed: {"x": 1.0}, seeds=[1, 2]),
    "sweep": lambda w: a(
        sweep,
        model=lambda seed, y: {"x": 1.0},
        grid={"y": [1, 2]},
        seeds=[1, 2],
        confidence=0.25,
    ),
}


class Odd:
    """Something that no parameter asks for."""


ODD = {
    "None": lambda: None,
    "text": lambda: "odd",
    "none": lambda: "",
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "-inf": lambda: -math.inf,
    "-1": lambda: -1,
    "0": lambda: 0,
    "0.5": lambda: 0.5,
    "True": lambda: True,
    "[]": lambda: [],
    "[None]": lambda: [None],
    "{}": lambda: {},
    "class": lambda: Odd,
    "object": lambda: Odd(),
    "stranger": lambda: Station(Simulation(seed=2), "stranger"),
}
FREE_TEXT = set(
    re.findall(r"\w+", "name part source target one other names service client node caller group")
)
"""Parameters that take any text."""

NOUGHT = set(
    re.findall(
        r"\w+",
        """after_s amount answer_bytes append_s arrival_rate_per_s at_s base_per_s batch_s beta
        build_and_test_per_team_s change_failure_probability commit_every_s coordinated_fraction current cv delay
        delivery_limit delivery_s distribution drop_older_than_s each_s end_per_s failure_penalty_s fetch_s
        first_at_s fix_s handover_s hop_s
        initial_time instances jitter_ratio latency_s loss low max_ejected metric offered_load per_s per_success
        priority proxy_cpu_s proxy_s q queue_limit queue_limit_each renewal_threshold replicas request_bytes
        response_bytes response_s retries seed serial_fraction service_cv sigma size_bytes stabilisation_s start_per_s
        startup_s store_s successes think_s time_s timeout_s tolerance warm_up_days warmup_s within_s work_s
        answer_mb answers cold_share compute_gb_s discount environments event_kb init_s instance_h lasts_s log_poller_h
        on_demand_usd_per_h provisioned_compute_gb_s provisioned_gb_s queue_poller_h requests run_s
        snapshot_cache_gb_s snapshot_restore_gb storage_gb_s streamed_gb tenant_environments_gb transitions""",
    )
)
"""Parameters that may be 0."""

ALLOWED = {
    "Simulation.initial_time": "-1",
    "Calendar.initial_time": "-1",
    "Simulation.call_at.time_s": "True",
    "Simulation.call_at.argument": " ".join(ODD),
    "Simulation.call_at.priority": "-1",
    "Simulation.schedule.delay": "inf",
    "Simulation.run.until": "True",
    "Simulation.deadline.timeout_s": "True",
    "Constant.value": "0",
    "as_distribution.value": "0",
    "Station.serve.service_s": "0 True",
    "Station.serve.priority": "-1 0.5",
    "Station.serve.patience_s": "0",
    "Station.hold.priority": "-1 0.5",
    "ScalablePool.serve.service_s": "0 True",
    "desired_replicas.ready": "0",
    "Network.send.size_bytes": "0.5 True",
    "Network.call.request_bytes": "0.5",
    "Network.call.response_bytes": "0.5",
    "ByteStream.send.size_bytes": "0.5",
    "TcpConnection.exchange.request_bytes": "0.5",
    "Http1Pool.call.request_bytes": "0.5",
    "Http2Connection.call.request_bytes": "0.5",
    "Http1Pool.call.answer_bytes": "0.5 class",
    "Http2Connection.call.answer_bytes": "0.5 class",
    "Network.is_cut.source": "none",
    "Network.is_cut.target": "none",
    "TimeLimit.check.part": "none",
    "Http1Pool.keep_alive": "True",
    "OutlierDetection.at_least_one": "True",
    "MessageQueue.durable": "True",
    "MessageQueue.single_active": "True",
    "MessageQueue.publish.message": " ".join(ODD),
    "EurekaSettings.self_preservation": "True",
    "sweep.progress": "True",
    "Backoff.cap_s": "inf",
    "OutlierDetection.max_ejection_s": "inf",
    "FailureAccrual.max_penalty_s": "inf",
    "RoundRobin.choose.candidates": "[None]",
    "Replicas.call.avoid": "[] [None] {}",
    "Coordination.static_members": "True",
    "EventLog.append.key": "text none",
    "EventLog.append.value": " ".join(ODD),
    "EventLog.add_partitions.noticed_after_s": "0",
    "Broker.send_s": "0",
    "Broker.load.events_per_s": "0",
    "Broker.load.subscribers": "0",
    "ShardStream.append.key": "text none",
    "ShardStream.append.value": " ".join(ODD),
    "ShardStream.split.number": "0",
    "ShardStream.subscribe.application": "text",
    "ShardStream.subscribe.checkpoint_every_s": "0",
    "ShardStream.subscribe.by_batch": "True",
    "Polling.read_s": "0",
    "Polling.first_s": "0",
    "EnhancedFanOut.propagation_s": "0",
    "BatchPolicy.bisect": "True",
    "BatchPolicy.max_retries": "0",
    "ScalingRate.is_shared": "True",
    "Function.init_s": "0",
    "Function.keep_alive_s": "0",
    "Function.provisioned": "0",
    "Function.invoke.payload": " ".join(ODD),
    "Function.provision.environments": "0",
    "Function.computing_s.cpu_s": "0",
    "Invocation.compute.cpu_s": "0",
    "AsyncPolicy.max_retries": "0",
    "AsyncInvocations.send.payload": " ".join(ODD),
    "Function.usage.bills_initialisation": "True",
    "PollerScaling.per_minute": "0",
    "QueueTrigger.window_s": "0",
    "QueueTrigger.partial_failures": "True",
    "ScheduleTrigger.first_s": "0",
    "ScheduleTrigger.twice": "0 [] {}",
    "ScheduleTrigger.missed": "0 0.5 [] {}",
    "ScheduleTrigger.apart_s": "0",
    "ObjectStore.put_s": "0",
    "ObjectStore.get_s": "0",
    "ObjectStore.put.key": "text",
    "ObjectStore.put.size_bytes": "0",
    "ObjectStore.put.body": " ".join(ODD),
    "ObjectStore.get.key": "text",
    "ObjectStore.notify.notice_s": "0",
    "ObjectStore.notify.twice": "0",
    "ObjectStore.notify.prefix": "text none",
    "computing_s.cpu_s": "0",
    "percentile.values": "[None]",
    "PooledPercentile.values": "[] [None]",
    "deliver.days": "0.5",
    "sweep_teams.warm_up_days": "0.5",
    "invocations.run_s": "0.5",
    "invocations.init_s": "0.5",
    "billed_s.run_s": "0.5",
    "billed_s.init_s": "0.5",
    "erlang_b.servers": "0",
    "usl.alpha": "0",
    "usl_peak.alpha": "0",
    "amdahl.n": "True",
    "usl.n": "True",
}
"""Odd values that are good ones, beside those that `is_allowed` knows by itself."""

REFUSED = {
    "ShardStream.append.size_bytes": "0",
    "Simulation.open_load.timeout_s": "0",
    "Simulation.closed_load.timeout_s": "0",
    "Simulation.paced_load.timeout_s": "0",
    "Diurnal.peak_to_mean": "0.5",
    "HorizontalPodAutoscaler.target": "text",
    "HorizontalPodAutoscaler.replicas": "0",
    "desired_replicas.target": "text",
    "Network.heal.one_side": "None",
    "Network.heal.other_side": "None",
    "Network.set_loss.one": "text",
    "Network.set_loss.other": "text",
    "Network.add_loss.source": "text",
    "Network.add_loss.target": "text",
    "Network.remove_loss.source": "text",
    "Network.remove_loss.target": "text",
    "Network.remove_loss.loss": "0",
    "erlang_a.arrival_rate_per_s": "0",
    "pooled_percentile.q": "0",
    "TcpConnection.exchange.answer_bytes": "0",
    "TokenBucket.burst": "0.5",
    "ScalingRate.environments": "0",
    "ScalingRate.per_s": "0",
    "Function.reserved": "0",
    "ScheduleTrigger.target": "text",
    "ObjectStore.notify.target": "text",
    "Consul.deregister.service": "text",
    "mmck.arrival_rate_per_s": "0",
    "amdahl.n": "0.5",
    "usl.n": "0.5",
}
"""Values that `is_allowed` would take for good ones."""

OTHER_WORDS = {
    "Mix.browse": "0",
    "Empirical.values": "[None]",
    "Network.remove_loss.source": "text",
    "Network.remove_loss.target": "text",
    "pooled_percentile.runs": "[None]",
}
"""What is refused with a message that is clear, but names something else: a sum, an entry, the link."""


def is_allowed(call, arguments, target, name, label):
    """Whether this odd value is a good one."""
    good, case = arguments[name], f"{target}.{name}"
    annotation = str(inspect.signature(call).parameters[name].annotation)
    return label in ALLOWED.get(case, "").split() or (
        label not in REFUSED.get(case, "").split()
        and (
            (label == "0.5" and isinstance(good, float))
            or (label == "None" and "None" in annotation)
            or (label == "class" and callable(good))
            or (label == "text" and name in FREE_TEXT)
            or (label == "0" and name in NOUGHT)
        )
    )


def state(sim):
    """What a refused call must leave as it was."""
    registers = {what: list(things) for what, things in sim._registers.items()}
    return registers, len(sim._queue), sim.faults.copy(), sim.active_faults._outages.copy()


def finding(target, name, label):
    """What is wrong with how a call takes an odd argument. None: nothing."""
    world = World()
    call, arguments = TARGETS[target](world)
    odd, before = ODD[label](), state(world.sim)
    allowed = is_allowed(call, arguments, target, name, label)
    try:
        call(**{**arguments, name: odd})
    except (ValueError, TypeError) as error:
        if allowed:
            return None if label == "class" else f"is refused: {error}"
        in_other_words = label in OTHER_WORDS.get(f"{target}.{name}", "").split()
        trouble = None if in_other_words else complaint(str(error), name, odd)
    else:
        return None if allowed else "is taken"
    if trouble is None and state(world.sim) != before:
        trouble = "leaves something half done"
    call(**arguments)
    return trouble


def complaint(said, name, odd):
    """What is missing in a message."""
    if not re.search(rf"\b{name}\b", said):
        return f"does not name it: {said}"
    return None if repr(odd)[:200] in said else f"does not show the value: {said}"


CASES = [(target, name) for target, make in TARGETS.items() for name in make(World())[1]]


@pytest.mark.parametrize(("target", "name"), CASES)
def test_an_odd_argument_is_refused_by_name_and_value_and_a_good_one_is_taken_after_it(target, name):
    found = {label: finding(target, name, label) for label in ODD}
    assert not any(found.values()), {label: what for label, what in found.items() if what}


# Nothing is forgotten ----------------------------------------------------------------------------------------

FACES = [
    f"archlab.sim{face}"
    for face in (
        "",
        ".core",
        ".servers",
        ".balancing",
        ".billing",
        ".connections",
        ".messaging",
        ".functions",
        ".discovery",
        ".resilience",
        ".teams",
        ".theory",
        ".statistics",
        ".scalability",
    )
]
MADE_BY_THE_KIT = {
    "by a simulation, a station or a network, which look at the arguments": {
        "Task",
        "Request",
        "Visit",
        "Hold",
        "Deadline",
        "Result",
        "ActiveFaults",
        "Consumer",
        "ConsumerGroup",
        "GroupMember",
        "Message",
        "Record",
        "Shard",
        "ShardRecord",
        "Environment",
        "Invocation",
        "AsyncEvent",
        "Firing",
        "StoredObject",
    },
    "by formulas and statistics: what they return": {"QueueState", "TandemState", "UslFit", "Interval"},
    "abstract: a subclass looks at the arguments": {
        "Alarm",
        "Grant",
        "Effect",
        "Fault",
        "BalancingRule",
        "Ejection",
        "HttpConnections",
        "Discovery",
        "ServiceRegistry",
        "WatchedRegistry",
    },
    "a word for types, or a list": {"Attempt", "Part", "Distribution", "Values", "Count"},
    "for those who write parts": {
        "coming_back",
        "going_down",
        "slowing_down",
        "fail_next",
        "fail_now",
        "process_event",
        "require_confidence",
    },
    "a failure: made to be raised": {
        "Failure",
        "Crashed",
        "Refused",
        "ThroughputExceeded",
        "TimedOut",
        "Unavailable",
        "Shed",
        "BulkheadFull",
        "CircuitOpen",
        "CutOff",
        "Throttled",
        "NotFound",
    },
    "a row of the list of kinds": {"Kind"},
}
EXEMPT = set().union(*MADE_BY_THE_KIT.values())


def offered(face):
    """The names of the classes and functions that a face offers."""
    module = importlib.import_module(face)
    names = getattr(module, "__all__", None)
    if names is None:
        names = [name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == face]
    kinds = (type, type(offered))
    return [name for name in names if not name.startswith("_") and isinstance(getattr(module, name), kinds)]


@pytest.mark.parametrize("face", FACES)
def test_every_class_and_function_of_a_face_is_tried_with_odd_arguments(face):
    names = set(offered(face)) - EXEMPT
    assert names <= set(TARGETS), names - set(TARGETS)


@pytest.mark.parametrize("target", [name for name in TARGETS if "." not in name])
def test_every_parameter_is_tried_with_odd_arguments(target):
    call, arguments = TARGETS[target](World())
    expected = {
        name
        for name, parameter in inspect.signature(call).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    assert set(arguments) == expected


INSIDE = {
    "sample": "what the kit asks of a distribution",
    "sampler": "what the kit asks of a distribution",
    "times": "what the kit asks of arrivals",
    "rate_at": "any number is a time",
    "kinds": "what a load asks of a mix",
    "of": "what a load asks of a mix: see its `mix`",
    "effect": "what a simulation asks of a fault",
    "planned": "what a simulation asks of a fault",
    "add": "for those who write parts",
    "register": "for those who write parts",
    "count_void": "for those who write parts",
    "is_void": "what a calendar asks of a part",
    "mend": "takes what `cut` returned",
    "require_room": "asked by functions",
    "may_run": "asked by functions",
    "may_start": "asked by functions",
    "end": "told by invocations",
    "started": "told by Replicas",
    "ended": "told by Replicas",
    "record": "told by Replicas",
    "filter": "asked by Replicas",
    "load": "asked by the rule itself",
    "latency_s": "asked by the rule itself",
    "deliver": "called by the queue",
    "settle": "called by consumers",
    "requeue": "called by consumers",
    "partition": "asked by consumers",
    "partition_of": "see `append`",
    "require_new": "called by groups",
    "shares": "called by the coordinator",
    "tell": "called by the log",
    "member_of": "asked by those who know the partitions",
    "is_read": "asked by those who know the partitions",
    "first_offset": "asked by members",
    "hand_over": "called by members",
    "take_over": "called by the log",
    "shard_of": "see `append`",
    "deal_with": "takes what its handler takes",
    "publish": "takes anything",
    "candidates": "see `instances`",
    "source": "takes the name of any node",
    "call": "see `Replicas` and `Network.call`",
    "reaches": "asked by the registry itself",
    "server_for": "asked by the registry itself",
    "serves": "asked by the registry itself",
    "silent_s": "NaN for what it does not know",
    "instance": "a KeyError for what it does not know",
    "on_heartbeat": "for those who write registries",
    "on_election": "for those who write registries",
    "confirmations_wanted": "a formula that Consul uses",
    "suspicion_s": "a formula that Consul uses",
    "dead_after_s": "a formula that Consul uses",
    "draw_s": "a formula that Consul uses",
    "highest": "asked by the autoscaler",
    "lowest": "asked by the autoscaler",
    "home_units": "asked by the simulation of trains",
    "measure": "see `Simulation.measure`",
    "watch": "called by queues",
}
"""Methods with parameters that users do not call, or that take anything."""
SIMPYS = set(dir(simpy.Environment))


def methods(cls):
    """The public methods of a class that take arguments beside the object."""
    for name, method in inspect.getmembers(cls, callable):
        if not name.startswith("_") and name not in SIMPYS and inspect.isroutine(method):
            parameters = [p for p in inspect.signature(method).parameters if p not in ("self", "cls")]
            if parameters:
                yield name


@pytest.mark.parametrize("target", [name for name in TARGETS if "." not in name and name[0].isupper()])
def test_every_method_that_users_call_is_tried_with_odd_arguments(target):
    call, _ = TARGETS[target](World())
    if not isinstance(call, type):
        return
    tried = {name.rpartition(".")[2] for name in TARGETS if "." in name}
    assert not [name for name in methods(call) if name not in tried and name not in INSIDE]


# What one argument alone does not show -----------------------------------------------------------------------


KEEPS_ITS_NAME = [
    "Station",
    "Pool",
    "SharedProcessors",
    "SheddingStation",
    "ScalablePool",
    "Bulkhead",
    "CircuitBreaker",
    "MessageQueue",
    "MessageQueue.consume",
    "EventLog",
    "EventLog.subscribe",
    "CoordinatedGroup",
    "Broker",
    "ShardStream",
    "ShardStream.subscribe",
    "Network",
    "Simulation.open_load",
    "Simulation.closed_load",
    "Simulation.paced_load",
]


@pytest.mark.parametrize("target", KEEPS_ITS_NAME)
def test_a_name_that_is_taken_is_refused_and_the_first_who_had_it_stays(target):
    world = World()
    call, arguments = TARGETS[target](world)
    call(**arguments)
    before = state(world.sim)
    with pytest.raises(ValueError, match=r"(name|group|application)='new.*' is already the name of a"):
        call(**arguments)
    assert state(world.sim) == before


@pytest.mark.parametrize(
    ("target", "taken"),
    [
        ("ScalablePool", "new-2"),
        ("EventLog.subscribe", "new-2"),
        ("CoordinatedGroup", "new-2"),
        ("ShardStream.subscribe", "new-1"),
        ("Eureka", "y"),
        ("Consul", "y"),
        ("Etcd", "y"),
    ],
)
def test_what_registers_several_parts_registers_none_when_one_of_the_names_is_taken(target, taken):
    world = World()
    call, arguments = TARGETS[target](world)
    Station(world.sim, taken)
    before = state(world.sim)
    with pytest.raises(ValueError, match=f"name='{taken}' is already the name of a part"):
        call(**arguments)
    assert state(world.sim) == before


STRANGERS = {
    "Simulation.deadline": ("event", lambda other: other.start()),
    "TimeLimit.wait": ("event", lambda other: other.start()),
    "Simulation.inject": ("faults", lambda other: Partition(other.network, ("a",), ("b",), 1, 1)),
    "Retry": ("budget", lambda other: RetryBudget(other.sim)),
    "Replicas": ("rule", lambda other: other.rule),
    "Eureka": ("network", lambda other: other.network),
    "Consul": ("network", lambda other: other.network),
    "Etcd": ("network", lambda other: other.network),
    "Quorum": ("network", lambda other: other.network),
    "Consul.register": ("instance", lambda other: other.web),
    "ServerSideDiscovery": ("balancer", lambda other: other.web),
    "MessageQueue": ("alarm", lambda other: ResourceAlarm(other.sim, limit=2)),
    "Station.release": ("hold", lambda other: other.office.hold()),
}


@pytest.mark.parametrize("target", STRANGERS)
def test_a_part_of_another_simulation_is_refused(target):
    name, strange = STRANGERS[target]
    world, other = World(), World()
    call, arguments = TARGETS[target](world)
    before = state(world.sim)
    with pytest.raises(ValueError, match=f"(network|{name}) is .*; it must be .*same"):
        call(**{**arguments, name: strange(other)})
    assert state(world.sim) == before
    call(**arguments)


def test_the_members_of_a_quorum_are_of_its_simulation():
    world, other = World(), World()
    with pytest.raises(ValueError, match=r"members is .*; it must be of the same simulation"):
        Quorum(world.sim, world.network, {"web": other.web}, "quorum")


@pytest.mark.parametrize("discipline", ["fifo", "lifo"])
def test_a_priority_that_the_discipline_does_not_look_at_is_refused_even_while_nobody_waits(discipline):
    web = Station(Simulation(seed=1), "web", discipline=discipline)
    for ask in (lambda: web.serve(1.0, priority=2), lambda: web.hold(priority=-1)):
        with pytest.raises(
            ValueError, match=f"priority is .*; it must be 0: the discipline is '{discipline}'"
        ):
            ask()
    assert (web.busy, web.queue_length) == (0, 0)


def test_a_block_that_never_waited_for_its_server_is_found_out_at_its_end():
    sim = Simulation(seed=1)
    web, database = Station(sim, "web"), Station(sim, "database")

    def forgetful(request):
        with web.hold():
            yield database.serve(0.1)

    sim.open_load(Trace([1.0]), forgetful)
    with pytest.raises(ValueError, match="the hold of 'web' was never yielded"):
        sim.run()
    assert (sim.now, web.busy) == (1.1, 0)


def waits_late(sim, web):
    with web.hold() as worker:
        yield sim.timeout(0.5)
        yield worker


def waits_with_a_limit(sim, web):
    with web.hold() as worker:
        yield worker | sim.timeout(0.5)


def gives_up(sim, web):
    with web.hold() as worker:
        yield sim.deadline(worker, 0.5)


def is_interrupted(sim, web):
    with web.hold():
        yield sim.timeout(0.1)
        raise Failure("web")


@pytest.mark.parametrize("block", [waits_late, waits_with_a_limit, gives_up, is_interrupted])
@pytest.mark.parametrize("busy_for_s", [0, 0.2, 9])
def test_a_block_that_waited_gave_up_or_failed_is_no_mistake(block, busy_for_s):
    sim = Simulation(seed=1)
    web = Station(sim, "web")
    if busy_for_s:
        web.serve(busy_for_s)
    task = sim.start(block(sim, web))
    sim.run()
    assert not task.is_alive
    assert (web.busy, web.queue_length) == (0, 0)
