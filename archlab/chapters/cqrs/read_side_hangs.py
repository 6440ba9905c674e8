"""A read model whose database hangs: it takes every question and answers none. What becomes of the other pages?

Each question that waits holds a worker of the program that all pages share. With `workers` of them, and questions that
come at a rate r to what hangs, none is left after workers / r seconds (`empty_after_s`), and then no page is
answered. With a time limit L on each question they hold r L workers, which is few.

A crash is another matter: who is refused holds nothing (`archlab.chapters.cqrs.side_down`).

What this leaves out: customers who go away, whose requests a program might give up; and a limit that is so short that
it cuts off what is slow and not dead.

>>> without, limited = (pages(limit_s, seed=1) for limit_s in (None, 0.5))
>>> without["browse"] < 0.7, limited["browse"], limited["search"]
(True, 1.0, 0.0)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.chapters.cqrs.growing import QUESTIONS, mix_of
from archlab.chapters.cqrs.same_money import USUAL
from archlab.chapters.cqrs.side_down import AT_S, DOWN_S, RATE_PER_S, answered, config_of, run
from archlab.shop.cqrs import Cqrs, Question, View
from archlab.shop.cqrs.commit_log import Key
from archlab.shop.cqrs.read_side import ReadSide
from archlab.shop.domain import NotFound
from archlab.sim.faults import SlowDown
from archlab.sim.parallel import in_parallel
from archlab.sim.resilience import TimeLimit
from archlab.sim.validation import require_positive

HANGING = Question.SEARCH
HANGS = 1e6
"""A database that hangs takes so many times as long: longer than the run."""
LIMITS_S = (None, 2.0, 0.5)


class LimitedReadSide(ReadSide):
    """Answers questions, and gives up each after `limit_s`."""

    limit_s = 1.0

    def answer(self, view: View, question: Question, key: Key, *arguments: Any) -> Generator[Event, Any, Any]:
        sim, answer = self.staleness.log.sim, super().answer(view, question, key, *arguments)
        found = yield TimeLimit(sim, self.limit_s).wait(sim.start(_or_not_found(answer)))
        if isinstance(found, NotFound):
            raise found
        return found


def _or_not_found(answer: Generator[Event, Any, Any]) -> Generator[Event, Any, Any]:
    """Return the answer, or the `NotFound`, which a process of its own must not raise."""
    try:
        return (yield from answer)
    except NotFound as found:
        return found


class LimitedShop(Cqrs):
    """A shop whose read models are in databases of their own, and whose questions have a time limit."""

    limit_s = 1.0

    def _read_side(self) -> ReadSide:
        plain = super()._read_side()
        limited = LimitedReadSide(plain.config, plain.staleness, plain.write_model, plain.views, [])
        limited.limit_s = self.limit_s
        return limited


def kind_of(limit_s: float | None) -> type[Cqrs]:
    """Return the kind of shop with this limit. Raises `ValueError` when it is not above 0."""
    if limit_s is None:
        return Cqrs
    require_positive("limit_s", limit_s)
    return type("LimitedShop", (LimitedShop,), {"limit_s": limit_s})


def pages(limit_s: float | None, seed: int) -> dict[str, float]:
    """Let the database of `HANGING` hang for `DOWN_S`. Returns kind of request -> share that was answered meanwhile.

    `limit_s`: of each question. None: no limit.
    """
    fault = SlowDown(f"{HANGING} queries", AT_S, DOWN_S, HANGS)
    result, _ = run(config_of("separate"), [fault], seed, kind_of(limit_s))
    return {kind: answered(result, [kind]) for kind in (*QUESTIONS, "place_order")}


def empty_after_s(workers: int) -> float:
    """Return after how long all workers wait for what hangs."""
    return workers / (RATE_PER_S * mix_of(USUAL)["search"])


def every_case(limits_s: Iterable[float | None] = LIMITS_S, seeds: Iterable[int] = range(10)) -> pd.DataFrame:
    """Return a row a limit and seed: `limit_s` (NaN: none), `seed`, and the share that was answered of each kind."""
    jobs = [(limit_s, seed) for limit_s in limits_s for seed in seeds]
    found = in_parallel(joblib.delayed(pages)(*job) for job in jobs)
    table = pd.DataFrame(jobs, columns=["limit_s", "seed"]).join(pd.DataFrame(found))
    return table.assign(limit_s=table.limit_s.astype(float))
