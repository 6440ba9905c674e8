"""The rules of orders."""

from typing import Any

from archlab.chapters.layered.lab_program.data import rows


def product(db: Any, number: int) -> tuple[str, int] | None:
    """Return name and price of a product. None: there is none."""
    return rows.product(db, number)


def goods_cents(db: Any, basket: dict[int, int]) -> int:
    """Return what the goods of a basket cost, at the prices of today."""
    found = {number: rows.product(db, number) for number in basket}
    return sum(one[1] * basket[number] for number, one in found.items() if one is not None)


def refusal(db: Any, order_id: int, basket: dict[int, int]) -> str:
    """Return why an order cannot be placed. Empty: it can."""
    if rows.total(db, order_id) is not None:
        return "it is placed already"
    if not basket:
        return "the basket is empty"
    missing = [number for number, pieces in basket.items() if rows.on_hand(db, number) < pieces]
    return f"too few of {missing}" if missing else ""


def placed(db: Any, order_id: int, basket: dict[int, int]) -> int:
    """Place an order that is not refused. Return what it costs, delivery included."""
    from archlab.chapters.layered.lab_program.presentation import delivery  # a circle, when it stands above

    goods = goods_cents(db, basket)
    total_cents = goods + delivery.delivery_cents(goods)
    rows.insert(db, order_id, total_cents, basket)
    return total_cents


def total(db: Any, order_id: int) -> int | None:
    """Return what an order costs. None: there is none."""
    return rows.total(db, order_id)
