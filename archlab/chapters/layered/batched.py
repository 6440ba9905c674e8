"""How many changes of an order travel in one call: from each by itself to all of them with the commit.

Between the two designs of `archlab.chapters.layered.chatty` there are others: changes wait until so many are there, and
then cross the border together. The last ones travel with the commit. Nothing else is different, not even the number of
queries, so what is saved is the way.

By construction each call that is spared saves two hops. The first step saves most: two changes in a call spare about
half of what can be spared at all, since the calls that ask for products and stock stay.

What this leaves out: what it costs to wait. A change that is refused is refused later, with others that were in vain;
and what travels together is larger, which costs no time here. Both err in favour of large batches.

>>> [round(calls_an_order(size, orders=50)) for size in (1, 2, 100)]
[9, 6, 4]
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from archlab.chapters.layered.chatty import CORES, NEVER_S, RATE_PER_S, WORKERS
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.shop.day import ORDERS_ONLY, run_shop
from archlab.shop.domain import Notification, Order, Payment
from archlab.shop.instance import Steps
from archlab.shop.layered import Layered, LayeredConfig
from archlab.shop.layered.data_access import Changes, DataAccess
from archlab.shop.layered.tiers import Border, FarData
from archlab.sim.distributions import Values
from archlab.sim.experiment import PooledPercentile, sweep
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_whole
from archlab.sim.workload import Poisson

LARGEST = 7
"""An order has three changes and one a line, of which there are three at most; then all travel with the commit."""
SIZES = tuple(range(1, LARGEST + 1))
ORDERS = 200


class InBatches:
    """Changes cross the border so many at a time. See `archlab.shop.layered.data_access.interface.Changes`."""

    def __init__(self, near: Changes, border: Border, size: int) -> None:
        self.near, self.border, self.size = near, border, size
        self._waiting: list[Steps[None]] = []

    def reserve(self, product: int, quantity: int) -> Steps[None]:
        return self._add(self.near.reserve(product, quantity))

    def record_payment(self, payment: Payment) -> Steps[None]:
        return self._add(self.near.record_payment(payment))

    def insert_order(self, order: Order) -> Steps[None]:
        return self._add(self.near.insert_order(order))

    def notify(self, notification: Notification) -> Steps[None]:
        return self._add(self.near.notify(notification))

    def commit(self) -> Steps[None]:
        return self.border.cross(self._taken(self.near.commit()))

    def _add(self, change: Steps[None]) -> Steps[None]:
        self._waiting.append(change)
        if len(self._waiting) >= self.size:
            yield from self.border.cross(self._taken())

    def _taken(self, *last: Steps[None]) -> Steps[None]:
        """All that wait, one after the other, and then the last."""
        waiting, self._waiting = [*self._waiting, *last], []
        for change in waiting:
            yield from change


class FarInBatches(FarData):
    """Data access on another machine, to which changes go so many at a time."""

    def __init__(self, near: DataAccess, border: Border, size: int) -> None:
        super().__init__(near, border, chatty=False)
        self.size = size

    def begin(self) -> Changes:
        return InBatches(self.near.begin(), self.border, self.size)


class Batched(Layered):
    """The shop on three tiers, whose orders send `size` changes in a call.

    Raises `ValueError` when `size` is not a whole number of 1 or more.
    """

    def __init__(self, sim: Simulation, size: int, hop_ms: float = 0.25) -> None:
        require_whole("size", size, at_least=1)
        self._size = size
        config = LayeredConfig(
            tiers="three tiers", cores=CORES, workers=WORKERS, hop_s=hop_ms / 1000, settle_every_s=NEVER_S
        )
        super().__init__(sim, config)

    def _data_seen_from_above(self) -> DataAccess:
        return FarInBatches(self.data, self.borders["data"], self._size)


def _run(seed: int, size: int, hop_ms: float, orders: int) -> tuple[Values, float]:
    """How long orders take, in milliseconds, and how many calls cross a border for one."""
    shops: list[Batched] = []

    def build(sim: Simulation) -> Batched:
        shops.append(Batched(sim, size, hop_ms))
        return shops[0]

    day = run_shop(build, Poisson(RATE_PER_S), seed=seed, duration_s=orders / RATE_PER_S, mix=ORDERS_ONLY)
    served = {name: sum(copy.completed for copy in tier.copies) for name, tier in shops[0].tiers.items()}
    return 1000 * day.result.latencies_s("place_order"), (served["app"] + served["data"]) / served["web"]


def calls_an_order(size: int, seed: int = 1, orders: int = ORDERS) -> float:
    """Return how many calls cross a border for an order, counted on a run. Raises `ValueError` for a size below 1."""
    return _run(seed, size, 0.0, orders)[1]


def _figures(seed: int, hop_ms: float, size: int) -> dict[str, float | PooledPercentile]:
    latencies_ms, calls = _run(seed, size, hop_ms, ORDERS)
    return {"calls": calls, "p50_ms": PooledPercentile(50, latencies_ms)}


def against_size(
    hops_ms: Iterable[float] = (0.25, 2.5, 12.5),
    sizes: Iterable[int] = SIZES,
    seeds: Iterable[int] = range(3),
) -> pd.DataFrame:
    """Return a row a hop and size: `hop_ms`, `size`, `calls` an order, and `p50_ms` of orders, with intervals.

    Raises `ValueError` when an argument is not allowed.
    """
    return sweep(_figures, {"hop_ms": list(hops_ms), "size": list(sizes)}, seeds)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `against_size`: a line a hop."""
    words = []
    hops = {hop_ms: f"{number(hop_ms)} ms a hop" for hop_ms in table.hop_ms.unique()}
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for hop_ms, look in zip(hops, variants("layered", hops.values()).values(), strict=True):
            rows = table[table.hop_ms == hop_ms]
            line = draw_with_band(panel, rows, "size", "p50_ms", look)
            drawing.name_end(panel, line, hops[hop_ms])
            words.append(in_words(hops[hop_ms], rows["size"], rows.p50_ms))
        scale(panel, log=False)
        panel.set_xticks(sorted(table["size"].unique()))
        panel.set(xlabel="Changes in one call, at most", ylabel=wrapped("Latency of an order, p50 [ms]"))
    return Picture(drawing.figure, f"{title.rstrip('.')}. Latency of an order: {' '.join(words)}")
