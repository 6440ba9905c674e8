"""Run when an event comes, or a server that asks: what each costs, and how late each is.

A function is invoked by each event. Beside it stands the strongest simple opponent: one small server, always on, which
asks a table again and again for what is open and works on it with two cores. Both run the same work at the same speed:
a function with 1,769 MB has a whole processor, and so has each of the server's workers.

*How late* is the time from an event to the end of its work, less the work. A function is late by its initialisation
when no environment is kept; a server by the wait for its next question, and by the events before it. A server to which
events are pushed is one that asks ever more often: it has a rare event sooner than a function that must start.

What this leaves out: the database that answers the questions; a second server, so that one may die; that this machine
is as fast as here only for a while (it is a burstable one); and what AWS gives for nothing each month. All of these err
in favour of the server. In favour of the function errs that an event reaches it at once, and that a server may have
other work, too, and so cost less for this.

>>> rare = lateness(seed=1, design=FUNCTION, per_hour=1.0, events=20)
>>> round(float(rare.mean()), 3), INIT_S
(0.085, 0.085)
>>> round(month_usd(seed=1, design=FUNCTION, per_hour=1000.0), 2), round(month_usd(1, SERVER, 1000.0), 2)
(0.79, 30.37)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from functools import partial
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
import pandas as pd
from simpy.events import Event

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, INK, LAB, Size, look_of
from archlab.data import load as published
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.sim import Function, Simulation, Station
from archlab.sim.billing import total_usd
from archlab.sim.functions import AsyncInvocations, Invocation
from archlab.sim.functions.memory import MB_PER_PROCESSOR
from archlab.sim.parallel import in_parallel
from archlab.sim.validation import require_non_negative, require_one_of, require_positive, require_whole

FUNCTION, SERVER = "function", "server"
DESIGNS = (FUNCTION, SERVER)
WORK_S = 0.030
"""Work of one event on a whole processor. An assumption: a page, a thumbnail, a few rows."""
INIT_S, KEEP_ALIVE_S = 0.085, 300.0
"""Python 3.12, the median (lambda-perf, August 2026); the shortest keep-alive of January 2021 (`data/lambda.csv`)."""
ASKS_EVERY_S = 1.0
"""How often the server asks: as often as the Kinesis Client Library, and Lambda's own poller of a stream."""
MACHINE, CORES = "t3.medium", 2
"""The cheapest machine in `data/prices.csv`, and its virtual cores."""
RARE_PER_HOUR = 1.0
"""A rare event. In Azure's trace of 2019 nearly half of the apps are invoked as rarely or more so, on average, the
others more often (M. Shahrad et al., *Serverless in the Wild*, 2020; `data/function_traces.csv`)."""
PER_HOUR = (1, 3, 10, 30, 100, 1_000, 10_000, 100_000, 200_000)
RATES, INTERVALS_S = (100.0, 1e6), (0.01, 10.0)
"""Tried, to find the limits."""
EVENTS, WARM_UP = 200, 100
"""Events that count, and those before them that do not: a function that has just begun is cold more often."""
SEEDS = range(10)

Values = npt.NDArray[np.float64]


def machine_usd_per_hour() -> float:
    """Return the price of the server."""
    return float(published("prices").set_index("item").price_usd[MACHINE])


def _moments_s(sim: Simulation, per_hour: float, events: int, together: int) -> Values:
    """When events come: at random, so many at a time."""
    require_positive("per_hour", per_hour)
    require_whole("events", events, at_least=1)
    require_whole("together", together, at_least=1)
    wanted = WARM_UP + events
    gaps_s = sim.stream("events").exponential(3600 * together / per_hour, size=-(-wanted // together))
    return np.repeat(np.cumsum(gaps_s), together)[:wanted]


class Desk:
    """Where events are worked on: when each came, when each was done."""

    def __init__(self, sim: Simulation, came_s: Sequence[float]) -> None:
        self.sim = sim
        self.came_s = came_s
        self.done_s = np.full(len(came_s), np.nan)

    def done(self, event: int) -> None:
        """Note that the work on an event has ended."""
        self.done_s[event] = self.sim.now


def _function(sim: Simulation, desk: Desk, init_s: float) -> Function:
    """A function that is invoked by each event, asynchronously."""

    def handle(invocation: Invocation) -> Generator[Event, Any, None]:
        yield invocation.compute(WORK_S)
        desk.done(invocation.payload)

    function = Function(sim, "events", handle, init_s, KEEP_ALIVE_S, memory_mb=MB_PER_PROCESSOR)
    send = AsyncInvocations(function).send
    for event, at_s in enumerate(desk.came_s):
        sim.call_at(float(at_s), send, event)
    return function


def _server(sim: Simulation, desk: Desk, asks_every_s: float) -> None:
    """A server that asks at fixed times, from a random one on, and works on what it gets. Vain ones are left out."""
    cores = Station(sim, "server", capacity=CORES)
    phase_s = float(sim.stream("questions").uniform(0, asks_every_s))

    def work(event: int) -> Generator[Event, Any, None]:
        yield cores.serve(WORK_S)
        desk.done(event)

    for event, at_s in enumerate(desk.came_s):
        asked = np.ceil((at_s - phase_s) / asks_every_s)
        sim.call_at(phase_s + float(asked) * asks_every_s, lambda event: sim.start(work(event)), event)


def lateness(
    seed: int,
    design: str,
    per_hour: float,
    events: int = EVENTS,
    asks_every_s: float = ASKS_EVERY_S,
    init_s: float = INIT_S,
    together: int = 1,
) -> Values:
    """Return how late each event is: seconds from its coming to the end of its work, less the work itself.

    Args:
        design: one of `DESIGNS`.
        per_hour: events an hour, at random.
        events: how many, after those of the warm-up.
        asks_every_s: the server's interval.
        init_s: the function's initialisation.
        together: so many come at the same moment.

    Raises `ValueError` when there is no such design or an argument is not allowed.
    """
    require_one_of("design", design, DESIGNS)
    require_positive("asks_every_s", asks_every_s)
    require_non_negative("init_s", init_s)
    sim = Simulation(seed)
    desk = Desk(sim, _moments_s(sim, per_hour, events, together).tolist())
    if design == FUNCTION:
        _function(sim, desk, init_s)
    else:
        _server(sim, desk, asks_every_s)
    sim.run()
    late_s: Values = np.round(desk.done_s - desk.came_s - WORK_S, 9)  # without the dust of floats
    return late_s[WARM_UP:]


def month_usd(seed: int, design: str, per_hour: float, events: int = EVENTS, together: int = 1) -> float:
    """Return what a month costs at this rate in US dollars, from what was billed for so many events.

    Raises `ValueError` when there is no such design or an argument is not allowed.
    """
    require_one_of("design", design, DESIGNS)
    if design == SERVER:
        return HOURS_PER_MONTH * machine_usd_per_hour()
    sim = Simulation(seed)
    desk = Desk(sim, _moments_s(sim, per_hour, events, together).tolist())
    function = _function(sim, desk, INIT_S)
    sim.run(until=desk.came_s[WARM_UP])
    before = function.usage()
    sim.run()
    return total_usd(function.usage().without(before) * (HOURS_PER_MONTH * per_hour / events))


def curves(
    per_hour: Iterable[float] = PER_HOUR, asks_every_s: float = ASKS_EVERY_S, together: int = 1, seed: int = 1
) -> pd.DataFrame:
    """Return what both cost and how late they are at each rate. Columns: design, per_hour, month_usd, late_s (mean)."""
    jobs = [(design, float(rate)) for design in DESIGNS for rate in per_hour]
    found = in_parallel(joblib.delayed(_point)(seed, *job, asks_every_s, together) for job in jobs)
    return pd.DataFrame(found, columns=["design", "per_hour", "month_usd", "late_s"])


def sooner_at(table: pd.DataFrame) -> str:
    """Return at how many of the rates in a frame of `curves` the function is sooner on average, in words."""
    late_s = table.pivot(index="per_hour", columns="design", values="late_s")
    sooner = int((late_s[FUNCTION] < late_s[SERVER]).sum())
    return "at every rate" if sooner == len(late_s) else f"at {sooner} of {len(late_s)} rates"


def _point(
    seed: int, design: str, per_hour: float, asks_every_s: float, together: int
) -> tuple[str, float, float, float]:
    late_s = lateness(seed, design, per_hour, asks_every_s=asks_every_s, together=together).mean()
    return design, per_hour, month_usd(seed, design, per_hour, together=together), float(late_s)


# The rule ----------------------------------------------------------------------------------------------------


def _saved_usd(seed: int, per_hour: float) -> float:
    return month_usd(seed, SERVER, per_hour) - month_usd(seed, FUNCTION, per_hour)


def cheaper_up_to_per_hour(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to how many events an hour the function costs less than the server."""
    return bisect(_saved_usd, between=RATES, holds="up to", seeds=seeds, log=True, tolerance=0.02)


def _sooner_s(seed: int, asks_every_s: float, init_s: float) -> float:
    server = lateness(seed, SERVER, RARE_PER_HOUR, asks_every_s=asks_every_s)
    return float(server.mean() - lateness(seed, FUNCTION, RARE_PER_HOUR, init_s=init_s).mean())


def sooner_from_s(seeds: Iterable[int] = SEEDS, init_s: float = INIT_S) -> Limit:
    """Return from which interval of the server's questions on a rare event is done sooner by the function, on average.

    A rare event is what the function is worst at: no environment is kept for it.
    """
    margin = partial(_sooner_s, init_s=init_s)
    return bisect(margin, between=INTERVALS_S, holds="from", seeds=seeds, log=True, tolerance=0.05)


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `event_driven_execution`."""
    chosen = list(seeds)
    return {
        "cheaper_up_to_per_hour": cheaper_up_to_per_hour(chosen),
        "sooner_from_s": sooner_from_s(chosen),
    }


SAYS = {
    "cheaper_up_to_per_hour": "events an hour up to which the function costs less than the server",
    "sooner_from_s": "interval of the server's questions from which a rare event is done sooner by the function",
}


@settles("faas.event-driven-execution", evidence=Evidence.SIMULATED, says=SAYS)
def event_driven_execution(cheaper_up_to_per_hour: float, sooner_from_s: float) -> Verdict:
    """Holds when running only when an event comes costs less than a small server that asks for events, and is sooner,
    too: up to so many events an hour, of which each takes {WORK_S} s of a processor. What decides is how often the
    server asks, here every {ASKS_EVERY_S} s; rare events are compared, {RARE_PER_HOUR} an hour.
    """
    asks = Assumption("the interval at which the server asks", ASKS_EVERY_S, sooner_from_s, "s")
    if sooner_from_s > ASKS_EVERY_S:
        return holds_if(False, asks)
    return holds_up_to(cheaper_up_to_per_hour, "events an hour", decided_by=asks)


# Figure ------------------------------------------------------------------------------------------------------


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what a month costs, above, and how late an event is on average, below, against the events an hour.

    Args:
        table: as `curves` returns it.
        title: your conclusion.

    Raises `ValueError` when the table lacks rows or columns.
    """
    require_columns("table", table, "design", "per_hour", "month_usd", "late_s")
    own = look_of("serverless")
    colours = {FUNCTION: INK if own is None else own.colour, SERVER: GREY}
    with canvas(title, size, panels=(1, 1), tall=True) as drawing:
        for panel, y in zip(drawing.panels, ("month_usd", "late_s"), strict=True):
            for design, rows in table.groupby("design"):
                (line,) = panel.plot(rows.per_hour, rows[y], color=colours[str(design)], marker="o")
                drawing.name_end(panel, line, str(design))
        costs, late = drawing.panels
        costs.set(xscale="log", yscale="log", ylabel="USD a month")
        late.set(xlabel="Events an hour", ylabel="Late [s], on average", ylim=(0, None))
        for axis in (costs.yaxis, late.xaxis):
            axis.set_major_formatter(lambda value, _: number(value))
    words = "; ".join(
        f"{design}: {number(rows.month_usd.iloc[0])} to {number(rows.month_usd.iloc[-1])} USD a month, "
        f"{number(rows.late_s.iloc[0])} to {number(rows.late_s.iloc[-1])} s late"
        for design, rows in table.groupby("design")
    )
    return Picture(drawing.figure, f"{title.rstrip('.')}. From few events an hour to many. {words}.")
