"""A broker's own capacity: what it costs to store a message once, and to send it to one subscriber.

The event log and the message queue of the kit take time, but never queue. Give a log a `Broker`, and each append and
each fetch asks for a share of it. A log stores a record once, however many groups read it. A broker with a queue for
each subscriber stores a copy for each (RabbitMQ's documentation of streams, "Large fan-outs", calls that "potentially
inefficient, especially when wanting persistence and/or replication"): `copies` says how many.

The defaults are those of three machines of six cores on which J. Kreps measured Apache Kafka (LinkedIn 2014, see
`data/broker_capacity.csv`): records of 100 bytes a second that three producers stored with three replicas, and that
three consumers read. The readers' own network may have been the limit there, so a send costs the broker at most this.

What this leaves out: the broker is a number of cores that share their time among all that it does (`SharedProcessors`),
as many threads do. Disk, network and cores of a real one are full at different loads, and a larger batch costs less a
message; both err against the broker. Acknowledgements cost nothing here, which errs in favour of queues.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> broker = Broker(sim, "broker", store_s=0.002, send_s=0.001, cores=1)
>>> def publish():
...     yield broker.store()
...     yield broker.send(3)
...     return sim.now
>>> sim.run(until=sim.start(publish()))
0.005
>>> broker.load(events_per_s=100, subscribers=3), round(broker.load(100, 3, copies=3), 3)
(0.5, 0.9)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.data import load as published
from archlab.sim.servers.processor_sharing import SharedProcessors
from archlab.sim.validation import require_non_negative, require_whole

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar
    from archlab.sim.servers.visit import Visit


CORES = 18
"""Three machines of six."""


def _measured_s(what: str) -> float:
    """The time of a core that one record takes, from the records a second that all of them together did."""
    table = published("broker_capacity").set_index("setting").value
    return CORES / float(table[what])


STORE_S = _measured_s("3 producers, 3 replicas, asynchronous")
SEND_S = _measured_s("3 consumers")


class Broker:
    """The work of a broker, on processors known to the simulation by `name`.

    Args:
        store_s: time of a core to store one copy of a message, its replication included.
        send_s: time of a core to send a message to one subscriber.
        cores: how many there are.

    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self, sim: Calendar, name: str, store_s: float = STORE_S, send_s: float = SEND_S, cores: int = CORES
    ) -> None:
        require_non_negative("store_s", store_s)
        require_non_negative("send_s", send_s)
        require_whole("cores", cores, at_least=1)
        self.store_s, self.send_s = store_s, send_s
        self.processors = SharedProcessors(sim, name, cores)

    def store(self, copies: int = 1) -> Visit:
        """Store so many copies of a message; yield the visit to wait for its end. It fails as those of a station."""
        require_whole("copies", copies, at_least=1)
        return self.processors.serve(copies * self.store_s)

    def send(self, messages: int = 1) -> Visit:
        """Send so many messages to one subscriber; yield the visit to wait for its end."""
        require_whole("messages", messages, at_least=1)
        return self.processors.serve(messages * self.send_s)

    def load(self, events_per_s: float, subscribers: int, copies: int = 1) -> float:
        """Return the share of the cores that this many events a second take; above 1 it is too much."""
        require_non_negative("events_per_s", events_per_s)
        require_whole("subscribers", subscribers, at_least=0)
        require_whole("copies", copies, at_least=1)
        asked = events_per_s * (copies * self.store_s + subscribers * self.send_s)
        return asked / self.processors.capacity
