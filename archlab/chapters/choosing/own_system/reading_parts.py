"""Reading the lines that declare something: parts, stores, parts outside, calls, load and faults.

>>> from archlab.chapters.choosing.own_system.lines import Line
>>> web, api = parts_in(Line(1, "part web, api: 4 cores, 2 copies, 2 m5.large"), Calls())
>>> web.servers, api.name, round(web.usd_per_h, 3)
(8, 'api', 0.192)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from archlab.chapters.choosing.own_system.amounts import (
    NUMBER,
    RATE,
    percent,
    rate_per_s,
    seconds,
    whole,
    work,
)
from archlab.chapters.choosing.own_system.description import (
    HOP_S,
    PATIENCE_S,
    Calls,
    FaultKind,
    FaultLine,
    Part,
    PartKind,
)
from archlab.chapters.choosing.own_system.hints import hint_for_property, hint_for_rate, hint_for_share
from archlab.chapters.choosing.own_system.lines import Line
from archlab.data import load
from archlab.shop.architecture import HOURS_PER_MONTH

AT_ONCE_OUTSIDE = 10_000
"""Calls that a part outside works on at the same time: it serves many others besides you. An assumption."""

FORMS = {
    "cores": (rf"({NUMBER}) cores?", "4 cores"),
    "servers": (rf"({NUMBER}) servers?", "1 server"),
    "workers": (rf"({NUMBER}) workers?", "64 workers"),
    "copies": (rf"({NUMBER}) cop(?:y|ies)", "2 copies"),
    "queue": (rf"queue ({NUMBER})", "queue 100"),
    "timeout": (r"timeout (.+)", "timeout 1 s"),
    "retries": (rf"({NUMBER}) retr(?:y|ies)", "2 retries"),
    "usd": (rf"({NUMBER}) USD per hour", "0.10 USD per hour"),
    "idle": (r"(idle)", "idle"),
    "takes": (r"takes (.+)", "takes 100 ms (p99 400 ms)"),
    "hop": (r"hop (.+)", "hop 0.25 ms"),
}
"""What may stand behind the colon: its form, and an example for the message."""
OF_PART = ("cores", "servers", "workers", "copies", "queue", "timeout", "retries", "usd", "idle")
OF_OUTSIDE = ("takes", "timeout", "retries")
OF_CALLS = ("hop", "timeout", "retries")


def parts_in(line: Line, calls: Calls) -> list[Part]:
    """Return the parts that a line declares; they are alike but for their names."""
    head, properties = split(line, "part web: 4 cores, 2 copies")
    kind, _, names = head.partition(" ")
    given = _given(line, properties, OF_OUTSIDE if kind == "outside" else OF_PART, kind != "outside")
    common = _outside(line, given, calls) if kind == "outside" else _inside(line, given, calls)
    return [
        Part(line.name(name.strip(), "part"), cast(PartKind, kind), **common) for name in names.split(",")
    ]


def calls_of(line: Line) -> Calls:
    """Return what a line says about all calls."""
    _, properties = split(line, "calls: hop 0.25 ms, timeout 1 s, 2 retries")
    given = _given(line, properties, OF_CALLS, priced=False)
    hop_s = seconds(line, given["hop"], "the hop", least_s=0) if "hop" in given else HOP_S
    return Calls(hop_s=hop_s, **_patience(line, given, Calls()))


@dataclass(frozen=True)
class LoadLine:
    """What the line with the load says."""

    rate_per_s: float
    shares: Mapping[str, float]
    patience_s: float


def load_of(line: Line) -> LoadLine:
    """Return the rate, the share of each kind, and how long customers wait."""
    head, items = split(line, "load 120 per second: browse 80 %, buy 20 %")
    text = head.removeprefix("load").strip()
    if not RATE.fullmatch(text) and (hint := hint_for_rate(text)):
        line.refuse(f"the load is {text!r}", hint)
    rate = rate_per_s(line, text)
    patience_s, shares = PATIENCE_S, dict[str, float]()
    for item in items:
        name, _, amount = item.partition(" ")
        if name == "patience":
            patience_s = seconds(line, amount, "the patience")
            continue
        if hint := hint_for_share(name, amount):
            line.refuse(f"{item!r} is no kind of request with its share", hint)
        if line.name(name, "kind of request") in shares:
            line.refuse(f"{name!r} is there twice", "allowed: each kind of request once")
        shares[name] = percent(line, amount, f"the share of {name!r}")
    total = 100 * sum(shares.values())
    if abs(total - 100) > 0.01:
        line.refuse(f"the shares add up to {total:g} %", "allowed: shares that add up to 100 %")
    return LoadLine(rate, shares, patience_s)


FAULT = re.compile(
    rf"(?:(?P<kind>crash|outage)|slow x ?(?P<factor>{NUMBER})) (?P<lasts>.+?)(?P<all>,? all copies)?"
)


def fault_of(line: Line, parts: Mapping[str, Part]) -> FaultLine:
    """Return the fault that a line describes."""
    head, items = split(line, "fault database: crash 20 s")
    name = head.removeprefix("fault").strip()
    if name not in parts:
        line.refuse_unknown(name, "part", parts)
    found = FAULT.fullmatch(", ".join(items))
    if not found:
        allowed = "allowed: crash 20 s, slow x10 20 s, outage 20 s, and all copies behind it"
        line.refuse(f"{', '.join(items)!r} is no fault", allowed)
    lasts_s, factor = seconds(line, found["lasts"], "the length"), float(found["factor"] or 1)
    if found["factor"] and factor <= 1:
        line.refuse(f"the factor is {found['factor']}", "allowed: a number above 1, such as slow x10 20 s")
    return FaultLine(name, cast(FaultKind, found["kind"] or "slow"), lasts_s, factor, bool(found["all"]))


def split(line: Line, example: str) -> tuple[str, list[str]]:
    """Return what stands before the colon, and what stands behind it between commas."""
    head, colon, tail = line.text.partition(":")
    items = [item.strip() for item in tail.split(",")]
    if not colon or not all(items) or (not head.partition(" ")[2].strip() and head.strip() != "calls"):
        line.refuse("a name, the colon or what stands behind it is missing", f"allowed: as in {example}")
    return head.strip(), items


def _given(line: Line, items: list[str], allowed: tuple[str, ...], priced: bool) -> dict[str, str]:
    """What a line says: name of the property -> its text. Prices have the name of the item."""
    given: dict[str, str] = {}
    for item in items:
        found = ((name, re.fullmatch(FORMS[name][0], item)) for name in allowed)
        name, text = next(((name, match[1]) for name, match in found if match), ("", ""))
        if not name and priced:
            name, text = _item(item)
        if not name:
            if hint := hint_for_property(item, allowed, _machines()):
                line.refuse(f"{item!r} is no property", hint)
            known = [FORMS[name][1] for name in allowed] + (list(_prices()) if priced else [])
            line.refuse_unknown(item, "property", known)
        if name in given or {name, *given} >= {"cores", "servers"}:
            line.refuse(f"{item!r} says again what the line says already", "allowed: each property once")
        given[name] = text
    return given


def _inside(line: Line, given: dict[str, str], calls: Calls) -> dict[str, Any]:
    """The properties of parts and stores."""
    unit = "servers" if "servers" in given else "cores"
    found: dict[str, Any] = {
        "cores": whole(line, given.get(unit, "1"), f"the number of {unit}"),
        "shares": unit == "cores",
        "is_idle": "idle" in given,
        **_patience(line, given, calls),
    }
    for name, key, least in (("workers", "workers", 1), ("copies", "copies", 1), ("queue", "queue_limit", 0)):
        if name in given:
            found[key] = whole(line, given[name], f"the number for {name!r}", least)
    return found | _price(line, given, found["cores"] if found["shares"] else 0)


def _outside(line: Line, given: dict[str, str], calls: Calls) -> dict[str, Any]:
    """The properties of a part outside. It must have a time-out: one day it will not answer."""
    for needed, example in (("takes", "takes 100 ms"), ("timeout", "timeout 1 s")):
        if needed not in given and not (needed == "timeout" and calls.timeout_s):
            line.refuse(f"it does not say {needed!r}", f"a part outside needs it, such as {example}")
    takes = work(line, given["takes"], "the time it takes")
    return {"takes": takes, "cores": AT_ONCE_OUTSIDE, "shares": False, **_patience(line, given, calls)}


def _patience(line: Line, given: dict[str, str], calls: Calls) -> dict[str, Any]:
    return {
        "timeout_s": seconds(line, given["timeout"], "the time-out")
        if "timeout" in given
        else calls.timeout_s,
        "retries": whole(line, given["retries"], "the number of retries", 0)
        if "retries" in given
        else calls.retries,
    }


# Prices ------------------------------------------------------------------------------------------------------


@cache
def _prices() -> dict[str, tuple[float, int]]:
    """Item of data/prices.csv -> US dollars an hour, and how many cores it has; 0 when it is no machine."""
    found = {}
    for row in load("prices").dropna(subset=["price_usd"]).itertuples():
        cores = re.search(r"machine with (\d+)", str(row.what))
        hours = 1 if row.per == "hour" else HOURS_PER_MONTH
        found[str(row.item)] = (float(row.price_usd) / hours, int(cores[1]) if cores else 0)
    return found


def _machines() -> list[str]:
    """The machines with a known price."""
    return [item for item, (_, cores) in _prices().items() if cores]


def _item(text: str) -> tuple[str, str]:
    """The item of data/prices.csv that a text names, and how many of it; two empty texts when it names none."""
    found = re.fullmatch(rf"(?:({NUMBER}) )?({'|'.join(map(re.escape, _prices()))})", text)
    return (found[2], found[1] or "1") if found else ("", "")


def _price(line: Line, given: dict[str, str], cores: int) -> dict[str, Any]:
    """The price of a copy, and what it is for. Machines must have the cores that the line says."""
    rented = {item: whole(line, given[item], f"the number of {item}") for item in given if item in _prices()}
    rented_cores = sum(_prices()[item][1] * count for item, count in rented.items())
    if cores and 0 < rented_cores < cores:
        allowed = f"{cores} cores need more of them, such as {-(-cores // 2)} m5.large"
        line.refuse(f"what it rents has {rented_cores} cores", allowed)
    if not rented and "usd" not in given:
        return {}
    usd = float(given.get("usd", "0"))
    if usd <= 0 and "usd" in given:
        line.refuse(f"the price is {given['usd']}", "allowed: a number above 0, such as 0.10 USD per hour")
    total = usd + sum(_prices()[item][0] * count for item, count in rented.items())
    words = [f"{count} {item}" for item, count in rented.items()]
    return {"usd_per_h": total, "rents": ", ".join(words) or "your price"}
