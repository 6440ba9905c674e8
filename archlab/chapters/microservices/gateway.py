"""The gateway as the one entry, and as the one place where requests get their way.

The one entry needs enough gateways: a crash of one fails requests, and a day has room for few that fail. The one place
costs a hop, which must go unnoticed.

>>> entry_points().set_index("clients_talk_to").addresses.to_dict()
{'the gateway': 1, 'the services': 2}
>>> move_pages(seed=1)["lost"]
0.0
>>> single_entry(1, 2, one_bears_crashes_a_day=3, two_bear_crashes_a_day=70).words
'Holds when: from 2 gateways, checked every 5 s, with the crashes and restarts of a gateway at most 70 a day (here 5)'
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import joblib
import pandas as pd

from archlab.chapters.microservices.deployment import RESTART_S
from archlab.chapters.microservices.mesh import STEADY
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from, holds_up_to
from archlab.course.quantity import number
from archlab.shop.day import arrivals_of, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.shop.microservices.gateway import WebRequest
from archlab.shop.microservices.instance import Steps
from archlab.shop.microservices.pages import SplitShop, to_pages
from archlab.sim.distributions import as_distribution
from archlab.sim.experiment import sweep
from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK, UNFINISHED
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction
from archlab.sim.workload import Deterministic, Poisson

RATE_PER_S = 40.0
"""Pages a second in the experiments with routes: a catalogue instance is busy for 15 % of the time."""

CRASH_RATE_PER_S = 6.0
"""Requests a second while gateways crash. Failures are counted in seconds of all requests, whatever their rate."""

CRASHES = 4
"""In a run, each in another quarter of the time between two health checks, so that luck plays a small part."""

RESTARTS_S = (5.0, 15.0, 30.0)
PAGES = 800
"""Of a run whose median matters."""

HOPS_MS = (0.05, 0.1, 0.25, 0.5, 1.0)
DAY_S = 86_400.0


def crash(
    seed: int, gateways: int, restart_s: float = RESTART_S, config: MicroservicesConfig = MICROSERVICES
) -> dict[str, float]:
    """Let one of so many gateways crash, and start again after `restart_s`.

    Returns `lost_s`, how many seconds' worth of all requests failed a crash: 2 where 12 failed of 6 a second. A share
    of the outage would make a shorter outage look worse. A restart counts as a crash: one that first finishes its
    work would lose less, so it errs against the gateway. Nobody tries another gateway when a connection is refused.
    """
    built = replace(config, instances={**config.instances, "gateway": gateways})
    step_s = restart_s + config.health_check_s * (1 + 1 / CRASHES)
    faults = [Crash("gateway-1", config.health_check_s + n * step_s, restart_s) for n in range(CRASHES)]
    load = Poisson(CRASH_RATE_PER_S)
    requests = run_day(
        Microservices, built, load, seed, (CRASHES + 1) * step_s, faults=faults
    ).result.requests
    failed = (requests.outcome != OK) & (requests.outcome != UNFINISHED)
    return {"lost_s": float(failed.sum()) / CRASH_RATE_PER_S / CRASHES}


def crashes(
    gateways: Sequence[int] = (1, 2),
    restarts_s: Sequence[float] = RESTARTS_S,
    seeds: Iterable[int] = range(5),
    config: MicroservicesConfig = MICROSERVICES,
) -> pd.DataFrame:
    """Sweep `crash` over the number of gateways and the length of an outage. Columns: both, lost_s, its interval."""
    return sweep(
        partial(crash, config=config), {"gateways": list(gateways), "restart_s": list(restarts_s)}, seeds
    )


PROMISED_PERCENT = 99.9
"""Of all requests of a day succeed. Three nines are a usual promise: 86 s a day in which everything may fail."""


def bears_crashes_a_day(
    gateways: int,
    seeds: Iterable[int] = range(10),
    restart_s: float = RESTART_S,
    config: MicroservicesConfig = MICROSERVICES,
) -> Limit:
    """Return how many crashes a day of one of so many gateways the promise has room for, a value for each seed."""
    model = partial(crash, gateways=gateways, restart_s=restart_s, config=config)
    runs = in_parallel(joblib.delayed(model)(seed) for seed in seeds)
    room_s = DAY_S * (100 - PROMISED_PERCENT) / 100
    return Limit("up to", [room_s / run["lost_s"] if run["lost_s"] else math.inf for run in runs])


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


RESTARTS_A_DAY = 5.0
"""Each of the five services brings out a version a day, and each needs a new route, key or check at the door. Shops
that deploy weekly have fewer, those that deploy at each change have tens."""


def entry_figures(seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return what the rule of the single entry needs."""
    addresses, chosen = entry_points().addresses, list(seeds)
    return {
        "addresses_with": int(addresses[0]),
        "addresses_without": int(addresses[1]),
        "one_bears_crashes_a_day": bears_crashes_a_day(1, chosen),
        "two_bear_crashes_a_day": bears_crashes_a_day(2, chosen),
    }


@settles(
    "api-gateway-pattern.single-entry-point-for-clients",
    evidence=Evidence.SIMULATED,
    says={
        "addresses_with": "addresses that a client knows",
        "addresses_without": "without a gateway",
        "one_bears_crashes_a_day": "crashes a day that one gateway bears",
        "two_bear_crashes_a_day": "crashes a day that two bear",
    },
)
def single_entry(
    addresses_with: int,
    addresses_without: int,
    one_bears_crashes_a_day: float,
    two_bear_crashes_a_day: float,
) -> Verdict:
    """Holds from the number of gateways, one or two, with which {PROMISED_PERCENT} % of a day's requests succeed
    though {RESTARTS_A_DAY} times a day one of them crashes or restarts, when clients know fewer addresses than
    without a gateway.
    """
    enough = next(
        (n for n, bears in enumerate((one_bears_crashes_a_day, two_bear_crashes_a_day), 1) if _bears(bears)),
        math.inf,
    )
    restarts = Assumption(
        "the crashes and restarts of a gateway", RESTARTS_A_DAY, two_bear_crashes_a_day, "a day"
    )
    unit = f"gateways, checked every {number(MICROSERVICES.health_check_s)} s"
    return holds_from(enough if addresses_with < addresses_without else math.inf, unit, restarts)


def _bears(crashes_a_day: float) -> bool:
    return crashes_a_day >= RESTARTS_A_DAY


SERVED_PERCENT = 99.0
"""Clients are served when fewer than one request in a hundred fails or comes too late."""

MESSAGES = 2
"""Those that a page makes inside, between catalogue and inventory; and as many more between gateway and catalogue."""


def page_itself_ms(
    seeds: Iterable[int] = range(10), config: MicroservicesConfig = MICROSERVICES
) -> OverSeeds:
    """Return what a page takes at the catalogue, on the network of `config`, a median for each seed."""
    ask = joblib.delayed(partial(_median_ms, config=config, is_direct=True, pages=PAGES))
    return OverSeeds(in_parallel(ask(seed) for seed in seeds))


def unnoticed_up_to_hop_ms(page_itself_ms: OverSeeds, config: MicroservicesConfig = MICROSERVICES) -> Limit:
    """Return the hop up to which the way through the gateway adds less than `NOTICEABLE_PERCENT`, for each seed.

    Each hop lengthens both ways. With h for the hop, p for the gateway's own time, and m for the page without any hop,
    2 h + p more is the share s of m + 2 h: so h = (s m - p) / (2 (1 - s)). The simulation agrees to a microsecond.
    """
    hop_ms, proxy_ms = 1000 * as_distribution(config.hop_s).mean, 1000 * config.proxy_s
    share = NOTICEABLE_PERCENT / 100
    alone_ms = [page_ms - MESSAGES * hop_ms for page_ms in page_itself_ms.per_seed]
    limits_ms = [(share * page_ms - proxy_ms) / (MESSAGES * (1 - share)) for page_ms in alone_ms]
    return Limit("up to", [limit_ms if limit_ms > 0 else -math.inf for limit_ms in limits_ms])


def mean_page_up_to_hop_ms(config: MicroservicesConfig = MICROSERVICES) -> float:
    """Return the same limit for a page whose steps all take their mean time. The work of a real page is less random
    than ours (exponential), and its median nearer to its mean."""
    steady = replace(STEADY, hop_s=config.hop_s, proxy_s=config.proxy_s)
    page_ms = OverSeeds([_median_ms(1, steady, is_direct=True, pages=20)])
    return float(unnoticed_up_to_hop_ms(page_ms, steady))


def unnoticed_from_page_ms(config: MicroservicesConfig = MICROSERVICES) -> float:
    """Return what a page must take for the way through the gateway, on this network, to go unnoticed."""
    way_ms = 1000 * (MESSAGES * as_distribution(config.hop_s).mean + config.proxy_s)
    return way_ms / (NOTICEABLE_PERCENT / 100)


def routing_figures(
    moved: Mapping[str, float],
    seeds: Iterable[int] = range(10),
    config: MicroservicesConfig = MICROSERVICES,
) -> dict[str, float]:
    """Return what the rule of the routing needs; takes a run of `move_pages`."""
    page_ms = page_itself_ms(seeds, config)
    return {
        "moved_percent": moved["moved_percent"],
        "lost_by_the_move": moved["lost"],
        "unnoticed_up_to_hop_ms": unnoticed_up_to_hop_ms(page_ms, config),
        "mean_page_up_to_hop_ms": mean_page_up_to_hop_ms(config),
        "our_hop_ms": 1000 * as_distribution(config.hop_s).mean,
        "page_itself_ms": page_ms,
        "unnoticed_from_page_ms": unnoticed_from_page_ms(config),
    }


@settles(
    "api-gateway-pattern.request-routing",
    evidence=Evidence.SIMULATED,
    says={
        "moved_percent": "pages moved by a new table",
        "lost_by_the_move": "pages lost by that",
        "unnoticed_up_to_hop_ms": "the hop that the median page does not notice",
        "mean_page_up_to_hop_ms": "the hop that the mean page does not notice",
        "our_hop_ms": "our hop",
        "page_itself_ms": "our median page without the door",
        "unnoticed_from_page_ms": "pages that do not notice our hop, from",
    },
)
def request_routing(
    moved_percent: float,
    lost_by_the_move: float,
    unnoticed_up_to_hop_ms: float,
    mean_page_up_to_hop_ms: float,
    our_hop_ms: float,
    page_itself_ms: float,
    unnoticed_from_page_ms: float,
) -> Verdict:
    """Holds up to the hop at which the way through the gateway, {MESSAGES} messages more, makes the median page
    {NOTICEABLE_PERCENT} % slower, when a new routing table moves {SERVED_PERCENT} % of the pages, or more, and loses
    none.
    """
    works = moved_percent >= SERVED_PERCENT and lost_by_the_move == 0
    page = Assumption(
        "a page",
        page_itself_ms,
        unnoticed_from_page_ms,
        "ms",
        when="at ours a page takes at least {flips_at}",
    )
    our_hop = ours(our_hop_ms, unnoticed_up_to_hop_ms)
    unit = (
        f"ms a hop (ours: {our_hop}) for the median page, {number(mean_page_up_to_hop_ms)} for the mean one"
    )
    return holds_up_to(unnoticed_up_to_hop_ms if works else -math.inf, unit, page)


def ours(value: float, limit: float) -> str:
    """Return our own value, and whether it lies beyond a limit up to which a claim holds."""
    return f"{number(value)}, beyond it" if value > limit else number(value)
