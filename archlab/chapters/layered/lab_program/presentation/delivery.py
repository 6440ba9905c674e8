"""What delivery costs. The basket page was the first one that showed it."""

DELIVERY_CENTS = 490
FREE_FROM_CENTS = 4900


def delivery_cents(goods_cents: int) -> int:
    """Large orders are delivered free of charge."""
    return 0 if goods_cents >= FREE_FROM_CENTS else DELIVERY_CENTS
