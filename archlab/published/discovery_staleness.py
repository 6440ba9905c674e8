"""Stale discovery: how long callers send to an instance that is dead, how many requests that costs, and what helps.

Each experiment is a function of `seed` and returns figures by name, for `replicate` and `sweep`. The registries are
those of `archlab.sim.discovery.kinds`, by their defaults. No measurement of this was published; the figures follow from
the defaults, and `eureka_s`, `etcd_s` and `consul_check_s` work out some of them by hand.

What this leaves out: an instance answers at once or refuses at once. A machine that has vanished costs each caller a
whole timeout besides, so the dead are dearer in reality.

>>> round(eureka_s().mean, 1), eureka_s().longest
(225.0, 300.0)
>>> figures = staleness(seed=1, registry="eureka", deaths=20)
>>> 190 < figures["mean_s"] < 260, figures["longest_s"] <= 300.1
(True, True)
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from simpy.events import Event

from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.balancing.rules import RandomChoice
from archlab.sim.discovery.eureka_server import EurekaSettings
from archlab.sim.discovery.kinds import build, kind_of
from archlab.sim.discovery.registry import ServiceRegistry
from archlab.sim.discovery.sides import ClientSideDiscovery
from archlab.sim.failure import Failure
from archlab.sim.load import Request
from archlab.sim.network import Network
from archlab.sim.resilience.retry import Retry
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson

LATENCY_S = 0.00025
"""One way between two machines of a region (S. Eskildsen, *napkin-math*)."""
SERVICE = "orders"

Care = Literal["none", "retry", "ejection", "both"]
"""What the caller does itself: one more attempt at another instance, or leave out one that fails again and again.

"ejection" has the defaults of `OutlierDetection`, but one instance may be out however few there are.
"""


@dataclass(frozen=True)
class Staleness:
    """How long a dead instance stays visible, in seconds."""

    mean: float
    longest: float


def eureka_s(
    settings: EurekaSettings | None = None, since: Literal["death", "last renewal"] = "death"
) -> Staleness:
    """Work out by hand how long Eureka's clients believe in a dead instance, when all clocks are independent.

    Where at least seven instances are registered: below, it is for good (`archlab.sim.discovery.eureka_server`). The
    lease ends `lease_s` after the last renewal; eviction, copy and poll each come a time later that is even
    between 0 and their interval, half of it on average. A death comes half a heartbeat after the last renewal on
    average, so counted from the death it is so much less.
    """
    s = settings or EurekaSettings()
    clocks_s = s.eviction_every_s + s.response_cache_s + s.fetch_every_s
    earlier_s = s.heartbeat_s / 2 if since == "death" else 0.0
    return Staleness(mean=s.lease_s - earlier_s + clocks_s / 2, longest=s.lease_s + clocks_s)


def etcd_s(ttl_s: float, sweep_s: float = 0.5) -> Staleness:
    """The same for a lease of etcd, counted from the death: renewed after a third of the TTL, swept every 0.5 s."""
    return Staleness(mean=ttl_s * (1 - 1 / 6) + sweep_s / 2, longest=ttl_s + sweep_s)


def consul_check_s(check_every_s: float) -> Staleness:
    """The same for a check of Consul that finds a process dead which refuses at once."""
    return Staleness(mean=check_every_s / 2, longest=check_every_s)


def staleness(
    seed: int, registry: str = "eureka", instances: int = 10, clients: int = 5, deaths: int = 20
) -> dict[str, float]:
    """Let one instance after another die, restart it when all clients know, and measure how long each client did not.

    Returns, over clients and deaths, `mean_s` and `longest_s`, counted from the death; `mean_silent_s` and
    `longest_silent_s`, counted from the last sign of life that reached the registry; and `never`, the share of the
    pairs of a death and a client where the client did not hear of it until the experiment gave up. (Those count for
    no mean. With no death found, the other figures are NaN.)
    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("instances", instances, at_least=1)
    require_whole("clients", clients, at_least=1)
    require_whole("deaths", deaths, at_least=1)
    fleet = Fleet(seed, registry, instances, [f"client-{number}" for number in range(clients)])
    found_s, silent_s = fleet.sim.run(until=fleet.sim.start(_die_in_turn(fleet, deaths)))
    nothing = [float("nan")]
    return {
        "mean_s": float(np.mean(found_s or nothing)),
        "longest_s": float(np.max(found_s or nothing)),
        "mean_silent_s": float(np.mean(silent_s or nothing)),
        "longest_silent_s": float(np.max(silent_s or nothing)),
        "never": 1 - len(found_s) / (deaths * clients),
    }


def cost(
    seed: int, registry: str = "eureka", rate_per_s: float = 50, instances: int = 10, care: Care = "none"
) -> dict[str, float]:
    """Let one of the instances die under load from one caller, who picks among those it believes in at random.

    Returns, from the death until the caller has heard of it (or the experiment gives up): `stale_s`, how long that
    took, `requests`, `to_the_dead` (attempts that went to it), `failed` (requests that failed in the end) and
    `to_the_dead_formula`, rate x share of one instance x `stale_s`, which holds for a caller without care.
    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("rate_per_s", rate_per_s)
    require_whole("instances", instances, at_least=1)
    if care not in get_args(Care):
        raise ValueError(f"care is {care!r}; it must be one of {', '.join(map(repr, get_args(Care)))}")
    fleet = Fleet(seed, registry, instances, ["web"])
    sim, caller = fleet.sim, Caller(fleet, care)
    sim.run(until=kind_of(registry).settles_s + float(sim.stream("deaths").uniform(0, 60)))
    died_at_s = sim.now
    news = fleet.kill(fleet.stations[0])
    sim.open_load(Poisson(rate_per_s), caller.ask)
    sim.run(until=sim.any_of([news["web"], sim.timeout(kind_of(registry).gives_up_s)]))
    stale_s = sim.now - died_at_s
    return {
        "stale_s": stale_s,
        "requests": caller.requests,
        "to_the_dead": caller.to_the_dead,
        "failed": caller.failed,
        "to_the_dead_formula": rate_per_s / instances * stale_s,
    }


class Fleet:
    """A service of several instances, a registry that knows them, and clients that ask it."""

    def __init__(self, seed: int, registry: str, instances: int, clients: Sequence[str]) -> None:
        self.sim = Simulation(seed)
        self.kind = kind_of(registry)
        self.network = Network(self.sim, LATENCY_S)
        self.registry: ServiceRegistry = build(registry, self.sim, self.network)
        self.stations = [Station(self.sim, f"{SERVICE}-{number}") for number in range(instances)]
        self.clients = list(clients)
        for station in self.stations:
            self.registry.register(SERVICE, station)
        for client in self.clients:
            self.registry.instances(SERVICE, client)
        self._awaited: dict[str, tuple[str, Event]] = {}
        self.registry.on_news(self._on_news)

    def kill(self, station: Station) -> dict[str, Event]:
        """Crash an instance. Returns for each client the event of hearing of it, with the time as its value."""
        station.crash()
        self._awaited = {client: (station.name, self.sim.event()) for client in self.clients}
        return {client: event for client, (_, event) in self._awaited.items()}

    def _on_news(self, client: str) -> None:
        name, event = self._awaited.get(client, ("", None))
        if event is not None and not event.triggered and name not in self.registry.instances(SERVICE, client):
            event.succeed(self.sim.now)


def _die_in_turn(fleet: Fleet, deaths: int) -> Generator[Event, Any, tuple[list[float], list[float]]]:
    """Kill and restart. Returns how long the clients did not know, since the death and since the last sign of life."""
    sim, random = fleet.sim, fleet.sim.stream("deaths")
    found_s: list[float] = []
    silent_s: list[float] = []
    for number in range(deaths):
        yield sim.timeout(fleet.kind.settles_s + float(random.uniform(0, 60)))
        station, died_at_s = fleet.stations[number % len(fleet.stations)], sim.now
        silent_since_s = died_at_s - fleet.registry.silent_s(SERVICE, station.name)
        news = list(fleet.kill(station).values())
        yield sim.any_of([sim.all_of(news), sim.timeout(fleet.kind.gives_up_s)])
        heard_at_s: list[Any] = [event.value for event in news if event.triggered]
        found_s += [at_s - died_at_s for at_s in heard_at_s]
        silent_s += [at_s - silent_since_s for at_s in heard_at_s]
        station.restart()
    return found_s, silent_s


class Caller:
    """One caller at the node `web`, which finds its instances itself, and what it does about those that fail."""

    def __init__(self, fleet: Fleet, care: Care) -> None:
        self.sim, self.network = fleet.sim, fleet.network
        self.requests = self.failed = self.to_the_dead = 0
        self._discovery = ClientSideDiscovery(fleet.registry)
        self._retry = Retry(self.sim, "caller", attempts=2 if care in ("retry", "both") else 1)
        self._rule = RandomChoice(self.sim, "caller")
        self._ejection: OutlierDetection | None = None
        if care in ("ejection", "both"):
            self._ejection = OutlierDetection(self.sim, "caller", at_least_one=True)

    def ask(self, _: Request) -> Generator[Event, Any, None]:
        """One request: one attempt, or two at two instances."""
        self.requests += 1
        tried: list[Station] = []
        try:
            yield self._retry.call(lambda: self._attempt(tried))
        except Failure:
            self.failed += 1
            raise

    def _attempt(self, tried: list[Station]) -> Event:
        """Ask one of those believed in, but none twice as long as there are others."""

        def candidates() -> list[Station]:
            believed = self._discovery.candidates(SERVICE, "web")
            return [station for station in believed if station not in tried] or believed

        def call(station: Station) -> Event:
            tried.append(station)
            self.to_the_dead += not station.is_up
            return self.network.call("web", station.name, _answer(station))

        return Replicas(self.sim, SERVICE, candidates, self._rule, self._ejection).call(call)


def _answer(station: Station) -> Generator[Event, Any, None]:
    """An instance that is up answers at once, so that nothing but the registry shows."""
    yield station.serve(0.0)
