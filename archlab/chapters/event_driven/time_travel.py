"""Time travel: a bug slips in on some day and is noticed much later. Which event is the first wrong one, and what then?

From some moment on a program of ours prices orders by an old price list. The state of the shop at a position follows
from the events up to there, so it can be looked at again: was an order wrong by then? Each look is a replay from the
first event, and halves what is left (`bisect_replays`).

The opponents keep no more bytes than the events do: nightly backups of the prices, and a table whose triggers keep
every old row. A database whose log is archived can be taken back to any second for as long as the log is kept
(managed ones keep it for days or weeks): within that time it travels as the triggers do. To tell which orders are
wrong, and by how much, one must know what each should have cost; a backup of the night before and one of the night
after do not tell it when they differ.

A replay repairs what *code* made of events. It repairs nothing that *events* say: an order that was placed at a wrong
price replays at that price for ever. The repair is one more event, not an update.

>>> story = slip_in(seed=1)
>>> found = bisect_replays(story.store, any_order_is_wrong)
>>> found.position == story.first_wrong, found.looks, story.store.head
(True, 11, 1238)
"""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.event_driven.history import DAY_S, History, Trade, play, wishes
from archlab.chapters.event_driven.kept_as_events import PAYMENT_REFUNDED, as_events
from archlab.chapters.event_driven.kept_as_states import as_states, nightly_prices
from archlab.chapters.event_driven.ways_to_keep import size
from archlab.course.claims.bisection import bisect
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from, holds_if
from archlab.course.quantity import number
from archlab.shop.domain import OrderState
from archlab.shop.events import Event, EventStore, NewEvent
from archlab.shop.events.order import ORDER_PLACED, PAYMENT_AUTHORISED
from archlab.sim.core.streams import Streams
from archlab.sim.parallel import in_parallel

AMOUNT_CORRECTED = "AmountCorrected"
"""The compensating event: the customer gets money back, or owes some more."""

TRADE = Trade(days=10, price_changes_per_day=0.2)
TWO_MONTHS = Trade(days=60, price_changes_per_day=0.2)

BETWEEN_PER_DAY = (0.003, 1.0)
"""How often a price changes: once a year, and every day."""
LONG = Trade(days=50, orders_per_day=8.0, products=20)
"""For the limit, so that there are days and products enough."""


@dataclass(frozen=True)
class Story:
    """A history with a bug, as events.

    Attributes:
        from_s: when the bug slipped in.
        first_wrong: the position of the first event that is wrong, which the search does not know.
    """

    history: History
    store: EventStore
    from_s: float
    first_wrong: int


def slip_in(seed: int, trade: Trade = TRADE) -> Story:
    """Return a history in which a bug slips in at some moment of its middle half.

    From then on orders are priced by the list of that moment. The first wrong event is the first OrderPlaced with a
    price that is not in the list.

    Raises:
        ValueError: when no order is priced wrongly.
    """
    history, from_s = _with_bug(seed, trade)
    store = as_events(history)
    return Story(history, store, from_s, _first_wrong(history, store))


def _with_bug(seed: int, trade: Trade) -> tuple[History, float]:
    """The history, and when the bug slipped in."""
    from_s = trade.days * DAY_S * float(Streams(seed).stream("bug").uniform(0.25, 0.75))
    return play(wishes(trade, seed), stale_from_s=from_s), from_s


def _first_wrong(history: History, store: EventStore) -> int:
    """Where it is by the truth: the order's time is known, and its price and the list."""
    placed = (event for event in store.read_all() if event.type == ORDER_PLACED)
    wrong = (
        event.position
        for event in placed
        if any(cents != history.list_price(id_, event.at_s) for id_, _, cents in event.data["lines"])
    )
    if (first := next(wrong, None)) is None:
        raise ValueError("trade gives no wrong order; it must: take more days, orders or changes of prices")
    return first


# A state, as it was ----------------------------------------------------------------------------------------


@dataclass
class AsItWas:
    """The shop as it was: the price list, what each order cost and should have cost, and which orders stand."""

    prices: dict[int, int] = field(default_factory=dict)
    charged: dict[int, int] = field(default_factory=dict)
    right: dict[int, int] = field(default_factory=dict)
    stands: set[int] = field(default_factory=set)

    def apply(self, event: Event) -> None:
        """Take in one event."""
        match event.type:
            case "PriceChanged":
                self.prices[event.data["product"]] = event.data["price_cents"]
            case "OrderPlaced":
                order, lines = event.data["order_id"], event.data["lines"]
                self.charged[order] = sum(quantity * cents for _, quantity, cents in lines)
                self.right[order] = sum(quantity * self.prices[id_] for id_, quantity, _ in lines)
            case "OrderConfirmed":
                self.stands.add(event.data["order_id"])
            case "OrderCancelled":
                self.stands.discard(event.data["order_id"])
            case "AmountCorrected":
                self.charged[event.data["order_id"]] += event.data["difference_cents"]

    def wrong(self) -> dict[int, int]:
        """Return what each wrong order was charged too much, in cents; too little is below 0."""
        differences = {order: self.charged[order] - right for order, right in self.right.items()}
        return {order: cents for order, cents in differences.items() if cents}


def replay(store: EventStore, up_to: int | None = None) -> AsItWas:
    """Return the shop as it was after the event at position `up_to`; None: as it is now."""
    state = AsItWas()
    for event in store.read_all(limit=up_to):
        state.apply(event)
    return state


def any_order_is_wrong(state: AsItWas) -> bool:
    """What is looked for. Once it is so, it stays so: else halving would find one of several beginnings."""
    return bool(state.wrong())


@dataclass(frozen=True)
class Found:
    """The first event after which it is wrong, how many states were looked at, and the events replayed for that."""

    position: int
    looks: int
    replayed: int


def bisect_replays(store: EventStore, is_wrong: Callable[[AsItWas], bool]) -> Found:
    """Return the first event after which the shop is wrong.

    Where a program can tell of each event whether it is wrong, one replay from end to end finds it, too. Halving pays
    when a look is dear: a person who compares a state with papers.

    Raises:
        ValueError: when it is not wrong at the end.
    """
    right, wrong = 0, store.head
    if not is_wrong(replay(store)):
        raise ValueError(f"is_wrong says no of the last position, {wrong}; it must say yes there")
    looks, replayed = 1, wrong
    while wrong - right > 1:
        middle = (right + wrong) // 2
        looks, replayed = looks + 1, replayed + middle
        right, wrong = (right, middle) if is_wrong(replay(store, middle)) else (middle, wrong)
    return Found(wrong, looks, replayed)


# The repair ------------------------------------------------------------------------------------------------


def compensate(store: EventStore, at_s: float) -> int:
    """Append a correction to each wrong order that stands, and return how many those were. Nothing is updated."""
    state = replay(store)
    wrong = {order: cents for order, cents in state.wrong().items() if order in state.stands}
    for order, too_much in wrong.items():
        stream = f"order-{order}"
        data = {"order_id": order, "difference_cents": -too_much, "reason": "priced by an old list"}
        store.append(stream, [NewEvent(AMOUNT_CORRECTED, data)], store.version(stream), at_s, "repair")
    return len(wrong)


SIGNS = {PAYMENT_AUTHORISED: ("amount_cents", 1), PAYMENT_REFUNDED: ("amount_cents", -1)}
CORRECTION = {AMOUNT_CORRECTED: ("difference_cents", 1)}
WRONG_SIGNS = {ORDER_PLACED: ("total_cents", 1)}


def takings(store: EventStore, has_bug: bool = False) -> int:
    """Return what the shop has taken, in cents: a report made from the events.

    `has_bug`: its code adds up all orders that were placed, also those that were refused or cancelled later.
    """
    counted = CORRECTION | (WRONG_SIGNS if has_bug else SIGNS)
    total = 0
    for event in store.read_all():
        if event.type in counted:
            name, sign = counted[event.type]
            total += sign * event.data[name]
    return total


def right_takings(history: History) -> int:
    """Return what it should have taken, by the truth: all orders that stand, at the prices of the list."""
    return sum(
        line.quantity * history.list_price(line.product, one.wish.at_s)
        for one in history.happened
        if one.wish.kind == "order" and one.is_done and one.order
        if history.orders[one.order.id].state is not OrderState.CANCELLED
        for line in one.order.lines
    )


def repaired(seed: int = 1, trade: Trade = TRADE) -> pd.DataFrame:
    """Repair a bug in the code of a report, and one in the code that priced the orders.

    Returns a row a bug and step: `bug`, `step` ("noticed", "code repaired, replayed", "compensated"), `off_cents`, how
    far the takings are from the truth, and `off_percent`, the same in percent of when it was noticed. The report needs
    no compensating events: nothing is left to repair.
    """
    fine = play(wishes(trade, seed))
    events, right = as_events(fine), right_takings(fine)
    rows = [
        ("bug in a report", "noticed", takings(events, has_bug=True) - right),
        ("bug in a report", "code repaired, replayed", takings(events) - right),
    ]
    story = slip_in(seed, trade)
    right = right_takings(story.history)
    for step in ("noticed", "code repaired, replayed"):
        rows.append(("bug in the events", step, takings(story.store) - right))
    compensate(story.store, at_s=trade.days * DAY_S)
    rows.append(("bug in the events", "compensated", takings(story.store) - right))
    frame = pd.DataFrame(rows, columns=["bug", "step", "off_cents"])
    return frame.assign(off_percent=100 * frame.off_cents / frame.groupby("bug").off_cents.transform("first"))


# The opponents ---------------------------------------------------------------------------------------------


def prices_from_backups(history: History) -> Callable[[int, float], int | None]:
    """Return what nightly backups tell of a price at a moment: None when the nights before and after differ."""
    rows = nightly_prices(history).execute("SELECT night, product, price_cents FROM backups")
    price = {(night, product): cents for night, product, cents in rows}

    def tell(product: int, at_s: float) -> int | None:
        night = int(at_s // DAY_S)
        before, after = price[night, product], price[night + 1, product]
        return before if before == after else None

    return tell


def prices_from_triggers(history: History) -> Callable[[int, float], int | None]:
    """Return what a table tells whose triggers keep every old row."""
    rows = as_states(history, "told")
    sql = "SELECT value FROM changes WHERE about = 'products' AND id = ? AND at_s <= ? ORDER BY change DESC LIMIT 1"
    return lambda product, at_s: int(rows.execute(sql, (product, at_s)).fetchone()[0])


def left_open_percent(history: History, tell: Callable[[int, float], int | None], from_s: float) -> float:
    """Return the share of the orders since `from_s` of which is not told, or told wrong, what they should have cost.

    For nightly backups it is the share with a product whose price changed on that day: 1 - E[exp(-n x)] for n lines
    and x changes of a price a day, if these come at random.
    """
    told = [
        all(
            tell(line.product, one.wish.at_s) == history.list_price(line.product, one.wish.at_s)
            for line in (one.order.lines if one.order else ())
        )
        for one in history.happened
        if one.wish.kind == "order" and one.is_done and one.wish.at_s >= from_s
    ]
    return 100 * (1 - float(np.mean(told)))


def storage_bytes(history: History) -> dict[str, int]:
    """Return how many bytes each way to travel keeps, of those in use in SQLite's pages, with the indexes."""
    backups = _bytes(as_states(history, "none")) + _bytes(nightly_prices(history))
    return {
        "backups": backups,
        "triggers": _bytes(as_states(history, "told")),
        "events": _bytes(as_events(history).connection),
    }


def _bytes(rows: sqlite3.Connection) -> int:
    return size(rows)[0]


def _worth(seed: int, price_changes_per_day: float, trade: Trade = LONG) -> float:
    """By how much the share that nightly backups leave open is more than what is noticed, in percent."""
    history, from_s = _with_bug(seed, replace(trade, price_changes_per_day=price_changes_per_day))
    return left_open_percent(history, prices_from_backups(history), from_s) - NOTICEABLE_PERCENT


def travelled(
    seeds: Iterable[int] = range(10), trade: Trade = TRADE, tolerance: float = 0.3
) -> dict[str, float]:
    """Return the figures of `time_travel_debugging`, each with a value a seed. `tolerance`: of the limit."""
    chosen = list(seeds)
    runs = in_parallel(joblib.delayed(_travelled)(seed, trade) for seed in chosen)
    found: dict[str, float] = {name: OverSeeds([run[name] for run in runs]) for name in runs[0]}
    return found | {
        "price_changes_a_day": bisect(_worth, BETWEEN_PER_DAY, "from", chosen, tolerance, log=True)
    }


def _travelled(seed: int, trade: Trade) -> dict[str, float]:
    """What one history gives."""
    story = slip_in(seed, trade)
    history, found = story.history, bisect_replays(story.store, any_order_is_wrong)
    share = _bytes(as_states(history, "told")) / _bytes(story.store.connection)
    return {
        "events_beside_the_first_wrong_one": abs(found.position - story.first_wrong),
        "looks": found.looks,
        "left_open_by_triggers_percent": left_open_percent(
            history, prices_from_triggers(history), story.from_s
        ),
        "bytes_of_triggers_percent": 100 * share,
    }


@settles(
    "event-sourcing.time-travel-debugging",
    evidence=Evidence.SIMULATED,
    says={
        "events_beside_the_first_wrong_one": "events between the first wrong one and the one found",
        "looks": "states looked at",
        "left_open_by_triggers_percent": "orders since then whose right price a table with triggers leaves open",
        "bytes_of_triggers_percent": "bytes of that table, of those of the events",
        "price_changes_a_day": "changes of each price a day from which nightly backups leave every tenth open",
    },
)
def time_travel_debugging(
    events_beside_the_first_wrong_one: float,
    looks: float,
    left_open_by_triggers_percent: float,
    bytes_of_triggers_percent: float,
    price_changes_a_day: float,
) -> Verdict:
    """Holds when replays find the first wrong event itself, from the rate of changes at which nightly backups without
    the log between them leave the right price of more than {NOTICEABLE_PERCENT} % of the orders since then open. It
    says whether triggers that keep every old row do worse than events.
    """
    if events_beside_the_first_wrong_one > 0:
        return holds_if(False)
    bytes_ = f"in {number(bytes_of_triggers_percent)} % of the bytes"
    how = "travels as well" if left_open_by_triggers_percent <= 0 else "leaves some open, too"
    beside = f"found in {number(looks)} looks; a table whose triggers keep every old row {how}, {bytes_}"
    return holds_from(
        price_changes_a_day, f"changes of each value a day, against nightly backups alone; {beside}"
    )
