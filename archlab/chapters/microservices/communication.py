"""Communication: a part of the shop is away for a minute, and orders reach payments by a call, a queue or a stream.

There are two kinds of calls, so that two questions stay apart: whether services talk by calls or by messages, and when
the customer gets an answer. The plain call answers when the order is paid. The other notes the order in a log, says
that it is accepted if payments does not answer, and finishes it later, as messages do.

What this leaves out: customers who are told no do not come again, which errs against the plain call; those who do not
want to hear "accepted" when they hoped for "placed", which errs in favour of all others.

>>> figures = outage(seed=1, way="queue", rate_per_s=1.0, away_s=5.0)
>>> figures["lost_percent"], figures["paid_later_percent"] > 0
(0.0, True)
>>> event_streaming(0.0, 0.0, orders_a_second_until_one_is_wrong=4.4, orders_a_second_by_call_with_a_log=np.inf).words
'Holds when: up to 4.4 orders a second (ours at half load: 18, beyond it; by a call with a log at any rate), with 52 \
kills of the orders service a year'
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.microservices import consistency
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import number
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, OrderingWord
from archlab.shop.microservices.ordering.accepted import AcceptedOrder
from archlab.shop.microservices.ordering.saga_with_log import SagaWithLog
from archlab.sim.faults import Crash
from archlab.sim.messaging.message_queue import DELIVERY_LIMIT
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Trace

WAYS: Mapping[str, OrderingWord] = {
    "call without a log": "saga_in_memory",
    "call with a log": "saga_with_log",
    "queue": "queue",
    "stream": "stream",
}
"""How the orders service reaches payments -> the way to order that does it. With a call, a saga undoes what failed."""

CALLS = ("call without a log", "call with a log")
RATE_PER_S, AWAY_AT_S, AWAY_S = 0.5, 10.0, 60.0
LATE_S = 1.0
"""A payment is late when it comes more than a second after the order."""

KILLS_A_YEAR, WRONG_ORDERS_A_YEAR = consistency.KILLS_A_YEAR, consistency.WRONG_ORDERS_A_YEAR
"""What a crash of the sender costs is judged as in `archlab.chapters.microservices.consistency`."""

REDELIVERY_WAIT_S = 30.0
"""How long a queue waits before it delivers a message again: the default of Amazon SQS (its visibility time-out, SQS
Developer Guide). A RabbitMQ consumer that rejects a message has it back at once, unless somebody builds a wait. The
number of deliveries is RabbitMQ's, `DELIVERY_LIMIT`. So the queue is a mix of two brands, the kinder half of each."""

LONGEST_OUTAGE_S = DELIVERY_LIMIT * REDELIVERY_WAIT_S
"""Of what a message needs; longer, and the queue has given it up."""

DESIGNS: Mapping[str, Mapping[str, Any]] = {
    "call without a log": {"way": "call without a log"},
    "call with a log": {"way": "call with a log"},
    "queue": {"way": "queue", "redelivery_wait_s": REDELIVERY_WAIT_S},
    "queue without a wait": {"way": "queue"},
    "stream": {"way": "stream"},
    "stream without keys": {"way": "stream", "idempotency_keys": False},
}
"""A design -> the parameters of `outage`. All but the last have idempotency keys."""

RECEIVERS = ("payments-1", "payment provider")
"""Who is at the other end of the call or message, and whom that one calls."""


def build(
    sim: Simulation, way: str, idempotency_keys: bool = True, redelivery_wait_s: float = 0.0
) -> Microservices:
    """Return a shop that reaches payments in this way. Raises `ValueError` for an unknown one."""
    if way not in WAYS:
        raise ValueError(f"way is {way!r}; it must be one of {', '.join(WAYS)}")
    keys = idempotency_keys or way in CALLS
    config = replace(
        MICROSERVICES, ordering=WAYS[way], idempotency_keys=keys, redelivery_wait_s=redelivery_wait_s
    )
    return Microservices(sim, config)


def outage(
    seed: int,
    way: str,
    away: Sequence[str] = ("payments-1",),
    idempotency_keys: bool = True,
    rate_per_s: float = RATE_PER_S,
    away_s: float = AWAY_S,
    settle_s: float = 40.0,
    redelivery_wait_s: float = 0.0,
) -> dict[str, float]:
    """Let the parts `away` crash, and be back after `away_s`. All customers order.

    Returns, of the orders that came meanwhile: lost_percent (the customer was told no, or it was accepted and never
    paid), paid_later_percent (paid more than `LATE_S` after), longest_wait_s until one was paid; of all orders
    double_charges; and wrong_rows, anomalies of the audit `settle_s` after the return.
    """
    sim = Simulation(seed)
    shop = build(sim, way, idempotency_keys, redelivery_wait_s)
    back_s = AWAY_AT_S + away_s
    sim.open_load(_until(sim, rate_per_s, back_s), shop.handle, mix={"place_order": 1.0})
    sim.inject(*(Crash(part, AWAY_AT_S, away_s) for part in away))
    rows = sim.measure(back_s + settle_s).requests
    hit = rows[rows.arrived_s >= AWAY_AT_S]
    waits_s = _waits_s(shop, hit)
    paid = hit.id.isin(shop.rows("payments").order_id)
    found = shop.audit()
    return {
        "lost_percent": float(100 * (1 - paid.mean())),
        "paid_later_percent": float(100 * (waits_s > LATE_S).sum() / len(hit)),
        "longest_wait_s": float(waits_s.max(initial=0.0)),
        "double_charges": float(found.double_charges),
        "wrong_rows": float(found.anomalies),
    }


def _until(sim: Simulation, rate_per_s: float, end_s: float) -> Trace:
    """Arrivals at random until `end_s`, and none after, so that all orders come to their end."""
    gaps_s = sim.stream("orders").exponential(1 / rate_per_s, size=int(2 * rate_per_s * end_s) + 10)
    times_s = np.cumsum(gaps_s)
    return Trace(times_s[times_s < end_s].tolist())


def _waits_s(shop: Microservices, rows: pd.DataFrame) -> np.ndarray:
    """How long after their arrival these orders were paid; nothing for those that were not."""
    ordering = shop.services["orders"].ordering  # type: ignore[attr-defined]
    if not isinstance(ordering, AcceptedOrder | SagaWithLog):
        return rows.latency_s[rows.outcome == OK].to_numpy()
    ends_s = rows.id.map(ordering.finished_s)
    return (ends_s - rows.arrived_s).dropna().to_numpy()


def outages(
    designs: Sequence[str] = tuple(DESIGNS),
    away: Sequence[str] = RECEIVERS,
    seeds: Iterable[int] = range(10),
    away_s: float = AWAY_S,
) -> pd.DataFrame:
    """Run `outage` for each design, each part that is away alone, and each seed. A row a run.

    Columns: design, away, seed, and the figures of `outage`.
    """
    jobs = list(product(designs, away, seeds))
    found = in_parallel(
        joblib.delayed(outage)(seed, away=[part], away_s=away_s, **DESIGNS[design])
        for design, part, seed in jobs
    )
    return pd.DataFrame(jobs, columns=["design", "away", "seed"]).join(pd.DataFrame(found))


def lost_percent(table: pd.DataFrame, *designs: str) -> OverSeeds:
    """Return what the best of these designs loses in a frame of `outages`, each with the part away that hurts most."""
    chosen = table[table.design.isin(designs)]
    worst = chosen.groupby(["seed", "design"]).lost_percent.max()
    return OverSeeds(worst.groupby("seed").min())


def shortest_wait_s(away_s: float = AWAY_S) -> float:
    """Return the shortest wait with which a queue loses no message while what it needs is away for `away_s`.

    A message is delivered once, and again `DELIVERY_LIMIT` times; the last of these must come after the return.
    """
    return away_s / DELIVERY_LIMIT


def compared(
    table: pd.DataFrame, crashes: pd.DataFrame, design: str, calls: pd.DataFrame
) -> dict[str, OverSeeds]:
    """Return what a queue or a stream is judged by.

    `table`: of `outages`. `crashes`, `calls`: of `consistency.crashes`, the latter with the saga with a log in it.
    """
    return {
        "lost_by_best_call_percent": lost_percent(table, *CALLS),
        f"lost_by_{design}_percent": lost_percent(table, design),
        "orders_a_second_until_one_is_wrong": consistency.orders_per_s(crashes, design, "up to"),
        "orders_a_second_by_call_with_a_log": consistency.orders_per_s(calls, "saga_with_log", "up to"),
    }


def _unit(limit: float, by_call: float, more: str = "") -> str:
    """Of the limits. The death of the sender is the one that leaves wrong rows."""
    beside = "at any rate" if np.isinf(by_call) else f"up to {number(by_call)}"
    kills = f"with {number(KILLS_A_YEAR)} kills of the orders service a year"
    return f"orders a second ({consistency.beside_ours(limit)}; by a call with a log {beside}), {kills}{more}"


@settles(
    "service-communication.asynchronous-message-queues",
    evidence=Evidence.SIMULATED,
    says={
        "lost_by_best_call_percent": "orders lost by the better call",
        "lost_by_queue_percent": "orders lost by the queue",
        "orders_a_second_until_one_is_wrong": "orders a second that it bears",
        "orders_a_second_by_call_with_a_log": "orders a second that a call with a log bears",
        "shortest_wait_s": "the shortest wait that keeps all orders",
    },
)
def message_queues(
    lost_by_best_call_percent: float,
    lost_by_queue_percent: float,
    orders_a_second_until_one_is_wrong: float,
    orders_a_second_by_call_with_a_log: float,
    shortest_wait_s: float,
) -> Verdict:
    """Holds up to the rate of orders at which kills of the programs, {KILLS_A_YEAR} a year each, leave more than
    {WRONG_ORDERS_A_YEAR} order a year wrong. While payments or its provider is away for {AWAY_S} s, a queue, which
    waits {REDELIVERY_WAIT_S} s (a default of SQS) and delivers again {DELIVERY_LIMIT} times (one of RabbitMQ), must not
    lose more orders than the better of two calls. It does after {LONGEST_OUTAGE_S} s.
    """
    wait = Assumption("a wait before the next delivery of", REDELIVERY_WAIT_S, shortest_wait_s, "s")
    if lost_by_queue_percent > lost_by_best_call_percent:
        return holds_if(False)
    unit = _unit(
        orders_a_second_until_one_is_wrong,
        orders_a_second_by_call_with_a_log,
        f", for outages of up to {number(LONGEST_OUTAGE_S)} s",
    )
    return holds_up_to(orders_a_second_until_one_is_wrong, unit, decided_by=wait)


@settles(
    "service-communication.asynchronous-event-streaming",
    evidence=Evidence.SIMULATED,
    says={
        "lost_by_best_call_percent": "orders lost by the better call",
        "lost_by_stream_percent": "orders lost by the stream",
        "orders_a_second_until_one_is_wrong": "orders a second that it bears",
        "orders_a_second_by_call_with_a_log": "orders a second that a call with a log bears",
    },
)
def event_streaming(
    lost_by_best_call_percent: float,
    lost_by_stream_percent: float,
    orders_a_second_until_one_is_wrong: float,
    orders_a_second_by_call_with_a_log: float,
) -> Verdict:
    """Holds up to the rate of orders at which kills of the programs, {KILLS_A_YEAR} a year each, leave more than
    {WRONG_ORDERS_A_YEAR} order a year wrong. While payments or its provider is away for {AWAY_S} s, a stream must not
    lose more orders than the better of two calls.
    """
    if lost_by_stream_percent > lost_by_best_call_percent:
        return holds_if(False)
    return holds_up_to(
        orders_a_second_until_one_is_wrong,
        _unit(orders_a_second_until_one_is_wrong, orders_a_second_by_call_with_a_log),
    )
