"""A command that is decided on a read model: the last pieces are sold more than once.

Customers look at a page, which is a little old, and order when it says that a piece is there. Where the write model
checks again, in the transaction that takes the piece, the late ones are refused. Where it trusts the page, each is sold
to who comes until the page knows: at a rate r, with a page that is L seconds old, r L pieces too many.

What this leaves out: pieces that come in again, and shops that oversell on purpose because some orders are cancelled.

>>> sale("trusts the page", seed=1).oversold > 0, sale("checks", seed=1).oversold
(True, 0)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_theory, draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.shop.architecture import Assortment
from archlab.shop.cqrs import Cqrs, CqrsConfig, News, Question
from archlab.shop.cqrs.news import order_news
from archlab.shop.domain import OutOfStock, Payment, Refusal, confirmation, price_order
from archlab.shop.store import Statement
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.statistics import mean_interval
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Poisson

WAYS = ("checks", "trusts the page")
PRODUCT, STOCK = 1, 100
RATE_PER_S, LAG_S, SECONDS = 20.0, 0.5, 12.0
"""Assumptions. The stock is sold after about five seconds."""


@dataclass(frozen=True)
class Sale:
    """What came of it: pieces that were sold and not there, customers who were told so after they had ordered, and
    those whose page said it before.
    """

    oversold: int
    refused_late: int
    turned_away: int


def sale(way: str, seed: int, lag_s: float = LAG_S, rate_per_s: float = RATE_PER_S) -> Sale:
    """Sell one product until long after it is sold out. Raises `ValueError` when an argument is not allowed."""
    require_one_of("way", way, WAYS)
    require_positive("rate_per_s", rate_per_s)
    sim = Simulation(seed)
    shop = Cqrs(
        sim,
        CqrsConfig(
            read_models=[Question.PRODUCT],
            tail_s=lag_s,
            assortment=Assortment(products=1, stock=STOCK),
            provider_s=0.02,
            workers=200,
        ),
    )
    told = {"late": 0, "before": 0}

    def buy(request: Request) -> Generator[Event, Any, None]:
        page = yield from shop.browse(PRODUCT)
        if page.on_hand < 1:
            told["before"] += 1
            return
        try:
            if way == "checks":
                yield from shop.place_order(request.id, {PRODUCT: 1})
            else:
                yield from _sold_unchecked(shop, request.id)
        except OutOfStock:
            told["late"] += 1
        except Refusal:
            pass

    sim.open_load(Poisson(rate_per_s), buy)
    sim.measure(SECONDS + lag_s)
    (on_hand,) = shop.rows("stock").on_hand
    return Sale(max(0, -int(on_hand)), told["late"], told["before"])


def _sold_unchecked(shop: Cqrs, order_id: int) -> Generator[Event, Any, None]:
    """The same order, by a command that takes the page at its word."""
    write = shop.write_side
    order = price_order(order_id, {PRODUCT: 1}, shop.catalogue)
    authorisation = yield shop.provider.authorise(order_id, order.total_cents, key=f"order {order_id}")
    take = Statement("UPDATE stock SET on_hand = on_hand - 1 WHERE product = ?", (PRODUCT,))
    rows = [
        take,
        write.payments.insert(Payment(order_id, order.total_cents, authorisation)),
        write.orders.insert_new(order),
        write.orders.insert_line(order, order.lines[0]),
        write.notifications.insert(confirmation(order)),
    ]
    news = News(f"order-{order_id}", order_news(order_id, 0, order), [("product", PRODUCT)])
    yield from write.write(rows, news)


def against_lag(
    lags_s: Iterable[float] = (0.1, 0.5, 1.0, 2.0), seeds: Iterable[int] = range(10)
) -> pd.DataFrame:
    """Return a row a lag, way and seed: `lag_s`, `way`, and the fields of `Sale`."""
    jobs = [(way, seed, lag_s) for lag_s, way, seed in product(lags_s, WAYS, seeds)]
    sales = in_parallel(joblib.delayed(sale)(*job) for job in jobs)
    rows = [
        {"lag_s": lag_s, "way": way, **vars(sold)} for (way, _, lag_s), sold in zip(jobs, sales, strict=True)
    ]
    return pd.DataFrame(rows)


COUNTED = {"trusts the page": "oversold", "checks": "refused_late"}
"""A way -> what a page that is old does there."""
NAMES = {"trusts the page": "trusts the page: sold too many", "checks": "checks: refused after the order"}


def means(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a way and lag of `against_lag`: `way`, `lag_s`, and the mean of what is `COUNTED` as `pieces`, with
    the ends of its 95 % interval.
    """
    rows = []
    for (way, lag_s), runs in table.groupby(["way", "lag_s"]):
        found = mean_interval(runs[COUNTED[str(way)]].to_numpy())
        rows.append((way, lag_s, found.mean, found.low, found.high))
    return pd.DataFrame(rows, columns=["way", "lag_s", "pieces", "pieces_low", "pieces_high"])


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `against_lag`: what a page that is old does, for each way, and rate x lag as a dashed line."""
    points, words = means(table), []
    lags_s = pd.Series(np.linspace(0, points.lag_s.max(), 2))
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        draw_theory(panel, lags_s, RATE_PER_S * lags_s)
        drawing.name_end(panel, panel.get_lines()[-1], f"{number(RATE_PER_S)}/s x lag")
        for way, look in variants("cqrs", NAMES).items():
            rows = points[points.way == way]
            drawing.name_end(panel, draw_with_band(panel, rows, "lag_s", "pieces", look), NAMES[way])
            words.append(in_words(NAMES[way], rows.lag_s, rows.pieces))
        scale(panel, log=False)
        panel.set(
            xlabel="Age of the page [s]",
            ylabel=wrapped("Pieces too many, or customers refused"),
            xlim=(0, None),
        )
    return Picture(drawing.figure, f"{title.rstrip('.')}. {' '.join(words)}")
