"""Costs of needs: what each architecture costs on the average of a day that has a peak.

Servers are rented for the peak: all day, or, when it is foreseen, for its hours alone. Functions are paid by the
request; the database behind them is rented for the peak all day, as it is in any shop that does not foresee it. That a
foreseen peak lets databases shrink and grow, too, errs in favour of servers: real ones take minutes, with a pause.

>>> from archlab.chapters.choosing.needs import Needs
>>> even, peaked = Needs(per_s=60), Needs(per_s=60, peak_times=20, peak_h=0.5)
>>> [min(("serverless", "monolithic"), key=lambda name: day_cost(name, needs).usd_per_h) for needs in (even, peaked)]
['monolithic', 'serverless']
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from archlab.chapters.choosing.buying import HOUR_S, Offer, Terms, cheapest_of_form
from archlab.chapters.choosing.forms import Form, forms_of
from archlab.chapters.choosing.needs import HOURS_A_DAY, Needs


@dataclass(frozen=True)
class DayCost:
    """What an architecture costs an hour on the average of a day, in its best form; infinite when it cannot be had."""

    architecture: str
    usd_per_h: float
    offer: Offer | None


def terms_of(needs: Needs) -> Terms:
    """Return the terms on which all architectures are bought."""
    return Terms(needs.mix, largest_database_cores=needs.largest_database_cores, copies=needs.copies)


def day_cost(architecture: str, needs: Needs) -> DayCost:
    """Return what an architecture costs. Raises `ValueError` when there is no such one."""
    costs = [_of_form(form, needs) for form in forms_of(architecture)]
    return min(costs, key=lambda cost: cost.usd_per_h)


def _of_form(form: Form, needs: Needs) -> DayCost:
    terms = terms_of(needs)
    at_peak = cheapest_of_form(form, needs.peak_per_s, terms)
    usual = cheapest_of_form(form, needs.per_s, terms)
    if at_peak is None or usual is None:
        return DayCost(form.architecture, inf, None)
    peak_share = needs.peak_h / HOURS_A_DAY if needs.is_foreseen else 1.0
    rent = peak_share * at_peak.rent_usd_per_h + (1 - peak_share) * usual.rent_usd_per_h
    paid_for_requests = HOUR_S * needs.mean_per_s * at_peak.usd_per_request
    return DayCost(form.architecture, rent + paid_for_requests, at_peak)
