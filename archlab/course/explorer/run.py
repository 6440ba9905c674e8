"""A run: what the model was asked, and what the view read out of its answer.

>>> Run({"rate_per_s": 80}, problem="rate_per_s is 80; it must be less").reading is None
True
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archlab.course.explorer.view import Reading, View

NOW = "now"


@dataclass(frozen=True)
class Run:
    """The values of the parameters, and the reading, or the model's own words on why there is none."""

    values: Mapping[str, Any]
    reading: Reading | None = None
    problem: str = ""


def run(model: Callable[..., Any], view: View, values: Mapping[str, Any]) -> Run:
    """Ask the model. A `ValueError` of its own becomes the run's problem; any other error is raised."""
    try:
        answer = model(**values)
    except ValueError as error:
        return Run(values, problem=str(error))
    return Run(values, view.read(answer))
