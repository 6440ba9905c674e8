"""Capacity by the bottleneck law: servers, divided by what a mean request asks of them. The least is the system's.

For cores it is work; for workers it is how long they are held: the work, and all that is waited for meanwhile, if
nobody waits in any line. Waiting inside comes on top, and so do retries. So what is reached is less, never more.

>>> from archlab.chapters.choosing.own_system.reading import read
>>> shop = read('''load 100 per second: browse 100 %
... part web: 2 cores
... store database: 1 core
... browse = web 5 ms [database 4 ms]''')
>>> capacity(shop).capacity_per_s.to_dict()
{'database cores': 250.0, 'web cores': 400.0}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from archlab.chapters.choosing.own_system.description import Call, Description, Part, Route, calls_in
from archlab.chapters.choosing.own_system.running import STORE_S

EQUAL = 1e-9
"""Capacities that differ by less than this share are the same: floats."""
COLUMNS = ["station", "part", "what", "servers", "asked_ms", "capacity_per_s", "busy_percent"]


def demands_s(description: Description) -> pd.DataFrame:
    """Return how long a request of each kind works at each part on average, in seconds: a row a kind."""
    rows = {
        kind: _sums((call.part, often * call.work.mean) for _, call, often in calls_in(route))
        for kind, route in description.routes.items()
    }
    return _frame(rows, description)


def held_s(description: Description) -> pd.DataFrame:
    """Return for how long a request of each kind holds workers of each part, when nobody waits, in seconds."""
    hop_s = description.calls.hop_s
    rows = {
        kind: _sums((call.part, often * _call_s(call, hop_s)) for _, call, often in calls_in(route))
        for kind, route in description.routes.items()
    }
    return _frame(rows, description)


def _sums(amounts: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part, amount in amounts:
        found[part] = found.get(part, 0.0) + amount
    return found


def _frame(rows: Mapping[str, Mapping[str, float]], description: Description) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(description.asked)).fillna(0.0)


def _call_s(call: Call, hop_s: float) -> float:
    """How long the called part holds a worker: its own work and, group by group, the longest of what it waits for."""
    return call.work.mean + _route_s(call.route, hop_s)


def _route_s(route: Route, hop_s: float) -> float:
    groups = [max(_step_s(step, hop_s) for step in group) for group in route.groups]
    return route.times * route.chance * sum(groups)


def _step_s(step: Call | Route, hop_s: float) -> float:
    if isinstance(step, Route):
        return _route_s(step, hop_s)
    waits_s = STORE_S if step.later else _call_s(step, hop_s) + 2 * hop_s
    return step.times * step.chance * waits_s


def capacity(description: Description) -> pd.DataFrame:
    """Return a row a station, the one that limits first: the cores or servers of each part, and its workers.

    The index is `station`. `part`; `what`: cores, servers or workers; `servers`: how many, of all copies; `asked_ms`:
    what a mean request asks of them; `capacity_per_s`: the load at which all would be busy; `busy_percent`: how busy
    they are at the load of the description. Parts outside are not in it: nobody here can make them larger.
    """
    shares = pd.Series(dict(description.shares))
    work, held = (table.mul(shares, axis=0).sum() for table in (demands_s(description), held_s(description)))
    rows = []
    for part in (description.parts[name] for name in description.asked):
        if part.kind == "outside":
            continue
        rows.append((part, "cores" if part.shares else "servers", part.servers, work[part.name]))
        if part.workers:
            rows.append((part, "workers", part.workers * part.copies, held[part.name]))
    table = pd.DataFrame([_row(*row, description.rate_per_s) for row in rows], columns=COLUMNS)
    return table.sort_values("capacity_per_s", kind="stable").set_index("station")


def _row(part: Part, what: str, servers: int, asked_s: float, rate_per_s: float) -> tuple[object, ...]:
    per_s = servers / asked_s
    return f"{part.name} {what}", part.name, what, servers, 1000 * asked_s, per_s, 100 * rate_per_s / per_s


def limit_per_s(description: Description) -> float:
    """Return the load at which the first station is full."""
    return float(capacity(description).capacity_per_s.iloc[0])


def next_purchases(description: Description, steps: int = 3) -> pd.DataFrame:
    """Return what to buy next, step by step: always more of the station that limits.

    More workers cost nothing. Of a part and of a store with servers it is one copy; of a store with cores one core in
    each copy, since a second copy of rows is not free: it must hear of every change. A row a step: `buy`, `limit`
    before it, `serves_per_s` after it, `gain_percent`, `usd_per_hour` more (NaN where no price is given), and
    `then_limits`, the station that limits after it.
    """
    rows = []
    for _ in range(steps):
        before = capacity(description).iloc[0]
        bought, price, description = _buy_until_it_helps(description, before.capacity_per_s)
        after = capacity(description)
        gain = 100 * (after.capacity_per_s.iloc[0] / before.capacity_per_s - 1)
        rows.append((bought, before.name, after.capacity_per_s.iloc[0], gain, price, after.index[0]))
    columns = ["buy", "limit", "serves_per_s", "gain_percent", "usd_per_hour", "then_limits"]
    return pd.DataFrame(rows, columns=columns)


def _buy_until_it_helps(description: Description, before_per_s: float) -> tuple[str, float, Description]:
    """More of all stations that are full at the same load: more of one alone gains nothing."""
    words, costs = [], 0.0
    while (scarce := capacity(description).iloc[0]).capacity_per_s <= before_per_s * (1 + EQUAL):
        one, price, description = _buy(description, description.parts[scarce.part], scarce.what)
        words.append(one)
        costs += price
    return " and ".join(words), costs, description


def _buy(description: Description, part: Part, what: str) -> tuple[str, float, Description]:
    """What is bought, what it costs an hour, and the description with it."""
    price = float("nan") if part.usd_per_h is None else part.usd_per_h
    if what == "workers":
        assert part.workers is not None
        words, costs, larger = "twice the workers", 0.0, replace(part, workers=2 * part.workers)
    elif part.kind == "store" and part.shares:
        costs = part.copies * price / part.cores
        words = "one core more" if part.copies == 1 else "one core more in each copy"
        each = None if part.usd_per_h is None else price * (part.cores + 1) / part.cores
        larger = replace(part, cores=part.cores + 1, usd_per_h=each)
    else:
        words, costs, larger = "one copy more", price, replace(part, copies=part.copies + 1)
    parts = {**description.parts, part.name: larger}
    return f"{part.name}: {words}", costs, replace(description, parts=parts)
