"""Environments: the places where a function runs, started when they are needed and taken away when they idle too long.

An environment takes one request at a time, or several where the platform allows it. A request goes to the newest
environment that has room, so that the older ones may end; one that has idled for its keep-alive goes without notice,
and with it everything that it kept (`kept`). Environments that are provisioned are asked first and never expire.

The rule "newest first" is the one with which N. Mahmoudi and H. Khazaei reproduce AWS Lambda (*SimFaaS*, CLOSER 2021,
https://arxiv.org/abs/2102.08904; see `archlab.published.lambda_cold_starts`). The keep-alive is no constant of the
world. On AWS Lambda it was 25 to 60 minutes in June 2019, 10 in August 2019 and 5 to 7 in January 2021 (M. Shilkov;
the last two are in `data/lambda.csv`).

What this leaves out: AWS also ends environments in use after some hours, and a platform short of memory ends idle ones
earlier. Both make real functions cold more often.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> environments = Environments(sim, "pictures", init_s=0.2, keep_alive_s=600)
>>> one = environments.start()
>>> environments.enter(one)
>>> one.kept["connections"] = 1
>>> environments.leave(one)
>>> environments.with_room() is one
True
>>> sim.run(until=601)
>>> environments.with_room() is None, environments.alive.area
(True, 600.0)
"""

from __future__ import annotations

from bisect import bisect_left, insort
from math import nan
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from archlab.sim.core.level import Level
from archlab.sim.distributions import Distribution
from archlab.sim.validation import require_whole

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar

BY_AGE = attrgetter("number")


class Environment:
    """One place where a function runs.

    `number` counts the function's environments from 1, `ready_s` is when it is, or was, initialised, `inside` how many
    requests it works on, since `busy_since_s` without a pause, `served` how many it has worked on. `kept` is what
    handlers keep there for the next request.
    """

    busy_since_s = nan

    def __init__(self, number: int, ready_s: float, is_provisioned: bool) -> None:
        self.number = number
        self.ready_s = ready_s
        self.is_provisioned = is_provisioned
        self.inside = self.served = 0
        self.is_offered = self.is_leaving = False
        self.kept: dict[str, Any] = {}


class Environments:
    """All environments of the function `name`.

    Levels: `alive` are all of them, `busy` those with a request inside, `none_free` is 1 while the next request would
    need a new one. Raises `ValueError` when an argument is not allowed.
    """

    def __init__(
        self,
        sim: Calendar,
        name: str,
        init_s: float | Distribution,
        keep_alive_s: float | Distribution,
        requests_each: int = 1,
    ) -> None:
        require_whole("requests_each", requests_each, at_least=1)
        self.sim = sim
        self.requests_each = requests_each
        self.slowness = 1.0
        self.started = 0
        self.on_demand_busy = 0
        self.here: dict[int, Environment] = {}  # all that are alive, by number
        self._draw_init_s = sim.durations(f"{name} initialisation", "init_s", init_s)
        self._draw_keep_alive_s = sim.durations(f"{name} keep-alive", "keep_alive_s", keep_alive_s)
        self._room: dict[bool, list[Environment]] = {True: [], False: []}  # provisioned or not, oldest first
        self.alive, self.busy, self.none_free = Level(sim), Level(sim), Level(sim)
        self.none_free.add(1)

    def with_room(self) -> Environment | None:
        """The newest environment that has room, of those that are provisioned if there is one."""
        room = self._room[True] or self._room[False]
        return room[-1] if room else None

    def start(self, is_provisioned: bool = False, is_ready: bool = False) -> Environment:
        """Start an environment. It is initialised first, unless it `is_ready` now."""
        self.started += 1
        wait_s = 0.0 if is_ready else self._draw_init_s() * self.slowness
        environment = Environment(self.started, self.sim.now + wait_s, is_provisioned)
        self.here[environment.number] = environment
        self.alive.add(1)
        return environment

    def offer(self, environment: Environment) -> None:
        """From now on it takes requests."""
        environment.is_offered = True
        room = self._room[environment.is_provisioned]
        if room and room[-1].number > environment.number:
            insort(room, environment, key=BY_AGE)
        else:  # nearly always
            room.append(environment)
        self._note()

    def enter(self, environment: Environment) -> None:
        """A request goes in."""
        environment.inside += 1
        environment.served += 1
        if environment.inside == 1:
            environment.busy_since_s = self.sim.now
            self._count_busy(environment, 1)
        has_room = environment.inside < self.requests_each
        if has_room and not environment.is_offered:
            self.offer(environment)
        elif environment.is_offered and not has_room:
            self._withdraw(environment)

    def leave(self, environment: Environment) -> None:
        """A request comes out. The environment idles from now on if it was the last one inside."""
        environment.inside -= 1
        if environment.inside == 0:
            self._count_busy(environment, -1)
            if environment.is_leaving:
                self._end(environment)
                return
            if not environment.is_provisioned:
                until_s = self.sim.now + self._draw_keep_alive_s()
                self.sim.call_at(until_s, self._expire, (environment, environment.served))
        if not environment.is_leaving and not environment.is_offered:
            self.offer(environment)

    def send_away(self, environment: Environment) -> None:
        """It gets no more requests, and ends when it has none inside. What it kept is lost."""
        if environment.is_leaving:
            return
        environment.is_leaving = True
        if environment.is_offered:
            self._withdraw(environment)
        if environment.inside == 0:
            self._end(environment)

    def _end(self, environment: Environment) -> None:
        del self.here[environment.number]
        self.alive.add(-1)

    def _expire(self, promise: tuple[Environment, int]) -> None:
        environment, served = promise
        if environment.served == served and environment.inside == 0:
            self.send_away(environment)

    def _count_busy(self, environment: Environment, change: int) -> None:
        self.busy.add(change)
        if not environment.is_provisioned:
            self.on_demand_busy += change

    def _withdraw(self, environment: Environment) -> None:
        environment.is_offered = False
        room = self._room[environment.is_provisioned]
        if room[-1] is environment:  # nearly always
            room.pop()
        else:
            del room[bisect_left(room, environment.number, key=BY_AGE)]
        self._note()

    def _note(self) -> None:
        none_free = 0 if self._room[True] or self._room[False] else 1
        if none_free != self.none_free.value:
            self.none_free.add(none_free - self.none_free.value)
