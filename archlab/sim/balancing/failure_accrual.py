"""Failure accrual as in Linkerd: a server that fails several times in a row gets nothing, then one request as a test.

After `consecutive_failures` failures in a row a server is out for `min_penalty_s`. Then it is on probation: it may have
one request. If that succeeds, it is back. If not, it is out again, for twice as long as before, up to `max_penalty_s`.
A random part is added each time, so that many callers do not try at the same moment.

There is no limit to how many servers may be out, so it works in a pool of three, and a caller may be left with none.
In Linkerd it is off unless you ask for it by an annotation, and a `ServiceProfile` turns it off. Source of the rule and
the figures: *Circuit Breaking*, documentation of Linkerd.

What this leaves out: all failures count alike; Linkerd counts answers with a 5xx status. A request that began before
the server was put out and ends during the test is taken for the test. A test that never ends keeps the server out, so
give every call a time-out.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> servers = [Station(sim, "orders-1"), Station(sim, "orders-2")]
>>> accrual = FailureAccrual(sim, "orders accrual", jitter_ratio=0)
>>> for _ in range(7):
...     accrual.record(servers[0], ok=False)
>>> [one.name for one in accrual.filter(servers)]
['orders-2']
>>> sim.run(until=1)
>>> [one.name for one in accrual.filter(servers)]
['orders-1', 'orders-2']
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archlab.sim.balancing.ejection import Ejection, Named, T
from archlab.sim.core.calendar import require_sim
from archlab.sim.validation import (
    require_at_least,
    require_non_negative,
    require_positive,
    require_text,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


@dataclass
class _Server:
    """What is known of one server. It is out while `penalty_s` is above 0; `tested` while it has its one request."""

    failures: int = 0
    penalty_s: float = 0.0
    until_s: float = 0.0
    tested: bool = False


class FailureAccrual(Ejection):
    """Puts servers out that fail in a row, and tests them with one request before they are back.

    Args:
        name: names the stream of random numbers of the penalties.
        consecutive_failures: this many in a row put a server out.
        min_penalty_s: how long it is out the first time.
        max_penalty_s: how long it is out at most, before jitter.
        jitter_ratio: up to this share of each penalty is added to it.

    Raises `ValueError` when an argument is not allowed.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        consecutive_failures: int = 7,
        min_penalty_s: float = 1.0,
        max_penalty_s: float = 60.0,
        jitter_ratio: float = 0.5,
    ) -> None:
        super().__init__()
        require_sim(sim)
        require_text("name", name)
        require_whole("consecutive_failures", consecutive_failures, at_least=1)
        require_positive("min_penalty_s", min_penalty_s)
        require_at_least("max_penalty_s", max_penalty_s, min_penalty_s, "min_penalty_s")
        require_non_negative("jitter_ratio", jitter_ratio)
        self.sim = sim
        self.name = name
        self._consecutive_failures, self._jitter_ratio = consecutive_failures, jitter_ratio
        self._min_penalty_s, self._max_penalty_s = min_penalty_s, max_penalty_s
        self._random = sim.stream(f"{name} penalties")
        self._servers: dict[str, _Server] = {}

    def filter(self, candidates: Sequence[T]) -> list[T]:
        """Return those that are not out, and those whose test is due."""
        return [one for one in candidates if self._may_have_one(self._server(one))]

    def started(self, target: Named) -> None:
        """Note that a request to `target` is under way. To one that was out it is the test."""
        server = self._server(target)
        server.tested = server.penalty_s > 0

    def record(self, target: Named, ok: bool) -> None:
        """Note how a request to `target` ended. What ends while its server is out, and not tested, does not count."""
        server = self._server(target)
        if server.tested:
            self._judge_test(target, server, ok)
        elif not server.penalty_s:
            server.failures = 0 if ok else server.failures + 1
            if server.failures == self._consecutive_failures:
                self._put_out(target, server, self._min_penalty_s)

    def _judge_test(self, target: Named, server: _Server, ok: bool) -> None:
        if ok:
            self._servers[target.name] = _Server()
        else:
            self._put_out(target, server, min(2 * server.penalty_s, self._max_penalty_s))

    def _put_out(self, target: Named, server: _Server, penalty_s: float) -> None:
        jitter = 1 + self._jitter_ratio * self._random.random()
        server.penalty_s, server.tested = penalty_s, False
        server.until_s = self.sim.now + penalty_s * jitter
        self.ejections.append((self.sim.now, target.name))

    def _may_have_one(self, server: _Server) -> bool:
        return not server.penalty_s or (not server.tested and self.sim.now >= server.until_s)

    def _server(self, target: Named) -> _Server:
        return self._servers.setdefault(target.name, _Server())
