"""Costs of needs: what each form costs on the average of a day that has a peak.

Servers are rented for the peak: all day, or, when it is foreseen, for its hours alone. Functions are paid by the
request; the database behind them is rented for the peak all day, as it is in any shop that does not foresee it. That a
foreseen peak lets databases shrink and grow, too, errs in favour of servers: real ones take minutes, with a pause.

A monolith that pays later costs what a monolith costs that has one clone more: a machine is for its jobs, as in the
fault matrix. With a single clone that serves, this charges a balancer that it could do without, which errs against it.
That one machine is enough for the jobs of any load errs in favour of it. The jobs that were simulated work one after
the other, which is enough for a few orders a second: for more they would have to work side by side. The machine of the
jobs is paid whole, also where programs share machines.

>>> from archlab.chapters.choosing.needs import Needs
>>> even, peaked = Needs(per_s=60), Needs(per_s=60, peak_times=20, peak_h=0.5)
>>> [min(("serverless", "monolithic"), key=lambda name: day_cost(name, needs).usd_per_h) for needs in (even, peaked)]
['monolithic', 'serverless']
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import cast

from archlab.chapters.choosing.buying import HOUR_S, Offer, Terms, cheapest_of_form, rent_usd_per_h
from archlab.chapters.choosing.cost_against_load import usd_per_h
from archlab.chapters.choosing.fault_matrix import PAYS_LATER, ROWS
from archlab.chapters.choosing.forms import Form, forms_of
from archlab.chapters.choosing.needs import HOURS_A_DAY, Needs
from archlab.shop.monolithic import MonolithConfig
from archlab.sim.validation import require_one_of


@dataclass(frozen=True)
class DayCost:
    """What a form costs an hour on the average of a day; infinite when it cannot be had.

    `offer`: what is bought for the peak, at the load of the peak; of a monolith that pays later without its jobs.
    """

    form: Form
    usd_per_h: float
    offer: Offer | None

    @property
    def architecture(self) -> str:
        return self.form.architecture


def terms_of(needs: Needs) -> Terms:
    """Return the terms on which all architectures are bought."""
    return Terms(needs.mix, largest_database_cores=needs.largest_database_cores, copies=needs.copies)


def day_cost(architecture: str, needs: Needs) -> DayCost:
    """Return what an architecture costs in its cheapest form. Raises `ValueError` when there is no such one."""
    costs = [_of_form(form, needs) for form in forms_of(architecture)]
    return min(costs, key=lambda cost: cost.usd_per_h)


def form_cost(name: str, needs: Needs) -> DayCost:
    """Return what a form of `archlab.chapters.choosing.fault_matrix.ROWS` costs.

    Raises `ValueError` when there is no such one.
    """
    require_one_of("form", name, list(ROWS))
    return _of_form(ROWS[name], needs)


def _of_form(form: Form, needs: Needs) -> DayCost:
    terms = terms_of(needs)
    at_peak = cheapest_of_form(form, needs.peak_per_s, terms)
    usual = cheapest_of_form(form, needs.per_s, terms)
    if at_peak is None or usual is None:
        return DayCost(form, inf, None)
    peak_share = needs.peak_h / HOURS_A_DAY if needs.is_foreseen else 1.0
    rent = peak_share * _rent(form, at_peak, needs) + (1 - peak_share) * _rent(form, usual, needs)
    paid_for_requests = HOUR_S * needs.mean_per_s * at_peak.usd_per_request
    return DayCost(form, rent + paid_for_requests, at_peak)


def _rent(form: Form, offer: Offer, needs: Needs) -> float:
    paid_for_requests = offer.usd_per_h - offer.rent_usd_per_h
    rent = usd_per_h(offer, terms_of(needs), needs.sharing) - paid_for_requests
    if form is not PAYS_LATER:
        return rent
    config = cast(MonolithConfig, offer.config)
    return rent + rent_usd_per_h(replace(config, clones=config.clones + 1)) - offer.rent_usd_per_h
