"""Uses a program in layers, and notes which layer calls which. Task 1 of lab 04 runs it as a process of its own.

It reads from its input, as JSON: the `folder`, the `products`, the `steps` and the `entry`, which is the layer that the
steps are asked of. It writes answers, rows and calls as JSON. It sees calls while they happen, so it sees those that no
import names. Rows that were not committed are lost in the end. What this leaves out: threads.

>>> layer("/a/shop/business/orders.py", "/a"), layer("/usr/lib/json.py", "/a")
('business', '')
"""

import importlib
import json
import sys
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

ENTRIES = {"presentation": "pages", "application": "use_cases"}
NAMES = {
    "product_page": "look",
    "basket_page": "goods_cents",
    "place_page": "place",
    "order_page": "order_total",
}
"""A page -> the use case beneath it."""
ROWS = "SQLite"
"""Stands for the database among the layers that are called."""
WATCH = "the watch"
"""Stands for what notes the calls: a program that touches it hides something."""


@lru_cache(maxsize=1000)
def layer(file: str, folder: str) -> str:
    """Return the layer of a file of the shop in a folder; empty when it is another file."""
    try:
        parts = Path(file).relative_to(folder).parts
    except ValueError:
        return ""
    return parts[1] if len(parts) == 3 and parts[0] == "shop" else ""


class Watch:
    """Notes pairs of layers, of which the first one calls the second one."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.calls: set[tuple[str, str]] = set()

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call":
            if type(getattr(called, "__self__", None)).__module__ == "sqlite3":
                self.calls.add((self.above(frame), ROWS))
            elif called is sys.setprofile:
                self.calls.add((self.above(frame), WATCH))
        elif event == "call":
            here = layer(frame.f_code.co_filename, self.folder)
            if here:
                self.calls.add((self.above(frame.f_back), here))

    def above(self, frame: FrameType | None) -> str:
        """Return the nearest layer on the stack; empty when none is there."""
        while frame is not None:
            here = layer(frame.f_code.co_filename, self.folder)
            if here:
                return here
            frame = frame.f_back
        return ""


def main() -> None:
    """Read, use, and write what came of it."""
    order = json.loads(sys.stdin.read())
    sys.path.insert(0, order["folder"])
    answers, rows, error, watch = list[str](), "", "", Watch(order["folder"])
    sys.setprofile(watch)
    try:
        top = importlib.import_module(f"shop.{order['entry']}.{ENTRIES[order['entry']]}")
        db = importlib.import_module("shop.data.rows").opened([tuple(one) for one in order["products"]])
        for name, values in order["steps"]:
            use_case = getattr(top, name if order["entry"] == "presentation" else NAMES[name])
            baskets = [dict(map(tuple, one)) if isinstance(one, list) else one for one in values]
            answers.append(repr(use_case(db, *baskets)))
        if sys.getprofile() is not watch:
            raise RuntimeError("sys.setprofile was called, with which the check sees calls")
        sys.setprofile(None)
        db.rollback()
        rows = "\n".join(db.iterdump())
    except Exception as failed:
        error = f"{type(failed).__name__}: {failed}"
    finally:
        sys.setprofile(None)
    calls = sorted(pair for pair in watch.calls if pair[0])
    print(json.dumps({"answers": answers, "rows": rows, "calls": calls, "error": error}))


if __name__ == "__main__":
    main()
