"""A field gets another name: who breaks, who notices, and what is wrong by then.

The inventory's new version calls a field of StockReserved `amount_cents`, which was `total_cents`. Its own tests pass:
it does not know that payments reads this field. There are two kinds of readers. A *strict* one fails at the missing
field, and tries the event again. A *tolerant* one takes 0 for what is missing. After `NOTICED_S` somebody has noticed,
and payments gets a version that knows both names.

No customer hears of it meanwhile: all are told "accepted". With a call it is the other way round. The monolith fails at
the first order, and a service that reads JSON strictly refuses the first message (one that reads protocol buffers goes
by numbers, and does not mind); the tests try all three. Each customer is told no until the old version is back, and
these orders are lost, while a strict reader of events loses none.

How late somebody notices moves the number of orders, not their share: each order since the rename is late or wrong.
The share is of orders alone. Fields that only the copy of the stock or the mails need can be renamed without an order
being late or wrong; that a customer gets no mail does not count here, which errs in favour of events.

What would help: to publish both names until nobody reads the old one, a register of schemas that refuses the new
version, or tests that the readers write for the publisher. All of them need to know which fields are read. And what
this leaves out: that people read each other's code before a release, which errs against all sides.

>>> after = renamed(seed=1, reader="tolerant", noticed_s=5.0)
>>> int(after["wrong"].iloc[-1]) > 0, int(after["told_no"].sum())
(True, 0)
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal, get_args

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.event_driven import coupling
from archlab.chapters.event_driven.between import Between, ShopWithBetween
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.topics import Handle
from archlab.shop.events.event import Event
from archlab.shop.events.order import STOCK_RESERVED
from archlab.shop.instance import Steps
from archlab.sim.failure import Failure
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK, UNFINISHED
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive
from archlab.sim.workload import Poisson

Reader = Literal["strict", "tolerant"]

OLD, NEW = "total_cents", "amount_cents"
DEPLOYED_S = 1.0
"""When the inventory's new version starts."""
NOTICED_S = 10.0
"""From then until payments has a version that knows both names. An assumption; people need longer."""
SETTLE_S = 6.0
"""What the shop has after that, for what is left over."""
LATE_S = 3.0
"""An order that is not done after so long is late: more than ten times as long as usual here."""
RATE_PER_S = 2.0


class FieldMissing(Failure):
    """A program died of an event that lacks a field. It starts again, and reads the event again."""

    outcome = "field_missing"
    what = "a field of an event is missing"


class _Tolerant(dict[str, Any]):
    """The data of an event, in which 0 stands for what is missing."""

    def __missing__(self, name: str) -> int:
        return 0


class Renaming(Between):
    """The inventory's new version, and what becomes of its events at payments."""

    tolerant = False
    noticed_s = NOTICED_S

    def published(self, event: Event) -> Event:
        if event.type != STOCK_RESERVED or self.sim.now < DEPLOYED_S:
            return event
        data = {NEW if name == OLD else name: value for name, value in event.data.items()}
        return replace(event, data=data)

    def handled(self, subscriber: str, handle: Handle) -> Handle:
        def by_name(event: Event, reader: int) -> Steps[None]:
            try:
                yield from handle(replace(event, data=self._understood(event)), reader)
            except KeyError as missing:
                raise FieldMissing(subscriber) from missing

        return by_name

    def _understood(self, event: Event) -> dict[str, Any]:
        """What a subscriber makes of the data: the version that knows both names, or the one before."""
        data = dict(event.data)
        if self.sim.now >= DEPLOYED_S + self.noticed_s and NEW in data:
            data.setdefault(OLD, data[NEW])
        return _Tolerant(data) if self.tolerant else data


def renamed(
    seed: int, reader: Reader = "strict", noticed_s: float = NOTICED_S, rate_per_s: float = RATE_PER_S
) -> pd.DataFrame:
    """Let the inventory's new version start, and payments' own `noticed_s` after it. A row a second.

    Columns: time_s since the new version started; of the orders since then that came `LATE_S` ago or earlier: orders,
    told_no (their customer was), late (accepted, neither placed nor cancelled), wrong (placed, and not wholly paid).

    Raises:
        ValueError: when `reader` is unknown, or `noticed_s` or `rate_per_s` not above 0.
    """
    if reader not in get_args(Reader):
        raise ValueError(f"reader is {reader!r}; it must be one of {', '.join(get_args(Reader))}")
    require_positive("noticed_s", noticed_s)
    require_positive("rate_per_s", rate_per_s)
    sim = Simulation(seed)
    shop = _shop(sim, reader == "tolerant", noticed_s)
    sim.open_load(Poisson(rate_per_s), shop.handle, ORDERS_ONLY)
    result = sim.measure(DEPLOYED_S + noticed_s + SETTLE_S)
    return _by_second(shop, result.requests, result.end_s)


def _shop(sim: Simulation, is_tolerant: bool, after_s: float) -> ShopWithBetween:
    class Story(Renaming):
        tolerant, noticed_s = is_tolerant, after_s

    class Shop(ShopWithBetween):
        kind = Story

    return Shop(sim, EventDrivenConfig())


def _by_second(shop: ShopWithBetween, requests: pd.DataFrame, end_s: float) -> pd.DataFrame:
    """Count the orders since the new version started that should be done by now, as they stand in each second."""
    orders = requests[requests.arrived_s >= DEPLOYED_S].set_index("id")
    finished_s = pd.Series(shop.finished_s, dtype=float).reindex(orders.index)
    owed = shop.rows("orders").set_index("order_id").total_cents.reindex(orders.index)
    paid = shop.rows("payments").groupby("order_id").amount_cents.sum().reindex(orders.index)
    rows = []
    for now_s in np.arange(DEPLOYED_S, end_s):
        due, done = orders.arrived_s <= now_s - LATE_S, finished_s <= now_s
        told_no = due & ~orders.outcome.isin([OK, UNFINISHED])
        counts = (due, told_no, due & ~told_no & ~done, due & done & (paid != owed))
        rows.append((now_s - DEPLOYED_S, *(int(count.sum()) for count in counts)))
    return pd.DataFrame(rows, columns=["time_s", "orders", "told_no", "late", "wrong"])


def both_readers(seeds: Iterable[int] = range(10)) -> pd.DataFrame:
    """Return `renamed` of both kinds of readers with each seed, with the columns reader and seed."""
    jobs = [(reader, seed) for reader in get_args(Reader) for seed in seeds]
    found = in_parallel(joblib.delayed(renamed)(seed, reader) for reader, seed in jobs)
    frames = [
        frame.assign(reader=reader, seed=seed) for (reader, seed), frame in zip(jobs, found, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)


def over_time(table: pd.DataFrame) -> pd.DataFrame:
    """Return the orders that are late and those that are wrong, second by second: columns design, time_s, orders.

    Medians over the seeds of `both_readers`: what a strict reader delays, and what a tolerant one makes wrong.
    """
    parts = []
    for reader, what in (("strict", "late"), ("tolerant", "wrong")):
        middle = table[table.reader == reader].groupby("time_s")[what].median()
        parts.append(middle.rename("orders").reset_index().assign(design=f"{reader}: {what}"))
    return pd.concat(parts, ignore_index=True)


def window() -> pd.DataFrame:
    """Return when payments does not know the new name, as a fault that a figure over time can shade."""
    return pd.DataFrame(
        [("reads the old name", "payments", 0.0, NOTICED_S)],
        columns=["fault", "part", "start_s", "end_s"],
    )


def hit_percent(table: pd.DataFrame) -> OverSeeds:
    """Return the share of the orders that are late or wrong when somebody notices, with the better of the readers."""
    then = table[table.time_s == NOTICED_S]
    share = (100 * (then.late + then.wrong) / then.orders).groupby(then.seed).min()
    return OverSeeds(share.sort_index())


def figures(table: pd.DataFrame) -> dict[str, float]:
    """Return what the rule needs; takes `both_readers`."""
    waits = coupling.ties().set_index("a pair counts when").loc["one waits for the other"]
    return {
        "pairs_that_wait": int(waits["event-driven"]),
        "pairs_that_wait_in_services": int(waits["microservices"]),
        "hit_percent": hit_percent(table),
        "fields_that_others_read": coupling.fields_that_others_read(),
    }


@settles(
    "benefits.loose-coupling",
    evidence=Evidence.SIMULATED,
    says={
        "pairs_that_wait": "pairs of components of which one waits for the other",
        "pairs_that_wait_in_services": "in the services",
        "hit_percent": "orders late or wrong after a rename",
        "fields_that_others_read": "fields of events that others read",
    },
)
def loose_coupling(
    pairs_that_wait: int, pairs_that_wait_in_services: int, hit_percent: float, fields_that_others_read: int
) -> Verdict:
    """Holds when fewer pairs of components wait for each other than in the services, and a component can rename a field
    of its events with no order late, by {LATE_S} s, or wrong in another component {NOTICED_S} s later.
    """
    if pairs_that_wait >= pairs_that_wait_in_services:
        return holds_if(False)
    if hit_percent <= 0:
        return holds_if(True)
    checked = Assumption(
        "the fields that are checked before a release",
        0,
        Limit("from", [fields_that_others_read], whole=True),
        when="{flips_at} fields, all that other components read, are checked before each release",
    )
    return holds_if(False, checked)
