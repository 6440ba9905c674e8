"""Load: where requests come from.

Open: customers arrive whatever the state of the system, as from the internet. Closed: a fixed number of users, each of
whom waits for the answer before asking again. The same system looks very different under the two
(Schroeder, Wierman and Harchol-Balter, "Open Versus Closed: A Cautionary Tale", NSDI 2006).

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
from typing import TYPE_CHECKING, Any

from simpy.events import NORMAL, Event

from archlab.sim.core.deadline import deadline
from archlab.sim.core.events import process_event
from archlab.sim.core.task import STARTED, Task
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Failure
from archlab.sim.validation import require_non_negative, require_positive, require_whole
from archlab.sim.workload import Arrivals, Mix

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

    outcome = "ok"
    answered = False
    on_answer: Callable[[], object] | None = None

    def __init__(self, sim: Calendar, kind: str) -> None:
        self.env = sim
        self.callbacks = []
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
        if self.callbacks:
            process_event(self)
        else:
            self.callbacks = None  # type: ignore[assignment]

    def _fail(self, failure: Failure) -> None:
        self.answer(failure.outcome)
        super()._fail(failure)


class Load:
    """What open and closed load share: making requests of a mix of kinds, and patience that ends."""

    def __init__(
        self,
        sim: Calendar,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None,
        timeout_s: float | None,
        name: str,
    ) -> None:
        if timeout_s is not None:
            require_positive("timeout_s", timeout_s)
        self.sim = sim
        self.handler = handler
        self.timeout_s = timeout_s
        self._next_kind = Mix.of(mix).kinds(sim.stream(f"{name} kinds"))
        sim.enter("load", name, self)

    def send(self, on_answer: Callable[[], object] | None = None) -> None:
        """Let one request arrive now."""
        request = Request(self.sim, self._next_kind())
        if on_answer is not None:
            request.on_answer = on_answer
        request.run(self.handler(request))
        if self.timeout_s is not None and request.is_alive:
            self._limit(request, self.timeout_s)

    def _limit(self, request: Request, timeout_s: float) -> None:
        """After `timeout_s` the customer gives up. The system does not know, and works on."""
        patience = deadline(self.sim, request, timeout_s)
        assert patience.callbacks is not None
        patience.callbacks.append(request.give_up)


class OpenLoad(Load):
    """Requests that arrive by `arrivals`, each handled by `handler`.

    Raises `ValueError` when `timeout_s` is not positive or the mix is not allowed.
    """

    def __init__(
        self,
        sim: Calendar,
        arrivals: Arrivals,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | None = None,
        name: str = "load",
    ) -> None:
        super().__init__(sim, handler, mix, timeout_s, name)
        self._next_time = arrivals.times(sim.stream(f"{name} arrivals"), sim.now).__next__
        self._calendar: list[Any] = sim._queue
        self._number = sim._eid.__next__
        self._on_arrival = self._arrive
        self._schedule()

    def _schedule(self) -> None:
        try:
            heappush(self._calendar, (self._next_time(), NORMAL, self._number(), self._on_arrival, None))
        except StopIteration:
            return

    def _arrive(self, _: None) -> None:
        """Let one request arrive, and put the next arrival on the calendar."""
        self._schedule()
        if self.timeout_s is None:  # the usual case, spares two function calls
            request = Request(self.sim, self._next_kind())
            request._generator = self.handler(request)
            request._resume(STARTED)
        else:
            self.send()


class ClosedLoad(Load):
    """`users` who think for `think_s`, ask, wait for the answer (or give up after `timeout_s`), and think again.

    Everybody starts by thinking. Who is answered at the very moment of asking, as by a part that is down, thinks for
    `LEAST_THINK_S` at least: nobody asks endlessly without any time passing.
    Raises `ValueError` when an argument is not allowed.
    """

    def __init__(
        self,
        sim: Calendar,
        users: int,
        think_s: float | Distribution,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | None = None,
        name: str = "load",
    ) -> None:
        require_whole("users", users, at_least=1)
        if not isinstance(think_s, Distribution):
            require_non_negative("think_s", think_s)
        super().__init__(sim, handler, mix, timeout_s, name)
        self._next_think_s = sim.draws(f"{name} think time", think_s)
        for _ in range(users):
            self._think()

    def _think(self, least_s: float = 0.0) -> None:
        self.sim.call_at(self.sim._now + max(self._next_think_s(), least_s), self._ask)

    def _ask(self, _: None) -> None:
        asked_s = self.sim._now
        self.send(on_answer=lambda: self._think(LEAST_THINK_S if self.sim._now == asked_s else 0.0))
