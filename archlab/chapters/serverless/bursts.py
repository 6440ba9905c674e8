"""A burst of requests under the rules of a cloud: what is let in, and what is told 429.

Ten thousand requests come at once, or in 2, 3 or 4 equal parts, each at once and a minute after the one before; each
needs an environment for a minute. The account may have as many at work. So AWS's own example has it. AWS has
published what its rule before November 2023 did with them: 3,000 environments at once and 500 more a minute, for all
functions together. Today each function may start 1,000 in ten seconds. We know of no such table for that; here it is.

Spread evenly instead, a minute's requests are refused only as far as they come faster than environments may start
(`evenly`).

What this leaves out: clients that try again, which makes a burst longer and larger; and AWS's limit of ten requests a
second for each unit of concurrency.

>>> throttled(minutes=1, rule=BEFORE_2023), throttled(minutes=2, rule=BEFORE_2023)
([7000], [2000, 1500])
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pandas as pd
from simpy.events import Event

from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, INK, LAB, Size, look_of
from archlab.data import load
from archlab.sim.functions import BEFORE_2023, TODAY, CloudAccount, Function, Invocation, ScalingRate
from archlab.sim.load import Request
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_instance, require_whole
from archlab.sim.workload import Poisson

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

REQUESTS, LASTS_S = 10_000, 59.0
"""Each runs for just less than a minute, so that its environment is free for the next one's."""
MINUTES = (1, 2, 3, 4)
RULES = {"before 2023": BEFORE_2023, "today": TODAY}


def throttled(minutes: int, rule: ScalingRate) -> list[int]:
    """Return how many requests are told 429 in each minute, when the burst is spread over so many.

    Raises `ValueError` or `TypeError` when an argument is not allowed.
    """
    require_whole("minutes", minutes, at_least=1)
    require_instance("rule", rule, ScalingRate, "a ScalingRate")
    sim = Simulation(seed=1)  # there is no luck in it
    account = CloudAccount(sim, concurrency=REQUESTS, scaling=rule)

    def run(_: Invocation) -> Generator[Event, None, None]:
        yield sim.timeout(LASTS_S)

    function = Function(sim, "page", run, init_s=0.0, keep_alive_s=600.0, account=account)
    found, before = [], 0
    for minute in range(minutes):
        sim.run(until=60.0 * minute + 1e-6)
        for _ in range(REQUESTS // minutes):
            function.invoke().defused = True
        found.append(function.throttled - before)
        before = function.throttled
    return found


def evenly(minutes: int, rule: ScalingRate) -> int:
    """Return how many requests are told 429 when they come evenly over so many minutes, each to a new environment.

    Raises `ValueError` or `TypeError` when an argument is not allowed.
    """
    require_whole("minutes", minutes, at_least=1)
    require_instance("rule", rule, ScalingRate, "a ScalingRate")
    sim = Simulation(seed=1)  # there is no luck in it
    account = CloudAccount(sim, concurrency=REQUESTS, scaling=rule)

    def run(_: Invocation) -> Generator[Event, None, None]:
        yield sim.timeout(60.0 * minutes)

    function = Function(sim, "page", run, init_s=0.0, keep_alive_s=600.0, account=account)
    for number_of in range(REQUESTS):
        sim.call_at(60.0 * minutes * number_of / REQUESTS, lambda _: function.invoke(), None)
    sim.run(until=60.0 * minutes)
    return function.throttled


def table() -> pd.DataFrame:
    """Return a row for each rule, spread and minute: `rule`, `minutes`, `minute`, `throttled`, and the `published`."""
    rows = []
    for name, rule in RULES.items():
        for minutes in MINUTES:
            printed = published(minutes) if rule is BEFORE_2023 else [float("nan")] * minutes
            for minute, (count, known) in enumerate(
                zip(throttled(minutes, rule), printed, strict=True), start=1
            ):
                rows.append((name, minutes, minute, count, known))
    return pd.DataFrame(rows, columns=["rule", "minutes", "minute", "throttled", "published"])


def published(minutes: int) -> list[float]:
    """Return what AWS printed for its old rule, minute by minute."""
    facts = load("lambda")
    rows = facts[
        facts.setting == f"burst, old rule, {REQUESTS} requests in {minutes} minute{'s' * (minutes > 1)}"
    ]
    if rows.empty:
        rows = facts[facts.setting == f"burst, old rule, {REQUESTS} requests in {minutes} minutes"]
    return rows.value.astype(float).tolist()


def lost(table: pd.DataFrame, rule: str, minutes: int) -> int:
    """Return how many of the requests are told 429 in all."""
    return int(table[(table.rule == rule) & (table.minutes == minutes)].throttled.sum())


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the throttled requests for each rule and spread, with what was published as marks."""
    look = look_of("serverless")
    assert look is not None
    sums = table.groupby(["rule", "minutes"], sort=False)[["throttled", "published"]].sum(min_count=1)
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for shift, (rule, colour) in zip(
            (-0.2, 0.2), (("before 2023", GREY), ("today", look.colour)), strict=True
        ):
            rows = sums.loc[rule]
            places = [minutes + shift for minutes in rows.index]
            panel.bar(places, rows.throttled, width=0.38, color=colour, label=f"the rule {rule}")
            for place, count in zip(places, rows.throttled, strict=True):
                panel.annotate(number(count), (place, count), (0, 3), textcoords="offset points", ha="center")
        marks = sums.loc["before 2023"].published
        panel.plot(
            [m - 0.2 for m in marks.index], marks, "_", color=INK, markersize=26, label="published by AWS"
        )
        panel.legend(loc="upper right", frameon=False)
        panel.set_xticks(MINUTES, ["at once", *(f"{parts} parts,\na minute apart" for parts in MINUTES[1:])])
        panel.set_ylim(0, REQUESTS * 1.05)
        panel.yaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_ylabel("Requests told 429,\nof 10,000")
    alt = "; ".join(f"{rule}, {minutes} min: {row.throttled:.0f}" for (rule, minutes), row in sums.iterrows())
    return Picture(drawing.figure, f"{title}. {alt}")


# The replay --------------------------------------------------------------------------------------------------

RATE_PER_S, RUN_S, INIT_S = 60.0, 30.0, 2.0


def incident(rule: ScalingRate = TODAY, concurrency: int = 1000, seed: int = 1) -> tuple[Result, nx.DiGraph]:
    """Let a campaign begin after 20 s, with `RATE_PER_S` requests a second that run for half a minute each.

    Returns the run and its picture.
    """
    import networkx as nx

    sim = Simulation(seed)
    account = CloudAccount(sim, concurrency, rule)

    def run(_: Invocation) -> Generator[Event, None, None]:
        yield sim.timeout(RUN_S)

    function = Function(sim, "page", run, INIT_S, keep_alive_s=300.0, account=account)

    def handle(_: Request) -> Generator[Event, Any, None]:
        yield function.invoke()

    sim.call_at(20.0, lambda _: sim.open_load(Poisson(RATE_PER_S), handle, name="campaign"), None)
    sim.open_load(Poisson(1.0), handle)
    graph = nx.DiGraph(architecture="serverless")
    graph.add_node("customers", kind="client", part=None)
    graph.add_node("page", kind="function", part="page")
    graph.add_edge("customers", "page", protocol="HTTPS")
    return sim.measure(80.0), graph
