"""A view of any table: some columns drawn against another one.

>>> import pandas as pd
>>> table = pd.DataFrame({"rate_per_s": [10, 20], "p99_ms": [12.0, 30.0]})
>>> reading = Columns(x="rate_per_s", y=("p99_ms",)).read(table)
>>> reading.curves[0].name, reading.figures
('p99', {'highest_p99_ms': 30.0})
"""

from dataclasses import dataclass

import pandas as pd

from archlab.course.explorer.view import Curve, Panel, Reading
from archlab.course.figures.line import require_columns
from archlab.course.quantity import axis_label, words_and_unit


@dataclass(frozen=True)
class Columns:
    """Columns of a frame against column `x`, all in one panel; the table tells the highest value of each.

    `y_label` is needed when there is more than one column: by default the first column's name.
    """

    x: str
    y: tuple[str, ...]
    y_label: str = ""
    log_y: bool = False

    def __post_init__(self) -> None:
        if not self.y or isinstance(self.y, str):
            raise ValueError(f"y is {self.y!r}; it must be a tuple of one or more columns")

    @property
    def panels(self) -> tuple[Panel, ...]:
        return (Panel(axis_label(self.x), self.y_label or axis_label(self.y[0]), log_y=self.log_y),)

    def read(self, answer: pd.DataFrame) -> Reading:
        """Raises `ValueError` when the frame lacks rows or a column."""
        require_columns("the model's answer", answer, self.x, *self.y)
        curves = [
            Curve(0, words_and_unit(y)[0], answer[self.x].to_numpy(), answer[y].to_numpy()) for y in self.y
        ]
        return Reading(tuple(curves), {f"highest_{y}": float(answer[y].max()) for y in self.y})
