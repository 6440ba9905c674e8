"""Rules: how the figures of an experiment decide a claim. A rule is written before the figures are known.

It is a function from figures to a verdict, so you can give it other figures and see it come out the other
way.

>>> from archlab.course.claims.verdict import holds_if
>>> @settles("pros.better-performance-no-network-calls", evidence=Evidence.SIMULATED)
... def no_network_calls(p50_in_process_ms: float, p50_with_hops_ms: float):
...     return holds_if(p50_with_hops_ms > 1.1 * p50_in_process_ms)
>>> no_network_calls(p50_in_process_ms=10, p50_with_hops_ms=14).words
'Holds'
>>> no_network_calls(p50_in_process_ms=10, p50_with_hops_ms=10.2).words
'Does not hold'
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, ParamSpec

from archlab.course.claims.verdict import Outcome, Verdict
from archlab.course.quantity import require_figure

Figures = ParamSpec("Figures")


class Evidence(StrEnum):
    """Where the figures come from."""

    SIMULATED = "simulated"
    MEASURED = "measured on the code"
    MODELLED = "modelled"
    NONE = "cannot be shown here"


@dataclass(frozen=True)
class Rule(Generic[Figures]):
    """A claim's short id, the kind of evidence, and the function that decides. Call it like that function."""

    claim: str
    evidence: Evidence
    decide: Callable[Figures, Verdict]

    def __post_init__(self) -> None:
        if self.evidence not in tuple(Evidence):
            allowed = ", ".join(kind.value for kind in Evidence)
            raise ValueError(f"evidence is {self.evidence!r}; it must be one of {allowed}")
        if not self.figures and self.evidence is not Evidence.NONE:
            raise ValueError(f"the rule of {self.claim} takes no figures; it must decide from at least one")

    def __call__(self, *args: Figures.args, **kwargs: Figures.kwargs) -> Verdict:
        return self.decide(*args, **kwargs)

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures it needs."""
        return tuple(inspect.signature(self.decide).parameters)

    @property
    def source(self) -> str:
        """What it does with them: the function's own lines, without signature and docstring."""
        text = textwrap.dedent(inspect.getsource(self.decide))
        function = ast.parse(text).body[0]
        assert isinstance(function, ast.FunctionDef)
        body = function.body[1:] if ast.get_docstring(function) else function.body
        return textwrap.dedent("\n".join(text.splitlines()[body[0].lineno - 1 :]))

    def verdict(self, figures: Mapping[str, float]) -> Verdict:
        """Return the verdict on these figures.

        Raises:
            ValueError: when figures are missing or not asked for, or one is NaN; when the verdict is "cannot
                be shown here" and the evidence is of another kind, or the other way round.
        """
        if set(figures) != set(self.figures):
            raise ValueError(
                f"figures of {self.claim} are {sorted(figures)}; they must be {sorted(self.figures)}"
            )
        for name, value in figures.items():
            require_figure(name, value)
        decide: Callable[..., Verdict] = self.decide
        verdict = decide(**figures)
        if (verdict.outcome is Outcome.CANNOT_BE_SHOWN) != (self.evidence is Evidence.NONE):
            raise ValueError(
                f"evidence of {self.claim} is {self.evidence.value!r}, the verdict {verdict.words!r}"
            )
        return verdict


def settles(claim: str, evidence: Evidence) -> Callable[[Callable[Figures, Verdict]], Rule[Figures]]:
    """Make the decorated function the rule of `claim` (its short id)."""

    def make(decide: Callable[Figures, Verdict]) -> Rule[Figures]:
        return Rule(claim, evidence, decide)

    return make
