"""One server of Eureka: the leases it holds, when it evicts, and when it protects itself by evicting nothing.

A server counts the renewals it gets. When the last full minute brought no more than 85 % of those it expects, it
takes the network for broken rather than the instances for dead, and evicts nobody. Otherwise it evicts instances
whose lease has run out, in random order, but never more than 15 % of all at a time (of a few: one). An instance it
has evicted, it expects no more. Clients do not read the leases but a copy, made every 30 s.

**Mind small registries.** With six instances or fewer one death is enough for a server to protect itself: of 12
renewals a minute 10 are left, and that is not more than the 10 it wants. The dead one is never evicted.

All of this and the rounding (both shares are rounded so that few instances mean fewer evictions) is that of Netflix,
*Eureka*, `AbstractInstanceRegistry` and `PeerAwareInstanceRegistryImpl`. Left out: the minutes after a server's start
in which it serves nothing, and the correction every 15 min of how many renewals it expects, which changes nothing
here, since it counts instances the server still holds.

>>> from archlab.sim import Simulation
>>> from archlab.sim.discovery.eureka_server import EurekaServer, EurekaSettings
>>> server = EurekaServer(Simulation(seed=1), "eureka", EurekaSettings())
>>> for number in range(10):
...     server.renew(("orders", f"orders-{number}"))
>>> server.expected, server.threshold  # of 20 renewals a minute
(10, 17)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archlab.sim.core.repeating import Repeating
from archlab.sim.discovery.registry import Key, View, by_service
from archlab.sim.validation import require_flag, require_fraction, require_positive

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

LEASE_S = 90.0
"""After how many seconds without a renewal a lease ends, as documented."""
LEASE_IN_EFFECT_S = 2 * LEASE_S
"""When it really ends: `Lease.renew` adds the duration to the time of renewal, and `Lease.isExpired` adds it once more
(Netflix, *Eureka*, `Lease.java`)."""
MINUTE_S = 60.0


@dataclass(frozen=True)
class EurekaSettings:
    """The defaults of Eureka's server and client (Netflix, *Eureka*, `DefaultEurekaServerConfig`, `Lease`,
    `DefaultEurekaClientConfig`).

    `lease_s` is the lease in effect, twice the duration that is set and documented. `renewal_threshold` is the share
    of the expected renewals a minute below which a server protects itself.
    Raises `ValueError` when a value is not allowed.
    """

    heartbeat_s: float = 30.0
    lease_s: float = LEASE_IN_EFFECT_S
    eviction_every_s: float = 60.0
    self_preservation: bool = True
    renewal_threshold: float = 0.85
    response_cache_s: float = 30.0
    fetch_every_s: float = 30.0

    def __post_init__(self) -> None:
        for name in ("heartbeat_s", "lease_s", "eviction_every_s", "response_cache_s", "fetch_every_s"):
            require_positive(name, getattr(self, name))
        require_flag("self_preservation", self.self_preservation)
        require_fraction("renewal_threshold", self.renewal_threshold)


class EurekaServer:
    """The leases of one server, and its three clocks: eviction, the count of a minute, the copy for clients."""

    def __init__(self, sim: Simulation, name: str, settings: EurekaSettings) -> None:
        self.sim, self.name, self.settings = sim, name, settings
        self.renewed_at_s: dict[Key, float] = {}
        self.expected = 0
        self.renewals_last_minute = 0
        self.evicted = 0
        self._copy: View | None = None
        self._renewals = 0
        self._shuffle = sim.stream(f"{name} eviction").shuffle
        for every_s, action in (
            (MINUTE_S, self._next_minute),
            (settings.eviction_every_s, self.evict),
            (settings.response_cache_s, self._renew_copy),
        ):
            Repeating.at_random_phase(sim, every_s, action, f"{name} phase of {action.__name__}")

    @property
    def threshold(self) -> int:
        """The server evicts only when the last minute brought more renewals than this."""
        per_instance = MINUTE_S / self.settings.heartbeat_s
        return int(self.expected * per_instance * self.settings.renewal_threshold)

    @property
    def protects_itself(self) -> bool:
        """Whether it takes the network for broken, and evicts nobody."""
        return self.settings.self_preservation and not 0 < self.threshold < self.renewals_last_minute

    def renew(self, key: Key) -> None:
        """An instance is well. One that is not known is new: it counts as registered now."""
        if key in self.renewed_at_s:
            self._renewals += 1
        else:
            self.expected += 1
        self.renewed_at_s[key] = self.sim.now

    def cancel(self, key: Key) -> None:
        """Forget an instance, and expect no more renewals of it."""
        if self.renewed_at_s.pop(key, None) is not None:
            self.expected -= 1

    def view(self) -> View:
        """Whom the leases name at this moment."""
        return by_service(self.renewed_at_s)

    def copy(self) -> View:
        """What clients are given: the leases as they were when the copy was made, at the first question or later."""
        if self._copy is None:
            self._copy = self.view()
        return self._copy

    def evict(self) -> None:
        """Forget instances whose lease has run out: a few at a time, and nobody while it protects itself."""
        if self.protects_itself:
            return
        held = len(self.renewed_at_s)
        at_most = held - int(held * self.settings.renewal_threshold)
        expired = [key for key, at_s in self.renewed_at_s.items() if self._is_over(at_s)]
        self._shuffle(expired)
        for key in expired[:at_most]:
            self.cancel(key)
            self.evicted += 1

    def _is_over(self, renewed_at_s: float) -> bool:
        return self.sim.now - renewed_at_s > self.settings.lease_s

    def _next_minute(self) -> None:
        self.renewals_last_minute, self._renewals = self._renewals, 0

    def _renew_copy(self) -> None:
        self._copy = self.view()
