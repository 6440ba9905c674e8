"""Use cases: what customers can do."""

from typing import Any

from archlab.chapters.layered.lab_program.business import orders


def look(db: Any, product: int) -> tuple[str, int] | None:
    """Return name and price of a product. None: there is none."""
    return orders.product(db, product)


def goods_cents(db: Any, basket: dict[int, int]) -> int:
    """Return what the goods in a basket cost."""
    return orders.goods_cents(db, basket)


def place(db: Any, order_id: int, basket: dict[int, int]) -> tuple[int, str]:
    """Place an order. Return what it costs, and why it was refused; empty when it was not."""
    refusal = orders.refusal(db, order_id, basket)
    return (0, refusal) if refusal else (orders.placed(db, order_id, basket), "")


def order_total(db: Any, order_id: int) -> int | None:
    """Return what an order costs. None: there is none."""
    return orders.total(db, order_id)
