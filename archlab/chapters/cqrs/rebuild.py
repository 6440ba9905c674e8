"""A read model is made anew: in place, where readers see how it fills, or beside the old one, which is asked meanwhile.

A bug in a projection is repaired by correcting it and reading the whole log again: that is what a log is for. Here it
has given every tenth product a wrong price. *In place* the tables are emptied first, so pages are missing or old until
the projector has caught up. *Beside*, a second version fills a database of its own, while the old one is asked, with
its bug. When the new one is nearly up to date, questions go to it (`switch`), and the old one is thrown away.

What this leaves out: orders that come meanwhile; the work on the write model's database, whose log is read; and side
effects. A projection that sends e-mails must not send them again, whichever way it is made anew.

>>> by_way = {way: made_anew(way, orders=100) for way in WAYS}
>>> bool(by_way["in place"].wrong.mean() > 0.05 > by_way["beside"].wrong.mean() > 0)
True
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import suppress
from math import ceil
from typing import Any

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import percent
from archlab.course.style import INK, LAB, Size, variants
from archlab.shop.cqrs import Cqrs, CqrsConfig, Question, View
from archlab.shop.cqrs.config import EVENTS_AN_ORDER
from archlab.shop.customers import mean_lines
from archlab.shop.domain import NotFound
from archlab.sim.distributions import as_distribution
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_whole

WAYS = ("in place", "beside")
QUESTION = Question.PRODUCT
ORDERS, BATCH = 1000, 100
QUERY_S, COMMIT_S = 0.002, 0.005
"""A slow database, so that a small log takes as long as a large one. Assumptions."""
LOOKS_EVERY_S, LOOKS_FOR_S = 0.05, 10.0
ONE_IN = 10
"""One product in so many has a wrong page from the start. An assumption."""
NEAR = 10
"""The new version is switched to when it is so many events behind, or fewer."""
DRAWN_EVERY_S = 0.5
"""Over how long the share of wrong pages is taken for the figure."""


def config_of() -> CqrsConfig:
    """Return a shop with a read model of the product pages."""
    return CqrsConfig(
        read_models=[QUESTION],
        batch=BATCH,
        query_s=QUERY_S,
        commit_s=COMMIT_S,
        tail_s=0.0,
        settle_every_s=1e6,
    )


def with_orders(orders: int, seed: int = 1) -> Cqrs:
    """Return a shop in which so many orders were placed, and the read model knows all of them."""
    require_whole("orders", orders, at_least=1)
    shop = Cqrs(Simulation(seed), config_of())
    for order_id in range(orders):
        shop.answer(shop.place_order(order_id, shop.customers.basket()))
    shop.sim.run(until=shop.sim.now + 10.0)
    return shop


def made_anew(way: str, orders: int = ORDERS, seed: int = 1) -> pd.DataFrame:
    """Make the product pages anew, while somebody looks at them: for `LOOKS_FOR_S`, or longer with a long log.

    Returns a row a look.

    Columns: `since_s`, seconds since the beginning; `wrong`, whether the page was missing or another one than the write
    model would show; `behind`, how many events the version that is asked is behind.

    Raises `ValueError` when there is no such way, or no order.
    """
    require_one_of("way", way, WAYS)
    shop = with_orders(orders, seed)
    _with_bug(shop)
    looks_for_s = max(LOOKS_FOR_S, 2 * expected_s(orders))
    began_s, looks = shop.sim.now, list[tuple[float, bool, int]]()
    if way == "in place":
        projector_of(shop.views[QUESTION]).forget()
    else:
        shop.sim.start(_switch_when_near(shop, shop.projected(QUESTION, version=2, from_zero=True)))
    chosen = np.random.default_rng(seed)

    def look() -> Generator[Event, Any, None]:
        while shop.sim.now < began_s + looks_for_s:
            yield shop.sim.timeout(LOOKS_EVERY_S)
            stale = shop.staleness.stale
            with suppress(NotFound):
                yield from shop.browse(int(chosen.integers(1, shop.assortment.products + 1)))
            behind = projector_of(shop.views[QUESTION]).behind
            looks.append((shop.sim.now - began_s, shop.staleness.stale > stale, behind))

    shop.answer(look())
    return pd.DataFrame(looks, columns=["since_s", "wrong", "behind"])


def looks_of(
    ways: Iterable[str] = WAYS, orders: int = ORDERS, seeds: Iterable[int] = (1,)
) -> dict[str, pd.DataFrame]:
    """Return the rows of `made_anew` for each way, those of all seeds one after the other."""
    chosen, names = list(seeds), list(ways)
    runs = in_parallel(joblib.delayed(made_anew)(way, orders, seed) for way in names for seed in chosen)
    return {way: pd.concat(runs[k * len(chosen) : (k + 1) * len(chosen)]) for k, way in enumerate(names)}


def _with_bug(shop: Cqrs) -> None:
    """What the projection has done wrong until now."""
    sql = "UPDATE product_pages SET price_cents = price_cents + 1 WHERE product % ? = 0"
    shop.views[QUESTION].server.connection.execute(sql, (ONE_IN,))


def _switch_when_near(shop: Cqrs, second: View) -> Generator[Event, Any, None]:
    while projector_of(second).behind > NEAR:
        yield shop.sim.timeout(LOOKS_EVERY_S)
    shop.switch(QUESTION, second)


def projector_of(view: View) -> Any:
    """Return the projector of a view that has one."""
    assert view.follower is not None
    return view.follower


def expected_s(orders: int = ORDERS) -> float:
    """Return how long it takes to read the log again: a statement a line and product, and a commit a batch."""
    config = config_of()
    products, lines = config.assortment.products, mean_lines(config.assortment.products)
    events = 2 * products + EVENTS_AN_ORDER * orders
    query_s, commit_s = as_distribution(config.query_s).mean, as_distribution(config.commit_s).mean
    return (2 * products + lines * orders) * query_s + ceil(events / BATCH) * commit_s


def wrong_until_s(looks: pd.DataFrame) -> float:
    """Return until when a page was wrong; 0 when none was."""
    wrong = looks[looks.wrong]
    return 0.0 if wrong.empty else float(wrong.since_s.max())


def figure(looks: Mapping[str, pd.DataFrame], title: str, orders: int = ORDERS, size: Size = LAB) -> Picture:
    """Draw way -> `made_anew`: the share of pages that are wrong over time, and where the arithmetic sees the end.

    `orders`: those of the runs. A frame may have the looks of several runs.
    """
    words, done_s = [], expected_s(orders)
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for (way, rows), look in zip(looks.items(), variants("cqrs", looks).values(), strict=True):
            shares = _shares(rows)
            (line,) = panel.plot(shares.index, shares, color=look.colour, clip_on=False, zorder=3)
            panel.fill_between(shares.index, shares, color=look.colour, alpha=0.15, linewidth=0)
            drawing.name_end(panel, line, way)
            words.append(
                f"{way}: {percent(rows.wrong.mean())} of all, the last at {wrong_until_s(rows):.1f} s"
            )
        panel.axvline(done_s, color=INK, linestyle=(0, (4, 3)), linewidth=1.3)
        drawing.name_line(panel, done_s, f"log read, by arithmetic: {done_s:.1f} s")
        scale(panel, log=False)
        panel.yaxis.set_major_formatter(lambda share, _: percent(share))
        panel.set(xlabel="Since the beginning [s]", ylabel=wrapped("Pages that are wrong"))
        panel.set(xlim=(0, max(float(rows.since_s.max()) for rows in looks.values())), ylim=(0, 1.02))
    told = f"Pages that are wrong. {'. '.join(words)}. By arithmetic the log is read after {done_s:.1f} s."
    return Picture(drawing.figure, f"{title.rstrip('.')}. {told}")


def _shares(rows: pd.DataFrame) -> pd.Series:
    """The share of wrong pages in each `DRAWN_EVERY_S`, at its middle."""
    middles = (np.floor(rows.since_s / DRAWN_EVERY_S) + 0.5) * DRAWN_EVERY_S
    return rows.assign(middle_s=middles).groupby("middle_s").wrong.mean().iloc[:-1]  # the last is not full
