"""An availability chain: a service that is up only while all the services it depends on are up.

Thirty dependencies that are each up 99.99 % of the time leave 0.9999^30 = 99.70 %: of a billion requests three million
fail, and the service is down for over two hours a month. That is the example in the documentation of Netflix Hystrix
(https://github.com/Netflix/Hystrix/wiki). The formula counts on independence and on no help. Two parameters take one
away each:

* `shared_share`: this part of each dependency's downtime has one shared cause that takes all of them down at once.
  The chain is then down *less*, since outages overlap, but an outage is of everything.
* `fallbacks`: so many dependencies have a fallback, such as a default answer, that never fails. They no longer take
  the chain down; the answers are only worse while it stands in.

Each cause breaks and is mended again and again: times up and down are exponential. Nobody here notices late, waits in
a queue or gives up, and a dependency is either up or down; slow ones do more harm than this says. Fallbacks
that never fail are better than real ones, which are seldom used and seldom tested.

>>> figures = model(seed=1, years=300)
>>> round(figures["availability_formula"], 5), abs(figures["availability"] - 0.997) < 0.0001
(0.997, True)
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from math import expm1, log1p
from typing import Any

from simpy.events import Event

from archlab.sim.distributions import Exponential
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_positive, require_whole

HOUR_S = 3600
YEAR_S = 8760 * HOUR_S
HOURS_A_MONTH = 730


@dataclass(frozen=True)
class Chain:
    """Dependencies that are each up with the probability `each_up`. `down_s` is the mean length of an outage.

    Raises `ValueError` when an argument is not allowed.
    """

    dependencies: int = 30
    each_up: float = 0.9999
    shared_share: float = 0.0
    fallbacks: int = 0
    down_s: float = 600.0

    def __post_init__(self) -> None:
        require_whole("dependencies", self.dependencies, at_least=1)
        require_fraction("each_up", self.each_up)
        require_positive("each_up", self.each_up)
        require_fraction("shared_share", self.shared_share)
        require_whole("fallbacks", self.fallbacks, at_least=0)
        require_positive("down_s", self.down_s)
        if self.fallbacks > self.dependencies:
            raise ValueError(
                f"fallbacks is {self.fallbacks}; it must be at most dependencies, {self.dependencies}"
            )

    @property
    def shared_down(self) -> float:
        """The share of the time in which the shared cause has everything down."""
        return self.shared_share * (1 - self.each_up)

    @property
    def own_down(self) -> float:
        """The share of the time in which a dependency is down by itself, so that it is up `each_up` of the time."""
        return 1 - self.each_up / (1 - self.shared_down)


def model(seed: int, years: float = 1000.0, **chain: Any) -> dict[str, float]:
    """Let a chain break and be mended for `years` years, and return how much of that time it was up.

    `chain` are fields of `Chain` by name, such as `shared_share=0.5`.

    It takes so many years because outages are rare: after n of them the downtime is off by about sqrt(2 / n) of itself.

    Returns `availability` with `availability_formula` and `independent_formula` (the textbook's, blind to shared causes
    and fallbacks), what follows from the former: `failures_per_1e9` requests and `hours_down_per_month`; the
    `outages` seen, how long one was on average, `mean_outage_s`, and `degraded_share`, the share of the time
    in which the chain was up but some fallback stood in.
    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("years", years)
    about = Chain(**chain)
    watch = simulate(seed, about, years * YEAR_S)
    down_share = watch.down_s / (years * YEAR_S)
    return {
        "availability": 1 - down_share,
        "availability_formula": availability(about),
        "independent_formula": about.each_up**about.dependencies,
        "failures_per_1e9": 1e9 * down_share,
        "hours_down_per_month": HOURS_A_MONTH * down_share,
        "outages": watch.outages,
        "mean_outage_s": watch.down_s / watch.outages if watch.outages else 0.0,
        "degraded_share": watch.degraded_s / (years * YEAR_S),
    }


def availability(chain: Chain) -> float:
    """Return the share of the time in which the chain is up, shared cause and fallbacks taken into account.

    The needed dependencies, those without a fallback, are all up by themselves, and the shared cause is not there.
    """
    needed = chain.dependencies - chain.fallbacks
    if needed == 0:
        return 1.0
    return (1 - chain.shared_down) * (1 - chain.own_down) ** needed


def failures_per_1e9(dependencies: int, each_up: float) -> float:
    """Return how many of a billion requests fail when each needs `dependencies` independent services."""
    require_whole("dependencies", dependencies, at_least=1)
    require_fraction("each_up", each_up)
    return 1e9 if each_up == 0 else -1e9 * expm1(dependencies * log1p(each_up - 1))


class Watch:
    """Sums up for how long the chain is down, and for how long a fallback stands in."""

    def __init__(self, sim: Simulation, chain: Chain) -> None:
        self.sim = sim
        self._causes = [0] * chain.dependencies
        self._needed = chain.dependencies - chain.fallbacks
        self._needed_down = self._others_down = 0
        self._since_s = 0.0
        self.down_s = self.degraded_s = 0.0
        self.outages = 0

    def change(self, hit: Sequence[int], causes: int) -> None:
        """The dependencies `hit` have one cause more (1) or less (-1) to be down."""
        self.look()
        was_up = not self._needed_down
        for number in hit:
            before = self._causes[number]
            self._causes[number] += causes
            self._count(number, bool(self._causes[number]) - bool(before))
        self.outages += was_up and bool(self._needed_down)

    def look(self) -> None:
        """Add the time since the last change."""
        passed_s, self._since_s = self.sim.now - self._since_s, self.sim.now
        if self._needed_down:
            self.down_s += passed_s
        elif self._others_down:
            self.degraded_s += passed_s

    def _count(self, number: int, change: int) -> None:
        if number < self._needed:
            self._needed_down += change
        else:
            self._others_down += change


def simulate(seed: int, chain: Chain, duration_s: float) -> Watch:
    """Run the chain for `duration_s` seconds, everything up at first, and return what the watch saw."""
    sim = Simulation(seed)
    watch = Watch(sim, chain)
    everything = range(chain.dependencies)
    _break(sim, watch, "shared cause", chain.shared_down, everything, chain.down_s)
    for number in everything:
        _break(sim, watch, f"dependency {number}", chain.own_down, [number], chain.down_s)
    sim.run(until=duration_s)
    watch.look()
    return watch


def _break(
    sim: Simulation, watch: Watch, name: str, down_share: float, hit: Sequence[int], down_s: float
) -> None:
    """Let a cause come and go, so that it is there `down_share` of the time and for `down_s` on average."""
    if down_share <= 0:
        return
    up_s = down_s * (1 / down_share - 1)
    next_up_s = sim.draws(f"{name}: up", Exponential(up_s))
    next_down_s = sim.draws(f"{name}: down", Exponential(down_s))

    def come_and_go() -> Generator[Event, None, None]:
        while True:
            yield sim.timeout(next_up_s())
            watch.change(hit, 1)
            yield sim.timeout(next_down_s())
            watch.change(hit, -1)

    sim.start(come_and_go())
