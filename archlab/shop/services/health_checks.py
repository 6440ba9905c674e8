"""Health checks: what callers believe about the instances of a service, which is a little old.

Between a crash and the next check they still call the dead instance, and after a restart they leave it idle until
the next check.

>>> from archlab.shop.services.instance import Instance
>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> copies = [Instance(sim, "payments", number, workers=1, cores=1) for number in (1, 2)]
>>> checks = HealthChecks(sim, copies, every_s=5.0)
>>> copies[0].crash()
>>> [instance.name for instance in checks.candidates()]
['payments-1', 'payments-2']
>>> sim.run(until=5)
>>> [instance.name for instance in checks.candidates()]
['payments-2']
"""

from collections.abc import Sequence

from archlab.shop.services.instance import Instance, Steps
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive


class HealthChecks:
    """Looks every `every_s` seconds which of `instances` are up. A single instance is never checked.

    The first check comes after a random part of that time, so that checks and faults have no fixed relation. When
    none is up, all are candidates: calling one shows at once when it is back.
    """

    def __init__(self, sim: Simulation, instances: Sequence[Instance], every_s: float) -> None:
        require_positive("every_s", every_s)
        self._instances = list(instances)
        self._believed_up = self._instances
        if len(self._instances) > 1:
            phase = sim.stream(f"{instances[0].service} health checks").random()
            sim.start(self._check_for_ever(sim, every_s, phase))

    def candidates(self) -> Sequence[Instance]:
        """Return the instances that passed their last check."""
        return self._believed_up

    def _check_for_ever(self, sim: Simulation, every_s: float, phase: float) -> Steps[None]:
        yield sim.timeout(every_s * phase)
        while True:
            self._believed_up = [one for one in self._instances if one.is_up] or self._instances
            yield sim.timeout(every_s)
