"""Buying: the same search finds the shop of each architecture that serves most for a budget, or a load for least.

A shop begins as small as it can be. Then, again and again, the station that is scarce by the bottleneck law grows by
one step, until the money is gone or what is scarce cannot be bought. Only growth at the scarce station can raise what a
shop serves, so no other way of spending reaches more: a test compares with all shops that a small budget could buy.

The money pays for what is rented and, with functions, for each request. Stations may be busy for `busy_at_most` of the
time: nobody plans for full ones.

What the law leaves out: waiting, sessions that disturb one another in a database, and the account of functions that
must grow. `archlab.chapters.choosing.against_load` runs what is bought here and shows what it really reaches.

>>> offer = best("monolithic", budget_usd_per_h=1.25)
>>> offer.form.key, offer.scarce, bool(offer.usd_per_h <= 1.25)
('monolithic', 'cpu', True)
>>> cheapest("serverless", rate_per_s=1 / 60).usd_per_h < cheapest("monolithic", rate_per_s=1 / 60).usd_per_h
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf

from archlab.chapters.choosing.forms import Form, forms_of
from archlab.chapters.choosing.prices import rent_usd_per_h, usd_per_request
from archlab.chapters.choosing.terms import BUSY_AT_MOST, COPIES, LARGEST_DATABASE_CORES, USUAL, Terms
from archlab.shop.config import ShopConfig
from archlab.sim.validation import require_positive

__all__ = [
    "BUSY_AT_MOST",
    "COPIES",
    "HOUR_S",
    "LARGEST_DATABASE_CORES",
    "USUAL",
    "Offer",
    "Terms",
    "asked_s",
    "best",
    "cheapest",
    "cheapest_of_form",
    "law_per_s",
    "least_usd_per_h",
    "offers",
    "rent_usd_per_h",
    "usd_per_request",
]

HOUR_S = 3600


@dataclass(frozen=True)
class Offer:
    """A shop that one could buy.

    Attributes:
        config: its configuration, of `form`.
        serves_per_s: requests a second that it is planned for: what the scarce station does at `busy_at_most`, or
            fewer when the budget does not pay for more requests.
        scarce: the station that limits it; "money" when that is what a request costs.
        rent_usd_per_h: what it costs when nobody comes.
        usd_per_request: what each request costs besides: 0 but for functions.
        usd_per_h: all of it, at the load it was bought for.
    """

    form: Form
    config: ShopConfig
    serves_per_s: float
    scarce: str
    rent_usd_per_h: float
    usd_per_request: float
    usd_per_h: float


# The search --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    config: ShopConfig
    capacity_per_s: float
    scarce: str
    rent_usd_per_h: float


class _Path:
    """The shops of a form from the smallest on, each one step larger at its scarce station, made when asked for."""

    def __init__(self, form: Form, terms: Terms) -> None:
        self._form, self._terms = form, terms
        smallest = terms.at_work(form.smallest(terms.copies))
        self.asked_s = _asked_s(form, smallest, terms)
        self.usd_per_request = usd_per_request(smallest, terms.mix, terms.price_times)
        self._steps = [self._step(smallest)]
        self._is_complete = False

    def __iter__(self) -> Iterator[_Step]:
        place = 0
        while place < len(self._steps) or self._grow():
            yield self._steps[place]
            place += 1

    def _step(self, config: ShopConfig) -> _Step:
        """What each request asks of a station does not depend on how many servers there are."""
        servers = config.servers()
        served, scarce = min((servers[name] / asked_s, name) for name, asked_s in self.asked_s.items())
        return _Step(config, served, scarce, rent_usd_per_h(config, self._terms.price_times))

    def _grow(self) -> bool:
        if not self._is_complete:
            last = self._steps[-1]
            larger = self._form.grow(last.config, last.scarce, self._terms.largest_database_cores)
            if larger is None:
                self._is_complete = True
            else:
                self._steps.append(self._step(larger))
        return not self._is_complete


_PATHS: dict[tuple[object, ...], _Path] = {}


def _path(form: Form, terms: Terms) -> _Path:
    key = (form.key, *terms.key)
    if key not in _PATHS:
        _PATHS[key] = _Path(form, terms)
    return _PATHS[key]


def _asked_s(form: Form, config: ShopConfig, terms: Terms) -> Mapping[str, float]:
    servers, per_s = config.servers(), config.capacity_per_s(terms.mix.shares)
    more_s, orders = form.more_s(config), terms.mix.shares.get("place_order", 0.0)
    return {name: servers[name] / per_s[name] + orders * more_s.get(name, 0.0) for name in per_s.index}


def asked_s(form: Form, terms: Terms = USUAL) -> Mapping[str, float]:
    """Return what a request asks of each station on average, in seconds. It is the same for all shops of a form."""
    return _path(form, terms).asked_s


def law_per_s(form: Form, config: ShopConfig, terms: Terms = USUAL) -> float:
    """Return how many requests a second a shop serves at most, by the bottleneck law."""
    servers = config.servers()
    return min(servers[name] / time_s for name, time_s in asked_s(form, terms).items())


def offers(form: Form, budget_usd_per_h: float, terms: Terms = USUAL) -> Iterator[Offer]:
    """Give the shops of a form that a budget rents, from the smallest on, each at the highest load it pays for."""
    require_positive("budget_usd_per_h", budget_usd_per_h)
    path = _path(form, terms)
    for step in path:
        left_usd = budget_usd_per_h - step.rent_usd_per_h
        if left_usd < 0:
            return
        planned_per_s = terms.busy_at_most * step.capacity_per_s
        paid_per_s = left_usd / HOUR_S / path.usd_per_request if path.usd_per_request else inf
        served_per_s = min(planned_per_s, paid_per_s)
        scarce = step.scarce if planned_per_s <= paid_per_s else "money"
        yield _offer(form, step, served_per_s, scarce, path.usd_per_request)


def _offer(form: Form, step: _Step, served_per_s: float, scarce: str, per_request_usd: float) -> Offer:
    total = step.rent_usd_per_h + HOUR_S * served_per_s * per_request_usd
    return Offer(form, step.config, served_per_s, scarce, step.rent_usd_per_h, per_request_usd, total)


def best(architecture: str, budget_usd_per_h: float, terms: Terms = USUAL) -> Offer:
    """Return the shop of an architecture that is planned for the highest load within the budget, in its best form.

    Of those that serve as much it is the cheapest.

    Raises `ValueError` when there is no such architecture, or the budget does not pay for its smallest shop.
    """
    found = [offer for form in forms_of(architecture) for offer in offers(form, budget_usd_per_h, terms)]
    if not found:
        least = least_usd_per_h(architecture, terms)
        raise ValueError(
            f"budget_usd_per_h is {budget_usd_per_h!r}; the smallest shop that is {architecture} costs {least:.2f}"
        )
    return max(found, key=lambda offer: (offer.serves_per_s, -offer.usd_per_h))


def least_usd_per_h(architecture: str, terms: Terms = USUAL) -> float:
    """Return the rent of the smallest shop of an architecture. Raises `ValueError` when there is no such one."""
    smallest = [form.smallest(terms.copies) for form in forms_of(architecture)]
    return min(rent_usd_per_h(config, terms.price_times) for config in smallest)


def cheapest_of_form(form: Form, rate_per_s: float, terms: Terms = USUAL) -> Offer | None:
    """Return the shop of a form that serves a load for least; None when it cannot grow so far."""
    require_positive("rate_per_s", rate_per_s)
    path = _path(form, terms)
    for step in path:
        if terms.busy_at_most * step.capacity_per_s >= rate_per_s:
            return _offer(form, step, rate_per_s, step.scarce, path.usd_per_request)
    return None


def cheapest(architecture: str, rate_per_s: float, terms: Terms = USUAL) -> Offer | None:
    """Return the shop of an architecture that serves a load for least, in its best form; None when none can.

    Raises `ValueError` when there is no such architecture or no such rate.
    """
    found = [cheapest_of_form(form, rate_per_s, terms) for form in forms_of(architecture)]
    return min((offer for offer in found if offer), key=lambda offer: offer.usd_per_h, default=None)
