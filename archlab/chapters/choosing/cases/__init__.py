"""Published cases as small experiments: would our models have foretold them, and under which condition?

Each case has what was published, a model in our terms, and a verdict by one rule (`judging`). Nobody should be
impressed by a "yes, when": a model whose free number is set to the known outcome foretells nothing. So each says what
is put in and what comes out, on which number that nobody published it hangs, and what the same rule says of somebody
who did the opposite.

>>> sorted(CASES)
['istio', 'segment', 'stack overflow', 'step functions', 'timelines', 'uber']
>>> CASES["step functions"].verdict().words
'Yes, when the number of streams that one c5.xlarge carries is at least 6'
>>> CASES["uber"].verdict().foretold.value
'not testable here'
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

import joblib
import pandas as pd

from archlab.chapters.choosing.cases import (
    fan_out,
    istio,
    istio_parts,
    segment,
    segment_queues,
    stack_overflow,
    step_functions,
    uber,
)
from archlab.chapters.choosing.cases.case import Case, figure_of, published
from archlab.chapters.choosing.cases.case_cards import Cards
from archlab.chapters.choosing.cases.judging import Foretold, Judgement, judge, not_testable
from archlab.chapters.choosing.cases.question import Guess, Question, Unknown
from archlab.sim.parallel import in_parallel

__all__ = [
    "CASES",
    "Cards",
    "Case",
    "Foretold",
    "Guess",
    "Judgement",
    "Question",
    "Unknown",
    "cards",
    "fan_out",
    "figure_of",
    "istio",
    "istio_parts",
    "judge",
    "not_testable",
    "published",
    "segment",
    "segment_queues",
    "stack_overflow",
    "step_functions",
    "table",
    "uber",
]

CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        Case(
            step_functions.NAME,
            "Prime Video's monitoring left Step Functions for one process: over 90 % cheaper",
            partial(published, step_functions.NAME),
            cache(step_functions.verdict),
            step_functions.says,
            step_functions.elsewhere,
            step_functions.figure,
        ),
        Case(
            segment.NAME,
            "Segment: more than 140 services became one; shared code is improved 2.9 times as often",
            partial(published, segment.NAME),
            cache(segment.verdict),
            segment.says,
            segment.elsewhere,
            segment.figure,
        ),
        Case(
            istio.NAME,
            "Istio: four programs of the control plane became one",
            partial(published, istio.NAME),
            cache(istio.verdict),
            istio.says,
            istio.elsewhere,
            istio.figure,
        ),
        Case(
            uber.NAME,
            "Uber: 2,200 services in 70 domains; 25 to 50 % less time to get to know the code",
            partial(published, uber.NAME),
            cache(uber.verdict),
            uber.says,
            uber.elsewhere,
            uber.figure,
        ),
        Case(
            stack_overflow.NAME,
            "Stack Overflow: nine web servers, and it can run on one",
            partial(published, stack_overflow.NAME),
            cache(stack_overflow.verdict),
            stack_overflow.says,
            stack_overflow.elsewhere,
            stack_overflow.figure,
        ),
        Case(
            fan_out.NAME,
            "Twitter's home timelines: a tweet is copied to all who follow when it is written",
            fan_out.figures,
            cache(fan_out.verdict),
            fan_out.says,
            fan_out.elsewhere,
            fan_out.figure,
        ),
    )
}
"""Name -> case."""


def table() -> pd.DataFrame:
    """Return a row a case: `case`, `published`, `model_says`, `foretold`, `condition`, `decides`, `elsewhere`."""
    rows = in_parallel(joblib.delayed(_row)(name) for name in CASES)
    columns = ["case", "published", "model_says", "foretold", "condition", "decides", "elsewhere"]
    return pd.DataFrame(rows, columns=columns)


def _row(name: str) -> tuple[str, ...]:
    case = CASES[name]
    verdict = case.verdict()
    words = (case.says(), verdict.foretold.value, verdict.condition, verdict.decides, case.elsewhere())
    return (case.name, case.told, *words)


def cards() -> Cards:
    """Return the same as cards, which a narrow page has room for: display them in a notebook."""
    return Cards(tuple(CASES.values()))
