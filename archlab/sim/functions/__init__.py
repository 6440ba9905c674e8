"""A function platform: functions, the environments they run in, and the limits of an account."""

from archlab.sim.functions.account import CloudAccount
from archlab.sim.functions.asynchronous import AsyncEvent, AsyncInvocations, AsyncPolicy
from archlab.sim.functions.environment import Environment
from archlab.sim.functions.failures import CutOff, Throttled
from archlab.sim.functions.function import Function
from archlab.sim.functions.invocation import Invocation
from archlab.sim.functions.memory import computing_s, processors
from archlab.sim.functions.scaling import BEFORE_2023, TODAY, ScalingRate

__all__ = [
    "BEFORE_2023",
    "TODAY",
    "AsyncEvent",
    "AsyncInvocations",
    "AsyncPolicy",
    "CloudAccount",
    "CutOff",
    "Environment",
    "Function",
    "Invocation",
    "ScalingRate",
    "Throttled",
    "computing_s",
    "processors",
]
