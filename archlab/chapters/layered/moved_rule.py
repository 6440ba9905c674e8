"""A rule that moves: "an order is paid in full, or not placed" goes up from the business layer into a use case.

The change is a real one, kept as a patch, and made in memory on the source as it is today. Two more use cases are added
in the same way. *Reorder* can call the steps of the use case that is there. *Batch*, several orders that are paid in
one sum, cannot: its payment is another one. Its author calls the business layer, which is what it is for.

>>> [path for path, text in patched_layers(moved=True).items() if "raise PaymentDeclined(" in text]
['shop/layered/application/use_cases.py']
>>> [path for path, text in patched_layers(moved=False).items() if "raise PaymentDeclined(" in text]
['shop/layered/business/rules.py']
"""

import types
from typing import Any

from archlab.chapters.layered.concerns import sources
from archlab.shop.code.patches import patched
from archlab.shop.layered.architecture import Layered

RULES, USE_CASES = "shop/layered/business/rules.py", "shop/layered/application/use_cases.py"

MOVED_UP = """--- a/shop/layered/business/rules.py
+++ b/shop/layered/business/rules.py
@@ @@
-        if authorisation is None:
-            raise PaymentDeclined(f"order {order.id}: {order.total_cents} cents declined")
--- a/shop/layered/application/use_cases.py
+++ b/shop/layered/application/use_cases.py
@@ @@
-from archlab.shop.domain import Basket, Order, Refusal
+from archlab.shop.domain import Basket, Order, PaymentDeclined, Refusal
@@ @@
-        payment = self.rules.paid(order, (yield asked))
+        authorisation = yield asked
+        if authorisation is None:
+            raise PaymentDeclined(f"order {order.id}: {order.total_cents} cents declined")
+        payment = self.rules.paid(order, authorisation)
"""

TWO_MORE = """--- a/shop/layered/application/use_cases.py
+++ b/shop/layered/application/use_cases.py
@@ @@
+    def reorder(self, order_id: int, earlier: int) -> Steps[Order]:
+        before = yield from self.rules.placed(earlier)
+        basket = {line.product: line.quantity for line in before.lines}
+        return (yield from self._place_new(order_id, basket))
+
+    def place_batch(self, baskets: dict[int, Basket]) -> Steps[list[Order]]:
+        orders = []
+        for order_id, basket in baskets.items():
+            orders.append((yield from self.rules.draft(order_id, basket)))
+        total = sum(order.total_cents for order in orders)
+        authorisation = yield self.provider.authorise(orders[0].id, total, key=f"batch {orders[0].id}")
+        for order in orders:
+            payment = self.rules.paid(order, authorisation)
+            changes = yield from self.rules.place(order, payment)
+            yield from changes.commit()
+        return orders
+
     def settle(self) -> Steps[None]:
"""


def patched_layers(moved: bool) -> dict[str, str]:
    """Return the source of both layers with two more use cases, and, if asked for, with the rule moved up."""
    before = {path: sources("layered")[path] for path in (RULES, USE_CASES)}
    after = patched(before, TWO_MORE)
    return patched(after, MOVED_UP) if moved else after


def with_layers(shop: Layered, layers: dict[str, str]) -> Any:
    """Return an application layer made from changed source, on the shop's rows and its payment provider."""
    rules = _loaded(layers[RULES], "rules").Rules(shop.data)
    return _loaded(layers[USE_CASES], "use_cases").Application(rules, shop.provider)


def _loaded(text: str, name: str) -> Any:
    """Run the text of a module, and return it. It is not among the modules that Python knows."""
    module = types.ModuleType(f"changed_{name}")
    exec(compile(text, f"<changed {name}>", "exec"), module.__dict__)
    return module
