"""The write side is down, and the read side is down: what the shop still does, in the four ways to answer questions.

For half a minute the database of the write model is down; or all that answers questions: the replicas, or the databases
of all read models; or one of these servers, with each seed another one. Where questions are asked of the write model's
own database, all three are one fault. What is down refuses at once, so nobody waits for it, and customers do not try
again. What the projectors had not heard of waits in the log.

Pages with a write side that is down are not old, as nothing changes meanwhile. After the read side has come back, they
are, until the followers have caught up.

With replicas, health checks decide: until the next one every second question goes to the replica that is down
(`expected_replicas`). A crash that is noticed needs no time-out. A database that hangs does
(`archlab.chapters.cqrs.read_side_hangs`).

What this leaves out: a database that fails over to a standby, which makes the fault shorter; and a
cache in front, which hides a read side that is down for what was asked before.

>>> by_way = {way: kept(way, "write side", seed=1) for way in ("same database", "separate")}
>>> by_way["same database"].pages_kept, by_way["separate"].pages_kept, by_way["separate"].orders_kept
(0.0, 1.0, 0.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import joblib
import pandas as pd

from archlab.chapters.cqrs.growing import MODELS, QUESTIONS, mix_of
from archlab.chapters.cqrs.same_money import USUAL
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import write_title
from archlab.course.figures.picture import Picture
from archlab.course.figures.spread import DPI
from archlab.course.quantity import percent
from archlab.course.style import LAB, Size, for_text, rc, variants
from archlab.shop.cqrs import Cqrs, CqrsConfig, Question
from archlab.shop.cqrs.config import KINDS
from archlab.shop.cqrs.follower import Follower
from archlab.shop.day import arrivals_of, run_shop
from archlab.sim.faults import Crash, Fault
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Poisson

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

FAULTS = ("write side", "read side", "one read server")
RATE_PER_S, TIMEOUT_S = 10.0, 2.0
"""Few requests, so that nothing is scarce but what is down; and how long a customer waits. Assumptions."""
AT_S, DOWN_S, AFTER_S = 12.0, 30.0, 18.0
REPLICAS = 2


@dataclass(frozen=True)
class Kept:
    """What came of it.

    `pages_kept`, `orders_kept`: the shares of those that arrived while it was down that were answered. `stale_in`,
    `stale_after`: the shares of answered pages that were old, while it was down (NaN when none was answered) and from
    then on. `catch_up_s`: from
    the return until the last follower had all that was committed before. `wrong`: anomalies in the rows at the end.
    """

    pages_kept: float
    orders_kept: float
    stale_in: float
    stale_after: float
    catch_up_s: float
    wrong: int


def config_of(way: str, **settings: Any) -> CqrsConfig:
    """Return a shop of one of `MODELS`, with read models of what is asked. Raises `ValueError` when there is none."""
    require_one_of("way", way, MODELS)
    asked = [KINDS[kind] for kind in QUESTIONS]
    read_models = [question for question in Question if question in asked]
    return CqrsConfig(models=way, replicas=REPLICAS, read_models=read_models, **settings)  # type: ignore[arg-type]


def hit(config: CqrsConfig, fault: str, seed: int = 0) -> list[str]:
    """Return the names of the servers that a fault hits. Raises `ValueError` when there is no such fault."""
    require_one_of("fault", fault, FAULTS)
    servers = config.read_servers
    if fault == "write side" or not servers:
        return ["database"]
    return servers if fault == "read side" else [servers[seed % len(servers)]]


def kept(way: str, fault: str, seed: int, health_check_s: float = 5.0) -> Kept:
    """Let one side be down for `DOWN_S`. Raises `ValueError` when an argument is not allowed."""
    config = config_of(way, health_check_s=health_check_s)
    result, shop = run(config, [Crash(name, AT_S, DOWN_S) for name in hit(config, fault, seed)], seed)
    back_s, looks = AT_S + DOWN_S, shop.staleness.frame()
    is_in = looks.at_s.between(AT_S, back_s)
    stale = looks.age_s.notna()
    return Kept(
        pages_kept=answered(result, QUESTIONS),
        orders_kept=answered(result, ["place_order"]),
        stale_in=float(stale[is_in].mean()),
        stale_after=float(stale[looks.at_s > back_s].mean()),
        catch_up_s=max((_caught_up_s(shop, one, back_s) for one in _followers(shop)), default=0.0),
        wrong=replace(shop.audit(), stale_reads=0).anomalies,
    )


def run(
    config: CqrsConfig, faults: Sequence[Fault], seed: int, kind: type[Cqrs] = Cqrs
) -> tuple[Result, Cqrs]:
    """Run a shop of a kind under the load of this module, with these faults. Returns the result and the shop."""
    shops = list[Cqrs]()

    def build(sim: Simulation) -> Cqrs:
        shops.append(kind(sim, config))
        return shops[0]

    load = Poisson(RATE_PER_S)
    day = run_shop(build, load, faults, seed, AT_S + DOWN_S + AFTER_S, mix=mix_of(USUAL), timeout_s=TIMEOUT_S)
    return day.result, shops[0]


def answered(result: Result, kinds: Iterable[str]) -> float:
    """Return the share of requests of these kinds that arrived in the window and were answered."""
    rows = pd.concat(arrivals_of(result, kind, AT_S, AT_S + DOWN_S) for kind in kinds)
    return float((rows.outcome == OK).mean())


def _followers(shop: Cqrs) -> list[Follower]:
    views = [view.follower for view in shop.views.values() if view.follower is not None]
    return [*shop.replicas, *views]


def _caught_up_s(shop: Cqrs, follower: Follower, back_s: float) -> float:
    """How long after the return a follower had applied the last commit that was made before."""
    before = sum(commit.at_s <= back_s for commit in shop.log.commits)
    return max(0.0, follower.seen_s[before - 1] - back_s) if before else 0.0


def expected_replicas(health_check_s: float) -> float:
    """Return the share of pages that are kept with one of `REPLICAS` down: until the next check, half the time between
    two in the mean, its part fails.
    """
    require_positive("health_check_s", health_check_s)
    return 1 - health_check_s / 2 / DOWN_S / REPLICAS


def every_case(seeds: Iterable[int] = range(10)) -> pd.DataFrame:
    """Return a row a way, fault and seed: `way`, `fault`, `seed`, and the fields of `Kept`."""
    jobs = [(way, fault, seed) for way in MODELS for fault in FAULTS for seed in seeds]
    found = in_parallel(joblib.delayed(kept)(*job) for job in jobs)
    return pd.DataFrame(jobs, columns=["way", "fault", "seed"]).join(pd.DataFrame(map(asdict, found)))


# A picture ----------------------------------------------------------------------------------------------------

SHOWN = {"pages_kept": "pages", "orders_kept": "orders"}
PANELS = {
    "write side": "Write side down",
    "read side": "Read side down",
    "one read server": "One read server down",
}


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what is kept of pages and of orders, the mean over the seeds: a panel a fault, two bars a way."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ways, faults = list(table.way.unique()), list(table.fault.unique())
    colours = [look.colour for look in variants("cqrs", SHOWN).values()]
    words = []
    with mpl.rc_context(rc(size)):
        drawing = Figure(figsize=(size.width_in, size.height_in), dpi=DPI, layout="constrained")
        panels = drawing.subplots(1, len(faults), sharey=True, squeeze=False)[0]
        for panel, fault in zip(panels, faults, strict=True):
            means = table[table.fault == fault].groupby("way", sort=False)[list(SHOWN)].mean()
            for row, (column, colour) in enumerate(zip(SHOWN, colours, strict=True)):
                _bars(panel, means[column], row, SHOWN[column], colour)
            panel.set_title(PANELS[fault], fontsize=size.font_pt)
            panel.set(xlim=(0, 1.9), xticks=(0, 1), xlabel="Kept while it is down")
            panel.tick_params(axis="y", length=0)
            panel.xaxis.set_major_formatter(lambda share, _: percent(share))
            words.append(f"{PANELS[fault]}: {_in_words(means)}.")
        name_rows(panels[0], ways)
        write_title(drawing, title, size)
        FigureCanvasAgg(drawing)
    return Picture(drawing, f"{title.rstrip('.')}. Kept while it is down. {' '.join(words)}")


def _bars(panel: Axes, shares: pd.Series, row: int, name: str, colour: str) -> None:
    """The bars of pages, or below them of orders, each with what it is and its value."""
    places = [place + 0.4 * row - 0.2 for place in range(len(shares))]
    panel.barh(places, shares, height=0.36, color=colour)
    for place, share in zip(places, shares, strict=True):
        text = f"{name} {100 * share:.0f} %"
        panel.text(share + 0.02, place, text, va="center", color=for_text(colour))


def _in_words(means: pd.DataFrame) -> str:
    return "; ".join(
        f"{way}: " + ", ".join(f"{name} {100 * row[column]:.0f} %" for column, name in SHOWN.items())
        for way, row in means.iterrows()
    )
