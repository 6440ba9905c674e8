"""What a layer costs in one process, measured on real code: a page is read from SQLite through layers that add nothing.

Each layer is an object that calls the next one. In the first form it hands the answer on. In the others it makes an
object of its own from it at the border, as layers do that must not share their classes: a dataclass, a dict, or a
dataclass that checks each field. At the bottom, in all of them, one query reads a product and its stock.

The times in `data/layer_calls.csv` were measured once, on the machine that it names; `measure` does it again on yours.
The database is in memory and in the same process. That errs against the layers: a query to another machine takes
hundreds of times as long, and a layer does not. Other languages call faster than Python and query as fast, which errs
the same way.

>>> read_page(through("dataclass", layers=6))
SharedPage(id=1, name='tea', price_cents=450, on_hand=5)
>>> bool(0 < layer_us(recorded())["handed on"] < layer_us(recorded())["validated"])
True
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

import numpy as np
import pandas as pd

from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.style import LAB, Size, variants
from archlab.data import load
from archlab.shop.domain import Product
from archlab.shop.store import SCHEMAS, CatalogueRepository, StockRepository, open_database
from archlab.sim.validation import require_one_of, require_positive, require_whole

LAYERS = tuple(range(7))
CALLS = 2_000
"""Pages that are read in a row for one measurement."""
TIMES = 15
"""Measurements of each case, of which the least counts: others on the machine disturbed it least."""


@dataclass(frozen=True)
class SharedPage:
    """A page as the layers hand it to each other."""

    id: int
    name: str
    price_cents: int
    on_hand: int


@dataclass(frozen=True)
class CheckedPage:
    """A page that looks at each of its fields when it is made."""

    id: int
    name: str
    price_cents: int
    on_hand: int

    def __post_init__(self) -> None:
        require_whole("id", self.id, at_least=1)
        if not isinstance(self.name, str):
            raise ValueError(f"name is {self.name!r}; it must be a text")
        require_whole("price_cents", self.price_cents, at_least=0)
        require_whole("on_hand", self.on_hand, at_least=0)


class Reads(Protocol):
    """What can be asked for a page."""

    def page(self, product: int) -> Any:
        """Return the page of a product."""


class Bottom:
    """The data access layer: one query, and an object made of its row."""

    def __init__(self, made: Callable[..., Any] = SharedPage) -> None:
        connection = open_database(*SCHEMAS)
        self._rows, self._made = CatalogueRepository(connection), made
        self._rows.fill([Product(1, "tea", 450)])
        StockRepository(connection).fill({1: 5})

    def page(self, product: int) -> Any:
        page = self._rows.page(product)
        return self._made(
            id=page.product.id,
            name=page.product.name,
            price_cents=page.product.price_cents,
            on_hand=page.on_hand,
        )


class HandsOn:
    """A layer that does nothing but call the next."""

    def __init__(self, below: Reads) -> None:
        self._below = below

    def page(self, product: int) -> Any:
        return self._below.page(product)


class MapsTo:
    """A layer with objects of its own, whose attributes are copied one by one."""

    made: type = SharedPage

    def __init__(self, below: Reads) -> None:
        self._below = below

    def page(self, product: int) -> Any:
        page = self._below.page(product)
        return self.made(id=page.id, name=page.name, price_cents=page.price_cents, on_hand=page.on_hand)


class Checks(MapsTo):
    """A layer that maps, and believes nothing of what it is given."""

    made = CheckedPage


class MapsToDict:
    """A layer that maps to a dict of its own."""

    def __init__(self, below: Reads) -> None:
        self._below = below

    def page(self, product: int) -> Any:
        page = self._below.page(product)
        return {
            "id": page["id"],
            "name": page["name"],
            "price_cents": page["price_cents"],
            "on_hand": page["on_hand"],
        }


BORDERS: Mapping[str, tuple[Callable[..., Any], Callable[[Reads], Reads]]] = {
    "handed on": (SharedPage, HandsOn),
    "dict": (dict, MapsToDict),
    "dataclass": (SharedPage, MapsTo),
    "validated": (CheckedPage, Checks),
}
"""What happens at a border -> what the bottom makes of its row, and the layer above."""


def through(border: str, layers: int) -> Reads:
    """Return data access below so many layers that do nothing else.

    Raises:
        ValueError: when the border is none of `BORDERS`, or `layers` is no whole number of 0 or more.
    """
    require_one_of("border", border, BORDERS)
    require_whole("layers", layers, at_least=0)
    made, layer = BORDERS[border]
    top: Reads = Bottom(made)
    for _ in range(layers):
        top = layer(top)
    return top


def read_page(top: Reads) -> Any:
    """Read the one page that there is, through whatever stands above the rows."""
    return top.page(1)


def measure(layers: Iterable[int] = LAYERS, calls: int = CALLS, times: int = TIMES) -> pd.DataFrame:
    """Time a page on this machine, for each border and number of layers: border, layers, `us`, microseconds.

    The cases take turns, so that a machine that gets slower meanwhile slows all of them.
    """
    cases = {(border, count): through(border, count) for border in BORDERS for count in layers}
    least = dict.fromkeys(cases, np.inf)
    for _ in range(times):
        for case, top in cases.items():
            least[case] = min(least[case], _us(partial(read_page, top), calls))
    rows = [(border, count, us) for (border, count), us in least.items()]
    return pd.DataFrame(rows, columns=["border", "layers", "us"])


def _us(work: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return 1e6 * (time.perf_counter() - start) / calls


@cache
def recorded() -> pd.DataFrame:
    """Return the recorded times: border, layers, `us`."""
    return load("layer_calls")[["border", "layers", "us"]]


def layer_us(table: pd.DataFrame) -> pd.Series:
    """Return what one layer adds to a call, by border, in microseconds: the slope of a line through the times."""
    slopes = {
        border: float(np.polyfit(rows.layers, rows.us, 1)[0]) for border, rows in table.groupby("border")
    }
    return pd.Series(slopes, name="us").reindex([border for border in BORDERS if border in slopes])


def query_us(table: pd.DataFrame) -> float:
    """Return what a page takes with no layer above the data access layer, in microseconds."""
    return float(table[(table.layers == 0) & (table.border == "handed on")].us.iloc[0])


def layers_in(round_trip_s: float, border: str, table: pd.DataFrame | None = None) -> float:
    """Return how many layers in one process cost as much as one round trip to another machine."""
    require_positive("round_trip_s", round_trip_s)
    require_one_of("border", border, BORDERS)
    return 1e6 * round_trip_s / float(layer_us(recorded() if table is None else table)[border])


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what a page takes against the number of layers: a line a border, named with what one layer adds."""
    adds = layer_us(table)
    names = {border: f"{border}: +{adds[border]:.2g} µs a layer" for border in BORDERS}
    return scaling(
        table.assign(design=table.border.map(names)),
        title,
        x="layers",
        y="us",
        line_looks=variants("layered", names.values()),
        y_label="Time of a page [µs]",
        size=size,
    )
