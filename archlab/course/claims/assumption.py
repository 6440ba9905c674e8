"""Assumptions that decide: the one number of ours that moves a verdict most, and the value at which it flips.

>>> Assumption("the largest database", usual=2, flips_at=4, unit="cores").words(holds=True)
'with the largest database at most 4 cores (here 2)'
>>> Assumption("the hop between two zones", usual=0.25, flips_at=2.76, unit="ms").words(holds=False)
'it would hold with the hop between two zones at least 2.76 ms (here 0.25)'
"""

import math
from dataclasses import dataclass

from archlab.course.claims.limit import Limit
from archlab.course.quantity import about, number, require_figure


@dataclass(frozen=True)
class Assumption:
    """What decides a verdict: its name, our value, and the value at which the verdict turns into its opposite.

    Attributes:
        name: what is assumed, so that "with <name> at most 4" reads well: "the largest database".
        usual: our value.
        flips_at: measured, like any figure: a number, or a `Limit`, which says on which side the claim holds. inf or
            -inf when no value tried made it flip.
        unit: of both values; may be empty.
        when: the condition in other words, with `{flips_at}` where its value and unit belong: "no database has more
            than {flips_at}".

    Raises:
        ValueError: when a value is no number, or `when` does not contain `{flips_at}`.
    """

    name: str
    usual: float
    flips_at: float
    unit: str = ""
    when: str = ""

    def __post_init__(self) -> None:
        require_figure("usual", self.usual)
        require_figure("flips_at", self.flips_at)
        if self.when and "{flips_at}" not in self.when:
            raise ValueError(f"when is {self.when!r}; it must contain {{flips_at}}")

    @property
    def decides(self) -> bool:
        """Whether some value that was tried makes the verdict flip."""
        return math.isfinite(self.flips_at)

    def words(self, holds: bool) -> str:
        """Return the condition, or what would make the claim hold that does not (`holds`) with our value."""
        if not self.decides:
            return f"whatever {self.name} (here {self._value(self.usual)})"
        start = "" if holds else "it would hold "
        return f"{start}{self._condition(holds)} (here {number(self.usual)})"

    def _condition(self, holds: bool) -> str:
        flips_at = self._value(self.flips_at)
        if self.when:
            return f"when {self.when.format(flips_at=flips_at)}"
        return f"with {self.name} {'at most' if self._holds_below(holds) else 'at least'} {flips_at}"

    def _holds_below(self, holds: bool) -> bool:
        if isinstance(self.flips_at, Limit):
            return self.flips_at.holds == "up to"
        return (self.usual <= self.flips_at) == holds

    def _value(self, value: float) -> str:
        return f"{about(value)} {self.unit}".strip()
