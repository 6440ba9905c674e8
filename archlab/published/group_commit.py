"""Group commit in a broker: how much credit the publisher has decides how often the disk must flush.

The makers of RabbitMQ sent a million messages through a quorum queue on a slow disk, one flush (fsync) of which takes
5.9 ms (*AMQP 1.0 benchmarks*, 2024; `data/rabbitmq.csv`). With the default credit of 128 they needed 15,493 flushes and
reached 9,986 messages a second; with a credit of 2,000, 1,244 flushes and 83,459 a second.

The model is a pipeline: the publisher sends as long as it has credit; a flush makes all durable that has come by then;
one core works on each message; then the message is settled, and half of the credit comes back when half is settled. The
work on a message is taken from the second test, whose rate is therefore an input. The flushes with the default credit
and both latencies are not.

Why 64 messages a flush, half of 128: the first message that may be sent starts a flush for itself alone, and the other
127 have come when the next one begins. So all of the credit takes two flushes. It does not matter for that whether the
credit comes back one by one, by halves or all at once (`back_at`).

What this leaves out: the way to a consumer, whose acknowledgements and credit are flushed, too. It was one machine, so
nothing was copied to others; its three schedulers are one core here. So the rate is 2 % above the published one, and
the latencies are lower (12 and 18 ms from sending to settling, where 18 and 35 were measured from sending to
receiving), though they rise as they should: more credit buys throughput and costs latency. With the large credit it
flushes more often than the real one, which has other work to do between two flushes; that costs it nothing, since the
disk is not what limits there.

>>> small, large = model(), model(credit=2000)
>>> round(small["messages_per_flush"]), round(small["rate_per_s"], -2)
(64, 10200.0)
>>> large["core_busy"] > 0.98, large["disk_busy"] < small["disk_busy"], large["p50_s"] > small["p50_s"]
(True, False, True)
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from simpy.events import Event

from archlab.sim.messaging.credit import LINK_CREDIT, Credit
from archlab.sim.servers.batch_server import BatchServer
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole

FLUSH_S = 0.0059
"""One fsync of the published disk, on average."""
WORK_S = 1 / 83_459
"""The work on a message: the published rate with a credit of 2,000, when it is the work that limits."""
WARM_UP = 2
"""So many times the credit is sent first and not measured."""


def model(
    credit: int = LINK_CREDIT,
    flush_s: float = FLUSH_S,
    work_s: float = WORK_S,
    messages: int = 20_000,
    back_at: int | None = None,
) -> dict[str, float]:
    """Send messages as fast as the credit allows, and measure `messages` of them. Nothing in it is random.

    `back_at`: so much credit comes back at a time, as in `Credit`.

    Returns `rate_per_s`, `messages_per_flush`, `p50_s` and `p99_s` of the time from sending to settling, and
    `disk_busy` and `core_busy`, shares of the time.
    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("work_s", work_s)
    require_whole("messages", messages, at_least=1000)
    sim = Simulation(seed=1)
    broker = Broker(sim, credit, flush_s, work_s, back_at)
    sim.run(until=sim.start(broker.publish(WARM_UP * credit)))
    before, began_s = broker.totals(), sim.now
    sim.run(until=sim.start(broker.publish(messages)))
    spent = {name: total - before[name] for name, total in broker.totals().items()}
    took_s = np.array(broker.took_s[int(before["settled"]) :])
    duration_s = sim.now - began_s
    return {
        "rate_per_s": spent["settled"] / duration_s,
        "messages_per_flush": spent["flushed"] / spent["flushes"],
        "p50_s": float(np.percentile(took_s, 50)),
        "p99_s": float(np.percentile(took_s, 99)),
        "disk_busy": spent["disk_s"] / duration_s,
        "core_busy": spent["core_s"] / duration_s,
    }


class Broker:
    """A publisher's credit, the disk behind it, and the core that works on what is durable."""

    def __init__(
        self, sim: Simulation, credit: int, flush_s: float, work_s: float, back_at: int | None = None
    ) -> None:
        self.sim = sim
        self.credit = Credit(sim, credit, back_at)
        self.disk = BatchServer(sim, "disk", flush_s)
        self.core = Station(sim, "core")
        self.work_s = work_s
        self.took_s: list[float] = []

    def publish(self, count: int) -> Generator[Event, None, None]:
        """Send so many messages, each as soon as there is credit for it."""
        for _ in range(count):
            yield self.credit.take()
            self.sim.start(self._message())

    def _message(self) -> Generator[Event, None, None]:
        sent_s = self.sim.now
        yield self.disk.serve()
        yield self.core.serve(self.work_s)
        self.took_s.append(self.sim.now - sent_s)
        self.credit.settle()

    def totals(self) -> dict[str, float]:
        """Sums since the start: messages settled and flushed, flushes, and seconds of work of the disk and the core."""
        return {
            "settled": len(self.took_s),
            "flushed": self.disk.completed,
            "flushes": self.disk.batches,
            "disk_s": self.disk.totals()["busy_s"],
            "core_s": self.core.totals()["busy_s"],
        }
