"""An attempt: a function without arguments that starts some work and returns the event of its end.

Everything that guards a call takes an attempt and returns an event, so guards nest, and you see in which order:

>>> from archlab.sim import Simulation, Station
>>> from archlab.sim.resilience.bulkhead import Bulkhead
>>> from archlab.sim.resilience.retry import Retry
>>> sim = Simulation(seed=1)
>>> payments = Station(sim, "payments")
>>> retry, bulkhead = Retry(sim, "retry"), Bulkhead(sim, "bulkhead", concurrent=4)
>>> paid = retry.call(lambda: bulkhead.call(lambda: sim.deadline(payments.serve(0.1), timeout_s=0.3)))
>>> sim.run(until=paid), sim.now
(None, 0.1)
"""

from collections.abc import Callable

from simpy.events import Event

Attempt = Callable[[], Event]
"""Starts something, each time it is called, and returns the event of its outcome. Or raises a `Failure` at once."""
