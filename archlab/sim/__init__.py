"""The simulation kit: time, load, queues, networks, faults and measurement. It knows no shop.

Everything here runs inside a `Simulation`, which is a `simpy.Environment`. Times are in seconds, rates in requests
per second, sizes in bytes.
"""

from archlab.sim.distributions import (
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Lognormal,
    Pareto,
    Uniform,
)
from archlab.sim.experiment import replicate, sweep
from archlab.sim.failure import Crashed, Failure, Refused, TimedOut, Unavailable
from archlab.sim.faults import Crash, Fault, Lossy, Partition, SlowDown
from archlab.sim.load import Request
from archlab.sim.network import Network
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.station import Station
from archlab.sim.streams import Streams
from archlab.sim.task import Task
from archlab.sim.workload import Bursts, Deterministic, Diurnal, Mix, Poisson, Ramp, Trace

__all__ = [
    "Bursts",
    "Constant",
    "Crash",
    "Crashed",
    "Deterministic",
    "Distribution",
    "Diurnal",
    "Empirical",
    "Exponential",
    "Failure",
    "Fault",
    "Lognormal",
    "Lossy",
    "Mix",
    "Network",
    "Pareto",
    "Partition",
    "Poisson",
    "Ramp",
    "Refused",
    "Request",
    "Result",
    "Simulation",
    "SlowDown",
    "Station",
    "Streams",
    "Task",
    "TimedOut",
    "Trace",
    "Unavailable",
    "Uniform",
    "replicate",
    "sweep",
]
