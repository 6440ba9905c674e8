"""A stream of the shop's events in which one customer is much larger than the others, and a log that is read by key.

Task 1 of lab 03. A record's key decides its partition, and each partition is read by one consumer, in order. So the
key decides two things: whose events are handled in order, and how evenly the work is spread. Every customer has several
orders under way at a time, and one wholesale customer has 8 % of all events. Each consumer in turn is slow for a
second. All figures here are assumptions.

What this leaves out: partitions and consumers that are added on the way, which break the order of every key.

>>> events = events_of_a_day(np.random.default_rng(1), count=3000)
>>> by_customer = handled_by_key(events, lambda event: event.customer, seed=1)
>>> by_order = handled_by_key(events, lambda event: event.order, seed=1)
>>> by_customer.customers_out_of_order, by_order.customers_out_of_order > 20
(0, True)
"""

import pickle
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.sim.distributions import Exponential
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.simulation import Simulation

PARTITIONS = 12
CUSTOMERS = 400
WHOLESALE_SHARE = 0.08
"""Of all events: one customer's."""
COUNTRIES, COUNTRY_SHARES = ("DE", "FR", "IT", "PL"), (0.55, 0.25, 0.15, 0.05)
EVENTS_PER_S, HANDLE_S = 200.0, 0.02
"""Events a second, and what a consumer needs for one on average: 4 of 12 consumers would do."""
TIMES_SLOWER = 10
"""What a consumer is, while its second of being slow lasts: it has a pause for its memory, or a busy neighbour."""
MOST_ON_ONE_PARTITION = 0.3
"""Of all events. Twelve even partitions have 8.3 % each, and the wholesale customer's own has 8 % more."""
TYPES = ("OrderPlaced", "StockReserved", "PaymentAuthorised", "OrderConfirmed")


@dataclass(frozen=True)
class ShopEvent:
    """What happened to one order of one customer. `number` counts the events of the day."""

    number: int
    type: str
    order: str
    customer: str
    country: str
    product: str
    at_s: float


Key = Callable[[ShopEvent], str]


@dataclass(frozen=True)
class Handled:
    """What came of a day: how many customers had an event handled before an earlier one of theirs, how many had events
    on more than one partition, so that their order was at least left to luck, and the share of all events that the
    fullest partition got.
    """

    customers_out_of_order: int
    customers_apart: int
    largest_share: float


def events_of_a_day(random: np.random.Generator, count: int) -> list[ShopEvent]:
    """Return events in the order in which they happen, of customers with new names each time."""
    names = [f"customer-{name}" for name in random.choice(10**6, CUSTOMERS, replace=False)]
    rest = (1 - WHOLESALE_SHARE) / (CUSTOMERS - 1)
    customers = random.choice(CUSTOMERS, count, p=[WHOLESALE_SHARE, *[rest] * (CUSTOMERS - 1)])
    countries = random.choice(COUNTRIES, CUSTOMERS, p=COUNTRY_SHARES)
    orders = random.integers(3, size=count)  # of the three that each customer has under way
    products = random.integers(200, size=count)
    return [
        ShopEvent(
            number,
            TYPES[number % len(TYPES)],
            f"{names[who]}/order-{orders[number]}",
            names[who],
            str(countries[who]),
            f"product-{products[number]}",
            number / EVENTS_PER_S,
        )
        for number, who in enumerate(customers)
    ]


def published(event: ShopEvent) -> ShopEvent:
    """Return an event as it comes out of a message: it says the same, and shares nothing with the one that went in."""
    again: ShopEvent = pickle.loads(pickle.dumps(event))
    return again


def handled_by_key(events: Sequence[ShopEvent], key_of: Key, seed: int) -> Handled:
    """Append the events to a log at their times, each under its key, and let a consumer a partition handle them.

    Raises:
        ValueError: when a key is no text.
    """
    sim = Simulation(seed)
    log = EventLog(sim, "shop events", append_s=0.001, partitions=PARTITIONS)
    next_handle_s = sim.draws("handle", Exponential(HANDLE_S))
    done: list[Record] = []

    def handle(record: Record) -> Generator[Event, Any, None]:
        is_slow = int(sim.now) % PARTITIONS == record.partition
        yield sim.timeout(next_handle_s() * (TIMES_SLOWER if is_slow else 1))
        done.append(record)

    log.subscribe("points", handle, members=PARTITIONS, commit_every_s=0.0)
    for event in events:
        sim.call_at(event.at_s, lambda event: log.append(key_of(event), event), event)
    sim.run(until=events[-1].at_s + HANDLE_S * len(events) + 1)
    filled = [log.partition(number).end for number in range(PARTITIONS)]
    wrong = _out_of_order([record.value for record in done])
    return Handled(wrong, _apart(done), max(filled) / len(events))


def _out_of_order(done: Sequence[ShopEvent]) -> int:
    """Count the customers of whom some event was handled after a later one."""
    latest: dict[str, int] = {}
    wrong = set()
    for event in done:
        if event.number < latest.get(event.customer, -1):
            wrong.add(event.customer)
        latest[event.customer] = max(event.number, latest.get(event.customer, -1))
    return len(wrong)


def _apart(done: Sequence[Record]) -> int:
    """Count the customers of whom events were on more than one partition."""
    places = Counter(
        customer for customer, _ in {(record.value.customer, record.partition) for record in done}
    )
    return sum(count > 1 for count in places.values())
