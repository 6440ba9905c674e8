"""The business layer: does it hold the rules, can they work without any machine, and are they enough?

Three trials. *Alone*: the same rules are asked on rows in memory, without a simulation, and every call of a database,
a file or a network is counted while they work. *Same decisions*: random histories over three kinds of data access.
*Enough*: many orders for the same piece at the same moment, with the condition that data access puts on a reservation,
and without it. Then nothing is left but the rule of the business layer, which looks first and writes later.

What this leaves out: locks on rows, with which the rule alone could be enough, and orders would wait for each other.

>>> overselling(orders=1, condition=False), overselling(orders=2, condition=False), overselling(2, condition=True)
(0, 1, 0)
"""

import ast
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.layered.concerns import concerns, decisions_here_percent
from archlab.chapters.layered.histories import FEW, decision, history, outcomes, small_shop
from archlab.chapters.layered.traced import ROOT
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_up_to
from archlab.course.quantity import number
from archlab.shop.architecture import Assortment
from archlab.shop.code.metrics import imported_modules, longest_known
from archlab.shop.code.source import Component, modules
from archlab.shop.domain import Basket, Product, Refusal
from archlab.shop.layered.architecture import Layered
from archlab.shop.layered.business import Rules
from archlab.shop.layered.config import LayeredConfig
from archlab.shop.layered.data_access import MemoryData, SqliteData
from archlab.shop.store import Statement, StockRepository
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_whole

OUTSIDE = ("sqlite3", "_sqlite3", "_socket", "_io", "simpy")
"""Modules that reach a database, a network, a file or simulated time."""
MOST_ORDERS = 20
"""Orders at the same moment that are tried at most."""


# Alone -------------------------------------------------------------------------------------------------------


def loaded_with(module: str = "archlab.shop.layered.business.rules") -> pd.DataFrame:
    """Return what is imported with a module, directly or through others: columns library, imports_it.

    `library`: of those in `OUTSIDE`. `imports_it`: the modules of the course that do it themselves.
    """
    known = {one.name: one for one in [*modules(ROOT / "shop"), *modules(ROOT / "sim")]}
    found: dict[str, set[str]] = {}
    waiting, seen = deque([module]), {module}
    while waiting:
        here = known[waiting.popleft()]
        for name in imported_modules(here):
            inside = longest_known(name, set(known))
            if inside and inside not in seen:
                seen.add(inside)
                waiting.append(inside)
            if (library := name.split(".")[0]) in OUTSIDE:
                found.setdefault(library, set()).add(here.name)
    rows = [(library, ", ".join(sorted(by))) for library, by in sorted(found.items())]
    return pd.DataFrame(rows, columns=["library", "imports_it"])


def needed_from(component: Component, module: str) -> list[str]:
    """Return which names a file takes from a module."""
    nodes = (node for node in ast.walk(component.module) if isinstance(node, ast.ImportFrom))
    return sorted(alias.name for node in nodes if node.module == module for alias in node.names)


def calls_outside(work: Callable[[], object]) -> int:
    """Run something, and count the calls into `OUTSIDE` meanwhile."""
    count = 0

    def look(frame: Any, event: str, called: Any) -> None:
        nonlocal count
        if event == "c_call":
            owner = type(getattr(called, "__self__", None)).__module__
            count += (getattr(called, "__module__", None) or owner).split(".")[
                0
            ] in OUTSIDE or owner in OUTSIDE
        elif event == "call":
            count += frame.f_globals.get("__name__", "").split(".")[0] in OUTSIDE

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def rules_alone(
    catalogue: Sequence[Product], baskets: Sequence[Basket], stock: int = FEW.stock
) -> list[object]:
    """Ask the rules about baskets, on rows in memory, and place what they allow. No simulation is there."""
    data = MemoryData()
    data.fill(catalogue, stock)
    return [_placed(Rules(data), number, basket) for number, basket in enumerate(baskets, start=1)]


def _placed(rules: Rules, order_id: int, basket: Basket) -> object:
    try:
        order = _end(rules.draft(order_id, basket))
        _end(_end(rules.place(order, rules.paid(order, authorisation=order_id))).commit())
        return order
    except Refusal as refusal:
        return refusal.reason


def _end(steps: Any) -> Any:
    """Run steps that wait for nothing, and return their answer."""
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise AssertionError("rows in memory make nobody wait")


# Same decisions, and enough ----------------------------------------------------------------------------------


def differing_decisions(seed: int = 1, others: tuple[str, ...] = ("key-value", "memory")) -> int:
    """Return how many uses of a random history are decided otherwise over another kind of data access than SQLite."""
    uses = history(seed=seed)
    first = outcomes(small_shop(seed, "sqlite"), uses)
    each = [outcomes(small_shop(seed, other), uses) for other in others]  # type: ignore[arg-type]
    return sum(decision(a) != decision(b) for found in each for a, b in zip(first, found, strict=True))


class NoCondition(StockRepository):
    """Reservations that are written whatever is there: as if a rule above were enough."""

    def reserve(self, product: int, quantity: int) -> Statement:
        sql = "UPDATE stock SET on_hand = on_hand - ? WHERE product = ?"
        return replace(super().reserve(product, quantity), sql=sql, values=(quantity, product), refusal=None)


def overselling(orders: int, condition: bool, seed: int = 1) -> int:
    """Send so many orders for the last piece at the same moment. Return how many pieces too many are sold.

    The program has a worker for each of them: so none waits outside until another is done, and then finds nothing. It
    has two cores all the same: the last to look may find what the first has written. How many do, differs by seed.

    Raises:
        ValueError: when `orders` is not a whole number above 0.
    """
    require_whole("orders", orders, at_least=1)
    config = LayeredConfig(assortment=Assortment(products=1, stock=1))
    shop = Layered(Simulation(seed), replace(config, workers=max(config.workers, orders)))
    if not condition:
        assert isinstance(shop.data, SqliteData)
        shop.data.stock = NoCondition(shop.data.server.connection)
    tasks = [shop.sim.start(_quietly(shop, number)) for number in range(1, orders + 1)]
    shop.sim.run(until=shop.sim.all_of(tasks))
    return len(shop.rows("orders")) - 1


def _quietly(shop: Layered, order_id: int) -> Any:
    try:
        yield from shop.place_order(order_id, {1: 1})
    except Refusal:
        return


def oversold(orders: int, condition: bool, seeds: Sequence[int] = tuple(range(1, 11))) -> OverSeeds:
    """Return `overselling` with each of the seeds.

    Raises:
        ValueError: when `orders` is not a whole number above 0, or there is no seed.
    """
    return OverSeeds(overselling(orders, condition, seed) for seed in seeds)


def enough_up_to(condition: bool, seed: int = 1) -> float:
    """Return up to how many orders at the same moment nothing is sold that is not there. inf: all that was tried."""
    counts = [count for count in range(1, MOST_ORDERS + 1) if overselling(count, condition, seed) > 0]
    return counts[0] - 1 if counts else np.inf


# The claim ---------------------------------------------------------------------------------------------------


def business_figures(seeds: tuple[int, ...] = tuple(range(1, 11))) -> dict[str, float]:
    """Return the figures of `business_layer`, by their names."""
    catalogue = small_shop(storage="memory").catalogue
    baskets = [use.basket for use in history(seed=1) if use.kind == "place_order"]
    differing, alone, together = zip(
        *in_parallel(joblib.delayed(_of_one)(seed) for seed in seeds), strict=True
    )
    return {
        "rules_here_percent": decisions_here_percent(concerns("layered")),
        "calls_outside": calls_outside(lambda: rules_alone(catalogue, baskets)),
        "differing_decisions": OverSeeds(differing),
        "enough_up_to": Limit("up to", alone, whole=True, tried=(1, MOST_ORDERS)),
        "enough_with_condition": Limit("up to", together, whole=True, tried=(1, MOST_ORDERS)),
    }


def _of_one(seed: int) -> tuple[int, float, float]:
    """Which decisions differ, and up to how many orders the rule is enough, without the condition and with it."""
    return differing_decisions(seed), enough_up_to(False, seed), enough_up_to(True, seed)


SAYS = {
    "rules_here_percent": "of the places that refuse by a rule of the shop, in the business layer",
    "calls_outside": "calls of libraries for databases and simulated time while its rules work on rows in memory",
    "differing_decisions": "uses that are decided otherwise over another kind of data access",
    "enough_up_to": "orders at the same moment up to which its rule alone sells nothing that is not there",
    "enough_with_condition": "the same with the condition that data access puts on a reservation",
}


@settles("layers.business-logic-layer", evidence=Evidence.MEASURED, says=SAYS)
def business_layer(
    rules_here_percent: float,
    calls_outside: float,
    differing_decisions: float,
    enough_up_to: float,
    enough_with_condition: float,
) -> Verdict:
    """Holds up to the number of orders at the same moment, of {MOST_ORDERS} that are tried, for which the rules of this
    layer alone are enough; when they work without a database, and decide the same whatever keeps the rows. The verdict
    says whether more orders are well when the rule has its condition in the layer beneath, too, and what share of the
    places that refuse by a rule of the shop stand here.
    """
    fits = calls_outside == 0 and differing_decisions == 0
    helps = (
        "must hold the rule too" if enough_with_condition > enough_up_to else "holding the rule does not help"
    )
    share = f"{number(round(rules_here_percent))} % of the places that refuse by a rule are here"
    beneath = f"order at the same moment ({share}); with more, data access {helps}"
    return holds_up_to(enough_up_to if fits else -np.inf, beneath)
