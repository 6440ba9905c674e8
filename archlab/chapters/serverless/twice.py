"""Asking again: a customer, the platform or a queue repeats an order that has failed. What is done twice by that?

Nobody who asks again can know how far the first try came. A function that has died, or was cut off at its time limit,
has left behind what it had done by then, and those that it had called go on by themselves: the payment is taken, and
nobody waits for it any more. The same orders come in three ways, with idempotency keys and without, and the rows are
counted at the end.

- *customers* ask again after a second, three times in all.
- *events*: asynchronous invocation. The platform asks again after one minute, and after two more.
- *queue*: a function places the orders of a batch. Where one fails the whole batch comes again.

Without keys the shop is still careful: it looks whether an order is there, and where two runs meet the later one gives
back what it took (`archlab.shop.serverless.handlers.placing`).

What this leaves out: a platform or a queue that delivers twice without any failure, so it errs in favour of the shop
without keys. A provider that does not know keys: it errs in favour of the shop with keys.

>>> run = asked_again(seed=1, way="customers", keys=True, fault="crash")
>>> run["placed"], run["charged_twice"], run["pieces_lost"], run["again"] > 0
(100.0, 0.0, 0.0, True)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import joblib
import pandas as pd

from archlab.shop.instance import Steps
from archlab.shop.serverless import OrderRequest, Serverless, ServerlessConfig
from archlab.sim import Backoff, Crash, Function, MessageQueue, Retry, Simulation
from archlab.sim.functions.asynchronous import AsyncInvocations
from archlab.sim.functions.invocation import Invocation
from archlab.sim.functions.triggers import QueueTrigger
from archlab.sim.parallel import in_parallel
from archlab.sim.statistics import proportion_interval
from archlab.sim.validation import require_one_of

Way = Literal["customers", "events", "queue"]
Fault = Literal["crash", "time limit"]
WAYS: tuple[Way, ...] = ("customers", "events", "queue")
FAULTS: tuple[Fault, ...] = ("crash", "time limit")

ORDERS, DURATION_S = 100, 10.0
AT_REST_S = 260.0
"""Long enough for the platform's last retry, for a queue's, and for the settlement after them."""
CRASHES, DOWN_S = 6, 0.05
"""How often place_order dies while orders come, at random moments, and for how long it is away."""
TIME_LIMIT_S = 0.4
"""Of place_order, where that is the fault: as long as one call in a hundred of the provider takes alone."""
SEEDS = range(10)

SHOP = ServerlessConfig(settle_every_s=30.0)


def asked_again(
    seed: int, way: Way, keys: bool, fault: Fault, time_limit_s: float = TIME_LIMIT_S
) -> dict[str, float]:
    """Send `ORDERS` orders in one of `WAYS` while one of `FAULTS` hits place_order. Returns what the rows say at rest.

    `placed`: orders; `again`: runs of place_order beyond one an order; `charged_twice`: charges beyond the first of an
    order; `held_for_nothing`: holds that nobody took and nobody gave up; `pieces_lost`: missing from the stock, and in
    no order; `mailed_twice`.
    """
    limits = {"place_order": time_limit_s} if fault == "time limit" else {}
    sim = Simulation(seed)
    shop = Serverless(sim, replace(SHOP, idempotency_keys=keys, time_limits_s=limits))
    moments = sim.stream("moments of the orders").uniform(0, DURATION_S, ORDERS)
    send = SENDERS[way](shop)
    for number, at_s in enumerate(sorted(moments.tolist())):
        sim.call_at(at_s, send, OrderRequest(number, shop.customers.basket()))
    if fault == "crash":
        deaths = sim.stream("moments of the deaths").uniform(0, DURATION_S, CRASHES)
        sim.inject(*(Crash("place_order", at_s, DOWN_S) for at_s in sorted(deaths.tolist())))
    sim.run(until=DURATION_S + AT_REST_S)
    return _found(shop)


def _found(shop: Serverless) -> dict[str, float]:
    orders, stock, lines = (shop.rows(table) for table in ("orders", "stock", "order_lines"))
    ledger = shop.rows("ledger").state.value_counts()
    return {
        "placed": float((orders.state == "placed").sum()),
        "again": float(shop.functions["place_order"].invocations - ORDERS),
        "charged_twice": float(shop.audit().double_charges),
        "held_for_nothing": float(ledger.get("authorised", 0)),
        "pieces_lost": float((stock.initial - stock.on_hand).sum() - lines.quantity.sum()),
        "mailed_twice": float((shop.rows("notifications").order_id.value_counts() - 1).sum()),
    }


# The three ways -----------------------------------------------------------------------------------------

Sender = Callable[[OrderRequest], object]


def _customers(shop: Serverless) -> Sender:
    retry = Retry(shop.sim, "customers ask again", attempts=3, backoff=Backoff(base_s=1.0, jitter="none"))
    return lambda order: retry.call(lambda: shop.sim.start(shop.place_order(*order)))


def _events(shop: Serverless) -> Sender:
    return AsyncInvocations(shop.functions["place_order"]).send


def _queue(shop: Serverless) -> Sender:
    orders = MessageQueue(shop.sim, "orders to place", store_s=SHOP.publish_s)

    def place_all(invocation: Invocation) -> Steps[None]:
        for message in invocation.payload:
            yield from shop.platform.ask("place_order", message.body)

    function = Function(
        shop.sim,
        "place_orders",
        place_all,
        SHOP.environment_init_s,
        SHOP.keep_alive_s,
        time_limit_s=10.0,
        account=shop.account,
    )
    QueueTrigger(function, orders)
    return orders.publish


SENDERS: Mapping[Way, Callable[[Serverless], Sender]] = {
    "customers": _customers,
    "events": _events,
    "queue": _queue,
}


# All of them --------------------------------------------------------------------------------------------


def all_ways(
    seeds: Iterable[int] = SEEDS, faults: Sequence[Fault] = FAULTS, time_limit_s: float = TIME_LIMIT_S
) -> pd.DataFrame:
    """Return `asked_again` for each way and fault, without and with keys: a row a run.

    Raises `ValueError` when a fault is not one of `FAULTS`.
    """
    for fault in faults:
        require_one_of("faults", fault, FAULTS)
    jobs = [
        (seed, way, keys, fault)
        for way in WAYS
        for fault in faults
        for keys in (False, True)
        for seed in seeds
    ]
    found = in_parallel(joblib.delayed(asked_again)(*job, time_limit_s) for job in jobs)
    return pd.DataFrame(jobs, columns=["seed", "way", "keys", "fault"]).join(pd.DataFrame(found))


def charged_twice_percent(runs: pd.DataFrame) -> tuple[float, float, float]:
    """Return of 100 orders that were asked again how many were charged twice, and a 95 % interval.

    The runs are pooled, and each repetition is a trial (Wilson's interval). Those that one crash hit are not quite
    independent, so the true interval is a little wider.
    """
    share = proportion_interval(int(runs.charged_twice.sum()), int(runs.again.sum()))
    return 100 * share.mean, 100 * share.low, 100 * share.high


def as_bars(runs: pd.DataFrame) -> pd.DataFrame:
    """Return a row a fault and way without keys, and one for all of them with keys.

    Columns: design, and charged_twice_percent with the ends of its interval.
    """
    plain = runs[~runs["keys"]]
    groups = {f"{way}, {fault}": rows for (fault, way), rows in plain.groupby(["fault", "way"], sort=False)}
    groups["all of these, with keys"] = runs[runs["keys"]]
    names = ("charged_twice_percent", "charged_twice_percent_low", "charged_twice_percent_high")
    rows = {name: dict(zip(names, charged_twice_percent(part), strict=True)) for name, part in groups.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("design").reset_index()
