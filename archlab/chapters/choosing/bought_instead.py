"""Bought instead: what one budget bought for each architecture, and what else it could have bought, and of what use.

The search has no favourites: it is the same one for all (`archlab.chapters.choosing.buying`). Here is its receipt.
Beside each shop stand the best of the architecture's other forms for the same money, and the best other split: the same
cores, one of them moved from a program or database to another. One that served more would show that somebody was
handicapped. That the balancer could go with the second copy is not looked for; a test looks at all small shops.

>>> receipt = spent()
>>> bool(abs(receipt[receipt.architecture == "monolithic"].usd_per_h.sum() - 1.0) < 1e-9)
True
>>> bool((instead().less_percent >= 0).all())
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any

import pandas as pd

from archlab.chapters.choosing.against_load import BUDGET_USD_PER_H, bought
from archlab.chapters.choosing.buying import HOUR_S, Offer, asked_s, offers
from archlab.chapters.choosing.forms import forms_of
from archlab.chapters.choosing.objective import least_memory_mb
from archlab.chapters.choosing.prices import usd_by_item, usd_per_h_of_one, usd_per_request
from archlab.chapters.choosing.terms import USUAL, Terms
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Size, shades
from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.serverless import ServerlessConfig
from archlab.shop.serverless.steps import FUNCTIONS
from archlab.sim.functions.memory import MB_PER_PROCESSOR

KINDS = ("programs", "databases", "storage", "balancer or pool", "broker", "requests", "left over")
PAGES = ("browse", "track_order")
GREY_BLUE = "#44617B"
"""Of what is bought, in shades: no architecture's colour."""


def cores(offer: Offer) -> dict[str, int]:
    """Return how many cores each program and each database of a shop has: "orders cpu" -> 2.

    Stations that no request asks anything of have theirs, too.
    """
    return {
        name: count for name, count in offer.config.servers().items() if name.endswith(("cpu", "database"))
    }


def parts(offer: Offer) -> str:
    """Return programs and databases with their cores in words, as many of a kind together as there are."""
    return ", ".join(f"{name} {count}" for name, count in cores(offer).items())


def spent(budget_usd_per_h: float = BUDGET_USD_PER_H, terms: Terms = USUAL) -> pd.DataFrame:
    """Return what the money went into: a row an architecture and kind: `architecture`, `form`, `kind` (of `KINDS`),
    `cores`, `usd_per_h`.
    """
    rows = []
    for name, offer in bought(budget_usd_per_h, terms).items():
        for kind, (count, usd) in _spent(offer, budget_usd_per_h, terms).items():
            rows.append((name, offer.form.key, kind, count, usd))
    return pd.DataFrame(rows, columns=["architecture", "form", "kind", "cores", "usd_per_h"])


def _spent(offer: Offer, budget_usd_per_h: float, terms: Terms) -> Mapping[str, tuple[float, float]]:
    """Kind -> cores and US dollars an hour."""
    items = usd_by_item(offer.config, terms.price_times)
    machines = offer.config.rented()["m5.large"]
    core_usd = items["m5.large"] / machines / CORES_PER_MACHINE
    programs = sum(count for name, count in cores(offer).items() if name.endswith("cpu"))
    databases = sum(count for name, count in cores(offer).items() if name.endswith("database"))
    broker = CORES_PER_MACHINE * machines - programs - databases
    money = {
        "programs": (programs, programs * core_usd),
        "databases": (databases, databases * core_usd),
        "storage": (0, items["database storage GB"]),
        "balancer or pool": (0.0, items.get("t3.medium", 0.0)),
        "broker": (broker, broker * core_usd),
        "requests": (0.0, offer.usd_per_h - offer.rent_usd_per_h),
        "left over": (0.0, budget_usd_per_h - offer.usd_per_h),
    }
    return money


# What else -----------------------------------------------------------------------------------------------------


def instead(budget_usd_per_h: float = BUDGET_USD_PER_H, terms: Terms = USUAL) -> pd.DataFrame:
    """Return what else the money could have bought: `architecture`, `form`, `serves_per_s`, what could have been bought
    `instead`, `instead_per_s`, and by how many per cent that is `less_percent`.
    """
    rows = []
    for name, offer in bought(budget_usd_per_h, terms).items():
        for words, per_s in _others(offer, budget_usd_per_h, terms):
            less = 100 * (1 - per_s / offer.serves_per_s)
            rows.append((name, offer.form.key, offer.serves_per_s, words, per_s, less))
    columns = ["architecture", "form", "serves_per_s", "instead", "instead_per_s", "less_percent"]
    return pd.DataFrame(rows, columns=columns)


def _others(offer: Offer, budget_usd_per_h: float, terms: Terms) -> Iterator[tuple[str, float]]:
    """What else in words, and what it serves."""
    for form in forms_of(offer.form.architecture):
        found = [one.serves_per_s for one in offers(form, budget_usd_per_h, terms)]
        if form.key != offer.form.key:
            yield form.name, max(found, default=0.0)
    if isinstance(offer.config, ServerlessConfig):
        yield from _other_functions(offer, offer.config, budget_usd_per_h, terms)
    else:
        yield _other_split(offer, terms)


def _other_split(offer: Offer, terms: Terms) -> tuple[str, float]:
    """The best with one core moved from one program or database to another."""
    servers, asked = offer.config.servers(), asked_s(offer.form, terms)
    movable = [name for name in asked if name in cores(offer)]
    moves = {
        (source, target): min(
            (servers[name] - (name == source) + (name == target)) / time_s for name, time_s in asked.items()
        )
        for source, target in permutations(movable, 2)
        if servers[source] > 1
    }
    (source, target), per_s = max(moves.items(), key=lambda move: move[1])
    return f"a core of {source} for {target}", terms.busy_at_most * per_s


def _other_functions(
    offer: Offer, config: ServerlessConfig, budget_usd_per_h: float, terms: Terms
) -> Iterator[tuple[str, float]]:
    """One core more for the database; and functions with a whole processor, which are as quick as a server."""
    left_usd = budget_usd_per_h - offer.rent_usd_per_h
    core_usd = usd_per_h_of_one()["m5.large"] / CORES_PER_MACHINE * terms.price_times.get("m5.large", 1.0)
    yield "a core more for the database", (left_usd - core_usd) / HOUR_S / offer.usd_per_request
    for words, functions in (("pages", PAGES), ("all", FUNCTIONS)):
        memory = dict.fromkeys(FUNCTIONS, least_memory_mb()) | dict.fromkeys(functions, MB_PER_PROCESSOR)
        usd = usd_per_request(replace(config, memory_mb=memory), terms.mix, terms.price_times)
        yield f"a whole processor for the functions of {words}", left_usd / HOUR_S / usd


# The receipt as a picture --------------------------------------------------------------------------------------


def figure(table: pd.DataFrame, title: str, serves_per_s: Mapping[str, float], size: Size = LAB) -> Picture:
    """Draw `spent` as bars of what was bought, and write what each shop serves (`serves_per_s`) beside its bar."""
    names = list(table.architecture.unique())
    usd = table.pivot(index="architecture", columns="kind", values="usd_per_h").loc[names]
    used = [kind for kind in KINDS if usd[kind].max() > 0.001]
    looks = dict(zip(used, _looks(len(used)), strict=True))
    with canvas(title, size, tall=True) as drawing:
        (panel,) = drawing.panels
        left = pd.Series(0.0, index=names)
        for kind in used:
            colour, hatch = looks[kind] if kind != "left over" else ("white", "")
            style: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": INK, "linewidth": 0.6}
            panel.barh(range(len(names)), usd[kind], left=left, height=0.6, label=kind, **style)
            left += usd[kind]
        for place, name in enumerate(names):
            words = f"{number(serves_per_s[name])}/s"
            panel.annotate(words, (left[name], place), (8, 0), textcoords="offset points", va="center")
        name_rows(panel, names)
        panel.set_xlim(right=1.12 * float(left.max()))
        panel.set_xlabel("Spent [USD/h], and the requests/s that it is planned for")
        panel.legend(loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=4, frameon=False)
    rows = ". ".join(
        f"{name}: {_in_words(usd.loc[name], used)}, serves {serves_per_s[name]:,.0f}/s" for name in names
    )
    return Picture(drawing.figure, f"{title.rstrip('.')}. USD/h. {rows}.")


def _looks(count: int) -> list[tuple[str, str]]:
    """A shade and a hatch for each, so that neighbours can be told apart without colour."""
    hatches = ("", "//", "..", "xx", "++", "\\\\", "")
    return [(shades(GREY_BLUE, 4)[place % 4], hatches[place % len(hatches)]) for place in range(count)]


def _in_words(row: pd.Series, used: list[str]) -> str:
    return ", ".join(f"{kind} {number(round(row[kind], 3))}" for kind in used if row[kind] > 0.001)
