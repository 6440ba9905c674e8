"""Time until seen: from "your order is placed" until the shop shows it, asked of all six in the same way.

While usual customers come, somebody places a large order now and then. As soon as he is told that it is placed or
accepted, he looks, and looks again every `LOOK_EVERY_S`, at three things:

- tracking knows the order;
- tracking says that it is placed and its payment is there;
- the page of a product that he bought shows the pieces that are left. He buys so many that nobody else's order can be
  taken for his.

A look counts from when he asks, not from when he is answered: slow answers are latency, not age. So a time is 0 where
the first look shows it, and otherwise right up to the pause between two looks and the time of an answer. `first_old`
is whether the first look showed the state before his own write.

What he does not see by looking, nobody sees here: what other customers see of his order is later or equal.
With events, "your order is accepted" comes before the payment, so his wait for the payment is in these figures; in the
others it is in the latency of the order. `told_s` is that latency, so that both can be added.

>>> from archlab.chapters.choosing.forms import FORMS
>>> monolith = FORMS["monolithic"]
>>> looks = seen(monolith, monolith.smallest(2), seed=1, orders=3)
>>> float(looks.placed_s.max()), bool(looks.first_old.any())
(0.0, False)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from math import inf
from typing import Any

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.chapters.choosing.fault_matrix import ROWS, SEEDS, SHOWN, shop_of
from archlab.chapters.choosing.forms import Form
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Size, look_of
from archlab.shop.architecture import SHOP_MIX, Architecture
from archlab.shop.config import ShopConfig
from archlab.shop.domain import NotFound, OrderState
from archlab.sim.failure import Failure
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson

RATE_PER_S = 20.0
"""Usual customers, as in the fault matrix."""
PIECES = 1000
"""Of one product, in one order: more than all others together take in a run."""
LOOK_EVERY_S = 0.01
FIRST_ID = 10_000_000
"""The numbers of these orders: none that a usual customer has."""
WARM_UP_S, APART_S, GIVES_UP_S = 2.0, 0.25, 20.0
SEEN: Mapping[str, str] = {
    "known_s": "tracking knows the order",
    "placed_s": "tracking says: placed and paid",
    "left_s": "the page shows what is left",
}
"""A column -> what is seen then."""
NOW_S = 0.001
"""What takes less is drawn here, as a logarithmic axis has no 0."""


def seen(
    form: Form, config: ShopConfig, seed: int, orders: int = 20, rate_per_s: float = RATE_PER_S
) -> pd.DataFrame:
    """Let somebody place orders, one after the other, and look.

    Returns a row an order: `told_s`, from sending it until the answer; those of `SEEN`, in seconds from then on
    (infinite: not within `GIVES_UP_S`); `first_old`: whether a first look showed the state before; and by itself
    `known_old`, `placed_old`, `left_old`. Raises `ValueError` when a number is not allowed.
    """
    require_whole("orders", orders, at_least=1)
    require_positive("rate_per_s", rate_per_s)
    sim = Simulation(seed)
    shop = form.build(sim, config=config)
    sim.open_load(Poisson(rate_per_s), shop.handle, SHOP_MIX)
    sim.run(until=WARM_UP_S)
    rows = []
    for number_ in range(orders):
        customer = _Customer(shop, FIRST_ID + number_, 1 + number_ % shop.assortment.products)
        sim.run(until=sim.start(customer.buys_and_looks()))
        rows.append(customer.row)
        sim.run(until=sim.now + APART_S)
    return pd.DataFrame(rows)


class _Customer:
    """Somebody who orders once, and then looks at three things at the same time."""

    def __init__(self, shop: Architecture, order_id: int, product: int) -> None:
        self.shop, self.order_id, self.product = shop, order_id, product
        self.row: dict[str, Any] = {}

    def buys_and_looks(self) -> Generator[Event, Any, None]:
        shop, sim = self.shop, self.shop.sim
        page = yield from shop.browse(self.product)
        sent_s = sim.now
        yield from shop.place_order(self.order_id, {self.product: PIECES})
        self.row["told_s"] = sim.now - sent_s
        left = page.on_hand - PIECES
        looks = (
            self._looks("known", lambda: shop.track_order(self.order_id), lambda _: True),
            self._looks("placed", lambda: shop.track_order(self.order_id), _is_placed),
            self._looks("left", lambda: shop.browse(self.product), lambda page: page.on_hand <= left),
        )
        yield sim.all_of([sim.start(look) for look in looks])
        self.row["first_old"] = any(self.row[f"{name}_old"] for name in ("known", "placed", "left"))

    def _looks(
        self, name: str, ask: Callable[[], Any], is_new: Callable[[Any], bool]
    ) -> Generator[Event, Any, None]:
        """Ask again and again until the answer is the new one. An answer that is an error shows nothing."""
        sim = self.shop.sim
        told_s = sim.now
        while (asked_s := sim.now) - told_s < GIVES_UP_S:
            new = False
            with suppress(NotFound, Failure):
                new = is_new((yield from ask()))
            self.row.setdefault(f"{name}_old", not new)
            if new:
                self.row[f"{name}_s"] = asked_s - told_s
                return
            yield sim.timeout(LOOK_EVERY_S)
        self.row[f"{name}_s"] = inf


def _is_placed(status: Any) -> bool:
    return status.state is OrderState.PLACED and status.payment is not None


def compared(
    seeds: Iterable[int] = SEEDS,
    forms: Iterable[str] = SHOWN,
    orders: int = 20,
    rate_per_s: float = RATE_PER_S,
    shops: Mapping[str, ShopConfig] | None = None,
) -> pd.DataFrame:
    """Return all rows of `seen`, with `form` and `seed`. `shops`: form -> its shop, instead of what the budget buys."""
    configs = dict(shops or {})
    jobs = [(name, seed) for name in forms for seed in seeds]
    for name, _ in jobs:
        configs.setdefault(name, shop_of(ROWS[name]))
    frames = in_parallel(
        joblib.delayed(seen)(ROWS[name], configs[name], seed, orders, rate_per_s) for name, seed in jobs
    )
    return pd.concat(
        [frame.assign(form=name, seed=seed) for frame, (name, seed) in zip(frames, jobs, strict=True)],
        ignore_index=True,
    )


def summary(looks: pd.DataFrame) -> pd.DataFrame:
    """Return a row a form of what `compared` returns, over the orders of all seeds.

    Columns: `architecture`, `form`, `orders`; `told_p50_s`; for each of `SEEN` its `_p50_s` and `_p99_s`, such as
    `placed_p99_s`; and `known_old_percent`, `placed_old_percent`, `left_old_percent`, `first_old_percent`: how many saw
    an old state at their first look.
    """
    rows = []
    for name, here in looks.groupby("form", sort=False):
        row: dict[str, Any] = {
            "architecture": ROWS[str(name)].architecture,
            "form": name,
            "orders": len(here),
        }
        row["told_p50_s"] = float(here.told_s.median())
        for column in SEEN:
            for q in (50, 99):
                row[column.replace("_s", f"_p{q}_s")] = float(
                    np.percentile(here[column], q, method="inverted_cdf")
                )
        for what in ("known", "placed", "left", "first"):
            row[f"{what}_old_percent"] = float(100 * here[f"{what}_old"].mean())
        rows.append(row)
    return pd.DataFrame(rows)


def figure(looks: pd.DataFrame, title: str, column: str = "placed_s", size: Size = LAB) -> Picture:
    """Draw for each form of what `compared` returns how late one of `SEEN` is seen: every order a dot, and the median.

    Raises `ValueError` when the frame has no such column.
    """
    require_columns("looks", looks, "form", column)
    forms = list(looks.form.unique())
    told = []
    with canvas(title, size, tall=True) as drawing:
        (panel,) = drawing.panels
        for place, name in enumerate(forms):
            late_s = looks[column][looks.form == name].clip(lower=NOW_S, upper=GIVES_UP_S).to_numpy()
            look = look_of(ROWS[name].architecture)
            assert look is not None
            middle_s, worst_s = (float(np.percentile(late_s, q, method="inverted_cdf")) for q in (50, 99))
            spread = np.linspace(-0.28, 0.28, len(late_s))
            panel.plot(late_s, place + spread, ".", color=look.colour, alpha=0.5, markersize=5)
            panel.plot([middle_s, middle_s], [place - 0.36, place + 0.36], color=INK, lw=2.5)
            words = _words(middle_s, worst_s)
            panel.annotate(words, (1.02, place), xycoords=("axes fraction", "data"), va="center", color=INK)
            told.append(f"{name}: {words}")
        panel.set_yticks(range(len(forms)), forms)
        panel.set_ylim(len(forms) - 0.5, -0.5)
        panel.set_xscale("log")
        panel.set_xlim(NOW_S * 0.7, max(2.0, float(looks[column].clip(upper=GIVES_UP_S).max()) * 1.5))
        panel.xaxis.set_major_formatter(lambda value, _: "at once" if value <= NOW_S else number(value))
        panel.xaxis.set_minor_formatter("")
        panel.set_xlabel(f"From the answer until {SEEN[column]} [s]; at the right: median, 99th percentile")
    return Picture(drawing.figure, f"{title.rstrip('.')}. {'. '.join(told)}.")


def _words(middle_s: float, worst_s: float) -> str:
    if worst_s <= NOW_S:
        return "at once"
    return f"{_seconds(middle_s)}, {_seconds(worst_s)}"


def _seconds(time_s: float) -> str:
    return "at once" if time_s <= NOW_S else f"{time_s:.2g} s"
