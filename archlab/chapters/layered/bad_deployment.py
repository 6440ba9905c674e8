"""A bad deployment of one layer: how many requests fail when layers are tiers, and when all are in one process.

Three tiers with `COPIES` copies each stand against one process with three times as many: the same cores. One process
needs one balancer where tiers need three, so it is a little cheaper. The new version is rolled out copy by copy, and
somebody notices equally soon on both sides. How it is done is in `archlab.chapters.layered.rolling_shop`.

Every request goes through every layer. So what fails is decided by the share of the copies of a layer that are bad, and
by how often a request calls that layer: `expected_share`. A tier has fewer copies than the one process, so one bad copy
is a larger share; with a third of the copies at a time the shares are the same. That is arithmetic. What is measured is
what becomes of it while copies come and go.

What this leaves out: a canary to which one sends few customers on purpose, which helps both sides alike; and people who
notice sooner the more requests fail, which helps the side on which more do.

>>> lost = {design: figures(design, "data", "error", seed=1)["failed_percent"] for design in DESIGNS}
>>> lost["three tiers"] > lost["one process, a third at a time"] > lost["one process"] > 1
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.layered.rolling_shop import How, Release, RollingShop
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.customers import mean_lines
from archlab.shop.layered import LayeredConfig
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.statistics import mean_interval
from archlab.sim.validation import require_one_of
from archlab.sim.workload import Poisson

COPIES = 3
PER_S = 60.0
"""Requests a second: so few that copies which are away are not missed. What is slow is slow for other reasons."""
BEGINS_AT_S, WATCH_S = 5.0, 60.0
"""When the deployment begins, and how long we watch: by then all have noticed and gone back."""
NOTICE_S, CHECK_S = 15.0, 2.0
"""How long until somebody notices, and between two checks. Assumptions. The first is short, which helps one process: it
has not replaced all of its copies by then. Who notices after a minute and a half finds both replaced."""
IN_TIME_S = 1.0
"""Who waits longer has left. An assumption."""

DESIGNS: Mapping[str, Mapping[str, Any]] = {
    "three tiers": {"tiers": "three tiers", "thirds": False},
    "one process": {"tiers": "one process", "thirds": False},
    "one process, a third at a time": {"tiers": "one process", "thirds": True},
}
CASES = (
    ("web", "error"),
    ("app", "error"),
    ("data", "error"),
    ("web", "slow"),
    ("app", "slow"),
    ("app", "format"),
)
"""The layer that is deployed, and what is wrong with it: see `archlab.chapters.layered.rolling_shop`."""


def config_of(design: str, copies: int = COPIES) -> LayeredConfig:
    """Return the shop of a design. `copies`: of each tier; one process has three times as many.

    Raises `ValueError` when there is no such design.
    """
    require_one_of("design", design, tuple(DESIGNS))
    if DESIGNS[design]["tiers"] == "one process":
        return LayeredConfig(cores=1, instances={"shop": 3 * copies}, health_check_s=CHECK_S)
    each = dict.fromkeys(("web", "app", "data"), copies)
    return LayeredConfig(tiers="three tiers", cores=1, instances=each, health_check_s=CHECK_S)


def deploy(
    design: str,
    layer: str,
    how: How,
    seed: int,
    deep: bool = False,
    notice_s: float = NOTICE_S,
    copies: int = COPIES,
) -> tuple[RollingShop, pd.DataFrame]:
    """Roll a bad version out and back. Returns the shop, and its requests with `failed`: no good answer in time."""
    sim = Simulation(seed)
    release, at_a_time = Release(layer, how), copies if DESIGNS[design]["thirds"] else 1
    shop = RollingShop(sim, config_of(design, copies), release, at_a_time, notice_s, deep)
    sim.open_load(Poisson(PER_S), shop.handle, SHOP_MIX)
    sim.call_at(BEGINS_AT_S, lambda _: shop.roll_out())
    rows = sim.measure(BEGINS_AT_S + WATCH_S).requests
    rows = rows[rows.arrived_s.between(BEGINS_AT_S, BEGINS_AT_S + WATCH_S - IN_TIME_S)]
    failed = (rows.outcome != OK) | (rows.latency_s > IN_TIME_S)
    return shop, rows.assign(failed=failed)


def figures(
    design: str,
    layer: str,
    how: How,
    seed: int,
    deep: bool = False,
    notice_s: float = NOTICE_S,
    copies: int = COPIES,
) -> dict[str, float]:
    """Return what a bad version costs.

    `failed_percent` of all requests, `pages_percent`, `orders_percent`; `worst_percent`, of the requests of the worst
    five seconds; `bad_for_s`, from the first request that failed to the last; `over_s`, until all copies are old again,
    and `p99_ms` of good answers, those that came too late with them.
    """
    shop, rows = deploy(design, layer, how, seed, deep, notice_s, copies)
    failed, good = rows[rows.failed], rows[rows.outcome == OK]
    worst = rows.groupby((rows.arrived_s // 5).astype(int)).failed.mean().max()
    return {
        "failed_percent": 100 * float(rows.failed.mean()),
        "pages_percent": 100 * float(rows[rows.kind == "browse"].failed.mean()),
        "orders_percent": 100 * float(rows[rows.kind == "place_order"].failed.mean()),
        "worst_percent": 100 * float(worst),
        "bad_for_s": float(failed.arrived_s.max() - failed.arrived_s.min()) if len(failed) else 0.0,
        "over_s": shop.over_s - BEGINS_AT_S,
        "p99_ms": 1000 * float(good.latency_s.quantile(0.99)),
    }


def every_case(
    cases: Iterable[tuple[str, How]] = CASES,  # type: ignore[assignment]
    designs: Iterable[str] = tuple(DESIGNS),
    seeds: Iterable[int] = range(10),
    deep: bool = False,
    copies: int = COPIES,
    notice_s: float = NOTICE_S,
) -> pd.DataFrame:
    """Return a row a case, design and seed: `layer`, `how`, `design`, `seed` and the columns of `figures`."""
    jobs = [(design, layer, how, seed) for layer, how in cases for design in designs for seed in seeds]
    found = in_parallel(joblib.delayed(figures)(*job, deep, notice_s, copies) for job in jobs)
    return pd.DataFrame(jobs, columns=["design", "layer", "how", "seed"]).join(pd.DataFrame(found))


def calls_of(kind: str, layer: str, design: str) -> float:
    """Return how many copies a request of a kind meets in a layer: one of its process, or one for each call."""
    if design != "three tiers" or layer != "data":
        return 1.0
    products = config_of(design).assortment
    lines = mean_lines(products.products, products.popularity_exponent)
    return 2 + lines + 4 if kind == "place_order" else 1.0


def expected_share(bad: int, copies: int, calls: float) -> float:
    """Return the share of requests that fail while `bad` of the copies answer errors, if calls go to any of them.

    >>> round(expected_share(1, 3, calls=1), 2), round(expected_share(1, 3, calls=8), 2)
    (0.33, 0.96)
    """
    return 1 - (1 - bad / copies) ** calls


def share_with(design: str, layer: str, bad: int, seed: int, kind: str, seconds: float = 60.0) -> float:
    """Let so many copies of a layer answer errors all the time. Returns the share of a kind that failed."""
    sim = Simulation(seed)
    shop = RollingShop(sim, config_of(design), Release(layer, "error"))
    shop.new.update(shop.replaced()[:bad])
    sim.open_load(Poisson(PER_S), shop.handle, SHOP_MIX)
    rows = sim.measure(seconds).requests
    rows = rows[(rows.kind == kind) & (rows.outcome != "unfinished")]
    return float((rows.outcome != OK).mean())


def figure(table: pd.DataFrame, title: str, value: str = "failed_percent", size: Size = LAB) -> Picture:
    """Draw `every_case`: for each version a bar a design, with the interval over the seeds."""
    looks = variants("layered", table.design.unique())
    cases = list(dict.fromkeys(zip(table.layer, table.how, strict=True)))
    height, words = 0.8 / len(looks), []
    with canvas(title, size, tall=True) as drawing:
        (panel,) = drawing.panels
        for k, (design, look) in enumerate(looks.items()):
            means, ends = _over_seeds(table[table.design == design], cases, value)
            places = np.arange(len(cases)) + (k - (len(looks) - 1) / 2) * height
            panel.barh(places, means, height=0.9 * height, color=look.colour, label=design)
            panel.hlines(places, *np.transpose(ends), color="black", lw=1)
            for place, mean, (_, high) in zip(places, means, ends, strict=True):
                beside: dict[str, Any] = {"textcoords": "offset points", "va": "center"}
                panel.annotate(number(round(mean, 1)), (high, place), (6, 0), **beside)
            told = (f"{a} {b} {number(round(m, 1))}" for (a, b), m in zip(cases, means, strict=True))
            words.append(f"{design}: {', '.join(told)}")
        name_rows(panel, [f"{layer}: {how}" for layer, how in cases])
        panel.set_xlabel(LABELS[value])
        panel.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=len(looks), frameon=False)
    return Picture(drawing.figure, f"{title}. {LABELS[value]}: {'; '.join(words)}.")


LABELS = {
    "failed_percent": f"Requests that failed, of those of {WATCH_S:.0f} s [%]",
    "worst_percent": "Requests that failed in the worst 5 s [%]",
    "orders_percent": f"Orders that failed, of those of {WATCH_S:.0f} s [%]",
    "pages_percent": f"Pages that failed, of those of {WATCH_S:.0f} s [%]",
}


def _over_seeds(
    table: pd.DataFrame, cases: list[tuple[str, str]], value: str
) -> tuple[list[float], list[tuple[float, float]]]:
    """The mean of each case and the ends of its interval, not below 0; without an interval for one seed."""
    means, ends = [], []
    for layer, how in cases:
        values = table[(table.layer == layer) & (table.how == how)][value].to_numpy()
        found = mean_interval(values) if len(values) > 1 else None
        means.append(float(values.mean()))
        ends.append((max(0.0, found.low), found.high) if found else (means[-1], means[-1]))
    return means, ends
