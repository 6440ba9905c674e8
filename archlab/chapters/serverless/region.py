"""The region's function service is away: what waits survives, what was requested is lost.

The same orders come in three ways while functions cannot run for ten minutes: as requests, whose customers get an
error; as asynchronous events, which the platform tries again for six hours; and as messages in a queue, which keeps
them. Queue and event service are other services, and stay up here; where the whole region is away, they accept nothing,
either, so this errs in favour of functions. Nobody at the shop can repair it.

>>> came = away(seed=1, away_s=60.0, watch_s=400.0)
>>> came.lost_percent.tolist()
[100.0, 0.0, 0.0]
"""

from collections.abc import Generator
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.chapters.serverless.bills import KEPT, RUNTIME, USUAL, least_memory_mb
from archlab.sim.faults import Crash
from archlab.sim.functions import AsyncInvocations, Function, Invocation
from archlab.sim.functions.runtimes import initialisation_s, keep_alive_s
from archlab.sim.functions.triggers import QueueTrigger
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive

WAYS = ("requests", "asynchronous events", "messages in a queue")
RATE_PER_S = 2.0
"""In each way. Few, so that runs are short: nothing here depends on the load."""
AWAY_AT_S, AWAY_S, WATCH_S = 30.0, 600.0, 1500.0
TIME_LIMIT_S, STORE_S = 30.0, 0.005
"""Assumptions: a function that takes orders has a short limit, and a queue is quick."""


def away(seed: int = 1, away_s: float = AWAY_S, watch_s: float = WATCH_S) -> pd.DataFrame:
    """Return what became of the orders that came while functions were away: a row a way.

    Columns: orders, lost_percent (never done), and last_done_s, when the last of them was done after the return; NaN
    where none was.
    """
    require_positive("away_s", away_s)
    sim = Simulation(seed)
    done: dict[str, dict[int, float]] = {way: {} for way in WAYS}
    functions = {way: _function(sim, way, done[way]) for way in WAYS}
    queue = MessageQueue(sim, "orders", store_s=STORE_S, ack_timeout_s=30 * TIME_LIMIT_S)
    QueueTrigger(functions["messages in a queue"], queue)
    events = AsyncInvocations(functions["asynchronous events"])
    came: list[float] = []

    def customers() -> Generator[Event, Any, None]:
        gaps = sim.stream("orders")
        while sim.now < AWAY_AT_S + away_s:
            yield sim.timeout(gaps.exponential(1 / RATE_PER_S))
            came.append(sim.now)
            functions["requests"].invoke([len(came)])
            events.send([len(came)])
            queue.publish(len(came))

    sim.start(customers())
    sim.inject(*(Crash(name, AWAY_AT_S, away_s) for name in functions))
    sim.run(until=AWAY_AT_S + away_s + watch_s)
    return _what_became(came, done, AWAY_AT_S + away_s)


def _function(sim: Simulation, name: str, done: dict[int, float]) -> Function:
    """A function that notes which orders it has done, and when."""

    def run(invocation: Invocation) -> Generator[Event, Any, None]:
        yield invocation.compute(USUAL.cpu_s)
        yield sim.timeout(USUAL.waiting_s)
        for order in invocation.payload:
            done.setdefault(getattr(order, "body", order), sim.now)

    initialised, kept = initialisation_s(RUNTIME), keep_alive_s(KEPT)
    memory_mb = least_memory_mb()
    return Function(sim, name, run, initialised, kept, memory_mb=memory_mb, time_limit_s=TIME_LIMIT_S)


def _what_became(came: list[float], done: dict[str, dict[int, float]], back_s: float) -> pd.DataFrame:
    """A row a way, about the orders that came while functions were away."""
    numbers = [number for number, at_s in enumerate(came, start=1) if AWAY_AT_S <= at_s < back_s]
    rows = {}
    for way, moments in done.items():
        ends = [moments[number] - back_s for number in numbers if number in moments]
        lost = 100 * (1 - len(ends) / len(numbers))
        last_s = max(ends, default=float("nan"))
        rows[way] = {"orders": float(len(numbers)), "lost_percent": lost, "last_done_s": last_s}
    return pd.DataFrame(rows).T
