"""The bill: what the copies of all parts rent, by the hour and by the million requests.

It counts what the lines name. Traffic, storage that no line names, what a part outside takes for a call, and people are
left out: it errs on the cheap side.

>>> from archlab.chapters.choosing.own_system.reading import read
>>> shop = read('''load 100 per second: browse 100 %
... part web: 2 cores, 2 copies, m5.large
... browse = web 5 ms''')
>>> round(usd_per_hour(shop), 3), round(usd_per_million(shop), 2)
(0.192, 0.53)
"""

from __future__ import annotations

import pandas as pd

from archlab.chapters.choosing.own_system.description import Description
from archlab.course.figures.bars import comparison
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Look, Size

SECONDS_PER_HOUR = 3600
MOST_BARS = 10


def bill(description: Description) -> pd.DataFrame:
    """Return a row a part, the dearest first: `part`, `copies`, `rents` (what each copy rents) and `usd_per_hour`.

    A part without a price has NaN there. Parts outside are not in it.
    """
    rows = [
        (part.name, part.copies, part.rents or "no price given", _price(part.usd_per_h, part.copies))
        for part in description.parts.values()
        if part.kind != "outside"
    ]
    table = pd.DataFrame(rows, columns=["part", "copies", "rents", "usd_per_hour"])
    return table.sort_values("usd_per_hour", ascending=False, kind="stable", ignore_index=True)


def _price(usd_per_h: float | None, copies: int) -> float:
    return float("nan") if usd_per_h is None else copies * usd_per_h


def usd_per_hour(description: Description) -> float:
    """Return what all parts with a price cost an hour; NaN when none has one."""
    return float(bill(description).usd_per_hour.sum(min_count=1))


def usd_per_million(description: Description, rate_per_s: float | None = None) -> float:
    """Return what a million requests cost at this load; by default at that of the description."""
    rate = description.rate_per_s if rate_per_s is None else rate_per_s
    return 1e6 * usd_per_hour(description) / (SECONDS_PER_HOUR * rate)


def without_price(description: Description) -> tuple[str, ...]:
    """Return the parts of which no line gives a price: the bill is higher by what they cost."""
    return tuple(
        part.name for part in description.parts.values() if part.kind != "outside" and part.usd_per_h is None
    )


def bill_figure(description: Description, title: str = "", size: Size = LAB) -> Picture:
    """Draw what each part costs, the dearest `MOST_BARS` of them. `title`: your conclusion; by default the sum.

    Raises:
        ValueError: when no part has a price.
    """
    table = bill(description).dropna(subset=["usd_per_hour"]).head(MOST_BARS)
    if table.empty:
        raise ValueError(f"the description is {description.title!r}; it must give a price, such as m5.large")
    title = title or (
        f"{number(usd_per_hour(description))} USD/h, {number(usd_per_million(description))} USD for a million "
        f"requests{_without(len(without_price(description)))}"
    )
    looks = {name: Look(INK) for name in table.part}
    return comparison(
        table, title, "usd_per_hour", by="part", bar_looks=looks, label="Rent [USD/h]", size=size
    )


def _without(count: int) -> str:
    """What the sum leaves out, in words."""
    if not count:
        return ""
    return f", without {count} {'part that has' if count == 1 else 'parts that have'} no price"
