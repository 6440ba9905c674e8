"""Load balancing: by which rule a caller chooses one of several equal servers.

Five rules, from knowing nothing to measuring everything:

- **random** and **round robin** know nothing about the servers.
- **least outstanding** takes the one with the fewest requests under way, as far as this balancer knows.
- **power of two choices** looks at two servers drawn at random, and takes the one with fewer under way
  (M. Mitzenmacher, *The Power of Two Choices in Randomized Load Balancing*, IEEE TPDS 12(10), 2001). Envoy calls it
  least request. Like Envoy's, this one may draw the same server twice.
- **peak EWMA** takes the cheaper of two different servers: recent latency x (requests under way + 1). A slow answer
  counts at once and is forgotten slowly. This is the rule of Twitter's Finagle (`PeakEwma.scala`, `P2CPick.scala`).

A server that fails at once has nothing under way, so the rules that count think it is idle and send it nearly
everything: a black hole. They do not look at how a request ended. Leave such a server out
(`archlab.sim.balancing.outlier_detection`), or let a failure count as slow, as peak EWMA does here.

What this leaves out: weights, zones, and balancers that tell one another what they know. A balancer here knows its own
requests only. With many callers each sees a small part of the load, and the rules that count lose some of their
advantage: model each caller with a rule of its own to see it.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> rule = LeastOutstanding(sim, "to payments")
>>> rule.started("payments-1")
>>> rule.choose(["payments-1", "payments-2"])
'payments-2'
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Hashable, Sequence
from math import exp
from typing import TYPE_CHECKING, TypeVar

from archlab.sim.core.calendar import require_sim
from archlab.sim.distributions import Uniform
from archlab.sim.validation import (
    refuse,
    require_non_negative,
    require_one_of,
    require_positive,
    require_text,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

T = TypeVar("T", bound=Hashable)

UNKNOWN_S = 2.0**47 * 1e-9
"""Cost of a server that has work but has never answered: Finagle's penalty, about 39 hours."""


class BalancingRule(ABC):
    """Chooses one of the candidates, and is told when a request to one starts and ends.

    A candidate is anything hashable: a name, or a station. `outstanding` counts the requests under way to each.
    `name` names the stream of random numbers, so give each caller's rule its own.
    """

    def __init__(self, sim: Simulation, name: str) -> None:
        require_sim(sim)
        require_text("name", name)
        self.sim = sim
        self.name = name
        self.outstanding: defaultdict[Hashable, int] = defaultdict(int)
        self._random = sim.draws(f"{name} balancing", Uniform(0.0, 1.0))

    def choose(self, candidates: Sequence[T]) -> T:
        """Return one of `candidates`. Raises `ValueError` when there is none."""
        if not candidates or not isinstance(candidates, Sequence) or isinstance(candidates, str):
            refuse(ValueError, "candidates", candidates, "a list of at least one candidate")
        return self._choose(candidates)

    @abstractmethod
    def _choose(self, candidates: Sequence[T]) -> T:
        """The same; there is at least one."""

    def started(self, target: Hashable) -> None:
        """Note that a request to `target` is under way."""
        self.outstanding[target] += 1

    def ended(self, target: Hashable, latency_s: float, ok: bool) -> None:
        """Note that it is not any more: answered well or not, after `latency_s`."""
        self.outstanding[target] -= 1

    def load(self, target: Hashable) -> float:
        """How busy this balancer takes `target` to be. The rules that compare take the one with the smallest."""
        return self.outstanding[target]

    def _one_of(self, candidates: Sequence[T]) -> T:
        return candidates[int(self._random() * len(candidates))]


class RandomChoice(BalancingRule):
    """Each candidate with the same probability."""

    def _choose(self, candidates: Sequence[T]) -> T:
        return self._one_of(candidates)


class RoundRobin(BalancingRule):
    """One after the other, the first one first."""

    _turn = -1

    def _choose(self, candidates: Sequence[T]) -> T:
        self._turn += 1
        return candidates[self._turn % len(candidates)]


class LeastOutstanding(BalancingRule):
    """The candidate with the smallest load, which is its requests under way; a random one of those that are equal."""

    def _choose(self, candidates: Sequence[T]) -> T:
        loads = [self.load(one) for one in candidates]
        least = min(loads)
        return self._one_of([one for one, load in zip(candidates, loads, strict=True) if load == least])


class PowerOfTwoChoices(BalancingRule):
    """The one with the smallest load of `choices` candidates, each drawn from all of them; the first one if equal.

    Raises `ValueError` when `choices` is not a whole number, 1 or more.
    """

    def __init__(self, sim: Simulation, name: str, choices: int = 2) -> None:
        super().__init__(sim, name)
        require_whole("choices", choices, at_least=1)
        self.choices = choices

    def _choose(self, candidates: Sequence[T]) -> T:
        best = self._one_of(candidates)
        for _ in range(self.choices - 1):
            other = self._one_of(candidates)
            if self.load(other) < self.load(best):
                best = other
        return best


class PeakEwma(BalancingRule):
    """The cheaper of two different candidates drawn at random: recent latency x (requests under way + 1).

    Args:
        decay_s: the time constant with which latencies are forgotten; 10 s in Finagle (`Balancers.scala`).
        failure_penalty_s: a failure counts as an answer after this time, or after its own if that is longer.
            5 s is what Linkerd takes when you ask it to penalise failures (documentation, *Load Balancing*). With 0 a
            failure counts like an answer, as in Finagle, and as in Linkerd when you do not ask.

    One that never answered costs nothing while it has nothing to do, so it is tried, and very much while it has.
    Raises `ValueError` when an argument is not allowed.
    """

    def __init__(
        self, sim: Simulation, name: str, decay_s: float = 10.0, failure_penalty_s: float = 5.0
    ) -> None:
        super().__init__(sim, name)
        require_positive("decay_s", decay_s)
        require_non_negative("failure_penalty_s", failure_penalty_s)
        self.decay_s, self.failure_penalty_s = decay_s, failure_penalty_s
        self._latency: dict[Hashable, PeakAverage] = {}

    def _choose(self, candidates: Sequence[T]) -> T:
        if len(candidates) == 1:
            return candidates[0]
        first = int(self._random() * len(candidates))
        second = int(self._random() * (len(candidates) - 1))
        one, other = candidates[first], candidates[second + (second >= first)]
        return one if self.load(one) < self.load(other) else other

    def ended(self, target: Hashable, latency_s: float, ok: bool) -> None:
        super().ended(target, latency_s, ok)
        self._observe(target, latency_s if ok else max(latency_s, self.failure_penalty_s))

    def load(self, target: Hashable) -> float:
        """What the next request to `target` is expected to cost, in seconds."""
        latency_s, under_way = self.latency_s(target), self.outstanding[target]
        if latency_s == 0.0 and under_way:
            return UNKNOWN_S + under_way
        return latency_s * (under_way + 1)

    def latency_s(self, target: Hashable) -> float:
        """The recent latency of `target` at this moment, 0 when it never answered. To look makes it fade, too."""
        return self._observe(target, 0.0)

    def _observe(self, target: Hashable, latency_s: float) -> float:
        if target not in self._latency:
            self._latency[target] = PeakAverage(self.decay_s, self.sim.now)
        return self._latency[target].observe(latency_s, self.sim.now)


class PeakAverage:
    """A moving average over time that goes up to a higher value at once, and down with the time constant `decay_s`."""

    def __init__(self, decay_s: float, now_s: float) -> None:
        self._decay_s, self._since_s = decay_s, now_s
        self._value = 0.0

    def observe(self, value: float, now_s: float) -> float:
        """Take in `value`, seen at `now_s`, and return the average: w x old + (1 - w) x new, w = exp(-time / decay)."""
        if value > self._value:
            self._value = value
        else:
            weight = exp((self._since_s - now_s) / self._decay_s)
            self._value = weight * self._value + (1 - weight) * value
        self._since_s = now_s
        return self._value


RULES: dict[str, type[BalancingRule]] = {
    "random": RandomChoice,
    "round robin": RoundRobin,
    "least outstanding": LeastOutstanding,
    "power of two": PowerOfTwoChoices,
    "peak ewma": PeakEwma,
}
"""The rules by their names."""


def balancing_rule(balancing: str, sim: Simulation, name: str) -> BalancingRule:
    """Return a new rule by its name in `RULES`, with its defaults. Raises `ValueError` for any other name."""
    require_one_of("balancing", balancing, RULES)
    return RULES[balancing](sim, name)
