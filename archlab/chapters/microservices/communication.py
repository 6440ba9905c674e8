"""Communication: the payments service is away for a minute, and orders reach it by a call, a queue or a stream.

Calls lose orders meanwhile. Messages keep their promise when none is lost, and all rows agree afterwards.

>>> figures = outage(seed=1, way="queue", rate_per_s=1.0, away_s=5.0)
>>> figures["lost_percent"], figures["paid_later_percent"] > 0
(0.0, True)
>>> message_queues(lost_by_call_percent=100.0, lost_by_queue_percent=0.0, wrong_rows=3).words
'Does not hold'
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, OrderingWord
from archlab.shop.microservices.ordering.accepted import AcceptedOrder
from archlab.sim.experiment import sweep
from archlab.sim.faults import Crash
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Trace

WAYS: Mapping[str, OrderingWord] = {"call": "saga", "queue": "queue", "stream": "stream"}
"""How the orders service reaches payments -> the way to order that does it. By a call, a saga undoes what failed."""

RATE_PER_S, AWAY_AT_S, AWAY_S = 10.0, 10.0, 60.0
LATE_S = 1.0
"""A payment is late when it comes more than a second after the order."""


def build(sim: Simulation, way: str, idempotency_keys: bool) -> Microservices:
    """Return a shop that reaches payments in this way. Raises `ValueError` for an unknown one."""
    if way not in WAYS:
        raise ValueError(f"way is {way!r}; it must be one of {', '.join(WAYS)}")
    keys = idempotency_keys or way == "call"
    config = replace(MICROSERVICES, ordering=WAYS[way], idempotency_keys=keys)
    return Microservices(sim, config)


def outage(
    seed: int,
    way: str,
    idempotency_keys: bool = False,
    rate_per_s: float = RATE_PER_S,
    away_s: float = AWAY_S,
    settle_s: float = 60.0,
    also_down: Sequence[str] = (),
) -> dict[str, float]:
    """Let payments crash and be back after `away_s`, and with it the parts `also_down`. All customers order.

    Returns, of the orders that came meanwhile: lost_percent (the customer was told no), paid_later_percent (accepted,
    and paid more than `LATE_S` after), longest_wait_s until one was paid; and of all orders double_charges and
    wrong_rows (anomalies of the audit, `settle_s` after the return). Customers who are told no do not come again,
    which errs against calls.
    """
    sim = Simulation(seed)
    shop = build(sim, way, idempotency_keys)
    back_s = AWAY_AT_S + away_s
    sim.open_load(_until(sim, rate_per_s, back_s), shop.handle, mix={"place_order": 1.0})
    sim.inject(*(Crash(part, AWAY_AT_S, away_s) for part in ("payments-1", *also_down)))
    rows = sim.measure(back_s + settle_s).requests
    hit = rows[rows.arrived_s >= AWAY_AT_S]
    waits_s = _waits_s(shop, hit)
    found = shop.audit()
    return {
        "lost_percent": float(100 * (hit.outcome != OK).mean()),
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
    if not isinstance(ordering, AcceptedOrder):
        return rows.latency_s[rows.outcome == OK].to_numpy()
    ends_s = rows.id.map(ordering.finished_s)
    return (ends_s - rows.arrived_s).dropna().to_numpy()


def outages(
    ways: Sequence[str] = tuple(WAYS),
    seeds: Iterable[int] = range(4),
    rate_per_s: float = RATE_PER_S,
    away_s: float = AWAY_S,
) -> pd.DataFrame:
    """Sweep `outage` over the ways, with and without idempotency keys where that makes a difference.

    Columns: design, way, idempotency_keys, and its figures with intervals.
    """
    chosen, frames = list(seeds), []
    for way in ways:
        for keys in (True,) if way == "call" else (False, True):
            model = partial(outage, idempotency_keys=keys, rate_per_s=rate_per_s, away_s=away_s)
            name = way if way == "call" else f"{way}, {'with' if keys else 'without'} keys"
            frames.append(sweep(model, {"way": [way]}, chosen).assign(design=name, idempotency_keys=keys))
    return pd.concat(frames, ignore_index=True)


@settles("service-communication.asynchronous-message-queues", evidence=Evidence.SIMULATED)
def message_queues(lost_by_call_percent: float, lost_by_queue_percent: float, wrong_rows: float) -> Verdict:
    """Holds when calls lose orders while the receiver is away, a queue loses none, and all rows agree afterwards."""
    return holds_if(lost_by_queue_percent == 0 < lost_by_call_percent and wrong_rows == 0)


@settles("service-communication.asynchronous-event-streaming", evidence=Evidence.SIMULATED)
def event_streaming(lost_by_call_percent: float, lost_by_stream_percent: float, wrong_rows: float) -> Verdict:
    """Holds when calls lose orders while the receiver is away, a stream loses none, though its readers may read a
    record twice, and all rows agree afterwards.
    """
    return holds_if(lost_by_stream_percent == 0 < lost_by_call_percent and wrong_rows == 0)
