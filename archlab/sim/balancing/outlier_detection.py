"""Outlier detection as in Envoy and Istio: a server that fails several times in a row is left out for a while.

After `consecutive_failures` failures in a row a server is ejected at once. Every `sweep_s` seconds those whose time is
over come back: the base time, multiplied by how often it was ejected of late. Each sweep that finds a server back for
`sweep_s` or longer takes one off that number. At most the share `max_ejected` of the servers is out at a time.

**Mind that share in a small pool.** A tenth of nine servers or fewer is less than one, so with its defaults Envoy never
ejects anybody there. Older versions ejected at least one server in any case (*Outlier detection*, documentation of
Envoy 1.10); today that is a setting, `always_eject_one_host`, and off (`outlier_detection_impl.cc`). Istio's
translation of its own settings does not set it (`cluster_traffic_policy.go`). So in a pool of three nothing happens
unless you raise `max_ejected` to 0.34 or more. In Istio you must also ask for outlier detection: without that part of
a `DestinationRule` there is none.

What this leaves out: Envoy can also judge by success rates (Istio turns that off), and it ignores ejections when fewer
than half of the servers are left (Istio turns that off, too). All failures count alike here; Envoy counts answers with
a 5xx status, and failures to connect.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> servers = [Station(sim, f"orders-{n}") for n in range(10)]
>>> outliers = OutlierDetection(sim, "orders outliers", consecutive_failures=2)
>>> def serving():
...     return [one.name for one in outliers.filter(servers)]
>>> len(serving())
10
>>> outliers.record(servers[0], ok=False)
>>> outliers.record(servers[0], ok=False)
>>> "orders-0" in serving(), outliers.ejections
(False, [(0, 'orders-0')])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from archlab.sim.balancing.ejection import Ejection, Named, T
from archlab.sim.core.calendar import require_sim
from archlab.sim.validation import (
    require_at_least,
    require_flag,
    require_fraction,
    require_positive,
    require_text,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

ROUNDING = 1e-9
"""Seconds, or shares, that do not matter: sweeps are a sum of fractions."""


@dataclass
class _Server:
    """What is known of one server. `times` is by how much its last ejection was multiplied."""

    failures: int = 0
    times: int = 0
    back_at_s: float = 0.0


class OutlierDetection(Ejection):
    """Ejects servers that fail in a row. The defaults are those of Envoy, and of Istio's outlier detection when asked.

    Args:
        consecutive_failures: this many in a row eject a server.
        sweep_s: between two sweeps, from now on. A server comes back only at a sweep.
        base_ejection_s: how long the first ejection lasts; the n-th of late lasts n times as long.
        max_ejection_s: but no longer than this.
        max_ejected: the share of the servers that may be out at a time.
        at_least_one: True: one may be out whatever `max_ejected` says.

    It learns how large the pool is from `filter`, which `Replicas` asks before each call.
    `overflow` counts the ejections that `max_ejected` prevented. Sources: *Outlier detection*, documentation of Envoy;
    *Destination Rule*, documentation of Istio; see the module.
    Raises `ValueError` when an argument is not allowed.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        consecutive_failures: int = 5,
        sweep_s: float = 10.0,
        base_ejection_s: float = 30.0,
        max_ejection_s: float = 300.0,
        max_ejected: float = 0.1,
        at_least_one: bool = False,
    ) -> None:
        super().__init__()
        require_sim(sim)
        require_text("name", name)
        require_whole("consecutive_failures", consecutive_failures, at_least=1)
        require_positive("sweep_s", sweep_s)
        require_positive("base_ejection_s", base_ejection_s)
        require_at_least("max_ejection_s", max_ejection_s, base_ejection_s, "base_ejection_s")
        require_fraction("max_ejected", max_ejected)
        require_flag("at_least_one", at_least_one)
        self.sim = sim
        self.name = name
        self.overflow = 0
        self._consecutive_failures, self._sweep_s = consecutive_failures, sweep_s
        self._base_ejection_s, self._max_ejection_s = base_ejection_s, max_ejection_s
        self._max_ejected, self._at_least_one = max_ejected, at_least_one
        self._sweeps_from_s = sim.now
        self._servers: dict[str, _Server] = {}
        self._pool: list[str] = []

    def filter(self, candidates: Sequence[T]) -> list[T]:
        """Return those that are not ejected. `candidates` are the whole pool, of which `max_ejected` is a share."""
        self._pool = [one.name for one in candidates]
        return [one for one in candidates if not self._is_out(one.name)]

    def record(self, target: Named, ok: bool) -> None:
        """Note how a request to `target` ended. What ends while its server is out does not count."""
        if self._is_out(target.name):
            return
        server = self._servers.setdefault(target.name, _Server())
        server.failures = 0 if ok else server.failures + 1
        if server.failures == self._consecutive_failures:
            server.failures = 0
            self._eject(target.name, server)

    def _eject(self, name: str, server: _Server) -> None:
        if not self._may_eject():
            self.overflow += 1
            return
        before = max(0, server.times - self._sweeps_since(server.back_at_s))
        server.times = before + (
            before * self._base_ejection_s < self._max_ejection_s + self._base_ejection_s
        )
        lasts_s = min(server.times * self._base_ejection_s, self._max_ejection_s)
        server.back_at_s = self._first_sweep_from(self.sim.now + lasts_s)
        self.ejections.append((self.sim.now, name))

    def _may_eject(self) -> bool:
        out = sum(self._is_out(name) for name in self._pool)
        within = out + 1 <= self._max_ejected * len(self._pool) + ROUNDING
        return within or (self._at_least_one and out == 0)

    def _is_out(self, name: str) -> bool:
        return name in self._servers and self._servers[name].back_at_s > self.sim.now

    def _first_sweep_from(self, time_s: float) -> float:
        sweeps = ceil((time_s - self._sweeps_from_s) / self._sweep_s - ROUNDING)
        return self._sweeps_from_s + sweeps * self._sweep_s

    def _sweeps_since(self, back_at_s: float) -> int:
        """How many sweeps there were after the one at which a server came back. Each finds it well for `sweep_s`."""
        return floor((self.sim.now - back_at_s) / self._sweep_s + ROUNDING)
