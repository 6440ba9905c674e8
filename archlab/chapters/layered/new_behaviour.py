"""What each request asks for, as a check that runs on either cut: it is false before the change, and true after it.

`usual` is what the shop did before and must still do, whatever was changed: it looks at numbers and states, not at the
form of a text.

>>> from archlab.chapters.layered.change_requests import versions
>>> [does("layers", source, "weight") for source in versions("layers", "weight")]
[False, True]
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from archlab.chapters.layered.change_requests import require_request
from archlab.chapters.layered.cut_sources import BUILDERS, Cut, Load, running
from archlab.shop.code.patches import Sources
from archlab.sim.simulation import Simulation

STOCK = 9
"""Pieces of each product in the shops that are looked at."""


def open_shop(cut: Cut, load: Load, **more: Any) -> Any:
    """Return a running shop of a cut: tea at 4.50 and a mug at 12.00, `STOCK` pieces of each.

    `more`: further fields of the tea, and `declined`, the share of payments.
    """
    declined = more.pop("declined", 0.0)
    product = load("archlab.shop.domain").Product
    goods = [product(1, "tea", 450, **more), product(2, "mug", 1200)]
    return load(BUILDERS[cut]).build(Simulation(seed=1), goods, STOCK, declined)


def ask(shop: Any, use_case: str, **body: Any) -> dict[str, Any]:
    """Return the answer of the shop to a program's request."""
    answer: dict[str, Any] = json.loads(shop.json(json.dumps({"use_case": use_case, **body})))
    return answer


def _weight(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load, weight_g=120)
    return ask(shop, "browse", product=1)["weight_g"] == 120 and "120 g" in shop.line("show 1")


def _gift(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load)
    ask(shop, "place_order", order_id=7, basket={"1": 2}, gift="With love")
    shop.line("order 8 1x2 2x1 gift For you")
    told = [ask(shop, "track_order", order_id=number)["gift"] for number in (7, 8)]
    return told == ["With love", "For you"] and "With love" in shop.line("track 7")


def _most_pieces(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load)
    most = ask(shop, "place_order", order_id=7, basket={"1": 6, "2": 4})
    more = ask(shop, "place_order", order_id=8, basket={"1": 6, "2": 5})
    left = [ask(shop, "browse", product=product)["on_hand"] for product in (1, 2)]
    return "total_cents" in most and more == {"refused": "too_many"} and left == [STOCK - 6, STOCK - 4]


def _discount(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load)
    totals = [
        ask(shop, "place_order", order_id=pieces, basket={"1": pieces})["total_cents"] for pieces in (4, 5)
    ]
    return totals == [4 * 450, 5 * 405] and ask(shop, "track_order", order_id=5)["total_cents"] == 5 * 405


def _cancel(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load)
    ask(shop, "place_order", order_id=7, basket={"1": 2})
    ask(shop, "place_order", order_id=8, basket={"1": 1})
    cancelled = ask(shop, "cancel_order", order_id=7)["state"]
    again = [ask(shop, "cancel_order", order_id=7), ask(shop, "cancel_order", order_id=9)]
    shop.settle()
    taken = shop.provider.ledger.execute("SELECT order_id, state FROM ledger ORDER BY order_id").fetchall()
    return (
        cancelled == ask(shop, "track_order", order_id=7)["state"] == "cancelled"
        and again == [{"refused": "already_cancelled"}, {"refused": "not_found"}]
        and ask(shop, "browse", product=1)["on_hand"] == STOCK - 1
        and taken == [(7, "voided"), (8, "captured")]
        and shop.line("cancel 8") == "order 8 is cancelled"
    )


def _key_value(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load)
    ask(shop, "place_order", order_id=7, basket={"1": 2})
    sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return bool(shop.server.connection.execute(sql).fetchall() == [("documents",)])


def _csv(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load)
    placed = shop.csv("use_case,order_id,basket\nplace_order,7,1x2 2x1\n")
    missing = shop.csv("use_case,product\nbrowse,9\n")
    seen = shop.csv("use_case,product\nbrowse,1\n")
    return (
        placed == "order_id,state,total_cents\n7,placed,2100\n"
        and missing == "refused\nnot_found\n"
        and seen == f"product,name,price_cents,on_hand\n1,tea,450,{STOCK - 2}\n"
    )


def _price_format(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load)
    said = [shop.line(line) for line in ("show 1", "order 7 1x2 2x1", "track 7")]
    prices = ["€ 4,50", "€ 21,00", "€ 21,00"]
    return all(price in line for price, line in zip(prices, said, strict=True)) and "€ 21,00" in _message(
        shop
    )


def _timed(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load)
    ask(shop, "browse", product=1)
    (first,) = shop.server.timed
    ask(shop, "place_order", order_id=7, basket={"1": 2})
    return first[1] == 0.001 and len(shop.server.timed) == 8


def _sms(cut: Cut, load: Load) -> bool:
    shop = open_shop(cut, load)
    ask(shop, "place_order", order_id=7, basket={"1": 2})
    rows = shop.server.connection.execute("SELECT channel FROM notifications").fetchall()
    return rows == [("sms",)] and len(_message(shop)) <= 160 and "Thank" not in _message(shop)


def _message(shop: Any) -> str:
    return str(shop.server.connection.execute("SELECT text FROM notifications").fetchone()[0])


NEW: Mapping[str, Callable[[Cut, Load], bool]] = {
    "weight": _weight,
    "gift": _gift,
    "most_pieces": _most_pieces,
    "discount": _discount,
    "cancel": _cancel,
    "key_value": _key_value,
    "csv": _csv,
    "price_format": _price_format,
    "timed": _timed,
    "sms": _sms,
}
"""A request -> whether a running cut does it."""


def does(cut: Cut, sources: Sources, request: str) -> bool:
    """Return whether a version of a cut does what a request asks for. One that fails on the way does not.

    Raises:
        ValueError: when there is no such request.
    """
    require_request(request)
    with running(sources) as load:
        try:
            return NEW[request](cut, load)
        except Exception:  # whatever a shop without the change says to it
            return False


def usual(cut: Cut, sources: Sources) -> list[object]:
    """Return what a version of a cut answers to the uses that there always were, in numbers and states."""
    with running(sources) as load:
        shop = open_shop(cut, load)
        found: list[object] = [ask(shop, "browse", product=product)["on_hand"] for product in (1, 2)]
        for order_id, basket in ((7, {"1": 2, "2": 1}), (8, {"2": 3}), (7, {"1": 1}), (9, {"5": 1})):
            answer = ask(shop, "place_order", order_id=order_id, basket=basket)
            found.append(answer.get("refused", answer.get("total_cents")))
        found.append(ask(shop, "place_order", order_id=10, basket={"1": STOCK}).get("refused"))
        shop.settle()
        found += [ask(shop, "track_order", order_id=7)[what] for what in ("state", "payment", "total_cents")]
        found += [ask(shop, "browse", product=product)["on_hand"] for product in (1, 2)]
        declining = open_shop(cut, load, declined=1.0)
        found.append(ask(declining, "place_order", order_id=7, basket={"1": 1}).get("refused"))
        return found
