"""The horizontal pod autoscaler of Kubernetes: how many replicas, from one metric, every 15 seconds.

Each round takes four steps. The ratio of metric to target gives the number wanted. Recent wishes are compared, so that
a short dip removes nothing (stabilisation). Policies limit how fast the number may change. And it stays between
`min_replicas` and `max_replicas`.

Source: *Horizontal Pod Autoscaling*, Kubernetes documentation, read in 2026, and the controller's code for what
the page leaves open (what counts as recent, and how a percentage is rounded).
The defaults are in `data/kubernetes.csv`.

What this leaves out: several metrics at once, replicas without a metric, and the time a metric takes to be collected.
The real autoscaler sees older figures, so it reacts later than this one.

>>> desired_replicas(current=3, metric=200, target=100)
6
>>> desired_replicas(current=3, metric=105, target=100)
3
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, inf, isnan
from typing import TYPE_CHECKING, Literal

from archlab.sim.core.calendar import require_sim
from archlab.sim.validation import (
    refuse,
    require_fraction,
    require_function,
    require_instance,
    require_non_negative,
    require_one_of,
    require_positive,
    require_text,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

LOOP_S = 15.0
"""Seconds from one round to the next."""
TOLERANCE = 0.1
"""How far the ratio of metric to target may be from 1 before anything is done."""
DIGITS = 9
"""A ratio is rounded to this many digits: 0.6 / 0.2 is 3, and not one bit less or more."""


@dataclass(frozen=True)
class Policy:
    """A limit of speed: at most `value` pods, or percent of the pods, in `period_s` seconds.

    Raises `ValueError` when an argument is not allowed.
    """

    kind: Literal["pods", "percent"]
    value: int
    period_s: float

    def __post_init__(self) -> None:
        require_one_of("kind", self.kind, ("pods", "percent"))
        require_whole("value", self.value, at_least=1)
        require_positive("period_s", self.period_s)

    def highest(self, replicas: int) -> int:
        """How many replicas are allowed at most, if there were `replicas` when the period began."""
        if self.kind == "pods":
            return replicas + self.value
        return -(-replicas * (100 + self.value) // 100)

    def lowest(self, replicas: int) -> int:
        """How many replicas must be left, if there were `replicas` when the period began. Never below 0."""
        left = replicas - self.value if self.kind == "pods" else replicas * (100 - self.value) // 100
        return max(0, left)


@dataclass(frozen=True)
class ScalingRules:
    """How the number may change in one direction.

    Args:
        policies: limits of speed, at least one.
        stabilisation_s: wishes of the last so many seconds count. Down: the highest of them. Up: the lowest.
        select: which policy decides: "max" the one that allows most change, "min" the least. "disabled": no change.
    """

    policies: tuple[Policy, ...]
    stabilisation_s: float
    select: Literal["max", "min", "disabled"] = "max"

    def __post_init__(self) -> None:
        is_tuple = isinstance(self.policies, (tuple, list)) and len(self.policies) > 0
        if not is_tuple or not all(isinstance(policy, Policy) for policy in self.policies):
            refuse(ValueError, "policies", self.policies, "a tuple of at least one Policy")
        require_non_negative("stabilisation_s", self.stabilisation_s)
        require_one_of("select", self.select, ("max", "min", "disabled"))


SCALE_UP = ScalingRules((Policy("percent", 100, 15.0), Policy("pods", 4, 15.0)), stabilisation_s=0.0)
"""Kubernetes' default: at once, but in 15 s at most twice as many or 4 more, whichever is more."""
SCALE_DOWN = ScalingRules((Policy("percent", 100, 15.0),), stabilisation_s=300.0)
"""Kubernetes' default: all may go at once, but only what nobody wanted for 5 minutes."""


@dataclass(frozen=True)
class Decision:
    """One round: when, the `metric` read, the `wanted` number by the formula, and from how many to how many."""

    time_s: float
    metric: float
    wanted: int
    before: int
    after: int


def desired_replicas(
    current: int, metric: float, target: float, tolerance: float = TOLERANCE, ready: int | None = None
) -> int:
    """How many replicas the metric asks for: ceil(ready x metric / target), or `current` if the ratio is close to 1.

    `metric` is the mean over the replicas that are `ready` (None: all). Those that are still starting count as using
    nothing when more are wanted, so that the same overload is not answered twice.
    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("current", current, at_least=0)
    require_non_negative("metric", metric)
    require_positive("target", target)
    require_non_negative("tolerance", tolerance)
    ready = current if ready is None else ready
    require_whole("ready", ready, at_least=0)
    ratio = round(metric / target, DIGITS)
    wanted = ceil(round(ready * metric / target, DIGITS))
    if 1.0 - tolerance <= ratio <= 1.0 + tolerance:
        return current
    if ratio > 1.0 and ready < current:
        spread = round(ratio * ready / current, DIGITS)
        return wanted if spread > 1.0 + tolerance else current
    return wanted


def stabilised(current: int, wishes_up: Sequence[int], wishes_down: Sequence[int]) -> int:
    """The number after stabilisation: at least the lowest recent wish for up, at most the highest for down.

    Both sequences hold the newest wish too. Between the two limits the number stays at `current`.
    """
    return min(max(current, min(wishes_up)), max(wishes_down))


def highest_allowed(
    current: int, changes: Sequence[tuple[float, int]], now_s: float, rules: ScalingRules
) -> int:
    """How many replicas the policies allow at most. `changes` are earlier (time, replicas added)."""
    if rules.select == "disabled":
        return current
    limits = [p.highest(current - _sum_since(changes, now_s - p.period_s)) for p in rules.policies]
    return max(current, max(limits) if rules.select == "max" else min(limits))


def lowest_allowed(
    current: int, changes: Sequence[tuple[float, int]], now_s: float, rules: ScalingRules
) -> int:
    """How many replicas the policies make you keep. `changes` are earlier (time, replicas removed)."""
    if rules.select == "disabled":
        return current
    limits = [p.lowest(current + _sum_since(changes, now_s - p.period_s)) for p in rules.policies]
    return min(current, min(limits) if rules.select == "max" else max(limits))


def _sum_since(changes: Sequence[tuple[float, int]], time_s: float) -> int:
    """What changed after `time_s`."""
    return sum(change for at_s, change in changes if at_s > time_s)


class HorizontalPodAutoscaler:
    """Reads a metric every `every_s` seconds and sets the number of replicas.

    Args:
        read_metric: gives the mean over the ready replicas, in the unit of `target`. NaN: no figure, do nothing.
        replicas: gives the present number, those that are starting included.
        scale_to: sets it.
        target: what the metric should be.
        ready: gives how many replicas the metric is the mean of. None: all of them.

    `decisions` holds every round. Raises `ValueError` when an argument is not allowed.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        read_metric: Callable[[], float],
        replicas: Callable[[], int],
        scale_to: Callable[[int], object],
        target: float,
        min_replicas: int = 1,
        max_replicas: int = 10,
        up: ScalingRules = SCALE_UP,
        down: ScalingRules = SCALE_DOWN,
        ready: Callable[[], int] | None = None,
        every_s: float = LOOP_S,
        tolerance: float = TOLERANCE,
    ) -> None:
        require_sim(sim)
        require_text("name", name)
        for what, function in (("read_metric", read_metric), ("replicas", replicas), ("scale_to", scale_to)):
            require_function(what, function)
        if ready is not None:
            require_function("ready", ready)
        require_instance("up", up, ScalingRules, "ScalingRules")
        require_instance("down", down, ScalingRules, "ScalingRules")
        require_positive("target", target)
        require_whole("min_replicas", min_replicas, at_least=1)
        require_whole("max_replicas", max_replicas, at_least=min_replicas)
        require_positive("every_s", every_s)
        require_fraction("tolerance", tolerance)
        self.sim = sim
        self.name = name
        self.target = target
        self.min_replicas, self.max_replicas = min_replicas, max_replicas
        self.up, self.down = up, down
        self.every_s = every_s
        self.tolerance = tolerance
        self.decisions: list[Decision] = []
        self._read_metric, self._replicas, self._scale_to, self._ready = (
            read_metric,
            replicas,
            scale_to,
            ready,
        )
        self._wishes: list[tuple[float, int]] = [(sim.now, replicas())]
        self._added: list[tuple[float, int]] = []
        self._removed: list[tuple[float, int]] = []
        sim.call_at(sim.now + every_s, self._round)

    def _round(self, _: None) -> None:
        self.sim.call_at(self.sim.now + self.every_s, self._round)
        metric, current = self._read_metric(), self._replicas()
        if isnan(metric) or current == 0:
            return
        ready = None if self._ready is None else self._ready()
        wanted = desired_replicas(current, metric, self.target, self.tolerance, ready)
        after = self._limited(current, self._stabilised(current, wanted))
        self.decisions.append(Decision(self.sim.now, metric, wanted, current, after))
        if after != current:
            (self._added if after > current else self._removed).append((self.sim.now, abs(after - current)))
            self._scale_to(after)

    def _stabilised(self, current: int, wanted: int) -> int:
        """Remember what is wanted, and compare it with what was wanted lately."""
        now = self.sim.now
        longest_s = max(self.up.stabilisation_s, self.down.stabilisation_s)
        self._wishes = [(at_s, wish) for at_s, wish in self._wishes if at_s > now - longest_s]
        recent_up = [wish for at_s, wish in self._wishes if at_s > now - self.up.stabilisation_s]
        recent_down = [wish for at_s, wish in self._wishes if at_s > now - self.down.stabilisation_s]
        self._wishes.append((now, wanted))
        return stabilised(current, [*recent_up, wanted], [*recent_down, wanted])

    def _limited(self, current: int, wanted: int) -> int:
        """As near to `wanted` as policies and bounds allow."""
        now = self.sim.now
        lowest: float = -inf
        highest: float = inf
        if wanted > current:
            highest = highest_allowed(current, self._added, now, self.up)
        elif wanted < current:
            lowest = lowest_allowed(current, self._removed, now, self.down)
        return int(min(max(wanted, lowest, self.min_replicas), highest, self.max_replicas))
