"""Debugging: one order over several functions, and what their logs can be joined by.

Each function writes a line when it begins and one when it ends, with the time and its own name. That is what a platform
writes by itself. Which line of `reserve_stock` belongs to which order? Each run was asked for by one order, and lies
inside of that order's own run. Where only one way is left to give every order a run, it is *certain*; where two orders
could have each other's, it is not, and whoever guesses by the order of their start is mostly, not always, right.

With a *trace id*, a number that each function hands on and writes down, a line is known, and leaves fewer for the
others. A monolith has one log, and a request in it one thread, whose number stands in each line.

What this leaves out: clocks that differ between machines and lines that come late, so that fewer could be joined by
their times; and what a good log says besides.

>>> found(log_of(rate_per_s=0.5, seed=1, seconds=100.0)) > 0.9
True
>>> found(log_of(rate_per_s=20.0, seed=1, seconds=10.0), traced=1.0)
1.0
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.claims import Assumption, Evidence, Limit, OverSeeds, Verdict, bisect, holds_from, settles
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number, percent
from archlab.course.style import LAB, Size, variants
from archlab.shop.serverless import BY_CALL, OrderRequest, Serverless, ServerlessConfig
from archlab.sim.functions import Function, Invocation
from archlab.sim.functions.runtimes import keep_alive_s
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_positive
from archlab.sim.workload import Poisson

CALLED = BY_CALL
"""The functions that an order calls and whose lines one looks for."""
LOADS_PER_S = (1.0, 3.0, 10.0, 30.0)
ORDERS = 150
ENOUGH = 0.9
"""Nine of ten orders must be found, or the one that is asked for is likely to be missing."""
BUSY_PER_S = 30.0
Line = tuple[str, int, float, float]
"""Function, order, when it began, when it ended."""


def log_of(rate_per_s: float, seed: int = 1, seconds: float | None = None) -> list[Line]:
    """Run orders through the shop of functions and return what its functions did, cold starts included.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("rate_per_s", rate_per_s)
    lasts_s = ORDERS / rate_per_s if seconds is None else seconds
    sim, lines = Simulation(seed), list[Line]()
    shop = Serverless(sim, ServerlessConfig(keep_alive_s=keep_alive_s("August 2019")))
    for name in ("place_order", *CALLED):
        _listen(shop.functions[name], lines)
    sim.open_load(Poisson(rate_per_s), shop.handle, mix={"place_order": 1.0})
    sim.run(until=lasts_s)
    return lines


def _listen(function: Function, lines: list[Line]) -> None:
    """Let a function's runs write a line each, with the order that the test knows and the log does not."""
    handler: Callable[[Invocation], Generator[Event, Any, Any]] = function.handler

    def listened(invocation: Invocation) -> Generator[Event, Any, Any]:
        began_s = invocation.env.now
        answer = yield from handler(invocation)
        payload = invocation.payload
        order_id = payload.order_id if isinstance(payload, OrderRequest) else payload.id
        lines.append((function.name, int(order_id), began_s, invocation.env.now))
        return answer

    function.handler = listened


def found(lines: Sequence[Line], traced: float = 0.0, seed: int = 1) -> float:
    """Return the share of orders whose runs of all called functions are certain.

    `traced`: the share of the orders that carry a trace id, drawn by `seed`. Raises `ValueError` when it is none.
    """
    require_fraction("traced", traced)
    frame = pd.DataFrame(lines, columns=["function", "order", "began_s", "ended_s"])
    runs = {name: frame[frame.function == name].set_index("order") for name in ("place_order", *CALLED)}
    whole = sorted(set.intersection(*(set(one.index) for one in runs.values())))
    is_traced = np.random.default_rng(seed).random(len(whole)) < traced
    unknown = [order for order, known in zip(whole, is_traced, strict=True) if not known]
    certain = np.ones(len(unknown), dtype=bool)
    for name in CALLED:
        certain &= _certain(runs["place_order"].loc[unknown], runs[name].loc[unknown])
    return float((certain.sum() + is_traced.sum()) / len(whole))


def _certain(orders: pd.DataFrame, runs: pd.DataFrame) -> np.ndarray:
    """Return for each order whether no other way is left to give it a run.

    With an arrow from one order to another whose run it could have as well, two orders can change runs, directly or by
    way of others, when they lie on a circle of arrows: in one strongly connected component.
    """
    # SciPy is loaded when it is used: that takes a while.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    if orders.empty:
        return np.ones(0, dtype=bool)
    began, ended = orders.began_s.to_numpy()[:, None], orders.ended_s.to_numpy()[:, None]
    could = (began <= runs.began_s.to_numpy()) & (runs.ended_s.to_numpy() <= ended)
    _, component = connected_components(csr_array(could), directed=True, connection="strong")
    return np.bincount(component)[component] == 1


def by_load(loads: Sequence[float] = LOADS_PER_S, seed: int = 1) -> pd.DataFrame:
    """Return a row for each load and way: `orders_per_s`, `way` and the `share` of orders that are found."""
    rows = []
    for load in loads:
        lines = log_of(load, seed)
        rows += [(load, "by their times", found(lines)), (load, "with a trace id", found(lines, traced=1.0))]
    return pd.DataFrame(rows, columns=["orders_per_s", "way", "share"])


def _lost(seed: int, load: float) -> float:
    return ENOUGH - found(log_of(load, seed))


def _traced_that_flips(seed: int) -> float:
    """Return the share of orders with a trace id from which on enough are found in one busy log."""
    lines = log_of(BUSY_PER_S, seed)
    shares = np.linspace(0.0, 1.0, 26)
    return float(next(share for share in shares if found(lines, float(share), seed) >= ENOUGH))


def _busy(seed: int) -> float:
    return found(log_of(BUSY_PER_S, seed))


def figures(seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return the figures of `debugging`, by their names."""
    chosen, run = list(seeds), in_parallel
    return {
        "lost_from_per_s": lost_from(chosen),
        "found_when_busy": OverSeeds(run(joblib.delayed(_busy)(seed) for seed in chosen)),
        "lost_up_to_traced": Limit("up to", run(joblib.delayed(_traced_that_flips)(seed) for seed in chosen)),
    }


def lost_from(seeds: Iterable[int] = range(10)) -> Limit:
    """Return from how many orders a second on fewer than `ENOUGH` are certain by their times."""
    return bisect(_lost, (1.5, 24.0), "from", seeds, tolerance=0.5, log=True)


SAYS = {
    "lost_from_per_s": "orders a second from which on fewer than nine of ten are certain by their times",
    "found_when_busy": "certain by their times at 30 orders a second",
    "lost_up_to_traced": "of the orders with a trace id, up to which it is so there",
}


@settles("cons.debugging-challenges", evidence=Evidence.SIMULATED, says=SAYS)
def debugging(lost_from_per_s: float, found_when_busy: float, lost_up_to_traced: float) -> Verdict:
    """Holds from the orders a second on at which the lines of fewer than {ENOUGH} of them, in the logs of three
    functions, can be joined with certainty by their times. Each run belongs to one order. A trace id is looked at with
    {BUSY_PER_S} orders a second.
    """
    trace = Assumption(
        "orders that carry a trace id",
        0.0,
        lost_up_to_traced,
        when=(
            f"at most {{flips_at}} of the orders carry a trace id, at {number(BUSY_PER_S)} a second (without one "
            f"{percent(float(found_when_busy))} are certain there)"
        ),
    )
    return holds_from(lost_from_per_s, "orders a second", decided_by=trace)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the share of orders that are found against the orders a second, for each way."""
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for (way, rows), look in zip(
            table.groupby("way"), variants("serverless", ["a", "b"]).values(), strict=True
        ):
            line = draw_with_band(panel, rows, "orders_per_s", "share", look)
            drawing.name_end(panel, line, str(way))
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        scale(panel, log=False)
        panel.yaxis.set_major_formatter(lambda value, _: percent(value))
        panel.set_xlabel("Orders a second")
        panel.set_ylabel("Orders whose lines are found")
    alt = " ".join(in_words(str(way), rows.orders_per_s, rows.share) for way, rows in table.groupby("way"))
    return Picture(drawing.figure, f"{title}. {alt}")
