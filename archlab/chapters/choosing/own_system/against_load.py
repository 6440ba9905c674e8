"""Latency and throughput against load, from little to more than the system can serve.

Each load is run with several seeds, `REQUESTS` customers each after a tenth as many that are not counted. Percentiles
are of the good answers of all seeds together. At and beyond the capacity of the bottleneck law there is no steady
state: a latency would only say how long one watched, so there is none. What is left is how many get a good answer in
the time that was watched; with more time it is fewer, down to what the patience of the customers makes of it.

>>> from archlab.chapters.choosing.own_system.reading import read
>>> shop = read('''load 100 per second: browse 100 %
... part web: 1 server
... browse = web exactly 5 ms''')
>>> against_load(shop, rates_per_s=[20.0, 220.0], seeds=range(2)).p50_ms.round(1).tolist()
[5.0, nan]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import nan

import pandas as pd

from archlab.chapters.choosing.own_system.capacity import limit_per_s
from archlab.chapters.choosing.own_system.description import Description
from archlab.chapters.choosing.own_system.running import Running
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, INK, LAB, Look, Size
from archlab.sim.experiment import Figure, PooledPercentile, sweep
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import numbers_in, require_positive, require_whole

SHARES_OF_LIMIT = (0.2, 0.4, 0.6, 0.8, 0.9, 1.1)
"""The loads that are tried, as shares of the capacity."""
REQUESTS = 2000
PARTS_OF_WARM_UP = 10
PERCENTILES = (50, 99)


def run(description: Description, rate_per_s: float, seed: int, requests: int = REQUESTS) -> Result:
    """Return what happens under a load, watched for as long as so many requests need to come."""
    sim = Simulation(seed)
    Running(sim, description, rate_per_s).start()
    duration_s = requests / rate_per_s
    return sim.measure(duration_s, warmup_s=duration_s / PARTS_OF_WARM_UP)


def figures(
    seed: int, rate_per_s: float, description: Description, requests: int = REQUESTS, kind: str | None = None
) -> Mapping[str, Figure]:
    """Return the figures of one run: `ok_percent`, `throughput_per_s` of good answers, and the percentiles.

    `p50_ms`, `p99_ms`: until the answer. `done_p50_ms`, `done_p99_ms`: until all work that was put off is done, too,
    where there is some.
    """
    result = run(description, rate_per_s, seed, requests)
    is_steady = rate_per_s < limit_per_s(description) and not result.saturated
    found: dict[str, Figure] = {
        "ok_percent": 100 * result.availability(kind),
        "throughput_per_s": result.throughput_per_s(kind),
    }
    times_s = {"p": result.latencies_s(kind)}
    if description.queued:
        times_s["done_p"] = result.ends_to_end_s(kind)
    for name, values in times_s.items():
        for q in PERCENTILES:
            found[f"{name}{q}_ms"] = PooledPercentile(q, 1000 * values) if is_steady else nan
    return found


def against_load(
    description: Description,
    rates_per_s: Sequence[float] | None = None,
    seeds: Iterable[int] = range(3),
    requests: int = REQUESTS,
    kind: str | None = None,
) -> pd.DataFrame:
    """Return a row a load: `rate_per_s`, and each figure with its interval (`_low`, `_high`, see `archlab.sim.sweep`).

    Args:
        rates_per_s: the loads; None: `SHARES_OF_LIMIT` of the capacity.
        kind: the kind of request whose figures are wanted. None: all together.

    Raises:
        ValueError: when a rate is not positive, or no request is of that kind.
    """
    if rates_per_s is None:
        rates_per_s = [share * limit_per_s(description) for share in SHARES_OF_LIMIT]
    for rate in numbers_in("rates_per_s", rates_per_s, "rates above 0"):
        require_positive("rates_per_s", float(rate))
    require_whole("requests", requests, at_least=100)
    if kind is not None and kind not in description.shares:
        raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(description.shares)}")
    model = partial(figures, description=description, requests=requests, kind=kind)
    return sweep(model, {"rate_per_s": list(rates_per_s)}, seeds)


P99 = Look(INK, "-", "o")
LINES = {
    "p50_ms": (Look(GREY, "--", "s"), "p50"),
    "p99_ms": (P99, "p99"),
    "done_p99_ms": (Look(INK, ":", "^"), "p99, all done"),
}
"""Column -> how it is drawn, and its name."""


def against_load_figure(table: pd.DataFrame, limit: float, title: str = "", size: Size = LAB) -> Picture:
    """Draw latency above and good answers below, against the load, with the capacity marked.

    `title`: your conclusion; by default made from the table.
    """
    title = title or _title(table, limit)
    drawn = {name: what for name, what in LINES.items() if name in table}
    with canvas(title, size, panels=(1.4, 1), tall=True) as drawing:
        above, below = drawing.panels
        for name, (look, words) in drawn.items():
            drawing.name_end(above, draw_with_band(above, table, "rate_per_s", name, look), words)
        drawing.name_end(
            below, draw_with_band(below, table, "rate_per_s", "throughput_per_s", P99), "good answers"
        )
        below.plot(table.rate_per_s, table.rate_per_s, color=GREY, linestyle=":")
        for panel in (above, below):
            panel.axvline(limit, color=GREY, linewidth=1.5)
        drawing.name_line(above, limit, f"capacity {number(limit)}", GREY)
        scale(above, log=False)
        scale(below, log=False)
        above.set(ylabel="Latency [ms]")
        below.set(ylabel="Good answers\n[requests/s]", xlabel="Load [requests/s], dotted: all answered")
        below.xaxis.set_major_formatter(lambda value, _: number(value))
    lines = [in_words(f"{words} in ms", table.rate_per_s, table[name]) for name, (_, words) in drawn.items()]
    lines.append(in_words("good answers", table.rate_per_s, table.throughput_per_s))
    return Picture(drawing.figure, f"{title.rstrip('.')}. {' '.join(lines)} Capacity {number(limit)}.")


def _title(table: pd.DataFrame, limit: float) -> str:
    steady = table.dropna(subset=["p99_ms"])
    if steady.empty:
        return f"No load that was tried has a steady state; the capacity is {number(limit)} requests/s"
    first, last = steady.iloc[0], steady.iloc[-1]
    shares = [f"{number(100 * row.rate_per_s / limit)} %" for row in (first, last)]
    done = ""
    if "done_p99_ms" in table:
        done = f", and until all is done from {number(first.done_p99_ms)} to {number(last.done_p99_ms)} ms"
    return (
        f"From {shares[0]} to {shares[1]} of the capacity p99 goes from {number(first.p99_ms)} "
        f"to {number(last.p99_ms)} ms{done}"
    )
