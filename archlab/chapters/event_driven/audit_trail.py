"""The audit trail: ten questions of an auditor, asked of events, of a table of states, and of a table with triggers.

The truth is known, since we drew the history. A store answers a question when its query returns the truth. Every
store holds the same history: see `history`, `kept_as_events` and `kept_as_states`.

What an auditor wants of a trail is written down, for one, in PCI DSS 4.0, 10.2.2: who, what, when, whether it
succeeded or failed, from where, and which data. A table of states overwrites; triggers see every row that is written,
but a refused attempt writes none; events hold what the program says, and nothing that goes past it. The strongest
opponent has triggers, and a program that writes what it refuses into a table besides: it holds what events hold, and
what goes past the program. Nobody sees who only looks. How many of the ten each answers depends on the ten that we ask.

>>> answers = interview(seed=1)
>>> answers[answers.events != answers.triggers_told][["question", "events", "triggers_told"]].to_numpy().tolist()
[['Which orders found too few pieces?', True, False], ['Whose card was declined?', True, False], \
['Which prices were set past the program?', False, True]]
"""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import joblib
import pandas as pd

from archlab.chapters.event_driven.history import History, Trade, play, wishes
from archlab.chapters.event_driven.kept_as_events import (
    PRICE_CHANGED,
    STOCK_WRITTEN_OFF,
    as_events,
    moved,
)
from archlab.chapters.event_driven.kept_as_states import as_states
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.shop.domain import OutOfStock, PaymentDeclined
from archlab.shop.events import EVENTS, EventStore
from archlab.shop.events.order import ORDER_CANCELLED, ORDER_PLACED, PAYMENT_DECLINED, STOCK_REFUSED
from archlab.shop.store import open_database
from archlab.sim.parallel import in_parallel

WAYS = {
    "states": "states, told\nwho and why",
    "triggers": "triggers,\nnot told",
    "triggers_told": "triggers, told\nwho and why",
    "refusals": "the same,\n+ refusals",
    "events": "events",
}
"""The five ways to keep the history, and the words above their columns."""
STORES = tuple(WAYS)
BY_HAND = 0.02
"""For each wish, changes past the program. An assumption; `complete_audit_trail` says at how many its verdict flips."""

UNKNOWN = object()
"""The answer of a store that cannot know. Not even "none" is right then."""

Query = Callable[[Any, "Case"], Any]


@dataclass(frozen=True)
class Case:
    """What the questions are about: a history, a product, a moment and an order of it that was cancelled."""

    history: History
    product: int
    at_s: float
    cancelled: int

    @classmethod
    def of(cls, history: History) -> "Case":
        """Choose the middle of the history, the product whose price had changed last, and an order cancelled.

        Raises:
            ValueError: when no order was cancelled.
        """
        if not any(one.wish.kind == "cancel" and one.is_done for one in history.happened):
            raise ValueError(
                "history has no cancelled order; it must have one to ask about: take more days or orders"
            )
        middle_s = history.happened[-1].wish.at_s / 2
        changed_s = {
            id_: [at_s for at_s, _ in listed if at_s <= middle_s][-1]
            for id_, listed in history.listed.items()
        }
        cancelled = [
            one.wish.order_id for one in history.happened if one.wish.kind == "cancel" and one.is_done
        ]
        return cls(history, max(changed_s, key=lambda id_: changed_s[id_]), middle_s, cancelled[0])


@dataclass(frozen=True)
class Question:
    """A question in words, its true answer, and a query for each kind of store; None: the store cannot know.

    `refusals` is for the table of refusals; without one the triggers beside it are asked.
    """

    words: str
    truth: Callable[[Case], Any]
    states: Query | None = None
    triggers: Query | None = None
    refusals: Query | None = None
    events: Query | None = None

    def query(self, store: str) -> Query | None:
        """Return the query for one of `STORES`."""
        if store == "refusals":
            return self.refusals or self.triggers
        return getattr(self, store.removesuffix("_told"))


# The truth --------------------------------------------------------------------------------------------------


def _true_price_setter(case: Case) -> Any:
    setters = [
        (one.wish.at_s, one.wish.who)
        for one in case.history.happened
        if one.wish.kind == "price" and one.wish.product == case.product and one.wish.at_s <= case.at_s
    ]
    return [(0.0, "shop"), *setters][-1]


def _true_cancellation(case: Case) -> Any:
    return next(
        (one.wish.who, one.wish.why)
        for one in case.history.happened
        if one.wish.kind == "cancel" and one.is_done and one.wish.order_id == case.cancelled
    )


def _true_losses(case: Case) -> Any:
    return Counter(
        one.wish.why for one in case.history.happened if one.wish.kind == "write_off" and one.is_done
    )


def _refused(case: Case, outcome: str) -> list[Any]:
    return [one.wish for one in case.history.happened if one.wish.kind == "order" and one.outcome == outcome]


def _true_changes_by_hand(case: Case) -> Any:
    return [
        (one.wish.at_s, one.wish.product, one.wish.amount)
        for one in case.history.happened
        if one.wish.kind == "by_hand"
    ]


def _true_looks(case: Case) -> Any:
    return Counter(one.wish.who for one in case.history.happened if one.wish.kind == "look")


# A table of states ------------------------------------------------------------------------------------------


def _as_it_is(sql: str) -> Query:
    """A query for the value of the product's row, which is right if the row has not changed since."""

    def query(rows: sqlite3.Connection, case: Case) -> Any:
        found = rows.execute(sql, (case.product, case.at_s)).fetchone()
        return UNKNOWN if found is None else found[0]

    return query


def _state_of_setter(rows: sqlite3.Connection, case: Case) -> Any:
    sql = "SELECT changed_s, who FROM products WHERE product = ? AND changed_s <= ?"
    return rows.execute(sql, (case.product, case.at_s)).fetchone() or UNKNOWN


def _row_of_cancelled(rows: sqlite3.Connection, case: Case) -> Any:
    return rows.execute("SELECT who, why FROM orders WHERE order_id = ?", (case.cancelled,)).fetchone()


# A history by triggers --------------------------------------------------------------------------------------

BY_THE_PROGRAM = "changed_s = at_s"
"""The program writes the moment of a change into the row; who goes past it leaves the old one."""


def _as_it_was(about: str) -> Query:
    sql = f"""SELECT value FROM changes WHERE about = '{about}' AND id = ? AND at_s <= ? AND {BY_THE_PROGRAM}
              ORDER BY change DESC LIMIT 1"""
    return lambda rows, case: rows.execute(sql, (case.product, case.at_s)).fetchone()[0]


def _setter(rows: sqlite3.Connection, case: Case) -> Any:
    sql = f"""SELECT at_s, who FROM changes WHERE about = 'products' AND id = ? AND at_s <= ? AND {BY_THE_PROGRAM}
              ORDER BY change DESC LIMIT 1"""
    return rows.execute(sql, (case.product, case.at_s)).fetchone()


def _losses(rows: sqlite3.Connection, case: Case) -> Any:
    sql = """SELECT why, SUM(was - value) FROM changes
             WHERE about = 'stock' AND value < was AND why <> 'order' GROUP BY why"""
    return Counter(dict(rows.execute(sql).fetchall()))


def _wrong_prices(rows: sqlite3.Connection, case: Case) -> Any:
    sql = f"""SELECT DISTINCT order_id FROM orders JOIN order_lines USING (order_id)
              WHERE unit_price_cents <> (SELECT value FROM changes WHERE about = 'products' AND id = product
                  AND at_s <= placed_s AND {BY_THE_PROGRAM} ORDER BY change DESC LIMIT 1) ORDER BY order_id"""
    return [row[0] for row in rows.execute(sql)]


def _changes_by_hand(rows: sqlite3.Connection, case: Case) -> Any:
    sql = f"SELECT at_s, id, value FROM changes WHERE about = 'products' AND NOT {BY_THE_PROGRAM} ORDER BY change"
    return rows.execute(sql).fetchall()


# A table of refusals ----------------------------------------------------------------------------------------


def _refusals(column: str, reason: str, gather: Callable[[Iterable[int]], Any]) -> Query:
    sql = f"SELECT {column} FROM refusals WHERE what = 'order' AND reason = ? ORDER BY refusal"
    return lambda rows, case: gather(row[0] for row in rows.execute(sql, (reason,)))


# Events -----------------------------------------------------------------------------------------------------


def _price_event(store: EventStore, case: Case) -> Any:
    return [event for event in store.read(f"product-{case.product}") if event.at_s <= case.at_s][-1]


def _on_hand(store: EventStore, case: Case) -> Any:
    return sum(moved(event).get(case.product, 0) for event in store.read_all() if event.at_s <= case.at_s)


def _cancellation(store: EventStore, case: Case) -> Any:
    (event,) = (one for one in store.read(f"order-{case.cancelled}") if one.type == ORDER_CANCELLED)
    return event.data["by"], event.data["reason"]


def _written_off(store: EventStore, case: Case) -> Any:
    return Counter(event.data["reason"] for event in store.read_all() if event.type == STOCK_WRITTEN_OFF)


def _orders_with(store: EventStore, type_: str) -> list[int]:
    return [event.data["order_id"] for event in store.read_all() if event.type == type_]


def _declined(store: EventStore, case: Case) -> Any:
    placed = {event.data["order_id"]: event for event in store.read_all() if event.type == ORDER_PLACED}
    return Counter(placed[order].data["customer"] for order in _orders_with(store, PAYMENT_DECLINED))


def _priced_otherwise(store: EventStore, case: Case) -> Any:
    """Orders that stand, or stood, with a price that was not in the list."""
    refused = {*_orders_with(store, STOCK_REFUSED), *_orders_with(store, PAYMENT_DECLINED)}
    prices: dict[int, int] = {}
    wrong = []
    for event in store.read_all():
        if event.type == PRICE_CHANGED:
            prices[event.data["product"]] = event.data["price_cents"]
        elif event.type == ORDER_PLACED and any(
            cents != prices[id_] for id_, _, cents in event.data["lines"]
        ):
            wrong.append(event.data["order_id"])
    return [order for order in wrong if order not in refused]


QUESTIONS = (
    Question(
        "What did this product cost then?",
        lambda case: case.history.list_price(case.product, case.at_s),
        _as_it_is("SELECT price_cents FROM products WHERE product = ? AND changed_s <= ?"),
        _as_it_was("products"),
        events=lambda store, case: _price_event(store, case).data["price_cents"],
    ),
    Question(
        "How many pieces of it were there?",
        lambda case: case.history.on_hand(case.product, case.at_s),
        _as_it_is("SELECT on_hand FROM stock WHERE product = ? AND changed_s <= ?"),
        _as_it_was("stock"),
        events=_on_hand,
    ),
    Question(
        "Who had set that price, and when?",
        _true_price_setter,
        _state_of_setter,
        _setter,
        events=lambda store, case: ((event := _price_event(store, case)).at_s, event.data["by"]),
    ),
    Question("Why did pieces leave the shelf unsold?", _true_losses, None, _losses, events=_written_off),
    Question(
        "Who cancelled this order, and why?",
        _true_cancellation,
        _row_of_cancelled,
        _row_of_cancelled,
        events=_cancellation,
    ),
    Question(
        "Which orders have a price not in the list?",
        lambda case: case.history.wrongly_priced(),
        None,
        _wrong_prices,
        events=_priced_otherwise,
    ),
    Question(
        "Which orders found too few pieces?",
        lambda case: [wish.order_id for wish in _refused(case, OutOfStock.reason)],
        refusals=_refusals("order_id", OutOfStock.reason, list),
        events=lambda store, case: _orders_with(store, STOCK_REFUSED),
    ),
    Question(
        "Whose card was declined?",
        lambda case: Counter(wish.customer for wish in _refused(case, PaymentDeclined.reason)),
        refusals=_refusals("customer", PaymentDeclined.reason, Counter),
        events=_declined,
    ),
    Question("Which prices were set past the program?", _true_changes_by_hand, triggers=_changes_by_hand),
    Question("Who of the staff looked at orders?", _true_looks),
)
"""Ten questions: how things were, who did it and why, what was refused, what went past the program, who only looked."""


# The interview ----------------------------------------------------------------------------------------------


def kept(history: History) -> dict[str, Any]:
    """Return the same history in each of `STORES`."""
    return {
        "states": as_states(history, "none"),
        "triggers": as_states(history, "triggers"),
        "triggers_told": as_states(history, "told"),
        "refusals": as_states(history, "refusals"),
        "events": as_events(history),
    }


def history_of(seed: int, by_hand: float = BY_HAND, trade: Trade | None = None) -> History:
    """Return the history that the auditor asks about: `trade`, by default ten days, with changes past the program."""
    known = trade if trade is not None else Trade(by_hand=by_hand)
    return play(wishes(known, seed))


def interview(seed: int, by_hand: float = BY_HAND, trade: Trade | None = None) -> pd.DataFrame:
    """Ask the ten questions.

    Returns a row a question: `question`, and for each of `STORES` whether its answer is true.
    """
    history = history_of(seed, by_hand, trade)
    case, stores = Case.of(history), kept(history)
    return pd.DataFrame([_asked(question, case, stores) for question in QUESTIONS])


def _asked(question: Question, case: Case, stores: Mapping[str, Any]) -> dict[str, Any]:
    queries = {name: question.query(name) for name in STORES}
    truth = question.truth(case)
    answers = {
        name: UNKNOWN if query is None else query(stores[name], case) for name, query in queries.items()
    }
    return {"question": question.words} | {name: answer == truth for name, answer in answers.items()}


def interviews(seeds: Iterable[int] = range(10)) -> pd.DataFrame:
    """Ask the questions of several histories. Each of `STORES` answers "always", "sometimes" or "never"."""
    asked = in_parallel(joblib.delayed(interview)(seed) for seed in seeds)
    right = sum(one[list(STORES)].astype(int) for one in asked)
    words = right.map(
        lambda count: "never" if count == 0 else "always" if count == len(asked) else "sometimes"
    )
    return words.assign(question=asked[0].question)


def missing_percent(seed: int, by_hand: float = BY_HAND, trade: Trade | None = None) -> dict[str, float]:
    """Return for each of `STORES` the share of attempts to change something of which it holds no trace, in percent.

    Moments are all different, so an entry with the moment of an attempt tells of that attempt. Looks change nothing
    and do not count.
    """
    history = history_of(seed, by_hand, trade)
    tried = [one.wish.at_s for one in history.happened if one.wish.kind != "look"]
    told = {name: _moments_s(name, store) for name, store in kept(history).items()}
    return {
        name: 100 * sum(at_s not in moments for at_s in tried) / len(tried) for name, moments in told.items()
    }


def _moments_s(name: str, store: Any) -> set[float]:
    """All moments of which a store tells."""
    if name == "events":
        return {event.at_s for event in store.read_all()}
    if name == "states":
        tables = (
            "changed_s FROM products",
            "changed_s FROM stock",
            "changed_s FROM orders",
            "placed_s FROM orders",
        )
        return {row[0] for table in tables for row in store.execute(f"SELECT {table}")}
    trails = ["changes", *(["refusals"] if name == "refusals" else [])]
    return {row[0] for trail in trails for row in store.execute(f"SELECT at_s FROM {trail}")}


def audited(seeds: Iterable[int] = range(10), trade: Trade | None = None) -> dict[str, float]:
    """Return the figures of `complete_audit_trail`, each with a value a seed.

    They come from histories in which nobody goes past the program. Each change that does is missing in the events
    alone, whatever it changes. So events miss as many attempts as triggers when the share of such changes is what
    triggers miss more than events here.
    """
    missing = [missing_percent(seed, by_hand=0.0, trade=trade) for seed in seeds]
    return {
        "missing_in_states_percent": OverSeeds([one["states"] for one in missing]),
        "missing_in_events_percent": OverSeeds([one["events"] for one in missing]),
        "missing_in_triggers_percent": Limit("up to", [one["triggers_told"] for one in missing]),
        "missing_with_refusals_percent": OverSeeds([one["refusals"] for one in missing]),
    }


# Who can rewrite the trail ----------------------------------------------------------------------------------


def digest(store: EventStore, up_to: int | None = None) -> str:
    """Return a fingerprint of the events up to a position; None: of all.

    Kept elsewhere, it shows later whether one of them was changed. Each event is hashed together with the hash before
    (a hash chain). Who can write to the file could make the whole chain anew, so a digest beside the events shows
    nothing.
    """
    chained = b""
    for event in store.read_all(limit=up_to):
        chained = hashlib.sha256(chained + repr(event).encode()).digest()
    return chained.hex()


def tampering(seed: int = 1) -> dict[str, bool]:
    """Let somebody change an old price in the events. Returns what each way to stop him does.

    `refused_by_trigger`: a plain UPDATE fails. `changed_without_trigger`: who may drop the trigger can change an
    event, and put the trigger back. `seen_in_digest`: a digest that was kept elsewhere no longer fits.
    """
    store = as_events(history_of(seed, trade=Trade(days=2)))
    before, rows = digest(store), store.connection
    change = "UPDATE events SET data = json_set(data, '$.price_cents', 1) WHERE type = 'PriceChanged' AND position = 1"
    refused = _fails(rows, change)
    rows.execute("DROP TRIGGER events_are_not_updated")
    rows.execute(change)
    rows.execute(_trigger_again())
    return {
        "refused_by_trigger": refused,
        "changed_without_trigger": store.at(1).data["price_cents"] == 1 and _fails(rows, change),
        "seen_in_digest": digest(store) != before,
    }


def _fails(rows: sqlite3.Connection, sql: str) -> bool:
    try:
        rows.execute(sql)
    except sqlite3.IntegrityError:
        return True
    return False


def _trigger_again() -> str:
    """The trigger of a new event store, as SQLite keeps it."""
    sql = "SELECT sql FROM sqlite_master WHERE name = 'events_are_not_updated'"
    return str(open_database(EVENTS).execute(sql).fetchone()[0])


@settles(
    "event-sourcing.complete-audit-trail",
    evidence=Evidence.SIMULATED,
    says={
        "missing_in_states_percent": "attempts that leave no trace in a table of states",
        "missing_in_triggers_percent": "attempts that leave none with triggers for every old row, all of them refused",
        "missing_with_refusals_percent": "attempts that leave none with triggers and a table of refused attempts",
        "missing_in_events_percent": "attempts that leave none in the events, when nobody goes past the program",
    },
)
def complete_audit_trail(
    missing_in_states_percent: float,
    missing_in_triggers_percent: float,
    missing_with_refusals_percent: float,
    missing_in_events_percent: float,
) -> Verdict:
    """Holds when events tell of every attempt that is made through the program, and a table of states and triggers do
    not, up to the share of changes past the program at which events miss as many attempts as triggers do. That share
    is the one that the program refuses, of which our shop's is assumed. It says whether triggers with a table of
    refused attempts beside them miss any: they see what goes past the program, too.
    """
    least = min(missing_in_states_percent, missing_in_triggers_percent)
    if missing_in_events_percent > 0 or least <= 0:
        return holds_if(False)
    beside = "none of either" if missing_with_refusals_percent <= 0 else "some"
    what = (
        "% of all attempts going past the program. Triggers see those, and miss as many that were refused; triggers "
        f"and a table of refused attempts miss {beside}"
    )
    return holds_up_to(missing_in_triggers_percent, what)
