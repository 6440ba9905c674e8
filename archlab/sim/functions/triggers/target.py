"""Whom a trigger sends its events to: asynchronous invocations, which it makes for a function that has none.

>>> from archlab.sim import Function, Simulation
>>> sim = Simulation(seed=1)
>>> def settle(invocation):
...     yield sim.timeout(1.0)
>>> require_target("target", Function(sim, "settle", settle, init_s=0.0, keep_alive_s=60)).policy.max_retries
2
"""

from archlab.sim.functions.asynchronous import AsyncInvocations
from archlab.sim.functions.function import Function
from archlab.sim.validation import require_instance


def require_target(name: str, target: Function | AsyncInvocations) -> AsyncInvocations:
    """Return the asynchronous invocations. Raises `TypeError` when it is neither those nor a function."""
    require_instance(name, target, (Function, AsyncInvocations), "a Function or AsyncInvocations")
    return AsyncInvocations(target) if isinstance(target, Function) else target
