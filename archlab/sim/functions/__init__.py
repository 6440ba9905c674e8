"""A function platform: functions, the environments they run in, and the limits of an account."""

from archlab.sim.functions.account import CloudAccount
from archlab.sim.functions.asynchronous import AsyncEvent, AsyncInvocations, AsyncPolicy
from archlab.sim.functions.environment import Environment
from archlab.sim.functions.failures import CutOff, Throttled
from archlab.sim.functions.function import Function
from archlab.sim.functions.invocation import Invocation
from archlab.sim.functions.memory import computing_s, processors
from archlab.sim.functions.scaling import BEFORE_2023, TODAY, ScalingRate
from archlab.sim.functions.triggers import (
    POLLERS_2022,
    Firing,
    NotFound,
    ObjectStore,
    PollerScaling,
    QueueTrigger,
    ScheduleTrigger,
    StoredObject,
    StreamTrigger,
)

__all__ = [
    "BEFORE_2023",
    "POLLERS_2022",
    "TODAY",
    "AsyncEvent",
    "AsyncInvocations",
    "AsyncPolicy",
    "CloudAccount",
    "CutOff",
    "Environment",
    "Firing",
    "Function",
    "Invocation",
    "NotFound",
    "ObjectStore",
    "PollerScaling",
    "QueueTrigger",
    "ScalingRate",
    "ScheduleTrigger",
    "StoredObject",
    "StreamTrigger",
    "Throttled",
    "computing_s",
    "processors",
]
