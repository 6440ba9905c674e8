"""The platform: what every service runs on and is given, so that no service has to know the whole shop.

It starts instances and checks their health, holds the network, the way to the payment provider and the services by
name, and says whom a caller would call now.

>>> from archlab.shop.microservices import Microservices
>>> from archlab.sim import Simulation
>>> platform = Microservices(Simulation(seed=1)).platform
>>> list(platform.services), platform.instances["orders-1"].service
(['catalogue', 'inventory', 'orders', 'payments', 'notifications'], 'orders')
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from archlab.shop.domain import Product
from archlab.shop.health_checks import HealthChecks
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.hooks import Candidates, MeshCall
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.wire.protocol import Channel
from archlab.shop.provider import PaymentProvider
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation


class Callee(Protocol):
    """What the platform knows of a service: its name, its instances, and that it can be asked."""

    @property
    def name(self) -> str: ...

    @property
    def instances(self) -> Sequence[Instance]: ...

    def serve(self, here: Instance, operation: str, arguments: tuple[object, ...]) -> Steps[object]:
        """Carry out an operation at an instance."""


class Platform:
    """What the services of one shop share, besides nothing.

    `catalogue`: what the shop sells, for the services that fill their databases with it. `discovered` and `mesh`
    replace the platform's own health checks and balancing, see `archlab.shop.microservices.hooks`; `channel` holds the
    connections of a protocol. None: not used.
    """

    def __init__(self, sim: Simulation, config: MicroservicesConfig, catalogue: Sequence[Product]) -> None:
        self.sim = sim
        self.config = config
        self.catalogue = catalogue
        self.network = Network(sim, config.hop_s)
        self.provider = PaymentProvider(sim, config.provider_s, declined=config.declined)
        self.instances: dict[str, Instance] = {}
        self.services: Mapping[str, Callee] = {}
        self.health: dict[str, HealthChecks[Instance]] = {}
        self.discovered: Candidates | None = None
        self.mesh: MeshCall | None = None
        self.channel: Channel | None = None

    def start_instances(self, program: str, workers: int) -> list[Instance]:
        """Start the instances of the gateway or of a service."""
        config = self.config
        started = [
            Instance(self.sim, program, number, workers, config.cores, config.queue_limit, config.cores_share)
            for number in range(1, config.count(program) + 1)
        ]
        self.instances |= {instance.name: instance for instance in started}
        checks = HealthChecks(self.sim, started, config.health_check_s, stream=f"{program} health checks")
        self.health[program] = checks
        return started

    def instances_of(self, program: str) -> list[Instance]:
        """Return the instances of a program, whether they are up or not."""
        return [instance for instance in self.instances.values() if instance.service == program]

    def candidates(self, service: str, client: str) -> Sequence[Instance]:
        """Return the instances of a service that `client` would call now: those it believes to be up."""
        if self.discovered is None:
            return self.health[service].candidates()
        return self.discovered(service, client)
