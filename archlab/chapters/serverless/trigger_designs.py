"""Five triggers of functions, and a loop on a server, each with the same handlers behind it.

Each stands in its strongest usual form. The queue is set as AWS recommends, and its handler names what failed. The
stream halves a batch that fails, and tries until a record expires. Asynchronous events, the notices of an object store
and a timer's firings have AWS's two retries. The loop takes what its table says is open, the oldest first.

How long a notice of an object store takes is drawn through AWS's words: "seconds", and for one in a hundred a minute.

>>> from archlab.chapters.serverless.event_desk import Trouble
>>> sim = Simulation(seed=1)
>>> desk = Desk(sim, with_keys=False, trouble=Trouble(), sent_s=[0.0])
>>> send = DESIGNS["queue"](sim, desk)
>>> _ = send(0)
>>> sim.run(until=10.0)
>>> [event for event, _ in desk.written]
[0]
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from simpy.events import Event

from archlab.chapters.serverless.event_desk import WORK_S, Desk
from archlab.sim import Failure, Function, Lognormal, MessageQueue, ShardStream, Simulation, Station
from archlab.sim.functions import (
    AsyncInvocations,
    Invocation,
    ObjectStore,
    QueueTrigger,
    ScheduleTrigger,
    StreamTrigger,
)
from archlab.sim.functions.asynchronous import NOT_RUN
from archlab.sim.messaging import BatchPolicy, EnhancedFanOut

INIT_S, KEEP_ALIVE_S, TIME_LIMIT_S = 0.085, 300.0, 30.0
"""As in `archlab.chapters.serverless.poison`."""
RECEIVES = 5
"""What AWS recommends at least before a message becomes a dead letter."""
NOTICE = Lognormal.from_median_p99(1.0, 60.0)
"""How many seconds the notice of a new object takes."""
CUSTOMERS = 5
"""Who send the events; the order of one customer's events may matter."""

Send = Callable[[int], object]
Handler = Callable[[Invocation], Generator[Event, Any, Any]]


def _function(sim: Simulation, handler: Handler) -> Function:
    return Function(sim, "books", handler, INIT_S, KEEP_ALIVE_S, time_limit_s=TIME_LIMIT_S)


def _queue(sim: Simulation, desk: Desk) -> Send:
    queue = MessageQueue(sim, "events", store_s=0.005, delivery_limit=RECEIVES - 1)
    QueueTrigger(_function(sim, desk.messages), queue, partial_failures=True)
    return queue.publish


def _stream(sim: Simulation, desk: Desk) -> Send:
    stream = ShardStream(sim, "events", append_s=0.005)
    StreamTrigger(_function(sim, desk.records), stream, BatchPolicy(bisect=True), EnhancedFanOut())
    return lambda event: stream.append(f"customer {event % CUSTOMERS}", event)


def _asynchronous(sim: Simulation, desk: Desk) -> Send:
    return AsyncInvocations(_function(sim, desk.one)).send


def _objects(sim: Simulation, desk: Desk) -> Send:
    store = ObjectStore(sim, "events")
    store.notify(_function(sim, desk.one), NOTICE)
    return lambda event: store.put(f"event {event}", size_bytes=1000, body=event)


def _timer(sim: Simulation, desk: Desk) -> Send:
    """A timer sends by itself: at the first time, and as often as there are events."""
    every_s = desk.sent_s[1] - desk.sent_s[0]
    clock = ScheduleTrigger(_function(sim, desk.one), every_s, first_s=desk.sent_s[0])
    sim.call_at(desk.sent_s[-1] + every_s / 2, lambda _: clock.stop())
    return lambda event: None


def _loop(sim: Simulation, desk: Desk) -> Send:
    """A loop on a server: the oldest open event, again until it is done; what is open stands in a table."""
    server, table, news = Station(sim, "books"), list[int](), [Event(sim)]

    def run() -> Generator[Event, Any, None]:
        waits = NOT_RUN.delays(sim.stream("loop"))
        while True:
            if not table:
                yield news[0]
            try:
                yield server.serve(WORK_S)
                desk.write(table[0])
                table.pop(0)
                waits = NOT_RUN.delays(sim.stream("loop"))
            except Failure:
                yield sim.timeout(next(waits))

    def send(event: int) -> None:
        table.append(event)
        arrived, news[0] = news[0], Event(sim)
        arrived.succeed()

    sim.start(run())
    return send


DESIGNS: Mapping[str, Callable[[Simulation, Desk], Send]] = {
    "queue": _queue,
    "asynchronous": _asynchronous,
    "object created": _objects,
    "timer": _timer,
    "stream": _stream,
    "loop on a server": _loop,
}
"""A design -> what builds it and returns how an event is sent."""
TRIGGERS, LOOP = tuple(DESIGNS)[:-1], tuple(DESIGNS)[-1]
