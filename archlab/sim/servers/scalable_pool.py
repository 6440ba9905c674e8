"""A scalable pool: equal instances of a service, of which more can be started and some sent away.

A new instance takes its start-up time before it gets work. One that is sent away gets no new work, ends what it has
and is then switched off; nothing is cut short. From its start to its end an instance costs money (`instance_s`).

Work goes to the ready instance with the least work inside. When an instance becomes ready, what waits at the others is
dealt anew, as if it came just then: in the order in which it came to the pool, each to the instance with the least
inside. So the oldest work begins at the new instance at once. What waits at an instance on its way out stays there; and
work that came later may begin sooner at another instance, as with any queues side by side. Real clients move nothing
that they have sent, so here a new instance helps sooner.

The pool sees the true number and sees a crash at once; real clients see neither, so here work is spread better and
fewer requests fail. For other rules and for clients who learn late, give `ready` to
`archlab.sim.balancing.replicas.Replicas`. Machines to run on are never short, and pulling an image is part of the
start-up time you give. Every instance is a `Station` of its own, so faults can hit it by name.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> web = ScalablePool(sim, "web", instances=1, capacity_each=4, startup_s=5.0)
>>> web.scale_to(3)
>>> len(web.ready), web.replicas
(1, 3)
>>> sim.run(until=10)
>>> [instance.name for instance in web.ready], web.instance_s
(['web-1', 'web-2', 'web-3'], 30.0)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count
from math import nan
from typing import TYPE_CHECKING, Any

from simpy.events import URGENT, Event

from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.calendar import require_sim
from archlab.sim.core.events import fail_now
from archlab.sim.core.level import Level
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Unavailable
from archlab.sim.servers.station import Station
from archlab.sim.validation import require_positive, require_whole

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar
    from archlab.sim.servers.visit import Hold, Visit
    from archlab.sim.simulation import Simulation


class Line(deque[Any]):
    """The queue of an instance, first come, first served. Each visit gets a number when it first waits in the pool."""

    def __init__(self, next_number: Callable[[], int]) -> None:
        super().__init__()
        self._next_number = next_number

    def append(self, visit: Any) -> None:
        if not hasattr(visit, "number"):
            visit.number = self._next_number()
        super().append(visit)


class Instance(Station):
    """A station that can be sent away: it ends what is inside, and calls `on_gone`. It never comes back.

    `on_ready` is called when it has started again after a crash; `next_number` numbers what waits, over all instances.
    """

    on_gone: Callable[[Instance], object] | None = None
    is_gone = False

    def __init__(
        self,
        sim: Calendar,
        name: str,
        capacity: int,
        queue_limit: int | None,
        next_number: Callable[[], int],
        on_ready: Callable[[], object],
    ) -> None:
        super().__init__(sim, name, capacity, queue_limit)
        self._waiting = Line(next_number)
        self._on_ready = on_ready

    @property
    def load(self) -> int:
        """Work inside: in service and in the queue."""
        return self.busy + self.queue_length

    def send_away(self, on_gone: Callable[[Instance], object]) -> None:
        """Take what is inside to its end, then go."""
        self.on_gone = on_gone
        self._go_when_empty()

    @going_down
    def crash(self) -> None:
        super().crash()
        self._go_when_empty()

    @coming_back
    def restart(self) -> None:
        if self.is_gone or self.is_up:
            return
        super().restart()
        self._on_ready()

    def hand_over(self) -> list[Any]:
        """Empty the queue, and return what waited."""
        waiting = list(self._waiting)
        self._waiting.clear()
        self._queue_area += self.sim._now * len(waiting)
        return waiting

    def take_over(self, visit: Any) -> None:
        """Take in a visit that waited at another instance."""
        visit.station = self
        self._let_in(visit)

    def release(self, hold: Hold) -> None:
        super().release(hold)
        self._go_when_empty()

    def _finish(self, visit: Visit) -> None:
        super()._finish(visit)
        self._go_when_empty()

    def _go_when_empty(self) -> None:
        if self.on_gone is None or self.is_gone or self.load:
            return
        self.is_gone = True
        super().crash()
        self.on_gone(self)


class ScalablePool:
    """`instances` equal stations called name-1, name-2 ..., ready at the start.

    Args:
        capacity_each: how many pieces of work an instance serves at the same time.
        startup_s: seconds from `scale_to` until a new instance is ready, or a distribution of them.
        queue_limit_each: how many may wait at one instance; one more is `Refused`. None: no limit.
        metric_every_s: how often the utilisation is measured. The default is the autoscaler's loop.

    In samples the pool's queue is that of all instances, `capacity` the number of ready instances, and `busy` how many
    of these are at work. In `totals`, `busy_s` is in seconds of a whole instance. `Result.parts` divides it by the
    number of instances at the end, so after a change of size its utilisation is not the mean over time.
    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        instances: int,
        capacity_each: int,
        startup_s: float | Distribution,
        queue_limit_each: int | None = None,
        metric_every_s: float = 15.0,
    ) -> None:
        require_sim(sim)
        require_whole("instances", instances, at_least=0)
        require_whole("capacity_each", capacity_each, at_least=1)
        if queue_limit_each is not None:
            require_whole("queue_limit_each", queue_limit_each, at_least=0)
        require_positive("metric_every_s", metric_every_s)
        sim.require_free("part", name, *(f"{name}-{number}" for number in range(1, instances + 1)))
        self.sim = sim
        self.name = name
        self.capacity_each = capacity_each
        self.metric_every_s = metric_every_s
        self._queue_limit = queue_limit_each
        self._draw_startup_s = sim.durations(f"{name} start-up", "startup_s", startup_s)
        self._next_number = count().__next__
        self._started = 0
        self._starting: list[str] = []
        self._serving: list[Instance] = []
        self._all: list[Instance] = []
        self._existing = Level(sim)
        self._unanswered = 0
        self._seen: dict[str, tuple[float, float]] = {}
        self._utilisation = nan
        sim.add(self)
        for _ in range(instances):
            self._begin(self._announce())
        sim.call_at(sim.now + metric_every_s, self._measure, priority=URGENT)

    # Work ------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> list[Instance]:
        """The instances that take work: up, and not on their way out."""
        return [instance for instance in self._serving if instance.is_up]

    def choose(self) -> Instance:
        """The ready instance with the least work inside, the oldest of equals. Raises `Unavailable` without any."""
        ready = self.ready
        if not ready:
            self._unanswered += 1
            raise Unavailable(self.name)
        return min(ready, key=_load)

    def serve(self, service_s: float, priority: float = 0, patience_s: float | None = None) -> Event:
        """Let the chosen instance work for `service_s` seconds; see `Station.serve`. Fails when none is ready."""
        try:
            return self.choose().serve(service_s, priority, patience_s)
        except Unavailable as failure:
            event = Event(self.sim)
            fail_now(event, failure)
            return event

    # Size ------------------------------------------------------------------------------------------------

    @property
    def starting(self) -> int:
        """How many instances are on their way in."""
        return len(self._starting)

    @property
    def replicas(self) -> int:
        """How many instances there are or will be soon, without those on their way out."""
        return len(self._serving) + self.starting

    def scale_to(self, replicas: int) -> None:
        """Start instances, or send some away: first those that are starting, then the youngest.

        Raises `ValueError` when `replicas` is not a whole number, 0 or more.
        """
        require_whole("replicas", replicas, at_least=0)
        for _ in range(replicas - self.replicas):
            name = self._announce()
            self.sim.call_at(self.sim.now + self._draw_startup_s(), self._begin, name)
        while self.replicas > replicas:
            if self._starting:
                self._starting.pop()
                self._existing.add(-1)
            else:
                self._serving.pop().send_away(self._forget)

    def _announce(self) -> str:
        """An instance begins to start: from now on it costs money."""
        self._started += 1
        name = f"{self.name}-{self._started}"
        self._starting.append(name)
        self._existing.add(1)
        return name

    def _begin(self, name: str) -> None:
        """It is ready, unless it was sent away before."""
        if name not in self._starting:
            return
        self._starting.remove(name)
        instance = Instance(
            self.sim, name, self.capacity_each, self._queue_limit, self._next_number, self._deal_anew
        )
        self._serving.append(instance)
        self._all.append(instance)
        self._seen[name] = (self.sim.now, 0.0)
        self._deal_anew()

    def _deal_anew(self) -> None:
        """Deal what waits at ready instances among them, in the order in which it came to the pool."""
        ready = self.ready
        waiting = [visit for instance in ready for visit in instance.hand_over()]
        for visit in sorted(waiting, key=_number):
            min(ready, key=_load).take_over(visit)

    def _forget(self, instance: Instance) -> None:
        """It has gone: the costs end."""
        self._existing.add(-1)
        self._seen.pop(instance.name)

    # Measurement -----------------------------------------------------------------------------------------

    @property
    def utilisation(self) -> float:
        """The mean utilisation of the ready instances in the last `metric_every_s` that are over, 0 to 1.

        An instance counts from the moment it was ready. NaN before the first measurement, or when none is ready.
        """
        return self._utilisation

    @property
    def instance_s(self) -> float:
        """Seconds that instances existed so far, summed over them, start-up and way out included: what you pay."""
        return self._existing.area

    def _measure(self, _: None) -> None:
        now = self.sim.now
        self.sim.call_at(now + self.metric_every_s, self._measure, priority=URGENT)
        shares = []
        for instance in self._serving:
            since_s, busy_before_s = self._seen[instance.name]
            busy_s = instance.totals()["busy_s"]
            self._seen[instance.name] = (now, busy_s)
            if instance.is_up and now > since_s:
                shares.append((busy_s - busy_before_s) / ((now - since_s) * self.capacity_each))
        self._utilisation = sum(shares) / len(shares) if shares else nan

    def sample(self) -> tuple[int, int, int, bool]:
        """Work in queues, instances at work, ready instances (at least 1 is shown), and whether any is ready."""
        ready = self.ready
        waiting = sum(instance.queue_length for instance in self._all)
        at_work = sum(1 for instance in ready if instance.busy)
        return waiting, at_work, max(1, len(ready)), bool(ready)

    def totals(self) -> dict[str, float]:
        """Sums over all instances there ever were: see `Station.totals`. `failed` counts work when none was ready."""
        each = [instance.totals() for instance in self._all]
        sums: dict[str, Any] = {
            key: sum(totals[key] for totals in each)
            for key in ("busy_s", "waiting_s", "completed", "refused", "failed")
        }
        sums["busy_s"] /= self.capacity_each
        sums["failed"] += self._unanswered
        return sums


def _number(visit: Any) -> int:
    return int(visit.number)


def _load(instance: Instance) -> int:
    return instance.load
