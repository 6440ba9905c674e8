"""The gateway as the one entry, and as the one place where requests get their way.

The one entry needs enough gateways to go on when one is down; the one place costs a hop, which must go unnoticed.

>>> entry_points().set_index("clients_talk_to").addresses.to_dict()
{'the gateway': 1, 'the services': 2}
>>> move_pages(seed=1)["lost"]
0.0
>>> single_entry(addresses_with=1, addresses_without=2, goes_on_from_gateways=2).words
'Holds when: from 2 gateways, for the crash of one'
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.chapters.microservices.deployment import RESTART_S, deploy_each
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from, holds_up_to, last_holding
from archlab.shop.day import KINDS, arrivals_of
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.shop.microservices.gateway import WebRequest
from archlab.shop.microservices.instance import Steps
from archlab.shop.microservices.pages import SplitShop, to_pages
from archlab.sim.experiment import sweep
from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction
from archlab.sim.workload import Deterministic, Poisson

RATE_PER_S = 40.0
"""Pages a second in the experiments with routes: a catalogue instance is busy for 15 % of the time."""

HOPS_MS = (0.05, 0.1, 0.25, 0.5, 1.0)


def without_gateways(
    gateways: Sequence[int] = (1, 2),
    seeds: Iterable[int] = range(4),
    restart_s: float = RESTART_S,
    config: MicroservicesConfig = MICROSERVICES,
) -> pd.DataFrame:
    """Let each gateway be down for `restart_s`, one after the other, and ask which use cases go on.

    Columns: gateways, the share of each use case that succeeded (`browse_percent` ...) with intervals, and
    `least_percent`, that of the use case that suffers most. See `deployment.deploy`.
    """
    frames = [
        deploy_each(["gateway"], count, list(seeds), restart_s, config).assign(gateways=count)
        for count in gateways
    ]
    frame = pd.concat(frames, ignore_index=True)
    return frame.assign(least_percent=frame[[f"{kind}_percent" for kind in KINDS]].min(axis=1))


def entry_points(config: MicroservicesConfig = MICROSERVICES) -> pd.DataFrame:
    """Return what clients must know with the gateway and without: addresses and protocols, read off the topology.

    Without it they call what the gateway calls now. An address is the name of a program, however many instances it
    has. Columns: clients_talk_to, addresses, protocols.
    """
    shop = Microservices(Simulation(seed=1), config)
    graph = shop.topology()
    gateways = list(graph.out_edges("customers"))
    services = [edge for _, gateway in gateways for edge in graph.out_edges(gateway)]
    rows = []
    for who, edges in {"the gateway": gateways, "the services": services}.items():
        programs = {shop.instances[graph.nodes[called]["part"]].service for _, called in edges}
        spoken = sorted({graph.edges[edge]["protocol"] for edge in edges})
        rows.append({"clients_talk_to": who, "addresses": len(programs), "protocols": ", ".join(spoken)})
    return pd.DataFrame(rows)


def move_pages(
    seed: int, share: float = 1.0, move_at_s: float = 5.0, duration_s: float = 15.0, is_up: bool = True
) -> dict[str, float]:
    """Send this share of the pages to a service of their own, by a change of the routing table under load.

    `is_up`: whether the new service runs. Returns `moved_percent`, the pages it answered of all that came after the
    change (`came`), and `lost`, the pages that failed. A new program that has errors of its own would
    lose more: it errs in favour of the move.
    """
    require_fraction("share", share)
    sim = Simulation(seed)
    shop = SplitShop(sim)
    chance = sim.stream("canary").random

    def choose(request: WebRequest) -> str:
        return "pages" if chance() < share else "catalogue"

    sim.call_at(move_at_s, lambda _: setattr(shop.gateway, "routes", to_pages(choose)))
    if not is_up:
        sim.inject(Crash("pages-1", at_s=0.0, restart_after_s=2 * duration_s))
    sim.open_load(Poisson(RATE_PER_S), shop.handle, {"browse": 1.0})
    result = sim.measure(duration_s)
    after = arrivals_of(result, "browse", move_at_s, duration_s)
    pages = arrivals_of(result, "browse", 0, duration_s)
    moved = float(result.parts.loc["pages-1", "completed"])
    lost = float((pages.outcome != OK).sum())
    return {"moved_percent": 100 * moved / len(after), "came": float(len(after)), "lost": lost}


def hop(
    seed: int, hop_ms: float, pages: int = 400, config: MicroservicesConfig = MICROSERVICES
) -> dict[str, float]:
    """Ask for the same pages through the gateway and at the catalogue itself, by an empty shop.

    The way from the customer to the shop is the same and not counted. Returns `through_p50_ms`, `direct_p50_ms`,
    `slower_percent`. Pages come one at a time, so that nobody waits and the difference is the way alone.
    """
    built = replace(config, hop_s=hop_ms / 1000)
    through, direct = (_median_ms(seed, built, is_direct, pages) for is_direct in (False, True))
    return {
        "through_p50_ms": through,
        "direct_p50_ms": direct,
        "slower_percent": 100 * (through / direct - 1),
    }


def _median_ms(seed: int, config: MicroservicesConfig, is_direct: bool, pages: int) -> float:
    sim = Simulation(seed)
    shop = Microservices(sim, config)
    catalogue = shop.services["catalogue"]

    def ask(request: Request) -> Steps[object]:
        product = shop.customers.product()
        if is_direct:
            return catalogue.serve(catalogue.instances[0], "page", (product,))
        return shop.browse(product)

    sim.open_load(Deterministic(rate_per_s=5.0), ask)
    return 1000 * sim.measure(duration_s=pages / 5.0).latency_s(50)


def hops(
    hops_ms: Sequence[float] = HOPS_MS,
    seeds: Iterable[int] = range(4),
    config: MicroservicesConfig = MICROSERVICES,
) -> pd.DataFrame:
    """Sweep `hop` over the time of a message one way. Columns: hop_ms, its figures, their intervals."""
    return sweep(partial(hop, config=config), {"hop_ms": hops_ms}, seeds)


GOES_ON_PERCENT = 90.0
"""A use case goes on when fewer than one in ten fails while a gateway is down."""


def goes_on_from_gateways(outages: pd.DataFrame) -> float:
    """Return the number of gateways from which all use cases go on; takes `gateway.without_gateways`."""
    enough = outages.gateways[outages.least_percent >= GOES_ON_PERCENT]
    if len(enough) == len(outages):
        return -math.inf
    return float(enough.min()) if len(enough) else math.inf


@settles("api-gateway-pattern.single-entry-point-for-clients", evidence=Evidence.SIMULATED)
def single_entry(addresses_with: int, addresses_without: int, goes_on_from_gateways: float) -> Verdict:
    """Holds from the number of gateways at which {GOES_ON_PERCENT} % of every use case go on while one is down,
    when clients know fewer addresses than without a gateway.
    """
    entry = addresses_with < addresses_without
    return holds_from(goes_on_from_gateways if entry else math.inf, "gateways, for the crash of one")


SERVED_PERCENT = 99.0
"""Clients are served when fewer than one request in a hundred fails or comes too late."""


def unnoticed_up_to_hop_ms(hops: pd.DataFrame) -> float:
    """Return the hop up to which the way through the gateway adds less than a tenth; takes `gateway.hops`."""
    return last_holding(hops.hop_ms.tolist(), (NOTICEABLE_PERCENT - hops.slower_percent).tolist())


@settles("api-gateway-pattern.request-routing", evidence=Evidence.SIMULATED)
def request_routing(moved_percent: float, lost_by_the_move: float, unnoticed_up_to_hop_ms: float) -> Verdict:
    """Holds up to the hop at which the way through the gateway makes a page {NOTICEABLE_PERCENT} % slower, when a
    new routing table moves {SERVED_PERCENT} % of the pages, or more, and loses none.
    """
    works = moved_percent >= SERVED_PERCENT and lost_by_the_move == 0
    return holds_up_to(unnoticed_up_to_hop_ms if works else -math.inf, "ms a hop, for less than a tenth more")
