"""One order, function by function: what started each, in what environment it ran, and what it put on the bill.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=4)
>>> bill_of(shop)[["function", "started_by", "cold"]].values.tolist()
[['place_order', 'gateway', 1], ['reserve_stock', 'place_order', 1], ['take_payment', 'place_order', 1], \
['notify', 'notifications', 1], ['report', 'new orders', 1]]
"""

import pandas as pd

from archlab.shop.serverless import Serverless
from archlab.sim.billing.function_bill import total_usd
from archlab.sim.billing.usage import memory_gb


def bill_of(shop: Serverless) -> pd.DataFrame:
    """Return a row a function that has run: what it has used since the start.

    Columns: function, started_by, cold (environments that were started for a request), initialised_ms and ran_ms
    (billed milliseconds of both kinds), paid_ms (their sum), and usd_per_million, what a million of the same would cost
    without anything free. Only for a shop with nothing provisioned.
    """
    graph = shop.topology()
    rows = []
    for name, function in shop.functions.items():
        if not function.invocations:
            continue
        gb = memory_gb(int(function.memory_mb))
        paid_ms = 1000 * function.usage().compute_gb_s / gb
        ran_ms = 1000 * function.usage(bills_initialisation=False).compute_gb_s / gb
        rows.append(
            {
                "function": name,
                "started_by": ", ".join(graph.predecessors(name)),
                "cold": function.cold,
                "initialised_ms": paid_ms - ran_ms,
                "ran_ms": ran_ms,
                "paid_ms": paid_ms,
                "usd_per_million": 1e6 * total_usd(function.usage()),
            }
        )
    return pd.DataFrame(rows)
