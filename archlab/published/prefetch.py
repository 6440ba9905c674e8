"""Prefetch: how many messages a broker sends a consumer in advance, and what that is good and bad for.

M. Sackman's example (*Some queuing theory: throughput, latency and bandwidth*, RabbitMQ blog, 2012;
`data/rabbitmq.csv`): a message is 50 ms on its way to the consumer, its acknowledgement 50 ms on the way back, and the
work on it takes 4 ms. With a prefetch of 1 the consumer is busy 3.8 % of the time; 104 / 4 = 26 keep it busy; with 51
messages wait 100 ms at the consumer for nothing. When the work becomes ten times as slow, they wait longer still.

>>> figures = model(prefetch=26)
>>> round(figures["busy"], 3), round(1000 * figures["waits_s"])
(1.0, 0)
>>> figures = model(prefetch=51)
>>> round(figures["busy"], 3), round(1000 * figures["waits_s"])
(1.0, 100)
"""

from __future__ import annotations

from collections.abc import Generator

from simpy.events import Event

from archlab.sim.messaging.message import Message
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole

WAY_S, WORK_S = 0.050, 0.004
ROUNDS = 20
"""So many times the example runs until all that was sent in advance is acknowledged; the first half does not count."""


def model(prefetch: int, work_s: float = WORK_S, way_s: float = WAY_S) -> dict[str, float]:
    """Let one consumer work on a queue that is never empty. Nothing in it is random.

    Returns `busy`, the share of the time that the consumer works; `waits_s`, how long a message waits at the consumer;
    and `latency_s`, how long it takes from the broker to the end of the work.
    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("prefetch", prefetch, at_least=1)
    require_positive("work_s", work_s)
    sim = Simulation(seed=1)
    jobs = MessageQueue(sim, "jobs", store_s=0.0, delivery_s=way_s)
    round_s = max(2 * way_s + work_s, prefetch * work_s)
    until_s = ROUNDS * round_s

    def work(message: Message) -> Generator[Event, None, None]:
        yield sim.timeout(work_s)

    worker = jobs.consume(work, prefetch=prefetch)
    for number in range(int(until_s / work_s) + prefetch + 1):
        jobs.publish(number)
    sim.run(until=until_s / 2)
    before = worker.totals()
    sim.run(until=until_s)
    spent = {name: total - before[name] for name, total in worker.totals().items()}
    waits_s = spent["waiting_s"] / spent["completed"]
    return {
        "busy": spent["busy_s"] / (until_s / 2),
        "waits_s": waits_s,
        "latency_s": way_s + waits_s + work_s,
    }
