"""Rules: how the figures of an experiment decide a claim. A rule is written before the figures are known.

It is a function from figures to a verdict, so you can give it other figures and see it come out the other way. Its
docstring says in words when the claim holds, with the thresholds by their names: `{NOTICEABLE_PERCENT}` becomes 10.

>>> from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
>>> from archlab.course.claims.verdict import holds_if
>>> @settles("pros.better-performance-no-network-calls", evidence=Evidence.SIMULATED)
... def no_network_calls(slower_with_hops_percent: float):
...     '''Holds when an order takes {NOTICEABLE_PERCENT} % longer over the network.'''
...     return holds_if(slower_with_hops_percent >= NOTICEABLE_PERCENT)
>>> no_network_calls.words
'Holds when an order takes 10 % longer over the network.'
>>> no_network_calls(slower_with_hops_percent=14).words
'Holds'
>>> no_network_calls(slower_with_hops_percent=OverSeeds([14, 9, 14])).outcome.value
'Depends on luck'
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter
from typing import Any, Generic, ParamSpec

from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.verdict import Outcome, Verdict, agreed
from archlab.course.quantity import describe, number, require_figure, with_unit

Figures = ParamSpec("Figures")


class Evidence(StrEnum):
    """Where the figures come from."""

    SIMULATED = "simulated"
    MEASURED = "measured on the code"
    MODELLED = "modelled"
    BY_CONSTRUCTION = "true by construction"
    NONE = "cannot be shown here"


ALLOWED = {
    Evidence.NONE: (Outcome.CANNOT_BE_SHOWN,),
    Evidence.BY_CONSTRUCTION: (Outcome.HOLDS, Outcome.DOES_NOT_HOLD),
}
"""What can come out of evidence that is no experiment. What we built into the shop has no limit that we could find."""


@dataclass(frozen=True)
class Rule(Generic[Figures]):
    """A claim's short id, the kind of evidence, and the function that decides. Call it like that function.

    Attributes:
        says: a figure's name -> what it is, for the card: "p99 of the pages, in times of the usual one". Where the
            value belongs inside, write `{}`: "a database with {} is too small". A name that is missing speaks for
            itself.

    A figure may have a value for each seed (`OverSeeds`, `Limit`). Then the rule decides with each seed by itself, and
    the verdict stands when all of them agree; else it "depends on luck".

    Raises:
        ValueError: when the evidence is of an unknown kind, the function takes no figures though there is evidence,
            it has no docstring, or `says` names a figure that it does not take.
    """

    claim: str
    evidence: Evidence
    decide: Callable[Figures, Verdict]
    says: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.evidence not in tuple(Evidence):
            allowed = ", ".join(kind.value for kind in Evidence)
            raise ValueError(f"evidence is {self.evidence!r}; it must be one of {allowed}")
        if not self.figures and self.evidence is not Evidence.NONE:
            raise ValueError(f"the rule of {self.claim} takes no figures; it must decide from at least one")
        if not (self.decide.__doc__ or "").strip():
            raise ValueError(f"the rule of {self.claim} has no docstring; it must say when the claim holds")
        if unknown := sorted(set(self.says) - set(self.figures)):
            raise ValueError(f"says of {self.claim} has {unknown}; it may have {sorted(self.figures)}")

    def __call__(self, *args: Figures.args, **kwargs: Figures.kwargs) -> Verdict:
        return self.verdict(inspect.signature(self.decide).bind(*args, **kwargs).arguments)

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures it needs."""
        return tuple(inspect.signature(self.decide).parameters)

    @property
    def words(self) -> str:
        """What it does, in words: the docstring's first paragraph, with the values of the thresholds it names.

        Raises:
            ValueError: when it names one that its module does not have.
        """
        text = " ".join(inspect.cleandoc(self.decide.__doc__ or "").split("\n\n")[0].split())
        known = getattr(self.decide, "__globals__", {})
        try:
            return _Words().vformat(text, (), known)
        except (KeyError, AttributeError) as missing:
            raise ValueError(
                f"the rule of {self.claim} names {missing}; its module must have it"
            ) from missing

    def describe(self, name: str, value: float) -> str:
        """Return one of its figures in words, with its value and unit."""
        if name not in self.says:
            return describe(name, value)
        words, figure = self.says[name], with_unit(name, value)
        return words.format(figure) if "{}" in words else f"{words}: {figure}"

    def verdict(self, figures: Mapping[str, Any]) -> Verdict:
        """Return the verdict on these figures.

        Raises:
            ValueError: when figures are missing or not asked for, one is NaN, or they have different numbers of seeds;
                when the verdict does not fit the evidence: "cannot be shown here" and no other without evidence, no
                condition by construction; or when the rule changed a limit and so lost its seeds.
        """
        if set(figures) != set(self.figures):
            raise ValueError(
                f"figures of {self.claim} are {sorted(figures)}; they must be {sorted(self.figures)}"
            )
        for name, value in figures.items():
            require_figure(name, value)
        verdict = self._over_seeds(figures)
        fits = ALLOWED.get(self.evidence, tuple(set(Outcome) - {Outcome.CANNOT_BE_SHOWN}))
        if verdict.outcome not in fits:
            raise ValueError(
                f"evidence of {self.claim} is {self.evidence.value!r}, the verdict {verdict.words!r}"
            )
        return verdict

    def _over_seeds(self, figures: Mapping[str, Any]) -> Verdict:
        decide: Callable[..., Verdict] = self.decide
        verdict, seeds = decide(**figures), self._seeds(figures)
        if seeds is None:
            return verdict
        each = [decide(**_of_seed(figures, seed)) for seed in range(seeds)]
        self._require_seeds_of_limit(verdict, each)
        return agreed(verdict, each)

    def _require_seeds_of_limit(self, verdict: Verdict, each: Sequence[Verdict]) -> None:
        flips_at = verdict.flips_at
        is_bare = flips_at is not None and not isinstance(flips_at, OverSeeds)
        if is_bare and len({one.flips_at for one in each} - {None}) > 1:
            raise ValueError(
                f"flips_at of {self.claim} is {flips_at!r}, without its seeds; the rule must hand a limit on unchanged"
            )

    def _seeds(self, figures: Mapping[str, Any]) -> int | None:
        """How many seeds the figures have; None when none of them says."""
        counts = {name: value.n for name, value in figures.items() if isinstance(value, OverSeeds)}
        if len(set(counts.values())) > 1:
            raise ValueError(f"figures of {self.claim} have so many seeds: {counts}; they must have the same")
        return next(iter(counts.values()), None)


class _Words(Formatter):
    """Puts values into words as all figures are written."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return value if isinstance(value, str) else number(value)


def _of_seed(figures: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The figures as they are with one seed."""
    return {
        name: value.per_seed[seed] if isinstance(value, OverSeeds) else value
        for name, value in figures.items()
    }


def settles(
    claim: str, evidence: Evidence, says: Mapping[str, str] | None = None
) -> Callable[[Callable[Figures, Verdict]], Rule[Figures]]:
    """Make the decorated function the rule of `claim` (its short id). Its docstring says when the claim holds.

    `says` gives figures words where their names are none; see `Rule`.
    """

    def make(decide: Callable[Figures, Verdict]) -> Rule[Figures]:
        return Rule(claim, evidence, decide, says or {})

    return make
