"""Stale reads: each answer is compared with what the write model would have said at that moment, at no cost.

The age of a stale answer is the time since the first commit that it does not know and that is about the same thing.

>>> from archlab.shop.cqrs import Cqrs, CqrsConfig
>>> from archlab.sim import Simulation
>>> shop = Cqrs(Simulation(seed=1), CqrsConfig(tail_s=10.0))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> page = shop.answer(shop.browse(1))
>>> shop.staleness.stale, bool(shop.staleness.frame().age_s.max() == shop.staleness.max_age_s)
(1, True)
"""

from collections.abc import Callable
from typing import Any

import pandas as pd

from archlab.shop.cqrs.commit_log import CommitLog, Key
from archlab.shop.cqrs.questions import Question
from archlab.shop.domain import NotFound


class Staleness:
    """What was shown: a row a read, with its age."""

    def __init__(self, log: CommitLog) -> None:
        self.log = log
        self._rows: list[tuple[str, float, float]] = []
        self.stale, self.max_age_s = 0, 0.0

    def note(self, question: Question, key: Key, shown: Any, now: Any, seen: int) -> None:
        """Note a read of what a model knew that had seen so many commits."""
        age_s = 0.0
        if shown != now:
            changed_s = self.log.touched_since(seen, key)
            age_s = 0.0 if changed_s is None else self.log.sim.now - changed_s
            self.stale += 1
            self.max_age_s = max(self.max_age_s, age_s)
        self._rows.append((question.value, float(self.log.sim.now), age_s if shown != now else float("nan")))

    def frame(self) -> pd.DataFrame:
        """Return a row a read: `question`, `at_s`, and `age_s`, NaN when it was not stale."""
        return pd.DataFrame(self._rows, columns=["question", "at_s", "age_s"])


def answer_or_none(ask: Callable[[], Any]) -> Any:
    """Return an answer; None where there is no such thing."""
    try:
        return ask()
    except NotFound:
        return None
