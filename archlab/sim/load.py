"""Load: where requests come from.

Open: customers arrive whatever the state of the system, as from the internet. Closed: a fixed number of users, each of
whom waits for the answer before asking again. The same system looks very different under the two
(Schroeder, Wierman and Harchol-Balter, "Open Versus Closed: A Cautionary Tale", NSDI 2006).

Paced: closed, but each user has a plan, one request every `pace_s`. Who is still waiting for an answer when the next
request is due asks late, and the time he was late is missing from the latency that is counted from the moment of
asking. A load generator that reports only that one hides every long stall behind a few slow requests: *coordinated
omission* (G. Tene, *How NOT to Measure Latency*, 2013; his load generator wrk2 counts from the plan). The record holds
both moments, and `Result.latency_from_intended_s` counts from the plan. Users of a plain closed load have no plan: they
begin to think when the answer is there, so they are never late, and there is nothing to correct.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> def browse(request):
...     yield web.serve(0.5)
>>> sim.closed_load(users=2, think_s=1.0, handler=browse)
>>> result = sim.measure(duration_s=100, warmup_s=10)
>>> round(result.throughput_per_s(), 2)
1.33
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from heapq import heappush
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from simpy.events import NORMAL, Event

from archlab.sim.core.calendar import require_sim
from archlab.sim.core.deadline import deadline
from archlab.sim.core.events import HAPPENED, process_event, when
from archlab.sim.core.task import Task, require_generator
from archlab.sim.distributions import Distribution, as_distribution
from archlab.sim.failure import Failure
from archlab.sim.recording import OK
from archlab.sim.validation import require_function, require_instance, require_positive, require_whole
from archlab.sim.workload import Arrivals, Mix, in_order

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar

LEAST_THINK_S = 0.001
"""How long a user of a closed load thinks after an answer that took no time at all."""

Handler = Callable[["Request"], Generator[Event, Any, Any]]
"""What serves a request: a function that takes the request and yields what it waits for."""


class Request(Task):
    """One customer's request on its way through the system, and the event of its end.

    `id` is its row in the record, `kind` what is asked for, `arrived_s` when. A handler may set `outcome`, the word
    that is recorded when the request ends without a `Failure`; it is "ok" at first.
    """

    on_answer: Callable[[], object] | None

    def __init__(self, sim: Calendar, kind: str) -> None:
        self._arrive(sim, kind)

    def _arrive(self, sim: Calendar, kind: str) -> None:
        self.env = sim
        self.waiter = self.on_answer = None
        self.outcome = OK
        self.answered = False
        self.drops_value = True
        self.kind = kind
        self.arrived_s = now = sim._now
        self.id = sim.recorder.arrive(now, kind)

    def answer(self, outcome: str) -> None:
        """Tell the customer the outcome and record it. Only the first answer counts."""
        if not self.answered:
            self.answered = True
            self.env.recorder.answer(self.id, self.env._now, outcome)
            if self.on_answer is not None:
                self.on_answer()

    def goes_on(self) -> None:
        """The work will not be over with the answer: see `done`."""
        self.env.recorder.goes_on(self.id)

    def done(self) -> None:
        """The work that goes on after the answer is done now. Who does the last of it says so last, and counts."""
        self.env.recorder.done(self.id, self.env._now)

    def give_up(self, patience: Event) -> None:
        """The customer's patience has ended: with an answer, or with a time-out."""
        if not patience._ok:
            self.answer(patience._value.outcome)

    def _end(self, value: Any) -> None:
        self._value = value
        if self.on_answer is None and not self.answered:  # nearly always: spares a function call
            self.answered = True
            self.env.recorder.answer(self.id, self.env._now, self.outcome)
        else:
            self.answer(self.outcome)
        if self.waiter is None:
            self.waiter = HAPPENED
        else:
            process_event(self)

    def _fail(self, failure: Failure) -> None:
        self.answer(failure.outcome)
        super()._fail(failure)


new_request: Callable[[type[Request]], Request] = Request.__new__


class Load:
    """What all loads share: making requests of a mix of kinds, and patience that ends.

    `timeout_s` is how long a customer waits: a number for all, or a distribution from which each draws his own.
    """

    def __init__(
        self,
        sim: Calendar,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None,
        timeout_s: float | Distribution | None,
        name: str,
    ) -> None:
        require_sim(sim)
        require_function("handler", handler)
        sim.require_free("load", name)
        self.sim = sim
        self.handler = handler
        self.name = name
        self.timeout_s = timeout_s
        self._next_timeout_s = None if timeout_s is None else self._patience(timeout_s)
        self._next_kind = Mix.of(mix).kinds(sim.stream(f"{name} kinds"))

    @property
    def longest_timeout_s(self) -> float:
        """After how long the most patient of the customers gives up, which may be infinite; 0 when nobody ever does."""
        if isinstance(self.timeout_s, Distribution):
            return self.timeout_s.percentile(100)
        return self.timeout_s or 0.0

    def _patience(self, timeout_s: float | Distribution) -> Callable[[], float]:
        if not isinstance(timeout_s, Distribution):
            require_positive("timeout_s", timeout_s)
        return self.sim.durations(f"{self.name} patience", "timeout_s", timeout_s)

    def send(self, on_answer: Callable[[], object] | None = None, intended_s: float | None = None) -> None:
        """Let one request arrive now, which was intended for `intended_s` (None: for now)."""
        request = Request(self.sim, self._next_kind())
        if on_answer is not None:
            request.on_answer = on_answer
        if intended_s is not None:
            self.sim.recorder.intend(request.id, intended_s)
        request.run(self.handler(request), drops_value=True)
        if self._next_timeout_s is not None:
            timeout_s = (
                self._next_timeout_s()
            )  # everybody draws one, so that the next gets his own in any case
            if request.is_alive:
                self._limit(request, timeout_s)

    def _limit(self, request: Request, timeout_s: float) -> None:
        """After `timeout_s` the customer gives up. The system does not know, and works on."""
        when(deadline(self.sim, request, timeout_s), request.give_up)


class OpenLoad(Load):
    """Requests that arrive by `arrivals`, each handled by `handler`.

    Raises `ValueError` when `timeout_s` is not positive, the mix is not allowed, or the name is taken, and when
    arrivals of your own come out of order.
    """

    def __init__(
        self,
        sim: Calendar,
        arrivals: Arrivals,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | Distribution | None = None,
        name: str = "load",
    ) -> None:
        super().__init__(sim, handler, mix, timeout_s, name)
        require_instance("arrivals", arrivals, Arrivals, "arrivals, such as Poisson(rate_per_s=10)")
        self._times = in_order(arrivals, sim.stream(f"{name} arrivals"), sim.now)
        self._calendar: list[Any] = sim._queue
        self._number = sim._eid.__next__
        self._on_arrival = self._arrive
        first_s = next(self._times, None)
        if first_s is not None:
            sim.call_at(first_s, self._on_arrival)
        sim.enter("load", name, self)

    def _arrive(self, _: None) -> None:
        """Let one request arrive, and put the next arrival on the calendar."""
        next_s, number = next(self._times, None), self._number
        if next_s is not None:
            heappush(self._calendar, (next_s, NORMAL, number(), self._on_arrival, None))
        if self.timeout_s is None:  # nearly always: `send` without the calls
            next_kind, handler = self._next_kind, self.handler
            request = new_request(Request)  # `Request(sim, kind)` without the call of the constructor
            request._arrive(self.sim, next_kind())
            request._generator = generator = handler(request)
            if generator.__class__ is not GeneratorType:
                require_generator(generator)
            request.go_on(None)
        else:
            self.send()


class ClosedLoad(Load):
    """`users` who think for `think_s`, ask, wait for the answer (or give up after `timeout_s`), and think again.

    Everybody starts by thinking. Who is answered at the very moment of asking, as by a part that is down, thinks for
    `LEAST_THINK_S` at least: nobody asks endlessly without any time passing.
    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Calendar,
        users: int,
        think_s: float | Distribution,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | Distribution | None = None,
        name: str = "load",
    ) -> None:
        require_whole("users", users, at_least=1)
        as_distribution(think_s, "think_s")
        super().__init__(sim, handler, mix, timeout_s, name)
        self._next_think_s = sim.durations(f"{name} think time", "think_s", think_s)
        self._calendar: list[Any] = sim._queue
        self._number = sim._eid.__next__
        for first_s in [self._next_think_s() for _ in range(users)]:
            sim.call_at(sim._now + first_s, self._ask)
        sim.enter("load", name, self)

    def _think(self, least_s: float = 0.0) -> None:
        ask_s = self.sim._now + max(self._next_think_s(), least_s)
        heappush(self._calendar, (ask_s, NORMAL, self._number(), self._ask, None))

    def _ask(self, _: None) -> None:
        asked_s = self.sim._now
        self.send(on_answer=lambda: self._think(LEAST_THINK_S if self.sim._now == asked_s else 0.0))


class PacedLoad(Load):
    """`users` who each plan to ask every `pace_s`, and wait for each answer (or give up after `timeout_s`).

    The plan is fixed from the start: the n-th request of user k of u is intended for (n - 1 + k / u) x `pace_s` from
    now, so together they ask evenly. Who has not been answered when his next request is due asks as soon as he is,
    and so on without a pause until he has caught up with his plan, as the connections of wrk2 do. Nothing of the plan
    is left out. If answers take longer than `pace_s` on average, users fall behind without end.

    A customer waits for two reasons, and the record tells them apart: `latency_s` counts from the moment of asking,
    `Result.latency_from_intended_s` from the intended one, `intended_s`. A time-out counts from the moment of asking.

    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Calendar,
        users: int,
        pace_s: float,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | Distribution | None = None,
        name: str = "load",
    ) -> None:
        require_whole("users", users, at_least=1)
        require_positive("pace_s", pace_s)
        super().__init__(sim, handler, mix, timeout_s, name)
        self.pace_s = pace_s
        for user in range(1, users + 1):
            first_s = sim._now + pace_s * user / users
            self._plan((first_s, 0))
        sim.enter("load", name, self)

    def _ask(self, turn: tuple[float, int]) -> None:
        """The request number `turn[1]`, from 0, of the user whose first was planned for `turn[0]`."""
        first_s, number = turn
        self.send(lambda: self._plan((first_s, number + 1)), first_s + number * self.pace_s)

    def _plan(self, turn: tuple[float, int]) -> None:
        """Ask when the plan says, or now if that is over."""
        first_s, number = turn
        self.sim.call_at(max(self.sim._now, first_s + number * self.pace_s), self._ask, turn)
