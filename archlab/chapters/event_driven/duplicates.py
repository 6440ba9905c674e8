"""Subscribers: every event comes at least once, which is not once; and what can keep it from coming at all.

A subscriber does its work, and then says that it has. When it dies between the two it gets the event again: from a
queue the one that it was at, from a log all since it last kept its offset. Whether that does harm is seen in the rows:
the same customers, with an inbox in each component and a key for the provider, and without.

What this leaves out: events that can never be dealt with, which are another experiment's; and a broker that loses what
it has confirmed.

>>> with_inbox = deaths(seed=1, topic="log", idempotent=True)
>>> with_inbox["lost_percent"], with_inbox["mails_twice_percent"], with_inbox["again_percent"] > 10
(0.0, 0.0, True)
>>> received(0.0, 30.0, 1.0, 100.0, 0.0).words
"Holds when: up to 1 times the log's retention that it is away; 30 % of the events come again, and who comes later \
gets 100 % of the past from a log, 0 % from a queue"
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import joblib
import pandas as pd

from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import number
from archlab.shop.architecture import Assortment
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.event_driven.architecture import EventDriven
from archlab.shop.event_driven.config import EventDrivenConfig, TopicWord
from archlab.shop.events.event import Event
from archlab.shop.events.order import ORDER_PLACED
from archlab.shop.instance import Steps
from archlab.sim.faults import Crash
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Trace

DYING = ("inventory-1", "payments-1", "orders-1", "notifications-1")
DOWN_S = 0.5
ORDERS, DURATION_S, AT_REST_S = 32, 8.0, 6.0
"""How many orders, for how long they come, and how long the shop then has to finish."""

HANDLED_AN_ORDER = 5
"""Events of one order that some component handles."""

TOPICS: tuple[TopicWord, ...] = ("log", "queue")

SHOP = EventDrivenConfig(
    way_out="log_tailing",
    keep_place_every_s=0.0,
    settle_every_s=4.0,
    assortment=Assortment(products=20),
    partitions=4,
    readers={"payments": 4},
)
"""Nothing is published twice by a tailer that never dies, so what comes again comes from the topic."""


def deaths(
    seed: int, topic: TopicWord, idempotent: bool, config: EventDrivenConfig = SHOP
) -> dict[str, float]:
    """Let each of `DYING` die once, at a random moment, while orders come in. Returns what the rows say at rest.

    Per 100 orders accepted: `lost_percent`, neither mailed nor cancelled; `mails_twice_percent`;
    `charged_twice_percent`, and `stock_twice_percent`, pieces missing that no order explains. `again_percent`: events
    that came again and were known, per 100 handled; 0 without inboxes, where nobody knows.
    """
    sim = Simulation(seed)
    shop = EventDriven(sim, replace(config, topic=topic, idempotent=idempotent))
    sim.open_load(Trace(_moments(sim, ORDERS, DURATION_S)), shop.handle, ORDERS_ONLY)
    step_s = DURATION_S / (len(DYING) + 1)
    for number_, part in enumerate(DYING):
        at_s = step_s * (number_ + sim.stream("moments of the deaths").random() + 0.5)
        sim.inject(Crash(part, at_s, DOWN_S))
    sim.run(until=DURATION_S + AT_REST_S)
    return _found(shop)


def _moments(sim: Simulation, count: int, until_s: float) -> list[float]:
    """Random moments, in order."""
    return sorted(sim.stream("moments of the orders").uniform(0, until_s, count).tolist())


def _found(shop: EventDriven) -> dict[str, float]:
    orders = shop.rows("orders").order_id
    mails, charges = (shop.rows(table).order_id.value_counts() for table in ("notifications", "ledger"))
    stock, lines = shop.rows("stock"), shop.rows("order_lines")
    missing = (stock.initial - stock.on_hand).sum() - lines.quantity.sum()
    seen_again = sum(component.seen_again for component in shop.components.values())
    handled = seen_again + HANDLED_AN_ORDER * len(orders)
    per_100 = 100 / len(orders)
    return {
        "orders": float(len(orders)),
        "lost_percent": per_100 * float((~orders.isin(mails.index)).sum()),
        "mails_twice_percent": per_100 * float((mails - 1).sum()),
        "charged_twice_percent": per_100 * float((charges - 1).sum()),
        "stock_twice_percent": per_100 * float(missing),
        "again_percent": 100 * seen_again / handled,
    }


def all_deaths(
    seeds: Iterable[int] = range(10),
    topics: Sequence[TopicWord] = TOPICS,
    commit_every_s: float = SHOP.commit_every_s,
) -> pd.DataFrame:
    """Return `deaths` for each topic, without and with inboxes: a row a run, with topic, idempotent and seed.

    `commit_every_s`: how often readers of a log keep their offsets.
    """
    config = replace(SHOP, commit_every_s=commit_every_s)
    jobs = [(seed, topic, idempotent) for topic in topics for idempotent in (False, True) for seed in seeds]
    found = in_parallel(joblib.delayed(deaths)(*job, config) for job in jobs)
    return pd.DataFrame(jobs, columns=["seed", "topic", "idempotent"]).join(pd.DataFrame(found))


# What can keep an event from coming ---------------------------------------------------------------------

RETENTION_S = 3.0
"""Short, so that runs are. The limit is in times of it."""

COMMIT_EVERY_S = 0.1
"""Of the readers then. What was read since the last kept offset is read again, so that time counts as away, too."""


def mailed_percent(seed: int, away_s: float, retention_s: float = RETENTION_S) -> float:
    """Return how many of the customers get a mail, when notifications is away for so long and the log deletes."""
    sim = Simulation(seed)
    shop = EventDriven(sim, replace(SHOP, retention_s=retention_s, commit_every_s=COMMIT_EVERY_S))
    orders_end_s = 1 + away_s + 1
    sim.open_load(Trace(_moments(sim, int(3 * orders_end_s), orders_end_s)), shop.handle, ORDERS_ONLY)
    sim.inject(Crash("notifications-1", at_s=1.0, restart_after_s=away_s))
    sim.run(until=orders_end_s + 2)
    return 100 * len(shop.rows("notifications")) / len(shop.rows("orders"))


def _none_missed(seed: int, retentions: float) -> float:
    return mailed_percent(seed, retentions * RETENTION_S) - 99.99


def away_up_to(seeds: Iterable[int] = range(10)) -> Limit:
    """Return for how many times the retention a subscriber may be away and still gets every event."""
    return bisect(_none_missed, between=(0.6, 1.4), holds="up to", seeds=seeds, tolerance=0.1)


def past_percent(topic: TopicWord, orders: int = 20) -> float:
    """Return how much of the past a subscriber gets that comes when so many orders are done."""
    sim = Simulation(seed=1)
    shop = EventDriven(sim, replace(SHOP, topic=topic))
    sim.open_load(Trace(_moments(sim, orders, 5.0)), shop.handle, ORDERS_ONLY)
    sim.run(until=10)
    heard: list[str] = []

    def hear(event: Event, reader: int) -> Steps[None]:
        heard.append(event.event_id)
        yield from ()

    shop.topic.subscribe("loyalty", hear, {ORDER_PLACED}, from_start=True)
    sim.run(until=20)
    return 100 * len(set(heard)) / orders


def figures(table: pd.DataFrame, seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return the figures of `received`. `table`: of `all_deaths` with the same seeds."""
    known = table[table.idempotent].groupby("seed")
    return {
        "lost_percent": OverSeeds(known.lost_percent.max()),
        "again_percent": OverSeeds(known.again_percent.max()),
        "away_up_to_retentions": away_up_to(seeds),
        "past_from_a_log_percent": past_percent("log"),
        "past_from_a_queue_percent": past_percent("queue"),
    }


@settles(
    "pub-sub-pattern.subscribers-receive-events",
    evidence=Evidence.SIMULATED,
    says={
        "lost_percent": "orders that lack an event after deaths of subscribers",
        "again_percent": "events that come again then, at worst",
        "away_up_to_retentions": "times the retention that a subscriber may be away",
        "past_from_a_log_percent": "events of the past that a newcomer gets from a log",
        "past_from_a_queue_percent": "the same, from a queue",
    },
)
def received(
    lost_percent: float,
    again_percent: float,
    away_up_to_retentions: float,
    past_from_a_log_percent: float,
    past_from_a_queue_percent: float,
) -> Verdict:
    """Holds when a subscriber that dies at work misses nothing, up to the absence after which the log has deleted what
    it did not read. It says how many events come again, and what of the past a subscriber gets that comes later.
    """
    if lost_percent > 0:
        return holds_if(False)
    log, queue = number(past_from_a_log_percent), number(past_from_a_queue_percent)
    past = f"{log} % of the past from a log, {queue} % from a queue"
    again = (
        f"{number(round(float(again_percent)))} % of the events come again, and who comes later gets {past}"
    )
    return holds_up_to(away_up_to_retentions, f"times the log's retention that it is away; {again}")
