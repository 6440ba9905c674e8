"""A shop whose copies are replaced one after the other by a new version, which is bad, until somebody notices.

A copy is first taken from the balancer, finishes what it does, restarts, and is back when a check has seen it. So a
deployment of a good version loses nothing. A bad version of a layer

- "error": answers every call to this layer with an error, at once;
- "slow": needs `SLOWER` times as long on its cores for this layer;
- "format": speaks another format with the layer beneath, so a call between two versions fails. The tiers on both sides
  of that border are replaced, the lower first.

Somebody notices after `notice_s`, or the balancer's check does, if it asks a real question (`deep`). Then no copy is
replaced any more, and those that were get the old version back in the same way.

In one process a layer is on all copies, so all are replaced; and a copy is of one version, so nothing crosses a border
between two: that is by construction.

What this leaves out: rows in a new form in the database, which both share and no rolling back undoes; versions that
read both formats, with which "format" loses nothing; and customers who try again, which errs against both.

>>> sim = Simulation(seed=1)
>>> config = LayeredConfig(instances={"shop": 3}, health_check_s=2.0)
>>> shop = RollingShop(sim, config, Release("app", "error"))
>>> shop.roll_out(); sim.run(until=20)
>>> shop.first_bad_s, [copy.name for copy in shop.tiers["shop"].copies if copy in shop.new]
(7.0, ['shop-1', 'shop-2'])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from archlab.shop.health_checks import HealthChecks
from archlab.shop.instance import Instance, Steps
from archlab.shop.layered import Application, Layered, LayeredConfig, Rules
from archlab.shop.layered.tiers import Border, FarData, Tier
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive, require_whole

T = TypeVar("T")
How = Literal["nothing", "error", "slow", "format"]
LAYER_TIERS = ("web", "app", "data")
SLOWER = 10.0
"""How many times slower the slow version of a layer is. An assumption: a cache that was forgotten, or an index."""
RESTART_S = 5.0
"""How long a copy takes to start. An assumption."""


class ServerError(Failure):
    """The other side answered with an error, or with what nobody understands."""

    outcome = "server_error"
    what = "answered with an error"


@dataclass(frozen=True)
class Release:
    """A new version of the layers on the tier `layer`, and what is wrong with it.

    Raises `ValueError` when there is no such layer or fault, or no layer beneath whose format could change.
    """

    layer: str
    how: How

    def __post_init__(self) -> None:
        require_one_of("layer", self.layer, LAYER_TIERS)
        require_one_of("how", self.how, get_args(How))
        if self.how == "format":
            require_one_of("layer", self.layer, LAYER_TIERS[:-1])


class Seen:
    """A copy as the balancer sees it: not there while it is taken out, or when a deep check finds it bad."""

    def __init__(self, copy: Instance, shop: RollingShop) -> None:
        self.copy, self.shop = copy, shop

    @property
    def is_up(self) -> bool:
        found_bad = self.shop.deep and self.shop.answers_errors(self.copy)
        return self.copy.is_up and self.copy not in self.shop.taken_out and not found_bad


class RollingTier:
    """A tier whose copies are of two versions."""

    def __init__(self, tier: Tier, shop: RollingShop) -> None:
        self.name, self.copies, self.shop = tier.name, tier.copies, shop
        seen = [Seen(copy, shop) for copy in tier.copies]
        every_s = shop.config.health_check_s
        self.health = HealthChecks(shop.sim, seen, every_s, f"{tier.name} rolling checks")

    def serve(self, way: dict[str, Instance], cpu_s: float, steps: Steps[T]) -> Steps[T]:
        """Serve a call. `way`: the copies that this request is on."""
        here = self.health.choose().copy
        with here.hold() as worker:
            yield worker
            way[self.name] = here
            self.shop.answer_or_fail(way, self.name)
            yield here.cpu.serve(cpu_s)
            return (yield from steps)


class RollingBorder(Border):
    """A border between tiers whose copies are of two versions. `rolling`: the tier behind it."""

    rolling: RollingTier
    way: dict[str, Instance]

    def on(self, way: dict[str, Instance]) -> RollingBorder:
        """Return the border for one request."""
        border = copy(self)
        border.way = way
        return border

    def _there_and_back(self, steps: Steps[T], cpu_s: float) -> Steps[T]:
        yield self.sim.timeout(self.next_hop_s())
        answer = yield from self.rolling.serve(self.way, 2 * self.message_cpu_s + cpu_s, steps)
        yield self.sim.timeout(self.next_hop_s())
        return answer


class RollingShop(Layered):
    """The shop, into which `release` is rolled out.

    Args:
        at_a_time: copies that are replaced together.
        notice_s: how long after the first bad copy is back somebody notices.
        deep: whether the checks of the balancer ask a real question. Then the first check that finds an error is it.
    """

    def __init__(
        self,
        sim: Simulation,
        config: LayeredConfig,
        release: Release,
        at_a_time: int = 1,
        notice_s: float = 15.0,
        deep: bool = False,
    ) -> None:
        require_whole("at_a_time", at_a_time, at_least=1)
        require_positive("notice_s", notice_s)
        super().__init__(sim, config)
        self.release, self.at_a_time, self.notice_s, self.deep = release, at_a_time, notice_s, deep
        self.new: set[Instance] = set()
        self.taken_out: set[Instance] = set()
        self.first_bad_s, self.over_s = float("inf"), float("inf")
        self.rolling = {name: RollingTier(tier, self) for name, tier in self.tiers.items()}
        self.crossing = {name: self._border(name) for name in config.programs[1:]}

    def _border(self, name: str) -> RollingBorder:
        border = RollingBorder(self.sim, self.tiers[name], self.config)
        border.rolling, border.way = self.rolling[name], {}
        return border

    # Serving --------------------------------------------------------------------------------------------------

    def _serve(self, kind, use_case):  # type: ignore[no-untyped-def]
        """As in the plain shop, on copies of two versions."""
        way: dict[str, Instance] = {}
        cpu_s, first = self._next_cpu_s[kind](), self.rolling[self.config.programs[0]]
        if "app" not in self.crossing:
            return first.serve(way, cpu_s, use_case(self.application))
        far = FarData(self.data, self.crossing["data"].on(way), self.config.chatty)
        steps = use_case(Application(Rules(far), self.provider))
        front_s = self.config.presentation_share * cpu_s
        return first.serve(way, front_s, self.crossing["app"].on(way).cross(steps, cpu_s - front_s))

    def answer_or_fail(self, way: dict[str, Instance], program: str) -> None:
        """Raise `ServerError` when the version of this program cannot answer, or does not understand its caller."""
        here = way[program]
        if self.answers_errors(here):
            raise ServerError(here.name)
        if self.release.how == "format" and program in LAYER_TIERS[1:]:
            caller = LAYER_TIERS[LAYER_TIERS.index(program) - 1]
            differ = (way[caller] in self.new) != (here in self.new)
            if self.release.layer == caller and differ:
                raise ServerError(here.name)

    def answers_errors(self, copy: Instance) -> bool:
        """Whether a copy answers everything with an error."""
        return self.release.how == "error" and copy in self.new

    # Deploying ------------------------------------------------------------------------------------------------

    def replaced(self) -> list[Instance]:
        """The copies that a new version is put on, in this order."""
        if len(self.config.programs) == 1:
            return list(self.tiers["shop"].copies)
        place = LAYER_TIERS.index(self.release.layer)
        beneath = [LAYER_TIERS[place + 1]] if self.release.how == "format" else []
        return [copy for name in [*beneath, self.release.layer] for copy in self.tiers[name].copies]

    def roll_out(self) -> None:
        """Begin the deployment now."""
        self.sim.start(self._roll_out())

    @property
    def noticed(self) -> bool:
        """Whether somebody knows by now that something is wrong."""
        seen_s = min(self.notice_s, self.config.health_check_s if self._is_seen() else self.notice_s)
        return self.release.how != "nothing" and self.sim.now >= self.first_bad_s + seen_s

    def _is_seen(self) -> bool:
        return self.deep and self.release.how == "error"

    def _roll_out(self) -> Steps[None]:
        for batch in self._batches(self.replaced()):
            if self.noticed:
                break
            yield from self._replace(batch, new=True)
        while not self.noticed and self.release.how != "nothing":
            yield self.sim.timeout(self.config.health_check_s)
        wrong = [copy for copy in self.replaced() if copy in self.new] if self.noticed else []
        for batch in self._batches(wrong[::-1]):
            yield from self._replace(batch, new=False)
        self.over_s = self.sim.now

    def _batches(self, copies: Sequence[Instance]) -> Iterator[tuple[Instance, ...]]:
        starts = range(0, len(copies), self.at_a_time)
        return (tuple(copies[start : start + self.at_a_time]) for start in starts)

    def _replace(self, copies: Sequence[Instance], new: bool) -> Steps[None]:
        """Take copies from the balancer, restart them with the other version, and wait until they are seen again."""
        self.taken_out.update(copies)
        yield self.sim.timeout(self.config.health_check_s)
        for one in copies:
            one.crash()
        yield self.sim.timeout(RESTART_S)
        new = new and not self.noticed
        for one in copies:
            (self.new.add if new else self.new.discard)(one)
            one.slow_down(self._slowness() if new and self.release.how == "slow" else 1.0)
            one.restart()
        self.taken_out.difference_update(copies)
        if new:
            self.first_bad_s = min(self.first_bad_s, self.sim.now)
        yield self.sim.timeout(self.config.health_check_s)

    def _slowness(self) -> float:
        """How much slower a copy is: in one process the layer has a part of the time only."""
        share = 1.0
        if len(self.config.programs) == 1:
            front = self.config.presentation_share
            share = {"web": front, "app": 1 - front, "data": 0.0}[self.release.layer]
        return 1 + share * (SLOWER - 1)
