"""Replicas: several equal servers behind one name, with a rule that says which of them gets the next request.

>>> from archlab.sim import Simulation, Station
>>> from archlab.sim.balancing.rules import RoundRobin
>>> sim = Simulation(seed=1)
>>> copies = [Station(sim, f"payments-{n}") for n in (1, 2)]
>>> payments = Replicas(sim, "payments", lambda: copies, RoundRobin(sim, "payments"))
>>> calls = [payments.call(lambda copy: copy.serve(1.0)) for _ in range(2)]
>>> sim.run(until=calls[1]), sim.now, payments.sent
(None, 1.0, {'payments-1': 1, 'payments-2': 1})
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from typing import TYPE_CHECKING, Any, Generic

from simpy.events import Event

from archlab.sim.balancing.ejection import Ejection, T
from archlab.sim.balancing.rules import BalancingRule
from archlab.sim.core.calendar import require_same_sim, require_sim
from archlab.sim.failure import Unavailable
from archlab.sim.validation import refuse, require_function, require_instance, require_text

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class Replicas(Generic[T]):
    """The servers that `candidates` gives at the moment of each call, chosen by `rule`.

    Args:
        name: what a call that finds no candidate says is unavailable.
        candidates: asked at each call, so that a registry or a health check can change its mind. Each has a `name`,
            by which the rule and the ejection know it: a restarted server of the same name is the same to them.
        ejection: leaves out candidates that failed too often, and is told of each outcome. None: nobody is left out.

    `sent` counts the calls to each by name. Any `Failure` of a call speaks against the server that got it.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        candidates: Callable[[], Sequence[T]],
        rule: BalancingRule,
        ejection: Ejection | None = None,
    ) -> None:
        require_sim(sim)
        require_text("name", name)
        require_function("candidates", candidates)
        require_instance("rule", rule, BalancingRule, "a BalancingRule, such as RoundRobin(sim, name)")
        require_instance("ejection", ejection, (Ejection, type(None)), "an Ejection or None")
        require_same_sim(sim, "rule", rule)
        self.sim = sim
        self.name = name
        self.rule, self.ejection = rule, ejection
        self.sent: dict[str, int] = {}
        self._candidates = candidates

    def call(self, to: Callable[[T], Event], avoid: Collection[str] = ()) -> Event:
        """Choose a candidate, start `to(candidate)`, and return the event of its outcome.

        It fails with `Unavailable` when there is no candidate. One whose name is in `avoid` is taken only when there is
        no other: a retry avoids where it has been.
        Raises `TypeError` when `to` is no function or `avoid` no collection.
        """
        require_function("to", to)
        if not isinstance(avoid, Collection) or isinstance(avoid, str):
            refuse(TypeError, "avoid", avoid, "a collection of names")
        return self.sim.start(self._run(to, avoid))

    def _run(self, to: Callable[[T], Event], avoid: Collection[str]) -> Generator[Event, Any, Any]:
        target = self._choose(avoid)
        started_s = self.sim.now
        self._started(target)
        try:
            value = yield to(target)
        except Exception:
            self._ended(target, started_s, ok=False)
            raise
        self._ended(target, started_s, ok=True)
        return value

    def _choose(self, avoid: Collection[str]) -> T:
        candidates = self._candidates()
        if self.ejection is not None:
            candidates = self.ejection.filter(candidates)
        if not candidates:
            raise Unavailable(self.name)
        by_name = {one.name: one for one in candidates if one.name not in avoid}
        by_name = by_name or {one.name: one for one in candidates}
        return by_name[self.rule.choose(list(by_name))]

    def _started(self, target: T) -> None:
        self.sent[target.name] = self.sent.get(target.name, 0) + 1
        self.rule.started(target.name)
        if self.ejection is not None:
            self.ejection.started(target)

    def _ended(self, target: T, started_s: float, ok: bool) -> None:
        self.rule.ended(target.name, self.sim.now - started_s, ok)
        if self.ejection is not None:
            self.ejection.record(target, ok)
