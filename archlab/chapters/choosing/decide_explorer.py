"""The explorer of the chapter: set what your system needs, and see who leads, who follows, and what would change it.

The picture is what each architecture costs, in its cheapest form, when more or fewer requests come and all other
answers stay; the load that is set is marked. An architecture is in it where it can be had. The words below rank forms,
a monolith that pays later among them, and name who leads, never without the runner-up and the nearest answers that
would change it.

>>> ask = asking(Measured.nothing())
>>> answer = ask(usual_load_per_s=60, budget_usd_per_hour=2.0)
>>> Costs().read(answer).figures["leads"]
'monolithic / layered, one process'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any, ClassVar, get_args

import numpy as np

from archlab.chapters.choosing.cost_against_load import Sharing
from archlab.chapters.choosing.costs import day_cost
from archlab.chapters.choosing.decide import Decision, Measured, decide
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.needs import Needs
from archlab.chapters.choosing.sensitivity import Change, changes_of
from archlab.course.explorer import Curve, Panel, Reading, Window
from archlab.course.quantity import number

NO_FAULT, ALL_FAULTS = "none", "all of them"
CONTROLS = {
    "usual_load_per_s": "per_s",
    "orders_percent": "order_percent",
    "peak_times": "peak_times",
    "copies": "copies",
    "sharing_of_machines": "sharing",
    "budget_usd_per_hour": "budget_usd_per_h",
    "answers_old_up_to_s": "old_up_to_s",
    "teams": "teams",
}
"""What the controls are called -> the need."""
RANGES: dict[str, tuple[Any, ...]] = {
    "usual_load_per_s": (1, 1000, 60),
    "orders_percent": (1, 60, 12),
    "peak_times": (1, 50, 1),
    "peak_is_foreseen": ("no", "yes"),
    "copies": (1, 3, 1),
    "sharing_of_machines": get_args(Sharing),
    "budget_usd_per_hour": (0.1, 10.0, 2.0),
    "answers_old_up_to_s": (0.0, 5.0, 1.0),
    "teams": (1, 40, 2),
}
"""From, to, and at first."""
AROUND = np.geomspace(0.1, 10, 21)
"""The loads of the picture, in times of the one that is set."""
SHOWN_CHANGES = 3
MARK_TIMES = 1.02
"""The mark of the load that is set is this much wide, to both sides."""


@dataclass(frozen=True)
class Answered:
    """A decision, the answers that would change it, and what each architecture costs around the load that is set."""

    decision: Decision
    changes: list[Change]
    loads_per_s: tuple[float, ...]
    usd_per_h: dict[str, list[float]]


def asking(measured: Measured) -> Callable[..., Answered]:
    """Return the explorer's model. It takes the names of `CONTROLS`, each a need, `peak_is_foreseen` ("yes" or "no"),
    and `fault_to_bear`: a fault, "none" or "all of them". It raises `ValueError` when a need is out of range or the
    fault is unknown.
    """

    def ask(fault_to_bear: str = NO_FAULT, peak_is_foreseen: str = "no", **answers: Any) -> Answered:
        faults = {NO_FAULT: (), ALL_FAULTS: tuple(measured.fault_names)}.get(fault_to_bear, (fault_to_bear,))
        given = {CONTROLS[name]: value for name, value in answers.items()}
        needs = Needs(faults=faults, is_foreseen=peak_is_foreseen == "yes", **given)
        decision = decide(needs, measured)
        return Answered(decision, changes_of(decision), *_around(needs))

    return ask


def _around(needs: Needs) -> tuple[tuple[float, ...], dict[str, list[float]]]:
    loads = tuple(float(needs.per_s * times) for times in AROUND)
    costs = {
        name: [day_cost(name, replace(needs, per_s=load)).usd_per_h for load in loads]
        for name in ARCHITECTURES
    }
    return loads, costs


@dataclass(frozen=True)
class Costs:
    """Shows an answer: the costs as curves, the load that is set as a mark, and the decision in words."""

    panels: ClassVar = (Panel("Usual load [requests/s]", "USD/h", log_x=True, log_y=True),)

    def read(self, answer: Answered) -> Reading:
        curves = tuple(
            Curve(0, name, answer.loads_per_s, [usd if isfinite(usd) else nan for usd in costs])
            for name, costs in answer.usd_per_h.items()
        )
        decision = answer.decision
        figures: dict[str, float | str] = {
            "leads": " / ".join(decision.leaders) or "nobody",
            "costs_usd_per_hour": decision.first.usd_per_h if isfinite(decision.first.usd_per_h) else nan,
            "misses": "; ".join(decision.first.missed) or "nothing",
            "runner-up": decision.runner_up.form,
            "runner-up misses": "; ".join(decision.runner_up.missed) or "nothing",
            "would change it": " ".join(change.words for change in answer.changes[:SHOWN_CHANGES])
            or "no single answer that was tried",
        }
        load = decision.needs.per_s
        mark = Window(load / MARK_TIMES, load * MARK_TIMES, f"{number(load)} requests/s")
        return Reading(curves, figures, (mark,))
