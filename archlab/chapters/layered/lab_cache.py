"""A cache in the data access layer, while several copies of the program write.

Task 3 of lab 04. `Rows` stands for the database on another machine: a query goes there, sees the row of that moment,
and comes back, sometimes late. A write goes there, commits, and its answer comes back, or is lost: then the writer gets
a `Failure`, although the row has changed. Each copy of the program has a cache of its own, which nobody else can reach.
Every price is written once only, so a page tells which write it shows.

What this leaves out: a cache that is too small, and messages from copy to copy. Both make more queries.

>>> sim = Simulation(seed=1)
>>> rows = Rows(sim)
>>> copy = Copy(sim, rows, uncached, oldest_s=2.0)
>>> sim.run(until=sim.start(copy.look(1)))
>>> copy.looks[0].page, copy.queried
(Page(product=1, price_cents=1000), [1])
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from simpy.events import Event

from archlab.course.labs import Answer, expect, expect_steps
from archlab.course.labs.new_process import in_new_process
from archlab.shop.customers import popularity
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation

PRODUCTS = 12
FIRST_PRICE_CENTS = 1000
QUICK_S, SLOW_S, SLOW_SHARE = 0.005, 0.3, 0.05
"""On the way back with an answer: usually, and for a share of the queries. Assumptions."""
WRITE_S = 0.02
CHANGES_PER_S = 0.4
"""Of each copy, on a day. An assumption."""
LOST_SHARE = 0.1
"""Of the writes on a day: the answer is lost, and the row has changed. An assumption, on the high side."""

Steps = Generator[Event, Any, Any]


class Page(NamedTuple):
    """What a customer sees."""

    product: int
    price_cents: int


@dataclass(frozen=True)
class Way:
    """How one query or write goes: seconds there and back, and whether it "fails" before anything is done, or is "lost"
    after it.
    """

    there_s: float = QUICK_S
    back_s: float = QUICK_S
    ends: str = "well"


class Access(NamedTuple):
    """The rows as a cache sees them. Both are generators: write `yield from` before them.

    read: `read(product)` gives a page. Raises `Failure`.
    write: `write(product, price_cents)` changes a price. Raises `Failure`: then nobody knows whether it has changed.
    """

    read: Callable[[int], Steps]
    write: Callable[[int, int], Steps]


class Rows:
    """The database.

    `reads` and `writes`: the ways of the next ones, each used once; after them `usual` decides.
    """

    def __init__(self, sim: Simulation, reads: Sequence[Way] = (), writes: Sequence[Way] = ()) -> None:
        self.sim = sim
        self._reads, self._writes = list(reads), list(writes)
        self.usual: Callable[[str], Way] = lambda kind: Way()
        self._numbers = count(1)
        self.committed: dict[int, list[tuple[float, int]]] = defaultdict(list)

    def read(self, product: int) -> Steps:
        """Ask for a page. Raises `Failure`."""
        way = self._reads.pop(0) if self._reads else self.usual("read")
        yield self.sim.timeout(way.there_s)
        price_cents = self.price_cents(product)
        yield self.sim.timeout(way.back_s)
        if way.ends != "well":
            raise Failure("database")
        return Page(product, price_cents)

    def write(self, product: int, price_cents: int) -> Steps:
        """Change a price. Raises `Failure`: then nobody knows whether it has changed."""
        way = self._writes.pop(0) if self._writes else self.usual("write")
        yield self.sim.timeout(way.there_s)
        if way.ends != "fails":
            self.committed[product].append((self.sim.now, price_cents))
        yield self.sim.timeout(way.back_s)
        if way.ends != "well":
            raise Failure("database")

    # What the check knows ------------------------------------------------------------------------------------

    def price_cents(self, product: int) -> int:
        """Return the price of this moment."""
        return self.committed[product][-1][1] if self.committed[product] else FIRST_PRICE_CENTS

    def new_price_cents(self) -> int:
        """Return a price that nothing has had before."""
        return FIRST_PRICE_CENTS + next(self._numbers)

    def replaced_s(self, page: Page) -> float:
        """Return when a page's price was replaced; infinite as long as it has not been.

        Raises:
            AssertionError: when no row has ever had this price.
        """
        history = [(0.0, FIRST_PRICE_CENTS), *self.committed[page.product]]
        places = {price: place for place, (_, price) in enumerate(history)}
        expect(
            page.price_cents in places,
            f"read({page.product}) gives {page!r}, a price that is not in the rows",
        )
        place = places[page.price_cents] + 1
        return history[place][0] if place < len(history) else float("inf")


@dataclass(frozen=True)
class Look:
    """One look at a page: when it began and ended, and the page; None when it ended with a `Failure`."""

    product: int
    began_s: float
    ended_s: float
    page: Page | None


@dataclass(frozen=True)
class Written:
    """One write: when it ended, which price it wrote, whether that was committed, and whether the writer was told of a
    `Failure`.
    """

    product: int
    ended_s: float
    price_cents: int
    committed: bool
    failed: bool


class Copy:
    """A copy of the program, with a learner's cache in a process of its own."""

    def __init__(self, sim: Simulation, rows: Rows, cached: Answer, oldest_s: float) -> None:
        self.sim, self.rows, self.oldest_s = sim, rows, oldest_s
        self.queried: list[int] = []
        self._seen: set[Page] = set()
        given = in_new_process(cached)(sim, Access(self._asked, self._changed), oldest_s)
        is_pair = isinstance(given, tuple | list) and len(given) == 2 and all(map(callable, given))
        expect(is_pair, f"cached gives {given!r}; two functions are wanted: read, write")
        self._read, self._write = map(expect_steps, given)
        self.begun = 0
        self.looks: list[Look] = []
        self.written: list[Written] = []

    def _asked(self, product: int) -> Steps:
        self.queried.append(product)
        page = yield from self.rows.read(product)
        self._seen.add(page)
        return page

    def _changed(self, product: int, price_cents: int) -> Steps:
        self._seen.add(Page(product, price_cents))
        yield from self.rows.write(product, price_cents)

    def look(self, product: int) -> Steps:
        """Look at a page."""
        began_s, self.begun = self.sim.now, self.begun + 1
        try:
            page = yield from self._read(product)
        except Failure:
            page = None
        else:
            is_page = type(page) is Page and page.product == product
            expect(
                is_page,
                f"read({product}) gives {page!r}; a page of this product is wanted, as rows.read gives it",
            )
            expect(
                page in self._seen, f"read({product}) gives {page!r}, which no query of this copy has found"
            )
        self.looks.append(Look(product, began_s, self.sim.now, page))

    def change(self, product: int) -> Steps:
        """Write a new price."""
        price_cents, failed = self.rows.new_price_cents(), False
        self.begun += 1
        try:
            yield from self._write(product, price_cents)
        except Failure:
            failed = True
        committed = price_cents in [price for _, price in self.rows.committed[product]]
        self.written.append(Written(product, self.sim.now, price_cents, committed, failed))

    @property
    def unanswered(self) -> int:
        """How many looks and writes have not ended."""
        return self.begun - len(self.looks) - len(self.written)

    def too_old(self) -> list[tuple[Look, float]]:
        """Return looks at a price that was replaced more than `oldest_s` before, and how long before."""
        ages = [(look, look.ended_s - self.rows.replaced_s(look.page)) for look in self.looks if look.page]
        return [(look, age_s) for look, age_s in ages if age_s > self.oldest_s + 1e-9]

    def before_own_write(self) -> list[tuple[Look, Written]]:
        """Return looks that began after a write of this copy had ended, and show what was there before it."""
        found = []
        for look in self.looks:
            for write in self.written:
                is_own = write.committed and write.product == look.product and write.ended_s < look.began_s
                if (
                    is_own
                    and look.page
                    and self._at(look.page) < self._at(Page(write.product, write.price_cents))
                ):
                    found.append((look, write))
        return found

    def _at(self, page: Page) -> int:
        """Where a page's price stands in the order of commits."""
        prices = [FIRST_PRICE_CENTS, *(price for _, price in self.rows.committed[page.product])]
        return prices.index(page.price_cents)

    def fewest_queries(self, own_writes: bool = True) -> int:
        """Return how many queries a cache makes at least, that keeps a page for `oldest_s` and loses it by own writes.

        `own_writes`: False: one that keeps it then, too.

        Work of queries is left out, so the best real cache makes some more.
        """
        total = 0
        for product in {look.product for look in self.looks}:
            own_s = sorted(write.ended_s for write in self.written if own_writes and write.product == product)
            until_s, epoch = -1.0, -1
            for began_s in sorted(look.began_s for look in self.looks if look.product == product):
                writes = bisect_right(own_s, began_s)
                if began_s > until_s or writes != epoch:
                    total, until_s, epoch = total + 1, began_s + self.oldest_s, writes
        return total


def uncached(
    sim: Simulation, rows: Access, oldest_s: float
) -> tuple[Callable[..., Steps], Callable[..., Steps]]:
    """Return (read, write) of a shop without a cache."""
    return rows.read, rows.write


def day(
    cached: Answer, seed: int, oldest_s: float, seconds: float = 30.0, rate_per_s: float = 120.0
) -> tuple[Copy, Copy]:
    """Let customers look at pages of two copies, which change prices, too. Some queries are slow, some writes lost."""
    sim = Simulation(seed)
    rows, random = Rows(sim), sim.stream("ways")
    rows.usual = lambda kind: _usual(random, kind)
    first, second = Copy(sim, rows, cached, oldest_s), Copy(sim, rows, cached, oldest_s)
    for number, copy in enumerate((first, second), 1):
        sim.start(_again(sim, f"looks {number}", copy.look, rate_per_s))
        sim.start(_again(sim, f"changes {number}", copy.change, CHANGES_PER_S))
    sim.run(until=seconds)
    return first, second


def _again(sim: Simulation, name: str, what: Callable[[int], Steps], rate_per_s: float) -> Steps:
    random, shares = sim.stream(name), popularity(PRODUCTS)
    while True:
        yield sim.timeout(float(random.exponential(1 / rate_per_s)))
        sim.start(what(int(random.choice(PRODUCTS, p=shares)) + 1))


def _usual(random: np.random.Generator, kind: str) -> Way:
    if kind == "write":
        return Way(WRITE_S, WRITE_S, "lost" if random.random() < LOST_SHARE else "well")
    return Way(back_s=SLOW_S if random.random() < SLOW_SHARE else QUICK_S)
