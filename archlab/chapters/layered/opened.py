"""Opened layers: what it saves to let requests skip a layer that only hands them on, and what it ties together.

The shop's real source is changed by a patch, and the changed shop is imported and run. In "business open" the
application layer asks the data access layer for pages and states of orders; in "both open" the presentation layer does,
in both its parts. Then a rule comes late: a product that was recalled must not be shown. It is written where rules are,
once. A layer that skips this place does not keep it.

As a tier the skipped layers are a machine of its own; what is saved there is simulated. The time on cores of the
skipped tier is not saved, it is spent in the first one, which errs against opening.

What this leaves out: rules that are written in the data access layer or the database, where nobody skips them.

>>> table = compared().set_index("shop")
>>> table.new_ties.tolist(), table.doors_that_show_it.tolist()
([0, 1, 2], [0, 2, 2])
"""

import importlib
import sys
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pandas as pd

import archlab.shop.layered as layered_shop
from archlab.chapters.layered.sinkholes import REQUESTS, Call, watch
from archlab.shop.architecture import Assortment
from archlab.shop.code.metrics import import_graph
from archlab.shop.code.patches import patched
from archlab.shop.code.source import modules
from archlab.shop.day import run_shop
from archlab.shop.instance import Steps
from archlab.shop.layered import Layered, LayeredConfig
from archlab.shop.store import OrderStatus, ProductPage
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of
from archlab.sim.workload import Poisson

DATA_SEEN = """\
--- a/application/use_cases.py
+++ b/application/use_cases.py
@@ -16,3 +16,4 @@
 from archlab.shop.instance import Steps
+from archlab.shop.layered.data_access import DataAccess
 from archlab.shop.provider import PaymentProvider
@@ -31,2 +32,3 @@
         self.rules, self.provider = rules, provider
+        self.data: DataAccess = rules.data
"""
BUSINESS_OPEN = (
    DATA_SEEN
    + """\
@@ -35,2 +37,2 @@
-        return (yield from self.rules.page(product))
+        return (yield from self.data.page(product))
@@ -39,2 +41,2 @@
-        return (yield from self.rules.status(order_id))
+        return (yield from self.data.status(order_id))
"""
)
BOTH_OPEN = (
    DATA_SEEN
    + """\
--- a/presentation/json_api.py
+++ b/presentation/json_api.py
@@ -19,2 +19,3 @@
 from archlab.shop.layered.application import Application
+from archlab.shop.layered.data_access import DataAccess
 from archlab.shop.store import OrderStatus, ProductPage
@@ -27,4 +28,5 @@
     def __init__(self, application: Application) -> None:
+        data: DataAccess = application.data
         self._use_cases: Mapping[str, Callable[[Mapping[str, Any]], Steps[Any]]] = {
-            "browse": lambda body: application.browse(int(body["product"])),
-            "track_order": lambda body: application.track_order(int(body["order_id"])),
+            "browse": lambda body: data.page(int(body["product"])),
+            "track_order": lambda body: data.status(int(body["order_id"])),
             "place_order": lambda body: application.place_order(
--- a/presentation/command_line.py
+++ b/presentation/command_line.py
@@ -18,2 +18,3 @@
 from archlab.shop.layered.application import Application
+from archlab.shop.layered.data_access import DataAccess
@@ -27,2 +28,3 @@
         self.application = application
+        self.data: DataAccess = application.data
@@ -39,2 +41,2 @@
-                page = yield from self.application.browse(int(product))
+                page = yield from self.data.page(int(product))
                 return f"{page.product.name}: {_money(page.product.price_cents)}, {page.on_hand} there"
@@ -42,2 +44,2 @@
-                status = yield from self.application.track_order(int(order_id))
+                status = yield from self.data.status(int(order_id))
                 return f"order {order_id} is {status.state.value}, {_money(status.total_cents)}"
"""
)
RECALLED = 13
LATE_RULE = f'''\
--- a/business/rules.py
+++ b/business/rules.py
@@ -15,3 +15,4 @@
     Basket,
+    NotFound,
     Order,
     Payment,
@@ -36,2 +37,4 @@
         """Hand a page on: there is no rule about looking. Raises `NotFound`."""
+        if product == {RECALLED}:
+            raise NotFound(f"product {{product}} was recalled")
         return self.data.page(product)
'''
"""The rule that comes late, written where rules are."""

PATCHES: Mapping[str, str] = {"closed": "", "business open": BUSINESS_OPEN, "both open": BOTH_OPEN}
"""Which layers may be skipped -> how the source of the shop is changed for it."""
NAME = layered_shop.__name__


@cache
def shop_with(opened: str = "closed", rule: bool = False) -> ModuleType:
    """Return a layered shop whose source was changed: with layers open, and with the late rule or without it.

    Raises:
        ValueError: when `opened` is none of `PATCHES`, or the shop's source has changed so that a patch does not fit.
    """
    require_one_of("opened", opened, PATCHES)
    name = f"layered_shop_{opened.replace(' ', '_')}{'_with_rule' if rule else ''}"
    with TemporaryDirectory() as folder:
        for path, text in sources(opened, rule).items():
            file = Path(folder, name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace(NAME, name), encoding="utf-8")
        sys.path.insert(0, folder)
        try:
            importlib.invalidate_caches()
            return importlib.import_module(name)
        finally:
            sys.path.remove(folder)


def sources(opened: str = "closed", rule: bool = False) -> dict[str, str]:
    """Return the source files of such a shop."""
    root = Path(layered_shop.__file__ or "").parent
    found = {
        path.relative_to(root).as_posix(): path.read_text("utf-8") for path in sorted(root.rglob("*.py"))
    }
    for patch in (PATCHES[opened], LATE_RULE if rule else ""):
        found = patched(found, patch) if patch else found
    return found


def ties(opened: str = "closed") -> set[tuple[str, str]]:
    """Return which folder of such a shop imports which other one of its folders."""
    with TemporaryDirectory() as folder:
        for path, text in sources(opened).items():
            file = Path(folder, "shop", path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace(NAME, "shop"), encoding="utf-8")
        graph = import_graph(modules(Path(folder, "shop")))
    layers = {path.split("/")[0] for path in sources() if "/" in path}
    parts = [(one.split(".")[1:2], other.split(".")[1:2]) for one, other in graph.edges]
    pairs = {(one[0], other[0]) for one, other in parts if one and other and one != other}
    return {pair for pair in pairs if set(pair) <= layers}


def doors_that_show_it(opened: str) -> int:
    """Return at how many of the two doors, JSON and terminal, the recalled product is shown in spite of the rule."""
    program = shop_with(opened, rule=True)
    shop = program.Layered(Simulation(seed=1), program.LayeredConfig(assortment=Assortment(products=20)))
    request = REQUESTS["browse"].replace('"product": 1', f'"product": {RECALLED}')
    asked = (
        program.JsonApi(shop.application).handle(request),
        program.CommandLine(shop.application).run(f"show {RECALLED}"),
    )
    return sum("refused" not in shop.answer(steps) for steps in asked)


def calls(program: ModuleType, kind: str) -> int:
    """Return how many functions of the layers are called for a request of a kind."""
    return sum(_count(call) for call in watch(program, REQUESTS[kind]).first)


def _count(call: Call) -> int:
    return 1 + sum(_count(one) for one in call.inside)


@cache
def compared() -> pd.DataFrame:
    """Return a row a shop: shop, calls (of functions of layers, for a page), new_ties (between layers),
    places (that skip a layer, in the source), doors_that_show_it. Leave it as it is.
    """
    closed = ties()
    rows = [
        (
            opened,
            calls(shop_with(opened), "browse"),
            len(ties(opened) - closed),
            _places(opened),
            doors_that_show_it(opened),
        )
        for opened in PATCHES
    ]
    return pd.DataFrame(rows, columns=["shop", "calls", "new_ties", "places", "doors_that_show_it"])


def _places(opened: str) -> int:
    """How many places above the business layer ask the rows for the page of a product."""
    above = [
        text for path, text in sources(opened).items() if path.startswith(("presentation", "application"))
    ]
    return sum(text.count("data.page(") for text in above)


# As tiers ------------------------------------------------------------------------------------------------------


class OpenTiers(Layered):
    """Three tiers, of which requests that only look skip the middle one. The first one does its work on cores."""

    def browse(self, product: int) -> Steps[ProductPage]:
        return self._skip("browse", self.data.page(product))

    def track_order(self, order_id: int) -> Steps[OrderStatus]:
        return self._skip("track_order", self.data.status(order_id))

    def _skip(self, kind: str, rows: Steps[Any]) -> Steps[Any]:
        cpu_s = self._next_cpu_s[kind]()
        return self.tiers["web"].serve(cpu_s, self.borders["data"].cross(rows))


LOAD_PER_S = 50.0
"""So few requests that hardly one waits: the way is looked at, and not a queue."""


@cache
def as_tiers(seed: int = 1, duration_s: float = 20.0, hop_s: float = 0.00025) -> pd.DataFrame:
    """Run the shop on three tiers, closed and with the middle one open: shop, page_ms (median), order_ms (median)."""
    config = LayeredConfig(tiers="three tiers", hop_s=hop_s)
    rows = []
    for name, kind in (("closed", Layered), ("both open", OpenTiers)):
        build = partial(kind, config=config)
        day = run_shop(build, Poisson(LOAD_PER_S), seed=seed, duration_s=duration_s)
        latency = {what: 1000 * day.result.latency_s(50, kind=what) for what in ("browse", "place_order")}
        rows.append((name, latency["browse"], latency["place_order"]))
    return pd.DataFrame(rows, columns=["shop", "page_ms", "order_ms"])
