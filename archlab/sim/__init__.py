"""The simulation kit: time, load, queues, networks, faults and measurement. It knows no shop.

Everything here runs inside a `Simulation`, which is a `simpy.Environment`. Times are in seconds, rates in requests
per second, sizes in bytes.
"""

from archlab.sim.adaptive_throttling import AdaptiveThrottle
from archlab.sim.attempt import Attempt
from archlab.sim.autoscaler import HorizontalPodAutoscaler
from archlab.sim.backoff import Backoff
from archlab.sim.balancing import BalancingRule, balancing_rule
from archlab.sim.bulkhead import Bulkhead
from archlab.sim.circuit_breaker import CircuitBreaker
from archlab.sim.consul import Consul
from archlab.sim.deadline_propagation import TimeLimit
from archlab.sim.discovery import ClientSideDiscovery, ServerSideDiscovery
from archlab.sim.distributions import (
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Lognormal,
    Pareto,
    Uniform,
)
from archlab.sim.etcd import Etcd
from archlab.sim.eureka import Eureka
from archlab.sim.event_log import EventLog
from archlab.sim.experiment import replicate, sweep
from archlab.sim.failure import Crashed, Failure, Refused, TimedOut, Unavailable
from archlab.sim.faults import Crash, Fault, Lossy, Partition, SlowDown
from archlab.sim.hedging import Hedge
from archlab.sim.load import Request
from archlab.sim.load_shedding import SheddingStation
from archlab.sim.message_queue import MessageQueue
from archlab.sim.network import Network
from archlab.sim.outlier_detection import OutlierDetection
from archlab.sim.replicas import Replicas
from archlab.sim.result import Result
from archlab.sim.retry import Retry
from archlab.sim.retry_budget import RetryBudget
from archlab.sim.scalable_pool import ScalablePool
from archlab.sim.sidecar import Mesh
from archlab.sim.simulation import Simulation
from archlab.sim.station import Station
from archlab.sim.streams import Streams
from archlab.sim.task import Task
from archlab.sim.token_bucket import TokenBucket
from archlab.sim.workload import Bursts, Deterministic, Diurnal, Mix, Poisson, Ramp, Trace

__all__ = [
    "AdaptiveThrottle",
    "Attempt",
    "Backoff",
    "BalancingRule",
    "Bulkhead",
    "Bursts",
    "CircuitBreaker",
    "ClientSideDiscovery",
    "Constant",
    "Consul",
    "Crash",
    "Crashed",
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
    "Ramp",
    "Refused",
    "Replicas",
    "Request",
    "Result",
    "Retry",
    "RetryBudget",
    "ScalablePool",
    "ServerSideDiscovery",
    "SheddingStation",
    "Simulation",
    "SlowDown",
    "Station",
    "Streams",
    "Task",
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
