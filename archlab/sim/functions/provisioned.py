"""Provisioned environments: so many are initialised ahead and kept ready, whether or not requests come.

Who starts with some has them ready. One that is added later, or that takes the place of one that is lost, must be
initialised first, and requests spill meanwhile.

>>> from archlab.sim import Simulation
>>> from archlab.sim.functions.environment import Environments
>>> sim = Simulation(seed=1)
>>> environments = Environments(sim, "pictures", init_s=0.2, keep_alive_s=600)
>>> provisioned = Provisioned(environments, count=2)
>>> provisioned.keep(are_ready=True)
>>> provisioned.count = 3
>>> provisioned.keep()
>>> environments.alive.value, environments.with_room().number
(3, 2)
>>> sim.run(until=1)
>>> environments.with_room().number
3
"""

from __future__ import annotations

from archlab.sim.functions.environment import Environment, Environments


class Provisioned:
    """Keeps `count` of a function's `environments` ready. After a change of `count` or a loss call `keep`."""

    def __init__(self, environments: Environments, count: int) -> None:
        self.environments = environments
        self.count = count

    def keep(self, are_ready: bool = False, is_up: bool = True) -> None:
        """Start what is missing, unless the function is down, and let go what is too much; who has work ends it."""
        everyone = self.environments.here.values()
        ready = [one for one in everyone if one.is_provisioned and not one.is_leaving]
        for environment in ready[self.count :]:
            self.environments.send_away(environment)
        for _ in range((self.count - len(ready)) * is_up):
            self._start(are_ready)

    def _start(self, is_ready: bool) -> None:
        environment = self.environments.start(is_provisioned=True, is_ready=is_ready)
        if is_ready:
            self.environments.offer(environment)
        else:
            self.environments.sim.call_at(environment.ready_s, self._offer, environment)

    def _offer(self, environment: Environment) -> None:
        if not environment.is_leaving:
            self.environments.offer(environment)
