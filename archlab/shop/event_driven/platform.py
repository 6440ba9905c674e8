"""The platform: what every component runs on and is given, so that no component has to know the whole shop.

>>> from archlab.shop.event_driven import EventDriven
>>> from archlab.sim import Simulation
>>> platform = EventDriven(Simulation(seed=1)).platform
>>> list(platform.instances), platform.topic.name
(['web-1', 'catalogue-1', 'orders-1', 'inventory-1', 'payments-1', 'notifications-1'], 'shop events')
"""

from collections.abc import Sequence

from archlab.shop.domain import Product
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.topics import Topic, open_topic
from archlab.shop.health_checks import HealthChecks
from archlab.shop.instance import Instance
from archlab.shop.provider import PaymentProvider
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation


class Platform:
    """What the components of one shop share: the topic, and besides nothing that knows of orders.

    `catalogue`: what the shop sells, for the components that fill their databases with it.
    """

    def __init__(self, sim: Simulation, config: EventDrivenConfig, catalogue: Sequence[Product]) -> None:
        self.sim = sim
        self.config = config
        self.catalogue = catalogue
        self.network = Network(sim, config.hop_s)
        self.provider = PaymentProvider(sim, config.provider_s, declined=config.declined)
        self.topic: Topic = open_topic(sim, config)
        self.instances: dict[str, Instance] = {}
        self.health: dict[str, HealthChecks[Instance]] = {}

    def start_instances(self, program: str, workers: int) -> list[Instance]:
        """Start the instances of the door or of a component."""
        config = self.config
        started = [
            Instance(self.sim, program, number, workers, config.cores, config.queue_limit, config.cores_share)
            for number in range(1, config.count(program) + 1)
        ]
        self.instances |= {instance.name: instance for instance in started}
        checks = HealthChecks(self.sim, started, config.health_check_s, stream=f"{program} health checks")
        self.health[program] = checks
        return started
