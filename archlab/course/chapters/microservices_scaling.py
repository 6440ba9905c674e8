"""The rules of chapter 02 about scaling: what would make these two claims true, or not.

>>> scalability(services_serve_more_from_usd_per_hour=1.1).words
'Holds when: from 1.1 USD an hour'
>>> independent_scaling(pays_from_orders_percent=float("inf")).words
'Does not hold'

The figures come from `archlab.shop.microservices_experiments.scaling`. The functions at the end find where a curve of
figures crosses a threshold.
"""

import pandas as pd

from archlab.course.chapters.monolithic import NOTICEABLE_PERCENT
from archlab.course.rule import Evidence, settles
from archlab.course.verdict import Verdict, first_holding, holds_from


@settles("characteristics.independent-scaling", evidence=Evidence.SIMULATED)
def independent_scaling(pays_from_orders_percent: float) -> Verdict:
    """From this share of orders on, services scaled one by one serve `NOTICEABLE_PERCENT` more for the same money."""
    return holds_from(pays_from_orders_percent, "% of orders, for the same money")


@settles("pros.scalability", evidence=Evidence.SIMULATED)
def scalability(services_serve_more_from_usd_per_hour: float) -> Verdict:
    """From this budget on, services serve `NOTICEABLE_PERCENT` more of the usual mix than a monolith."""
    return holds_from(services_serve_more_from_usd_per_hour, "USD an hour")


SCALING = (independent_scaling, scalability)


def pays_from_orders_percent(shops: pd.DataFrame) -> float:
    """Return the share of orders from which services serve more for the money; takes `scaling.simulated`."""
    return first_holding(
        shops.orders_percent.tolist(), (shops.services_gain_percent - NOTICEABLE_PERCENT).tolist()
    )


def services_serve_more_from_usd_per_hour(shops: pd.DataFrame) -> float:
    """Return the budget from which services serve more of the usual mix; takes `scaling.budgets`."""
    margin = shops.services_gain_percent - NOTICEABLE_PERCENT
    return first_holding(shops.budget_usd_per_hour.tolist(), margin.tolist())
