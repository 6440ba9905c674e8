"""Which of two architectures costs less: the cases of task 6 of lab 07.

A case has a usual load and a peak that comes each day, for so many hours, and that nobody foresees. So what is rented
is rented for the peak, all day. Functions are paid for each request, and only the database behind them is rented.

>>> case = Case(pair=("serverless", "monolithic"), vary="per_s", low=0.5, high=26)
>>> case.at(case.low).per_s
0.5
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.sim.validation import require_one_of, require_positive

VARIED = ("per_s", "peak_times", "peak_h")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Two architectures, a load, and the figure that is varied.

    Attributes:
        pair: the two that are compared.
        per_s: requests a second outside of the peak.
        peak_times: how many times the usual load comes in the peak.
        peak_h: hours of peak a day.
        order_percent: of the requests that are orders.
        vary: the figure that is varied from `low` to `high`: one of `VARIED`.

    Raises:
        ValueError: when a figure is out of range.
    """

    pair: tuple[str, str]
    per_s: float = 2.0
    peak_times: float = 5.0
    peak_h: float = 1.0
    order_percent: float = 12.0
    vary: str
    low: float
    high: float

    def __post_init__(self) -> None:
        for architecture in self.pair:
            require_one_of("pair", architecture, ARCHITECTURES)
        require_one_of("vary", self.vary, VARIED)
        for name in (*VARIED, "order_percent", "low", "high"):
            require_positive(name, getattr(self, name))
        if not self.low < self.high:
            raise ValueError(f"high is {self.high!r}; it must be above low, which is {self.low!r}")

    def at(self, value: float) -> Case:
        """Return the case with this value of the figure that is varied."""
        changed: dict[str, float] = {self.vary: value}
        return replace(self, **changed)  # type: ignore[arg-type]

    @property
    def words(self) -> str:
        """The case in words."""
        figures = ", ".join(f"{name} {getattr(self, name):g}" for name in (*VARIED, "order_percent"))
        return f"{' or '.join(self.pair)}: {figures}; {self.vary} from {self.low:g} to {self.high:g}"
