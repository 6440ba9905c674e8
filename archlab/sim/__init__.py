"""The simulation kit: time, load, queues, networks, faults and measurement. It knows no shop.

Everything here runs inside a `Simulation`, which is a `simpy.Environment`. Times are in seconds, rates in requests
per second, sizes in bytes.
"""

from archlab.sim.balancing.mesh import Mesh
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.balancing.rules import BalancingRule, balancing_rule
from archlab.sim.core.streams import Streams
from archlab.sim.core.task import Task
from archlab.sim.discovery.consul import Consul
from archlab.sim.discovery.etcd import Etcd
from archlab.sim.discovery.eureka import Eureka
from archlab.sim.discovery.sides import ClientSideDiscovery, ServerSideDiscovery
from archlab.sim.distributions import (
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Lognormal,
    Pareto,
    Uniform,
)
from archlab.sim.experiment import PooledPercentile, replicate, sweep
from archlab.sim.failure import Crashed, Failure, Refused, TimedOut, Unavailable
from archlab.sim.faults import Crash, Fault, Lossy, Partition, SlowDown
from archlab.sim.functions.account import CloudAccount
from archlab.sim.functions.failures import CutOff, Throttled
from archlab.sim.functions.function import Function
from archlab.sim.load import Request
from archlab.sim.messaging.event_log import EventLog
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.messaging.shard_stream import ShardStream
from archlab.sim.network import Network
from archlab.sim.resilience.attempt import Attempt
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.resilience.bulkhead import Bulkhead
from archlab.sim.resilience.circuit_breaker import CircuitBreaker
from archlab.sim.resilience.deadline_propagation import TimeLimit
from archlab.sim.resilience.hedging import Hedge
from archlab.sim.resilience.retry import Retry
from archlab.sim.resilience.retry_budget import RetryBudget
from archlab.sim.resilience.token_bucket import TokenBucket
from archlab.sim.result import Result
from archlab.sim.servers.autoscaler import HorizontalPodAutoscaler
from archlab.sim.servers.load_shedding import SheddingStation
from archlab.sim.servers.pool import Pool
from archlab.sim.servers.processor_sharing import SharedProcessors
from archlab.sim.servers.scalable_pool import ScalablePool
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Bursts, Deterministic, Diurnal, Mix, Poisson, Ramp, Trace

__all__ = [
    "Attempt",
    "Backoff",
    "BalancingRule",
    "Bulkhead",
    "Bursts",
    "CircuitBreaker",
    "ClientSideDiscovery",
    "CloudAccount",
    "Constant",
    "Consul",
    "Crash",
    "Crashed",
    "CutOff",
    "Deterministic",
    "Distribution",
    "Diurnal",
    "Empirical",
    "Etcd",
    "Eureka",
    "EventLog",
    "Exponential",
    "Failure",
    "Fault",
    "Function",
    "Hedge",
    "HorizontalPodAutoscaler",
    "Lognormal",
    "Lossy",
    "Mesh",
    "MessageQueue",
    "Mix",
    "Network",
    "OutlierDetection",
    "Pareto",
    "Partition",
    "Poisson",
    "Pool",
    "PooledPercentile",
    "Ramp",
    "Refused",
    "Replicas",
    "Request",
    "Result",
    "Retry",
    "RetryBudget",
    "ScalablePool",
    "ServerSideDiscovery",
    "ShardStream",
    "SharedProcessors",
    "SheddingStation",
    "Simulation",
    "SlowDown",
    "Station",
    "Streams",
    "Task",
    "Throttled",
    "TimeLimit",
    "TimedOut",
    "TokenBucket",
    "Trace",
    "Unavailable",
    "Uniform",
    "balancing_rule",
    "replicate",
    "sweep",
]
