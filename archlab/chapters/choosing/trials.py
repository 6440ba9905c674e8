"""A trial: one shop, one fault, one seed; what customers got of it, and what the rows say when all is quiet again.

Customers come until some seconds after the fault. Then the doors are closed, and the shop has time to finish what is
under way, so that nothing counts as lost that is only late.

- A page is kept when its customer got it in time. Pages are of products; tracking is counted by itself.
- An order is kept when its customer was told in time that it is placed or accepted, and in the end the rows have it,
  placed and with a payment.
- Wrong are the anomalies of the audit (`archlab.shop.audit`). Old answers are none of them here: they are counted by
  `archlab.chapters.choosing.time_until_seen`.
- The shop has recovered when from then on 99 of 100 pages and orders of each second are kept, and no order that came
  before the end of the fault is pending any more. With a few orders a second the former means: the last second with a
  loss is over. What does not recover while somebody watches has infinity.

An order whose customer was told "no", or nothing, and that stands in the end all the same, is not kept. The audit finds
nothing wrong with it, as its rows agree. It is counted by itself, as *untold*: the customer is charged for it.

>>> from archlab.chapters.choosing.forms import FORMS
>>> monolith = FORMS["monolithic"]
>>> tried = run_trial(monolith, monolith.smallest(2), twelve_faults.PROVIDER_DOWN, seed=1)
>>> tried["pages_kept"] == tried["pages"], tried["orders_kept"], tried["wrong_orders"]
(True, 0, 0)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.chapters.choosing import twelve_faults
from archlab.chapters.choosing.forms import Form
from archlab.chapters.choosing.trial_terms import USUAL, Trial
from archlab.chapters.choosing.twelve_faults import BURST, TWICE
from archlab.shop.architecture import SHOP_MIX, Architecture
from archlab.shop.audit import ANOMALIES, Audit
from archlab.shop.config import ShopConfig
from archlab.shop.domain import OrderState, Refusal
from archlab.sim.failure import Failure
from archlab.sim.faults import Fault
from archlab.sim.load import Request
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive
from archlab.sim.workload import Varying

DRAIN_S = 600.0
"""How long a shop may take at most to finish what is under way. What is pending then would look wrong in the audit."""
AGAIN_S = 1.0
"""From an order until it is sent again."""
LOOK_S = 0.25
"""Between two looks whether orders are pending."""
WELL = 0.99
"""The share of the pages and orders of a second that must be kept."""
COUNTED = tuple(name for name in ANOMALIES if name != "stale_reads")
"""The anomalies of the rows."""
PAGE, ORDER, TRACK = "browse", "place_order", "track_order"


@dataclass(frozen=True)
class Coming(Varying):
    """Customers who come until `until_s`; from `from_s` to `to_s` `more` times as many.

    Raises `ValueError` when `rate_per_s` or `more` is not positive.
    """

    rate_per_s: float
    until_s: float
    more: float = 1.0
    from_s: float = 0.0
    to_s: float = 0.0

    def __post_init__(self) -> None:
        require_positive("rate_per_s", self.rate_per_s)
        require_positive("more", self.more)

    @property
    def highest_per_s(self) -> float:
        return self.rate_per_s * max(1.0, self.more)

    def rate_at(self, time_s: float) -> float:
        return self.rate_per_s * (self.more if self.from_s <= time_s < self.to_s else 1.0)

    def times(self, rng: np.random.Generator, start_s: float) -> Iterator[float]:
        return takewhile(lambda time_s: time_s < self.until_s, super().times(rng, start_s))


def run_trial(
    form: Form,
    config: ShopConfig,
    fault: str,
    seed: int,
    trial: Trial = USUAL,
    besides: Callable[[Architecture], Sequence[Fault]] | None = None,
) -> dict[str, Any]:
    """Let one fault happen to a shop of a form, or none with fault="". `besides`: further faults for the built shop.

    Returns `pages`, `pages_kept`, `orders`, `orders_kept`, `tracks`, `tracks_kept`: of those that came during the
    fault; `untold`, of the same orders; `well_s`, `caught_up_s`, and `recovered_s`, the later of the two, in seconds
    after the fault; `wrong_orders`, and each of `COUNTED`; `in_flight`: orders that were not over at the end.
    Raises `ValueError` when the fault is unknown or does not apply.
    """
    sim = Simulation(seed)
    shop = form.build(sim, config=config)
    more = trial.burst_times if fault == BURST else 1.0
    coming = Coming(trial.rate_per_s, trial.end_s, more, trial.at_s, trial.over_s)
    handler = _Twice(shop, trial).handle if fault == TWICE else shop.handle
    sim.open_load(coming, handler, SHOP_MIX, trial.patience_s)
    if fault:
        sim.inject(*twelve_faults.faults_in(fault, form, shop, trial))
    if besides is not None:
        sim.inject(*besides(shop))
    waiting = _Waiting(shop, trial.over_s)
    length_s = trial.end_s + trial.patience_s
    requests = sim.measure(length_s, sample_every_s=length_s).requests
    _finish(shop)
    requests = requests.assign(stands=requests.id.isin(_standing(shop)))
    requests = requests.assign(kept=(requests.outcome == OK) & (requests.stands | (requests.kind != ORDER)))
    times = {"well_s": well_s(requests, trial), "caught_up_s": waiting.caught_up_s(requests)}
    return _counted(requests, trial) | times | {"recovered_s": max(times.values())} | _found(shop.audit())


def _finish(shop: Architecture) -> None:
    """Let the shop work until it is quiet and no order is pending, or for `DRAIN_S`."""
    until_s = shop.sim.now + DRAIN_S
    while shop.sim.now < until_s and not (shop.is_quiet() and not pending(shop)):
        shop.sim.run(until=shop.sim.now + 1)


def pending(shop: Architecture) -> set[int]:
    """Return the orders that the rows call pending."""
    rows = shop.tables["orders"].execute("SELECT order_id FROM orders WHERE state = 'pending'")
    return {order_id for (order_id,) in rows}


def _standing(shop: Architecture) -> set[int]:
    """The orders that are placed in the rows, and have a payment."""
    sql = "SELECT order_id FROM orders WHERE state = ?"
    placed = shop.tables["orders"].execute(sql, (OrderState.PLACED.value,))
    paid = shop.tables["payments"].execute("SELECT order_id FROM payments")
    return {order_id for (order_id,) in placed} & {order_id for (order_id,) in paid}


def _counted(requests: pd.DataFrame, trial: Trial) -> dict[str, Any]:
    """How many came during the fault, and how many of them were kept."""
    inside = requests.arrived_s.between(trial.at_s, trial.over_s).to_numpy()
    kept = requests.kept.to_numpy()
    counts: dict[str, Any] = {}
    for name, kind in (("pages", PAGE), ("orders", ORDER), ("tracks", TRACK)):
        came = inside & (requests.kind == kind).to_numpy()
        counts |= {name: int(came.sum()), f"{name}_kept": int((came & kept).sum())}
    untold = inside & requests.stands.to_numpy() & (requests.kind == ORDER).to_numpy() & ~kept
    return counts | {"untold": int(untold.sum())}


def _found(audit: Audit) -> dict[str, int]:
    """What is wrong with the rows."""
    found = {name: int(getattr(audit, name)) for name in COUNTED}
    return {"wrong_orders": sum(found.values()), "in_flight": audit.in_flight_orders, **found}


def well_s(requests: pd.DataFrame, trial: Trial) -> float:
    """Return how long after the fault the last second was over in which less than `WELL` of pages or orders was kept.

    `requests`: `kind`, `arrived_s`, `kept`. 0 when all was well at once; infinity when the last second was not well.
    """
    last = max(_last_bad_second(requests[requests.kind == kind], trial.over_s) for kind in (PAGE, ORDER))
    return inf if last >= int(np.ceil(trial.after_s)) - 1 else float(last + 1)


def _last_bad_second(requests: pd.DataFrame, over_s: float) -> int:
    """The last second after the fault in which less than `WELL` of these requests was kept; -1 when there is none."""
    since_s = requests.arrived_s.to_numpy() - over_s
    after = since_s >= 0
    second = np.floor(since_s[after]).astype(int)
    came, kept = np.bincount(second), np.bincount(second, weights=requests.kept.to_numpy()[after])
    bad = np.flatnonzero((came > 0) & (kept / np.maximum(came, 1) < WELL))
    return int(bad[-1]) if len(bad) else -1


class _Waiting:
    """Looks every `LOOK_S` which orders are pending, from a moment on. It costs the shop nothing."""

    def __init__(self, shop: Architecture, from_s: float) -> None:
        self._shop, self._from_s = shop, from_s
        self._seen_s: dict[int, float] = {}
        shop.sim.start(self._look_for_ever())

    def _look_for_ever(self) -> Generator[Event, Any, None]:
        sim = self._shop.sim
        yield sim.timeout(self._from_s)
        while True:
            self._seen_s |= dict.fromkeys(pending(self._shop), sim.now)
            yield sim.timeout(LOOK_S)

    def caught_up_s(self, requests: pd.DataFrame) -> float:
        """Return how long after the moment the last order that came before it was pending; infinity: it still is."""
        came = set(requests.id[requests.arrived_s < self._from_s])
        seen_s = {order_id: at_s for order_id, at_s in self._seen_s.items() if order_id in came}
        if not seen_s:
            return 0.0
        return inf if pending(self._shop) & set(seen_s) else max(seen_s.values()) + LOOK_S - self._from_s


class _Twice:
    """Customers who send each order again during the fault, whatever has come of it.

    They hear the answer to one of the two. The shop is told the same number and the same basket both times.
    """

    def __init__(self, shop: Architecture, trial: Trial) -> None:
        self._shop, self._trial = shop, trial

    def handle(self, request: Request) -> Generator[Event, Any, Any]:
        during = self._trial.at_s <= request.arrived_s < self._trial.over_s
        if request.kind != ORDER or not during:
            return self._shop.handle(request)
        return self._send_twice(request)

    def _send_twice(self, request: Request) -> Generator[Event, Any, None]:
        shop, basket = self._shop, self._shop.customers.basket()
        shop.receipts.started(request.id)
        again = shop.sim.start(self._send_again(request.id, basket))
        try:
            yield from shop.place_order(request.id, basket)
            if not request.answered:
                shop.receipts.acknowledge(request.id)
        except Refusal as refusal:
            request.outcome = refusal.reason
        finally:
            if again.triggered:
                shop.receipts.ended(request.id)

    def _send_again(self, order_id: int, basket: Any) -> Generator[Event, Any, None]:
        yield self._shop.sim.timeout(AGAIN_S)
        try:
            yield from self._shop.place_order(order_id, basket)
        except (Failure, Refusal):
            pass
        finally:
            self._shop.receipts.ended(order_id)
