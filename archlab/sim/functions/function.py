"""A function on a function platform: environments start when requests come, and end when none come for a while.

Nothing waits in a queue. A request goes to an environment with room, or a new one is started for it, and it waits for
that one's initialisation: a *cold start*. Where the account's concurrency or its scaling rate allows no more, it is
`Throttled` (status 429) at once. After AWS Lambda; with `requests_each` above 1 after Cloud Run.

`provisioned` environments are initialised ahead. What finds all of them at work *spills*: it runs on demand, as if
nothing were provisioned.

How long initialisation takes and how long environments are kept differ by cloud, runtime and year, so there are no
defaults. What this leaves out: the way to the platform and back, and an initialisation that fails or takes more than
the 10 seconds it may. Both make real functions slower.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> def resize(invocation):
...     invocation.kept["pictures"] = invocation.kept.get("pictures", 0) + 1
...     yield invocation.compute(0.2)
...     return invocation.kept["pictures"]
>>> pictures = Function(sim, "pictures", resize, init_s=0.1, keep_alive_s=600, memory_mb=1769)
>>> first = pictures.invoke("cat.png")
>>> sim.run(until=first), sim.now, first.is_cold
(1, 0.30000000000000004, True)
>>> second = pictures.invoke("dog.png")
>>> sim.run(until=second), second.is_cold, pictures.instances
(2, False, 1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simpy.events import URGENT

from archlab.sim.core.active_faults import coming_back, going_down, slowing_down
from archlab.sim.core.calendar import require_same_sim, require_sim
from archlab.sim.core.events import fail_now
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Crashed, Failure, Unavailable
from archlab.sim.functions.account import CloudAccount
from archlab.sim.functions.counted import Counted
from archlab.sim.functions.environment import Environment, Environments
from archlab.sim.functions.failures import CutOff, Throttled
from archlab.sim.functions.invocation import Handler, Invocation
from archlab.sim.functions.memory import MB_PER_PROCESSOR, computing_s
from archlab.sim.validation import (
    require_function,
    require_instance,
    require_lasting,
    require_positive,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

TIME_LIMIT_S = 900.0
"""The longest that AWS Lambda lets a function run."""


class Function(Counted):
    """A function, known to the simulation by `name`.

    Args:
        handler: what it does, see `archlab.sim.functions.invocation`.
        init_s: seconds that a new environment takes to be ready, or a distribution of them. Memory does not change it.
        keep_alive_s: seconds for which an idle environment is kept, or a distribution of them.
        memory_mb: its memory, which decides how fast it computes, see `archlab.sim.functions.memory`.
        time_limit_s: after so many seconds the handler is ended where it stands. None: never.
        requests_each: how many requests an environment takes at a time.
        account: whose function it is. None: it has an account of its own, with AWS's defaults.
        reserved: how much of the account's concurrency is for it alone, and all that it gets. None: it shares.
        provisioned: how many environments are ready at the start, and kept ready.

    What is counted, measured and billed is in `archlab.sim.functions.counted`.
    Raises `ValueError` or `TypeError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        handler: Handler,
        init_s: float | Distribution,
        keep_alive_s: float | Distribution,
        memory_mb: float = MB_PER_PROCESSOR,
        time_limit_s: float | None = TIME_LIMIT_S,
        requests_each: int = 1,
        account: CloudAccount | None = None,
        reserved: int | None = None,
        provisioned: int = 0,
    ) -> None:
        require_sim(sim)
        sim.require_free("part", name)
        require_function("handler", handler)
        require_positive("memory_mb", memory_mb)
        require_lasting("time_limit_s", time_limit_s)
        require_instance("account", account, (CloudAccount, type(None)), "a CloudAccount or None")
        if reserved is not None:
            require_whole("reserved", reserved, at_least=0)
        require_whole("provisioned", provisioned, at_least=0)
        self.account = CloudAccount(sim) if account is None else account
        require_same_sim(sim, "account", self.account)
        self.account.require_room(reserved, provisioned)
        self.environments = Environments(sim, name, init_s, keep_alive_s, requests_each)
        super().__init__(sim, self.environments, provisioned)
        self.sim, self.name, self.handler = sim, name, handler
        self.memory_mb, self.time_limit_s, self.reserved = memory_mb, time_limit_s, reserved
        self._inside: dict[Invocation, None] = {}
        self.account.functions.append(self)
        self._provisioned.keep(are_ready=True)
        sim.add(self)

    # Work ------------------------------------------------------------------------------------------------

    def invoke(self, payload: Any = None) -> Invocation:
        """Run it with `payload`. Yield the invocation to wait for the end; its value is what the handler returns.

        It fails with `Throttled` when no environment may be used or started, `CutOff` at its time limit, `Unavailable`
        when the function is down, `Crashed` when it goes down meanwhile, and whatever failure the handler does not
        catch. It runs to its end whether or not anybody waits for it.
        """
        invocation = Invocation(self, payload)
        if not self.is_up:
            self.failed += 1
            fail_now(invocation, Unavailable(self.name))
        elif (environment := self._place()) is None:
            self.throttled += 1
            fail_now(invocation, Throttled(self.name))
        else:
            self._begin(invocation, environment)
        return invocation

    def _place(self) -> Environment | None:
        """The environment for the next request, started if need be. None: it is throttled."""
        environment = self.environments.with_room()
        if environment is not None and (environment.inside or environment.is_provisioned):
            return environment
        if not self.account.may_run(self):
            return None
        if environment is None and self.account.may_start(self):
            environment = self.environments.start()
        return environment

    def _begin(self, invocation: Invocation, environment: Environment) -> None:
        self.environments.enter(environment)
        self._inside[invocation] = None
        self._count_in(invocation, environment)
        invocation.enter(environment)

    def computing_s(self, cpu_s: float, threads: int = 1) -> float:
        """How long `cpu_s` seconds of work of one processor take that begin now, spread evenly over `threads`.

        Raises `ValueError` when an argument is not allowed.
        """
        return computing_s(cpu_s, self.memory_mb, threads) * self.environments.slowness

    def end(self, invocation: Invocation, failure: Failure | None) -> None:
        """An invocation is over. Called by the invocation itself."""
        environment = invocation.environment
        del self._inside[invocation]
        self._count_out(invocation, failure)
        if isinstance(failure, CutOff):
            self._lose(environment)
        self.environments.leave(environment)
        self._note_on_meter(environment)

    # Environments ----------------------------------------------------------------------------------------

    def provision(self, environments: int) -> None:
        """Keep so many environments ready from now on. New ones must be initialised first; who has work ends it.

        Raises `ValueError` when the account has no room for them.
        """
        require_whole("environments", environments, at_least=0)
        self.account.require_room(self.reserved, environments, instead_of=self)
        self._provisioned.count = environments
        self.meter.provision(environments)
        self._keep_provisioned()

    def replace(self) -> None:
        """Let all environments go, with what they kept: idle ones now, others at their end. A deployment does that.

        What is provisioned is initialised anew, and requests spill meanwhile. A cloud may be kinder.
        """
        for environment in list(self.environments.here.values()):
            self.environments.send_away(environment)
        self._keep_provisioned()

    def _lose(self, environment: Environment) -> None:
        self.environments.send_away(environment)
        self._keep_provisioned()

    def _keep_provisioned(self) -> None:
        self._provisioned.keep(is_up=self.is_up)

    # Faults ----------------------------------------------------------------------------------------------

    @slowing_down
    def slow_down(self, factor: float) -> None:
        """Let computing and initialisation that begin from now on take `factor` times as long. 1 is normal."""
        self.environments.slowness = factor

    @going_down
    def crash(self) -> None:
        """Go down, with all environments and what they kept. Invocations inside fail with `Crashed`."""
        if not self.is_up:
            return
        self.is_up = False
        for environment in list(self.environments.here.values()):
            self.environments.send_away(environment)
        for invocation in self._inside:
            self.sim.call_at(self.sim.now, self._crash, invocation, URGENT)

    def _crash(self, invocation: Invocation) -> None:
        invocation.stop(Crashed(self.name))

    @coming_back
    def restart(self) -> None:
        """Come back. What is provisioned is initialised again; all else starts with the next requests."""
        if not self.is_up:
            self.is_up = True
            self._keep_provisioned()
