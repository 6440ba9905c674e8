"""Pages: what customers see. `db`: the open shop, which is handed on and never looked into."""

from typing import Any

from archlab.chapters.layered.lab_program.application import use_cases
from archlab.chapters.layered.lab_program.data import rows
from archlab.chapters.layered.lab_program.presentation.delivery import delivery_cents
from archlab.chapters.layered.lab_program.presentation.words import money


def product_page(db: Any, product: int) -> str:
    """Return a product's page."""
    found = use_cases.look(db, product)
    if found is None:
        return "no such product"
    name, price_cents = found
    return f"{name}: {money(price_cents)}, {rows.on_hand(db, product)} there"


def basket_page(db: Any, basket: dict[int, int]) -> str:
    """Return what an order of this basket would cost. Products that are not there are left out."""
    goods_cents = use_cases.goods_cents(db, basket)
    delivery = delivery_cents(goods_cents)
    return f"goods {money(goods_cents)}, delivery {money(delivery)}, together {money(goods_cents + delivery)}"


def place_page(db: Any, order_id: int, basket: dict[int, int]) -> str:
    """Place an order, and return what the customer is told."""
    total_cents, refusal = use_cases.place(db, order_id, basket)
    return f"refused: {refusal}" if refusal else f"order {order_id}: {money(total_cents)}"


def order_page(db: Any, order_id: int) -> str:
    """Return the page of an order."""
    total_cents = use_cases.order_total(db, order_id)
    return "no such order" if total_cents is None else f"order {order_id}: {money(total_cents)}"
