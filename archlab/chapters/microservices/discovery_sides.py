"""Client-side and server-side discovery: who must find out that an instance is dead, and what the balancer costs.

Client-side, every client has its own list and its own failures. Server-side, one balancer learns for all, and is one
more hop and one more part. Both pick at random and leave out who fails five times in a row, for 30 s and longer
(`archlab.sim.balancing.outlier_detection`); the registry is Eureka, the slowest.

Clients may find out for themselves as long as ejection gives back `WORTH_HAVING_PERCENT` of what the dead one fails. A
balancer must lose `MUCH_FEWER` times fewer requests than they do, and its hop must go unnoticed.

>>> few, many = (failures_of_one_death(1, side="client", clients=clients)["failed"] for clients in (1, 20))
>>> many > 5 * few
True
>>> client_side(gives_back_up_to_clients=30).words
'Holds when: up to 30 clients that share 50 calls a second'
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import pandas as pd
from simpy.events import Event

from archlab.chapters.microservices.mesh import RATE_PER_S, STEADY, WORTH_HAVING_PERCENT
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to, last_holding
from archlab.published.discovery_staleness import SERVICE, Fleet
from archlab.shop.day import availability_percent, run_shop
from archlab.shop.microservices import hooks
from archlab.shop.microservices.architecture import Microservices
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.balancing.rules import RandomChoice
from archlab.sim.discovery.consul import Consul
from archlab.sim.discovery.kinds import kind_of
from archlab.sim.discovery.sides import ClientSideDiscovery, Discovery, ServerSideDiscovery
from archlab.sim.experiment import sweep
from archlab.sim.failure import Failure
from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

Side = Literal["client", "server"]
CALLS_PER_S = 50.0
"""Of all clients together."""
INSTANCES = 10


def failures_of_one_death(
    seed: int, side: Side, clients: int, ejection: bool = True, registry: str = "eureka"
) -> dict[str, float]:
    """Let one of ten instances die under the load of so many clients, until all of them have heard of it.

    Returns `failed`, the requests that failed.
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
    news = fleet.kill(fleet.stations[0])
    sim.open_load(Poisson(CALLS_PER_S), callers.ask)
    sim.run(until=sim.any_of([sim.all_of(list(news.values())), sim.timeout(kind_of(registry).gives_up_s)]))
    return {"failed": callers.failed}


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
    clients: Sequence[int] = (1, 5, 20, 50, 100), seeds: Iterable[int] = range(4)
) -> pd.DataFrame:
    """The same load from more and more clients: client-side with and without ejection, and server-side with it
    (every second point only: how many ask the balancer changes nothing there).

    Columns: design, clients, failed with its interval.
    """
    designs: dict[str, dict[str, Sequence[Any]]] = {
        "client-side, no ejection": {"side": ["client"], "ejection": [False], "clients": [1]},
        "client-side": {"side": ["client"], "ejection": [True], "clients": clients},
        "server-side": {"side": ["server"], "ejection": [True], "clients": clients[::2]},
    }
    frames = [sweep(failures_of_one_death, grid, seeds).assign(design=name) for name, grid in designs.items()]
    return pd.concat(frames, ignore_index=True)


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


def hop_costs(
    hop_ms: Sequence[float] = (0.02, 0.05, 0.1, 0.15, 0.25, 0.5), requests: int = 40, seed: int = 1
) -> pd.DataFrame:
    """Ask an idle shop for pages, with slower and slower messages. Columns: hop_ms (one way), slower_percent."""
    rows = []
    for ms in hop_ms:
        client, server = (_mean_page_s(side, ms / 1000, requests, seed) for side in ("client", "server"))
        rows.append({"hop_ms": ms, "slower_percent": 100 * (server / client - 1)})
    return pd.DataFrame(rows)


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


def gives_back_up_to_clients(found: pd.DataFrame) -> float:
    """Return up to how many clients ejection is worth having; takes `discovery_sides.more_clients`."""
    careless = found[found.design == "client-side, no ejection"].failed.iloc[0]
    own = found[found.design == "client-side"]
    given_back_percent = 100 * (1 - own.failed / careless)
    return last_holding(own.clients.tolist(), (given_back_percent - WORTH_HAVING_PERCENT).tolist())


@settles("service-discovery.client-side-client-queries-service-registry", evidence=Evidence.SIMULATED)
def client_side(gives_back_up_to_clients: float) -> Verdict:
    """Holds up to the number of clients, who share {CALLS_PER_S} calls a second and each find out for themselves,
    at which ejection gives back {WORTH_HAVING_PERCENT} % of the requests that a dead instance fails.
    """
    return holds_up_to(gives_back_up_to_clients, f"clients that share {CALLS_PER_S:.0f} calls a second")


MUCH_FEWER = 2.0
"""Half the failures: what one more part must be worth."""


def times_fewer_failures(found: pd.DataFrame, clients: int = 20) -> float:
    """Return how many times fewer requests a balancer loses than so many clients.

    Takes `discovery_sides.more_clients`.
    """
    failed = found[found.clients == clients].set_index("design").failed
    return float(failed["client-side"] / failed["server-side"])


def unnoticed_up_to_hop_ms(hops: pd.DataFrame) -> float:
    """Return up to which hop a balancer goes unnoticed; takes `discovery_sides.hop_costs`."""
    return last_holding(hops.hop_ms.tolist(), (NOTICEABLE_PERCENT - hops.slower_percent).tolist())


@settles("service-discovery.server-side-load-balancer-queries-service-registry", evidence=Evidence.SIMULATED)
def server_side(unnoticed_up_to_hop_ms: float, times_fewer_failures: float) -> Verdict:
    """Holds up to the hop at which the way through a balancer makes a page {NOTICEABLE_PERCENT} % slower, when it
    fails {MUCH_FEWER} times fewer requests than clients who find out for themselves.
    """
    if times_fewer_failures <= MUCH_FEWER:
        return holds_if(False)
    return holds_up_to(
        unnoticed_up_to_hop_ms, f"ms a hop, where pages take {NOTICEABLE_PERCENT:.0f} % longer"
    )
