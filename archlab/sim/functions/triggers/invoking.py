"""Invoking a function for somebody else: what has not run is asked for again, until it is too late.

A function that is throttled or down has done nothing, so a trigger waits and asks again, and that is no retry of the
work. What has run and failed is the trigger's business.

>>> from archlab.sim import Function, Simulation
>>> sim = Simulation(seed=1)
>>> def work(invocation):
...     yield sim.timeout(1.5)
...     return invocation.payload
>>> busy = Function(sim, "busy", work, init_s=0.0, keep_alive_s=60, reserved=1)
>>> first = busy.invoke("first")
>>> second = sim.start(until_it_runs(busy, "second", sim.stream("waits"), until_s=60.0))
>>> sim.run(until=second).value, sim.now, busy.throttled
('second', 4.5, 2)
"""

from __future__ import annotations

from collections.abc import Generator
from math import isnan
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.sim.failure import Failure
from archlab.sim.functions.asynchronous import NOT_RUN
from archlab.sim.functions.function import Function
from archlab.sim.functions.invocation import Invocation
from archlab.sim.resilience.backoff import Backoff


def until_it_runs(
    function: Function,
    payload: Any,
    random: np.random.Generator,
    until_s: float,
    backoff: Backoff = NOT_RUN,
) -> Generator[Event, Any, Invocation]:
    """Invoke a function, again after each time that it has not run. Returns the invocation when it has ended.

    That one `has_run`, whether well or not, or the next one would come after `until_s`.
    """
    waits = backoff.delays(random)
    while True:
        invocation = function.invoke(payload)
        try:
            yield invocation
        except Failure:
            wait_s = next(waits)
            if not has_run(invocation) and function.sim.now + wait_s <= until_s:
                yield function.sim.timeout(wait_s)
                continue
        return invocation


def has_run(invocation: Invocation) -> bool:
    """Whether the handler has begun."""
    return not isnan(invocation.began_s)
