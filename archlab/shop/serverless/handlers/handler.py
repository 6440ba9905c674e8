"""A handler: what one function does. It gets the invocation, works on its processor share, and uses the tables.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> browse = shop.functions["browse"].invoke(3)
>>> shop.sim.run(until=browse).product.name, browse.is_cold
('product 3', True)
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeVar

from archlab.shop.database import Queries
from archlab.shop.domain import Refusal
from archlab.shop.instance import Steps
from archlab.shop.serverless.platform import Platform
from archlab.shop.serverless.steps import share_of
from archlab.shop.store import Statement
from archlab.sim.functions.invocation import Invocation

T = TypeVar("T")


class Handler(ABC):
    """What all functions share. A subclass names itself, as in `archlab.shop.serverless.steps`, and does its work.

    It has no state of its own: between two invocations everything is in the tables.
    """

    name: ClassVar[str]

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.rows = platform.tables.server.connection
        self.queries = Queries(platform.tables.server, self.name)

    def __call__(self, invocation: Invocation) -> Steps[Any]:
        """Run once. A refusal is an answer: it is returned, as it travels to the caller like any other."""
        try:
            return (yield from self.run(invocation, invocation.payload))
        except Refusal as refusal:
            return refusal

    @abstractmethod
    def run(self, here: Invocation, event: Any) -> Steps[Any]:
        """Do the work that `event` asks for, and return the answer. Raises a `Refusal` or a `Failure`."""

    def compute(self, here: Invocation) -> Steps[None]:
        """Spend the function's share of the use case's processor time, at the speed that its memory buys."""
        kind, share = share_of(self.name)
        yield here.compute(self.platform.cpu_s(kind, share))

    def query(self, here: Invocation, question: Callable[[], T]) -> Steps[T]:
        """Spend the time of one query, and return what the rows say at its end."""
        return (yield from self.platform.tables.query(here, self.queries, question))

    def write(self, here: Invocation, statements: Iterable[Statement]) -> Steps[None]:
        """Write in one transaction: all, or none and the `Refusal` of the statement that failed."""
        yield from self.platform.tables.write(here, self.queries, statements)

    @property
    def has_keys(self) -> bool:
        """Whether the shop is built with idempotency keys."""
        return self.platform.config.idempotency_keys
