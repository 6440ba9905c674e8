"""Models for the explorers of failure: short runs, with the parameters that a slider can set, and views of them.

>>> day = cascade(times_slower=1, timeout_s=None, bulkhead=0, breaker=False)
>>> day.result.availability("browse")
1.0
"""

from dataclasses import dataclass, replace
from math import isnan
from typing import ClassVar

import numpy as np
import pandas as pd

from archlab.chapters.microservices.failure import LOAD, PATIENCE_S, PROVIDER, THREADED
from archlab.course.explorer import Curve, Panel, Reading, Window
from archlab.published.retry_storm import OUTAGE_AT_S, Storm, StormRun, simulate
from archlab.shop.day import ShopResult, at_load, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES
from archlab.shop.microservices.guards import Guards
from archlab.sim.faults import SlowDown
from archlab.sim.recording import OK, UNFINISHED
from archlab.sim.result import Result

FAULT_AT_S, FAULT_S, RUN_S = 1.0, 5.0, 7.0
"""Short, so that a slider answers at once."""


def cascade(
    times_slower: float,
    timeout_s: float | None,
    bulkhead: int,
    breaker: bool,
    gateway_places: int = THREADED.gateway_workers,
    seed: int = 1,
) -> ShopResult:
    """Let the payment provider be slow. `bulkhead`: calls of the gateway to orders at a time; 0: no bulkhead."""
    guards = {
        PROVIDER: Guards(timeout_s=timeout_s, breaker=breaker),
        "orders": Guards(bulkhead=bulkhead or None),
    }
    config = replace(THREADED, guards=guards, gateway_workers=gateway_places)
    slow = SlowDown(PROVIDER, FAULT_AT_S, FAULT_S, times_slower)
    return run_day(
        Microservices, config, at_load(LOAD, MICROSERVICES), seed, RUN_S, faults=[slow], timeout_s=PATIENCE_S
    )


def retry_storm(
    load_per_s: float, retries: int, budget: float | None, drop_older_than_s: float | None
) -> StormRun:
    """Run the published example with another load, more or fewer retries, a retry budget, or load shedding."""
    storm = Storm(
        load_per_s=load_per_s,
        retries=retries,
        budget=budget,
        drop_older_than_s=drop_older_than_s,
        after_s=180.0,
        scale=0.05,
    )
    return simulate(seed=1, storm=storm)


WAITING = Panel("Time [s]", "Waiting [requests]")

IN_THE_END_S = 10


@dataclass(frozen=True)
class UseCasesOverTime:
    """The share of pages and of orders that succeeded, by the second of their arrival, and queues.

    `parts`: whose queues. The figures are the shares of those that arrived during the first fault.
    """

    parts: tuple[str, ...] = ("gateway-1", "orders-1")

    panels: ClassVar = (Panel("Time [s]", "Succeeded [%]"), WAITING)
    kinds: ClassVar = {"browse": "pages", "place_order": "orders", "track_order": "tracking"}

    def read(self, answer: ShopResult) -> Reading:
        result = answer.result
        ended = result.requests[result.requests.outcome != UNFINISHED]
        window = _window(result)
        curves = [_succeeded(ended, kind, self.kinds[kind]) for kind in ("browse", "place_order")]
        curves += [_queue(result, part) for part in self.parts]
        inside = ended[ended.arrived_s.between(window.start, window.end)]
        figures = {
            f"{name}_percent": float(100 * (inside.outcome[inside.kind == kind] == OK).mean())
            for kind, name in self.kinds.items()
        }
        return Reading(tuple(curves), figures, (window,))


@dataclass(frozen=True)
class StormOverTime:
    """Queries that arrive and that are answered in time, and those that wait, at the full rates of the example.

    The figures are those of the last `IN_THE_END_S` seconds, and how long it was ill.
    """

    panels: ClassVar = (Panel("Time [s]", "Queries [1/s]"), Panel("Time [s]", "Waiting [queries]"))

    def read(self, answer: StormRun) -> Reading:
        storm, series = answer.storm, answer.series
        full = series[["offered_per_s", "goodput_per_s", "backlog"]] / storm.scale
        curves = tuple(
            Curve(panel, name, series.time_s.to_numpy(), full[column].to_numpy())
            for panel, name, column in (
                (0, "arrive", "offered_per_s"),
                (0, "in time", "goodput_per_s"),
                (1, "database", "backlog"),
            )
        )
        end = full.tail(IN_THE_END_S).mean()
        figures: dict[str, float | str] = {
            "arriving_in_the_end_per_s": float(end.offered_per_s),
            "in_time_in_the_end_per_s": float(end.goodput_per_s),
            "ill_after_the_outage_s": "to the end" if isnan(answer.recovery_s) else answer.recovery_s,
        }
        return Reading(curves, figures, (Window(OUTAGE_AT_S, storm.end_of_outage_s, "outage"),))


def _window(result: Result) -> Window:
    first = result.faults.iloc[0]
    return Window(float(first.start_s), float(first.end_s), str(first.part))


def _succeeded(ended: pd.DataFrame, kind: str, name: str) -> Curve:
    rows = ended[ended.kind == kind]
    share = 100 * (rows.outcome == OK).groupby(np.floor(rows.arrived_s)).mean()
    return Curve(0, name, share.index.to_numpy() + 0.5, share.to_numpy())


def _queue(result: Result, part: str) -> Curve:
    rows = result.samples[result.samples.part == part]
    return Curve(1, part, rows.time_s.to_numpy(), rows.queue_length.to_numpy())
