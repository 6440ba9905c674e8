"""Writers on one aggregate: optimistic concurrency, what it wastes, and what back-off gives back.

A writer reads the version of a stream, decides, and appends what it has decided if nobody else has appended since
(`expected_version`). Otherwise it is refused and begins again. A success needs a reading after the last success. So
however many writers there are, one stream takes no more than one of them alone would do; the others work in vain, and
their readings and attempts take the database's time from those who succeed.

The events are appended to a real store. All times are constant, and the database is slow (`QUERY_S`): with one that is
four times as fast as many attempts are in vain, and most of the work is done all the same.

What this leaves out: a queue in front, in which writers wait for their turn,
and decisions that can be merged.

>>> alone, many = writers(1, seed=1), writers(30, seed=1)
>>> alone.in_vain, bool(many.done_per_s <= 1.05 * alone.done_per_s), many.in_vain > 0.8
(0.0, True, True)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_theory, draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.shop.cqrs.news import product_news
from archlab.shop.database import DatabaseServer, Queries, Transaction
from archlab.shop.domain import Product
from archlab.shop.events.event_store import EVENTS, EventStore, VersionConflict
from archlab.shop.store import open_database
from archlab.sim.parallel import in_parallel
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive, require_whole

QUERY_S, COMMIT_S, DECIDES_S, CORES = 0.002, 0.001, 0.020, 1
"""Assumptions, all of these: a database in which attempts in vain are felt."""
SECONDS = 20.0
STRATEGIES: Mapping[str, Backoff | None] = {
    "at once": None,
    "back-off": Backoff(base_s=0.02, cap_s=1.0, jitter="none"),
    "back-off with jitter": Backoff(base_s=0.02, cap_s=1.0, jitter="full"),
}
"""What a writer does after a refusal. None: it begins again."""


@dataclass(frozen=True)
class Work:
    """What came of it: appended events a second, the share of attempts that were in vain, and the slowest tenth's
    seconds for one event.
    """

    done_per_s: float
    in_vain: float
    p90_s: float


def writers(
    count: int,
    seed: int,
    strategy: str = "at once",
    streams: int = 1,
    seconds: float = SECONDS,
    query_s: float = QUERY_S,
) -> Work:
    """Let so many writers append, each again and again, to one of so many streams at random.

    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("count", count, at_least=1)
    require_whole("streams", streams, at_least=1)
    require_one_of("strategy", strategy, tuple(STRATEGIES))
    require_positive("seconds", seconds)
    require_positive("query_s", query_s)
    sim = Simulation(seed)
    server = DatabaseServer(sim, open_database(EVENTS), CORES, query_s, COMMIT_S)
    queries, store = Queries(server, "writers"), EventStore(server.connection)
    took_s, refused = list[float](), [0]

    def attempt(stream: str) -> Generator[Event, Any, None]:
        yield from queries.run()
        version = store.version(stream)
        yield sim.timeout(DECIDES_S)
        news = product_news(Product(1, "tea", 1 + version))
        work = Transaction(server)
        for statement in store.appending(stream, [news], version, sim.now, correlation_id=stream):
            yield from work.write(queries, statement)
        yield from work.commit()

    def writer(number: int) -> Generator[Event, Any, None]:
        random, backoff = sim.stream(f"writer {number}"), STRATEGIES[strategy]
        while True:
            stream, began_s = f"product-{random.integers(streams)}", sim.now
            delays_s = repeat(0.0) if backoff is None else backoff.delays(random)
            while True:
                try:
                    yield from attempt(stream)
                except VersionConflict:
                    refused[0] += 1
                    yield sim.timeout(next(delays_s))
                else:
                    break
            took_s.append(sim.now - began_s)

    for place in range(count):
        sim.start(writer(place))
    sim.run(until=seconds)
    attempts = len(took_s) + refused[0]
    return Work(len(took_s) / seconds, refused[0] / attempts, float(pd.Series(took_s).quantile(0.9)))


def alone_s(query_s: float = QUERY_S) -> float:
    """Return how long one writer takes that nobody disturbs: a reading, a decision, a writing, and a commit."""
    return query_s + DECIDES_S + query_s + COMMIT_S


def most_per_s(streams: int = 1, query_s: float = QUERY_S) -> float:
    """Return the most that can be done: one writer's work on each stream, or what the database has time for."""
    require_whole("streams", streams, at_least=1)
    require_positive("query_s", query_s)
    return min(streams / alone_s(query_s), CORES / (2 * query_s))


def against_writers(
    counts: Iterable[int] = (1, 2, 5, 10, 20, 40), streams: int = 1, seed: int = 1
) -> pd.DataFrame:
    """Return a row a number of writers and strategy: `streams`, `writers`, `strategy`, and the fields of `Work`."""
    cases = [(strategy, count) for strategy in STRATEGIES for count in counts]
    works = in_parallel(joblib.delayed(writers)(count, seed, strategy, streams) for strategy, count in cases)
    rows = [
        {"streams": streams, "strategy": strategy, "writers": count, **vars(work)}
        for (strategy, count), work in zip(cases, works, strict=True)
    ]
    return pd.DataFrame(rows)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `against_writers`: what is done against the number of writers, a line a strategy, and the most that can be
    done as a dashed line.

    The rows of several runs are averaged.
    """
    streams, words = int(table.streams.iloc[0]), []
    most = most_per_s(streams)
    points = table.groupby(["strategy", "writers"], sort=False).done_per_s.mean().reset_index()
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        panel.set_xscale("log")
        draw_theory(panel, points.writers.agg(["min", "max"]), pd.Series([most, most]))
        drawing.name_end(panel, panel.get_lines()[-1], f"at most {number(most)}")
        for strategy, look in variants("cqrs", points.strategy.unique()).items():
            rows = points[points.strategy == strategy]
            drawing.name_end(panel, draw_with_band(panel, rows, "writers", "done_per_s", look), strategy)
            words.append(in_words(strategy, rows.writers, rows.done_per_s))
        scale(panel, log=False)
        panel.set_xticks(sorted(points.writers.unique()))
        panel.minorticks_off()
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        aggregates = "one aggregate" if streams == 1 else f"{streams} aggregates"
        panel.set(xlabel=f"Writers on {aggregates}", ylabel=wrapped("Changes done [1/s]"))
    return Picture(drawing.figure, f"{title.rstrip('.')}. At most {number(most)}. {' '.join(words)}")
