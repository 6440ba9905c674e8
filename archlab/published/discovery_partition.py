"""Partitioned discovery: the network is cut in two, and callers on both sides go on asking their registry.

One of the three servers is on the small side with some of the instances, two are on the large side with the rest. A
minute after the cut one instance dies and a new one starts on each side. Ten minutes after the cut, just before it
heals, we ask on both sides: does the registry answer somebody new? What does a client believe that has asked before:
how many entries that nobody here can use (dead, or on the other side), how many missing that would be of use?

Eureka answers on both sides. Few heartbeats missing, it evicts what is on the other side; many, it protects itself
and keeps everything, dead or alive. etcd and Consul answer on the side with more than half of the servers and forget
the other side; on the small side a client keeps what it knew, and somebody new is turned away.

>>> figures = partition(seed=1, registry="etcd")
>>> figures["small_answers"], figures["large_answers"], figures["large_useless"]
(0.0, 1.0, 0.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archlab.published.discovery_staleness import SERVICE, Fleet
from archlab.sim.discovery.kinds import SERVERS
from archlab.sim.failure import Unavailable
from archlab.sim.servers.station import Station
from archlab.sim.validation import require_positive, require_whole

CHANGES_AFTER_S = 60.0
SIDES = ("small", "large")


@dataclass(frozen=True)
class Side:
    """One side of the cut: its servers and instances. It has two clients: an old one and one that is new at the end."""

    name: str
    servers: Sequence[str]
    stations: list[Station]

    @property
    def old_client(self) -> str:
        """The node of the client that asked before the cut."""
        return f"{self.name}-old"

    @property
    def new_client(self) -> str:
        """The node of the client that asks for the first time when the cut is about to heal."""
        return f"{self.name}-new"

    @property
    def nodes(self) -> list[str]:
        """All nodes of this side, the instance that starts during the cut included."""
        stations = [station.name for station in self.stations]
        return [*self.servers, *stations, self.old_client, self.new_client, f"{SERVICE}-{self.name}"]

    def useful(self) -> set[str]:
        """The instances that can be called from here."""
        return {station.name for station in self.stations if station.is_up}


def partition(
    seed: int, registry: str = "eureka", instances: int = 20, cut_off: int = 8, lasts_s: float = 600
) -> dict[str, float]:
    """Cut `cut_off` of the instances and one of the three servers off for `lasts_s` seconds.

    Returns for each side, as `small_...` and `large_...`: `answers` (1 when the registry answers a new client),
    `believed` (entries of the old client's list), `useless` (of these, those that cannot be called from there),
    `missing` (instances that could be called but are not in the list), `sees_new` (1 when the instance that started on
    this side is in it). And `right_after_s`: how long after the cut both old clients believe in exactly those that are
    up (NaN: not within 15 minutes).
    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("cut_off", cut_off, at_least=1)
    require_whole("instances", instances, at_least=cut_off + 1)
    require_positive("lasts_s", lasts_s - CHANGES_AFTER_S)
    fleet = Fleet(seed, registry, instances, [f"{side}-old" for side in SIDES])
    sim = fleet.sim
    small = Side("small", SERVERS[:1], fleet.stations[:cut_off])
    large = Side("large", SERVERS[1:], fleet.stations[cut_off:])
    sim.run(until=fleet.kind.settles_s + float(sim.stream("cut").uniform(0, 60)))
    fleet.network.nodes(*small.nodes, *large.nodes)
    fleet.network.partition(small.nodes, large.nodes)
    sim.run(until=sim.now + CHANGES_AFTER_S)
    for side in (small, large):
        _change(fleet, side)
    sim.run(until=sim.now + lasts_s - CHANGES_AFTER_S)
    figures = _look(fleet, small) | _look(fleet, large)
    fleet.network.heal()
    return figures | {"right_after_s": _right_after_s(fleet, [small, large])}


def _change(fleet: Fleet, side: Side) -> None:
    """On this side one instance dies and another one starts."""
    side.stations[0].crash()
    started = Station(fleet.sim, f"{SERVICE}-{side.name}")
    side.stations.append(started)
    fleet.registry.register(SERVICE, started)


def _look(fleet: Fleet, side: Side) -> dict[str, float]:
    """What the clients of one side get, and what it is worth to them."""
    believed, useful = set(fleet.registry.instances(SERVICE, side.old_client)), side.useful()
    figures = {
        "answers": float(_answers(fleet, side.new_client)),
        "believed": len(believed),
        "useless": len(believed - useful),
        "missing": len(useful - believed),
        "sees_new": float(f"{SERVICE}-{side.name}" in believed),
    }
    return {f"{side.name}_{figure}": float(value) for figure, value in figures.items()}


def _answers(fleet: Fleet, client: str) -> bool:
    try:
        fleet.registry.instances(SERVICE, client)
    except Unavailable:
        return False
    return True


def _right_after_s(fleet: Fleet, sides: Sequence[Side], within_s: float = 900) -> float:
    """How long it takes from now until the old clients believe in exactly those instances that are up."""
    sim, healed_at_s = fleet.sim, fleet.sim.now
    up = set().union(*(side.useful() for side in sides))
    wrong = {side.old_client for side in sides}
    all_right = sim.event()

    def check(client: str) -> None:
        if client in wrong and set(fleet.registry.instances(SERVICE, client)) == up:
            wrong.discard(client)
        if not wrong and not all_right.triggered:
            all_right.succeed()

    fleet.registry.on_news(check)
    for side in sides:
        check(side.old_client)
    sim.run(until=sim.any_of([all_right, sim.timeout(within_s)]))
    return float("nan") if wrong else sim.now - healed_at_s
