"""The platform: what every function of the shop runs on and is given, so that none has to know the whole shop.

A function that calls another waits for its answer, and its own time is on the bill meanwhile: the customer pays twice
for the same second. That is the known cost of calling functions from functions.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> platform = Serverless(Simulation(seed=1)).platform
>>> platform.tables.server.name, platform.messages.name, platform.orders.name
('database', 'notifications', 'new orders')
"""

import sqlite3
from typing import Any

from archlab.shop.domain import Refusal
from archlab.shop.instance import Steps
from archlab.shop.provider import PaymentProvider
from archlab.shop.serverless.config import ServerlessConfig
from archlab.shop.serverless.connections import SharedTables
from archlab.sim.functions.account import CloudAccount
from archlab.sim.functions.function import Function
from archlab.sim.functions.triggers import ObjectStore
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.messaging.shard_stream import ShardStream
from archlab.sim.simulation import Simulation


class Platform:
    """What the functions of one shop share: an account, tables, the provider, a queue, a stream and a store.

    `functions` is filled when they are deployed. `rows`: a connection to the real rows of the database.
    """

    def __init__(self, sim: Simulation, config: ServerlessConfig, rows: sqlite3.Connection) -> None:
        self.sim, self.config = sim, config
        self.account = CloudAccount(sim, config.concurrency, config.scaling)
        self.tables = SharedTables(sim, config, rows)
        self.provider = PaymentProvider(sim, config.provider_s, declined=config.declined)
        self.messages = MessageQueue(sim, "notifications", config.publish_s)
        self.orders = ShardStream(sim, "new orders", config.publish_s)
        self.pictures = ObjectStore(sim, "pictures")
        self.functions: dict[str, Function] = {}
        self.next_hop_s = sim.draws("hop", config.hop_s)
        self._next_cpu_s = {kind: sim.draws(f"{kind} cpu", cpu_s) for kind, cpu_s in config.cpu_s.items()}

    def cpu_s(self, kind: str, share: float) -> float:
        """Return the processor time of a share of a use case, and of a message that is read and one that is sent."""
        return self._next_cpu_s[kind]() * share + self.config.message_cpu_s

    def invoke(self, function: str, payload: object) -> Steps[Any]:
        """Invoke a function and return its answer, which may be a `Refusal`. Raises a `Failure`."""
        yield self.sim.timeout(self.next_hop_s())
        answer = yield self.functions[function].invoke(payload)
        yield self.sim.timeout(self.next_hop_s())
        return answer

    def ask(self, function: str, payload: object) -> Steps[Any]:
        """The same, but a `Refusal` is raised."""
        return accept((yield from self.invoke(function, payload)))


def accept(answer: Any) -> Any:
    """Return an answer, or raise the `Refusal` that it is."""
    if isinstance(answer, Refusal):
        raise answer
    return answer
