"""What layers cost when they are tiers: calls over a border, times the distance.

The layered shop stands in one process, or on three tiers: presentation, use cases with rules, data access. On tiers an
order can be *chatty*, each change a call of its own, or send all changes in *one call* with the commit. All three rent
the same cores and the same database for the same money (`config_of`). They are nearly idle here, so that nobody waits
and the cores that one process has more of for its requests make no difference: what is left is the way.

By construction a function call inside a process costs nothing here, and a call over a border two messages: their hops,
and the work to encode and decode them. What a call inside a process costs in truth is measured on real code
(`archlab.chapters.layered.calls`), and goes into the claim as `layer_cost_s`. Not by construction is how many calls a
request makes (`calls_crossing` counts them on runs), and from which hop on that is noticed. What decides is a tenth of
all else that a request does: a page has little else to do, an order waits for its payment above all.

The way to the database is at distance zero in all three designs. That errs against tiers: a data tier is there to stand
beside its database, and spares the other programs that way. With `database_far` the one process has its database a hop
away, as far as its neighbour is from a tier, and sends each query there (`distant_database`); the data tier is beside
the database as before. An order then sends as many queries from the one process as it makes calls on tiers.

What this leaves out: lost messages, bandwidth, new connections, and jitter; all would make what is far slower, and the
p99 more than the rest. The capacity that messages and fixed shares of the cores cost is in `capacities`.

>>> one, tiers = (latencies_ms(1, design, "browse", hop_ms=1.0).mean() for design in DESIGNS[:2])
>>> bool(4.0 < tiers - one < 4.5)  # two calls, two hops of 1 ms each, and the encoding of four messages
True
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

import pandas as pd

from archlab.chapters.layered.distant_database import FarFromDatabase, trips
from archlab.course.claims import Evidence, Limit, OverSeeds, Verdict, bisect, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import all_of, holds_from, holds_if
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import about, number, rounded
from archlab.course.style import GREY, LAB, Look, Size, variants
from archlab.shop.day import run_shop
from archlab.shop.layered import Layered, LayeredConfig
from archlab.shop.layered.topology import LAYERS
from archlab.sim.distributions import Values
from archlab.sim.experiment import PooledPercentile, sweep
from archlab.sim.simulation import Simulation
from archlab.sim.statistics import percentile
from archlab.sim.validation import require_non_negative, require_one_of
from archlab.sim.workload import Mix, Poisson

DESIGNS = ("one process", "three tiers, chatty", "three tiers, one call")
KINDS = ("browse", "place_order", "track_order")
TIERS = 3
CORES, WORKERS = 2, 16
"""Of each tier. One process has those of all tiers together. Assumptions."""
RATE_PER_S = 20.0
"""So few requests that cores are nearly idle. An assumption."""
REQUESTS = 60
"""Requests in a run: the median of so many is known well enough, as every design meets the same ones."""
HOPS_MS = (0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 12.5)
PLACES: Mapping[str, float] = {
    "one zone": 0.025,
    "two zones": 0.25,
    "two regions": 12.5,
    "a continent": 30.0,
}
"""Where two tiers stand -> a hop, one way, in ms: half of a round trip. In one zone, and between two zones, of a region
of Amazon: 50 and 500 us (konekti.us, one measurement of 2018). From the middle of North America to its east 25 ms, from
coast to coast 60 ms (napkin-math, 2026)."""
TRIED_MS = (0.025, 5.0)
"""Hops that are tried: from two machines in one zone to two regions that are near each other."""
FAR = "one process, its database as far"
"""The opponent: the one process, and its database a hop away, as the tiers are from each other."""
NEVER_S = 1e6
"""Held money is not taken during a run, so that all calls are those of customers."""


def config_of(design: str, hop_ms: float = 0.0) -> LayeredConfig:
    """Return one of `DESIGNS`, with hops of so many milliseconds. All rent the same.

    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("design", design, DESIGNS)
    require_non_negative("hop_ms", hop_ms)
    if design == DESIGNS[0]:
        return LayeredConfig(cores=TIERS * CORES, workers=TIERS * WORKERS, settle_every_s=NEVER_S)
    return LayeredConfig(
        tiers="three tiers",
        chatty=design == DESIGNS[1],
        cores=CORES,
        workers=WORKERS,
        hop_s=hop_ms / 1000,
        settle_every_s=NEVER_S,
    )


@lru_cache(maxsize=4096)
def latencies_ms(
    seed: int, design: str, kind: str, hop_ms: float = 0.0, database_far: bool = False
) -> Values:
    """Return how long requests of one kind take in a shop that is nearly idle, in milliseconds. Leave them as they are.

    `database_far`: whether the database of the one process is a hop away. Tiers have it beside the data tier. The same
    seed gives every design the same customers, who come at the same moments.
    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("kind", kind, KINDS)
    sim, config, seconds = Simulation(seed), config_of(design, hop_ms), REQUESTS / RATE_PER_S
    is_far = database_far and design == DESIGNS[0]
    shop = FarFromDatabase(sim, config, hop_ms / 1000) if is_far else Layered(sim, config)
    sim.open_load(Poisson(RATE_PER_S), shop.handle, Mix(**{kind: 1.0}))
    return 1000 * sim.measure(seconds, sample_every_s=seconds).latencies_s(kind)


def expected_ms(design: str, kind: str, hop_ms: float = 0.0, database_far: bool = False) -> float:
    """Return the mean latency by arithmetic, when nobody waits: all that a request asks, one after the other."""
    config = config_of(design, hop_ms)
    to_database = 2 * trips(config, kind) * hop_ms if database_far and design == DESIGNS[0] else 0.0
    return 1000 * float(config.demands_s().loc[kind].sum()) + to_database


def calls_crossing(design: str, kind: str, seed: int = 1) -> float:
    """Return how many calls cross a border for a request of one kind, counted on a run.

    Customers' own requests are not counted. Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("kind", kind, KINDS)
    shops: list[Layered] = []

    def build(sim: Simulation) -> Layered:
        shops.append(Layered(sim, config))
        return shops[0]

    config, arrivals = config_of(design), Poisson(RATE_PER_S)
    run_shop(build, arrivals, seed=seed, duration_s=REQUESTS / RATE_PER_S, mix=Mix(**{kind: 1.0}))
    served = {name: sum(copy.completed for copy in tier.copies) for name, tier in shops[0].tiers.items()}
    return sum(served[name] for name in shops[0].borders) / served[config.programs[0]]


def capacities(mix: Mapping[str, float], hop_ms: float = 0.25) -> pd.DataFrame:
    """Return what each design serves at most, by the bottleneck law: `design`, `per_s`, and the `scarce` station.

    On tiers the cores have fixed shares, and those of data access have little to do. This errs against tiers: cores
    given out by what each tier needs would serve more.
    """
    rows = []
    for design in DESIGNS:
        capacity = config_of(design, hop_ms).capacity_per_s(mix)
        rows.append((design, float(capacity.min()), str(capacity.idxmin())))
    return pd.DataFrame(rows, columns=["design", "per_s", "scarce"])


# Against the hop -------------------------------------------------------------------------------------------


def _percentiles(seed: int, design: str, kind: str, hop_ms: float) -> dict[str, PooledPercentile]:
    values = _near(seed, kind, hop_ms, design == FAR) if design in (FAR, DESIGNS[0]) else None
    values = latencies_ms(seed, design, kind, hop_ms) if values is None else values
    return {f"p{q}_ms": PooledPercentile(q, values) for q in (50, 99)}


def _near(seed: int, kind: str, hop_ms: float, database_far: bool) -> Values:
    """The one process. When all is beside it, the hop makes no difference, and there is one run for all hops."""
    return latencies_ms(seed, DESIGNS[0], kind, hop_ms if database_far else 0.0, database_far)


def against_hop(
    kind: str = "place_order",
    hops_ms: Iterable[float] = HOPS_MS,
    seeds: Iterable[int] = range(3),
    database_far: bool = False,
) -> pd.DataFrame:
    """Return a row a design and hop: `design`, `kind`, `hop_ms`, `p50_ms` and `p99_ms` over all runs, with intervals.

    The designs on tiers differ for orders alone, so for other kinds the one call is left out. `database_far`: with the
    one process whose database is a hop away (`FAR`), too. Raises `ValueError` when an argument is not allowed.
    """
    designs = [*(DESIGNS if kind == "place_order" else DESIGNS[:2]), *([FAR] if database_far else [])]
    grid: dict[str, list[Any]] = {"design": designs, "kind": [kind], "hop_ms": list(hops_ms)}
    return sweep(_percentiles, grid, seeds)


def slower_percent(
    seed: int, hop_ms: float, design: str, kind: str, q: float = 50, database_far: bool = False
) -> float:
    """Return how much longer the percentile `q` of a kind is on tiers than in one process at the same money.

    `database_far`: whether the database of the one process is a hop away. Raises `ValueError` when an argument is not
    allowed.
    """
    far, near = latencies_ms(seed, design, kind, hop_ms), _near(seed, kind, hop_ms, database_far)
    return 100 * (percentile(far, q) / percentile(near, q) - 1)


def _noticed(seed: int, hop_ms: float, **of: Any) -> float:
    return slower_percent(seed, hop_ms, **of) - NOTICEABLE_PERCENT


def noticed_from_ms(
    design: str, kind: str, q: float = 50, seeds: Iterable[int] = range(10), database_far: bool = False
) -> Limit:
    """Return the hop from which that is `NOTICEABLE_PERCENT`, found by halving, with a limit a seed."""
    margin = partial(_noticed, design=design, kind=kind, q=q, database_far=database_far)
    return bisect(margin, TRIED_MS, "from", seeds, tolerance=0.1, log=True)


def expected_noticed_from_ms(design: str, kind: str, database_far: bool = False) -> float:
    """Return about the same for the mean, by arithmetic: a tenth more than in one process, less the work on messages.

    That is spread over the hops that tiers have more. -inf when the messages alone are noticed, inf when the hops are
    no more than a tenth more than those of the one process to its database.
    """
    longer = 1 + NOTICEABLE_PERCENT / 100
    at_once, a_ms_on = (
        longer * expected_ms(DESIGNS[0], kind, hop_ms, database_far) - expected_ms(design, kind, hop_ms)
        for hop_ms in (0.0, 1.0)
    )
    if at_once <= 0:
        return -math.inf
    return at_once / (at_once - a_ms_on) if a_ms_on < at_once else math.inf


def limits(seeds: Iterable[int] = range(10), q: float = 50, database_far: bool = False) -> pd.DataFrame:
    """Return a row a kind and design: `kind`, `design`, `calls`, `from_ms`, `low_ms`, `high_ms`, `expected_ms`.

    `from_ms`: the hop from which the percentile `q` is noticeably longer. `expected_ms` is for the mean. For a page it
    makes no difference how the changes of an order travel. `database_far`: see `slower_percent`.
    """
    chosen, rows = list(seeds), []
    _, chatty, one_call = DESIGNS
    for kind, design in (("browse", chatty), ("place_order", chatty), ("place_order", one_call)):
        limit, calls = noticed_from_ms(design, kind, q, chosen, database_far), calls_crossing(design, kind)
        known = float(limit), limit.low, limit.high, expected_noticed_from_ms(design, kind, database_far)
        rows.append((kind, design, calls, *known))
    return pd.DataFrame(
        rows, columns=["kind", "design", "calls", "from_ms", "low_ms", "high_ms", "expected_ms"]
    )


def figure(
    table: pd.DataFrame, title: str, noticed_ms: Mapping[str, float], y: str = "p50_ms", size: Size = LAB
) -> Picture:
    """Draw `against_hop`, both axes logarithmic: a line a design, and an upright one where it is noticeably longer.

    `noticed_ms`: design -> the hop from which it is, as `noticed_from_ms` says.
    """
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for design, look in looks().items():
            rows = table[table.design == design]
            if rows.empty:
                continue
            line = draw_with_band(panel, rows, "hop_ms", y, look)
            drawing.name_end(panel, line, design)
            words.append(in_words(design, rows.hop_ms, rows[y]))
            if design in noticed_ms:
                panel.axvline(noticed_ms[design], color=look.colour, linestyle=":", linewidth=1.3)
                drawing.name_line(panel, noticed_ms[design], f"{noticed_ms[design]:.2g} ms", look.colour)
                first = noticed_ms[design] == min(noticed_ms.values())  # so that close ones stay apart
                panel.texts[-1].set_horizontalalignment("right" if first else "left")
        scale(panel, log=False)
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set(xlabel="A hop between two tiers, one way [ms]", ylabel=wrapped(_label(table, y)))
    noticed = ", ".join(f"{design} from {number(hop)} ms" for design, hop in noticed_ms.items())
    return Picture(drawing.figure, f"{title.rstrip('.')}. {' '.join(words)} Noticeably longer: {noticed}.")


def _label(table: pd.DataFrame, y: str) -> str:
    what = {"browse": "a page", "place_order": "an order", "track_order": "a question"}[table.kind.iloc[0]]
    return f"Latency of {what}, {y.removesuffix('_ms')} [ms]"


def looks() -> dict[str, Look]:
    """Return the look of each of `DESIGNS`, and of `FAR`: grey for one process."""
    return {DESIGNS[0]: Look(GREY, "-", "s"), FAR: Look(GREY, "--", "D")} | variants("layered", DESIGNS[1:])


# The claim ---------------------------------------------------------------------------------------------------


def in_process_percent(layer_cost_s: float, seeds: Iterable[int] = range(10)) -> OverSeeds:
    """Return how much longer the median page takes in one process for its borders between layers, at so much each.

    Raises `ValueError` when the cost is negative.
    """
    require_non_negative("layer_cost_s", layer_cost_s)
    borders_ms = 1000 * (len(LAYERS) - 1) * layer_cost_s
    pages_ms = [percentile(latencies_ms(seed, DESIGNS[0], "browse"), 50) for seed in seeds]
    return OverSeeds(100 * borders_ms / page_ms for page_ms in pages_ms)


def median_ms(kind: str, seeds: Iterable[int] = range(10)) -> OverSeeds:
    """Return how long the median request of a kind takes in one process whose database is beside it."""
    return OverSeeds(percentile(latencies_ms(seed, DESIGNS[0], kind), 50) for seed in seeds)


def figures(layer_cost_s: float, seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return the figures of `performance_overhead`. `layer_cost_s`: what a layer costs in one process, measured."""
    chosen = list(seeds)
    _, chatty, one_call = DESIGNS
    return {
        "in_process_percent": in_process_percent(layer_cost_s, chosen),
        "page_ms": median_ms("browse", chosen),
        "order_ms": median_ms("place_order", chosen),
        "page_from_ms": noticed_from_ms(chatty, "browse", 50, chosen),
        "order_from_ms": noticed_from_ms(chatty, "place_order", 50, chosen),
        "one_call_from_ms": noticed_from_ms(one_call, "place_order", 50, chosen),
        "far_page_from_ms": noticed_from_ms(chatty, "browse", 50, chosen, database_far=True),
        "far_order_from_ms": noticed_from_ms(chatty, "place_order", 50, chosen, database_far=True),
    }


SAYS = {
    "in_process_percent": "how much longer the median page takes for its layers in one process",
    "page_ms": "median page in one process",
    "order_ms": "median order in one process",
    "page_from_ms": "hop from which the median page is noticeably longer on three tiers",
    "order_from_ms": "the same for orders, each change a call",
    "one_call_from_ms": "the same for orders, all changes in one call",
    "far_page_from_ms": "the same for pages when the one process is as far from the database",
    "far_order_from_ms": "that for orders, each change a call",
}


@settles("cons.performance-overhead", evidence=Evidence.SIMULATED, says=SAYS)
def performance_overhead(
    in_process_percent: float,
    page_ms: float,
    order_ms: float,
    page_from_ms: float,
    order_from_ms: float,
    one_call_from_ms: float,
    far_page_from_ms: float,
    far_order_from_ms: float,
) -> Verdict:
    """Holds when layers add {NOTICEABLE_PERCENT} % to the median latency: everywhere, if they do so in one process;
    else when they are tiers of their own, from the hop at which pages and orders are so much longer on three tiers than
    in one process that rents as much. What decides is so large a share of all else that a request does, which for an
    order is the payment above all, and whether the one process stands beside its database.
    """
    if in_process_percent >= NOTICEABLE_PERCENT:
        return holds_if(True)
    near = f"{rounded(page_ms)} ms in one process, where layers add {float(in_process_percent):.1g} %"
    far = f"pages {_from(far_page_from_ms)}, orders {_from(far_order_from_ms)}"
    beside = (
        "where the database is beside the program; where it is as far away and data access stands beside it"
    )
    return all_of(
        holds_from(page_from_ms, f"ms a hop for pages on three tiers ({near})"),
        holds_from(order_from_ms, f"ms for orders ({rounded(order_ms)} ms) with a call for each change"),
        holds_from(one_call_from_ms, f"ms for orders whose changes travel in one call, {beside}, {far}"),
    )


def _from(limit: float) -> str:
    if math.isinf(limit):
        return "never" if limit > 0 else "always"
    return f"from {about(limit)} ms"
