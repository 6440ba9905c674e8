"""Client-side and server-side discovery: who must find out that an instance is dead, and what the balancer costs.

Client-side, every client has its own list and its own failures. Server-side, one balancer learns for all, and is one
more hop and one more part. Both pick at random and leave out who fails five times in a row, for 30 s and longer
(`archlab.sim.balancing.outlier_detection`); the registry is Eureka, the slowest.

Clients may find out for themselves where each calls so often that ejection gives back more than `WORTH_HAVING_PERCENT`
of what the dead one fails. A balancer must lose `MUCH_FEWER` times fewer requests than they do, and its hop must go
unnoticed by those who ask for a page. How long a hop is depends on your network, so that verdict is a limit, as for
the gateway's hop.

What this leaves out: one balancer stands for all, on a machine of its own. Real ones come in pairs, which fail less
often and learn apart. Kubernetes' kube-proxy picks in the caller's own kernel: no hop, but it does not see failures.

>>> few, many = (failures_of_one_death(1, side="client", clients=clients)["failed"] for clients in (1, 10))
>>> many > 5 * few
True
>>> server_side(10, unnoticed_up_to_hop_ms=0.13, our_hop_ms=0.25, page_itself_ms=6.9, unnoticed_from_page_ms=11).words
'Holds when: up to 0.13 ms a hop (ours: 0.25, beyond it), when at ours a page takes at least 11 ms (here 6.9)'
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.chapters.microservices.discovery import CALLS_PER_S, INSTANCES
from archlab.chapters.microservices.gateway import ours
from archlab.chapters.microservices.mesh import RATE_PER_S, STEADY, WORTH_HAVING_PERCENT
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from, holds_if, holds_up_to
from archlab.published.discovery_staleness import LATENCY_S, SERVICE, Fleet
from archlab.shop.day import availability_percent, run_shop
from archlab.shop.microservices import hooks
from archlab.shop.microservices.architecture import Microservices
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.balancing.rules import RandomChoice
from archlab.sim.discovery.consul import Consul
from archlab.sim.discovery.kinds import kind_of
from archlab.sim.discovery.sides import ClientSideDiscovery, Discovery, ServerSideDiscovery
from archlab.sim.experiment import replicate
from archlab.sim.failure import Failure
from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

Side = Literal["client", "server"]
HOP_MS = 1000 * LATENCY_S
"""A message between two machines of a region, one way, as everywhere in the shop."""


def failures_of_one_death(
    seed: int,
    side: Side,
    clients: int,
    ejection: bool = True,
    registry: str = "eureka",
    calls_per_s: float = CALLS_PER_S,
) -> dict[str, float]:
    """Let one of ten instances die under the load of so many clients, until all of them have heard of it.

    `calls_per_s` is what all clients ask together. Returns `failed`, the requests that failed, and `would_fail`: how
    many would on average without ejection, the share of the dead one for as long as each list had it.
    Raises `ValueError` when `side` is neither "client" nor "server".
    """
    if side not in ("client", "server"):
        raise ValueError(f"side is {side!r}; it must be 'client' or 'server'")
    names = [f"client-{number}" for number in range(clients)]
    listeners = names if side == "client" else ["balancer"]
    fleet = Fleet(seed, registry, INSTANCES, listeners)
    callers = Callers(fleet, side, names, ejection)
    sim = fleet.sim
    sim.run(until=kind_of(registry).settles_s + float(sim.stream("deaths").uniform(0, 60)))
    died_at_s = sim.now
    news = fleet.kill(fleet.stations[0])
    sim.open_load(Poisson(calls_per_s), callers.ask)
    sim.run(until=sim.any_of([sim.all_of(list(news.values())), sim.timeout(kind_of(registry).gives_up_s)]))
    heard_at_s: list[Any] = [event.value if event.triggered else sim.now for event in news.values()]
    stale_s = float(np.mean(heard_at_s)) - died_at_s
    return {"failed": callers.failed, "would_fail": calls_per_s / INSTANCES * stale_s}


class Callers:
    """Clients that ask in turn, each through its own list of instances or all through the one of a balancer."""

    def __init__(self, fleet: Fleet, side: Side, names: Sequence[str], ejection: bool) -> None:
        self.failed = 0
        self._fleet, self._names, self._ejection = fleet, names, ejection
        self._turn = 0
        self._way: Discovery = ClientSideDiscovery(fleet.registry)
        if side == "server":
            self._way = ServerSideDiscovery(fleet.registry, Station(fleet.sim, "balancer"))
        self._lists = {place: self._replicas(place) for place in dict.fromkeys(map(self._way.source, names))}

    def ask(self, _: Request) -> Generator[Event, Any, None]:
        """One request of the client whose turn it is."""
        client = self._names[self._turn % len(self._names)]
        self._turn += 1
        place = self._way.source(client)

        def call(station: Station) -> Event:
            return self._fleet.network.call(place, station.name, _answer(station))

        try:
            yield self._way.call(client, lambda: self._lists[place].call(call))
        except Failure:
            self.failed += 1
            raise

    def _replicas(self, place: str) -> Replicas[Station]:
        """The list at one place, with its own choice and its own ejection."""
        sim = self._fleet.sim
        ejection = OutlierDetection(sim, place, at_least_one=True) if self._ejection else None

        def candidates() -> list[Station]:
            return self._way.candidates(SERVICE, place)

        return Replicas(sim, SERVICE, candidates, RandomChoice(sim, place), ejection)


def _answer(station: Station) -> Generator[Event, Any, None]:
    """An instance that is up answers at once."""
    yield station.serve(0.0)


def more_clients(
    clients: Sequence[int] = (1, 10, 40), calls_per_s: float = CALLS_PER_S, seeds: Iterable[int] = range(10)
) -> pd.DataFrame:
    """The same load from more and more clients that find out alone, and through one balancer, where it does not
    matter how many ask.

    Columns: design, clients (1 for the balancer), seed, the figures of `failures_of_one_death`.
    """
    chosen = list(seeds)
    points: list[tuple[Side, int]] = [*(("client", number) for number in clients), ("server", 1)]
    runs = [
        replicate(failures_of_one_death, chosen, side=side, clients=number, calls_per_s=calls_per_s).assign(
            design=_name(side, number), clients=number
        )
        for side, number in points
    ]
    return pd.concat(runs, ignore_index=True)


BALANCER = "one balancer for all"


def _name(side: Side, clients: int) -> str:
    return BALANCER if side == "server" else f"{clients} client{'s' * (clients > 1)}"


def shop_through(side: Side, running: hooks.Running) -> hooks.MeshCall:
    """Let Consul find the shop's instances, asked by the callers themselves or by one balancer for all of them."""
    consul = Consul(running.sim, running.network)
    for service in running.services.values():
        for instance in service.instances:
            consul.register(service.name, instance)
    way: Discovery = ClientSideDiscovery(consul)
    if side == "server":
        way = ServerSideDiscovery(consul, Station(running.sim, "balancer"))
    lists: dict[tuple[str, str], Replicas[Any]] = {}

    def call(caller: str, service: str, _: Any, send: Any) -> Event:
        place = way.source(caller)
        if (place, service) not in lists:
            name = f"{place} to {service}"
            rule = RandomChoice(running.sim, name)
            lists[place, service] = Replicas(running.sim, name, lambda: way.candidates(service, place), rule)
        return way.call(caller, lambda: lists[place, service].call(send))

    return call


def slower_percent(hop_ms: float, requests: int = 5, seed: int = 1) -> float:
    """Return how much longer a page takes in an idle shop through a balancer, when a message takes so long one way."""
    client_s, server_s = (_mean_page_s(side, hop_ms / 1000, requests, seed) for side in ("client", "server"))
    return 100 * (server_s / client_s - 1)


def _mean_page_s(side: Side, hop_s: float, requests: int, seed: int) -> float:
    config = replace(STEADY, hop_s=hop_s, mesh=partial(shop_through, side))
    shop = Microservices(Simulation(seed), config)
    for _ in range(requests):
        shop.answer(shop.browse(1))
    return shop.sim.now / requests


def balancer_crash(seed: int, side: Side, at_s: float = 5.0, for_s: float = 10.0) -> dict[str, float]:
    """Crash the balancer of the shop (with "client": one of Consul's three servers instead).

    Returns `pages_percent`, the share of the pages asked for in that time that succeeded.
    """
    shop = partial(Microservices, config=replace(STEADY, mesh=partial(shop_through, side)))
    crash = Crash("balancer" if side == "server" else "consul-1", at_s, for_s)
    run = run_shop(shop, Poisson(RATE_PER_S), [crash], seed, duration_s=at_s + for_s)
    return {"pages_percent": availability_percent(run.result, "browse", at_s, at_s + for_s)}


CLIENTS = 5
"""So many share the luck of a run in which the limit below is looked for. Each finds out for itself."""


def worth_it_from_per_s(seeds: Iterable[int] = range(10), registry: str = "eureka") -> Limit:
    """Return from how many calls a second of each client on ejection is worth having, with one that finds out alone."""
    margin = partial(_more_than_worth_percent, registry=registry)
    return bisect(margin, between=(1.0, 4.0), holds="from", seeds=seeds, tolerance=0.2, log=True)


def _more_than_worth_percent(seed: int, calls_per_s_each: float, registry: str) -> float:
    return _given_back_percent(seed, calls_per_s_each, registry) - WORTH_HAVING_PERCENT


def _given_back_percent(seed: int, calls_per_s_each: float, registry: str) -> float:
    """How much of what the dead one fails ejection gives back, to clients that find out alone."""
    calls_per_s = calls_per_s_each * CLIENTS
    found = failures_of_one_death(seed, "client", CLIENTS, registry=registry, calls_per_s=calls_per_s)
    return 100 * (1 - found["failed"] / found["would_fail"])


@settles(
    "service-discovery.client-side-client-queries-service-registry",
    evidence=Evidence.SIMULATED,
    says={
        "worth_it_from_per_s": "pays from calls of each client",
    },
)
def client_side(worth_it_from_per_s: float) -> Verdict:
    """Holds from the number of calls a second of each client at which its own ejection gives back more than
    {WORTH_HAVING_PERCENT} % of the requests that one dead instance of {INSTANCES} fails, with Eureka.
    """
    return holds_from(
        worth_it_from_per_s, f"calls a second from each client to {INSTANCES} instances, with Eureka"
    )


MUCH_FEWER = 2.0
"""Half the failures: what one more part must be worth."""


def times_fewer_failures(found: pd.DataFrame, clients: int = 10) -> OverSeeds:
    """Return how many times fewer requests a balancer loses than so many clients, seed by seed.

    Takes `discovery_sides.more_clients`.
    """
    failed = found.pivot(index="seed", columns="design", values="failed")
    return OverSeeds(failed[_name("client", clients)] / failed[BALANCER])


def unnoticed_up_to_hop_ms() -> float:
    """Return up to which time of a message, one way, a balancer goes unnoticed. Luck has no part in it."""
    return float(bisect(_unnoticed_percent, (0.01, 2), "up to", seeds=[1], tolerance=0.002, log=True))


def _unnoticed_percent(_: int, hop_ms: float) -> float:
    return NOTICEABLE_PERCENT - slower_percent(hop_ms)


def unnoticed_from_page_ms(hop_ms: float = HOP_MS) -> float:
    """Return what a page must take itself for the way through a balancer, with this hop, to go unnoticed."""
    return page_itself_ms(hop_ms) * slower_percent(hop_ms) / NOTICEABLE_PERCENT


def page_itself_ms(hop_ms: float = HOP_MS) -> float:
    """Return the mean time of a page in an idle shop without a balancer, with this hop."""
    return 1000 * _mean_page_s("client", hop_ms / 1000, requests=5, seed=1)


def server_figures(found: pd.DataFrame) -> dict[str, float]:
    """Return the figures of the rule below; takes `discovery_sides.more_clients`."""
    return {
        "times_fewer_failures": times_fewer_failures(found),
        "unnoticed_up_to_hop_ms": unnoticed_up_to_hop_ms(),
        "our_hop_ms": HOP_MS,
        "page_itself_ms": page_itself_ms(),
        "unnoticed_from_page_ms": unnoticed_from_page_ms(),
    }


@settles(
    "service-discovery.server-side-load-balancer-queries-service-registry",
    evidence=Evidence.SIMULATED,
    says={
        "times_fewer_failures": "times fewer requests that fail",
        "unnoticed_up_to_hop_ms": "the hop that a page does not notice",
        "our_hop_ms": "our hop",
        "page_itself_ms": "our page without it",
        "unnoticed_from_page_ms": "pages that do not notice our hop, from",
    },
)
def server_side(
    times_fewer_failures: float,
    unnoticed_up_to_hop_ms: float,
    our_hop_ms: float,
    page_itself_ms: float,
    unnoticed_from_page_ms: float,
) -> Verdict:
    """Holds up to the hop at which the way through a balancer on a machine of its own makes a page
    {NOTICEABLE_PERCENT} % slower, when clients who find out for themselves fail more than {MUCH_FEWER} times as many
    requests as it does.
    """
    if times_fewer_failures <= MUCH_FEWER:
        return holds_if(False)
    page = Assumption(
        "a page",
        page_itself_ms,
        unnoticed_from_page_ms,
        "ms",
        when="at ours a page takes at least {flips_at}",
    )
    return holds_up_to(
        unnoticed_up_to_hop_ms, f"ms a hop (ours: {ours(our_hop_ms, unnoticed_up_to_hop_ms)})", page
    )
