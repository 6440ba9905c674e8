"""The door: the one address that customers know. It passes a request on to the component that answers it.

This is the one call that is left. Behind it nobody waits for anybody.

>>> from archlab.shop.event_driven import EventDriven
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1))
>>> shop.answer(shop.web.serve("catalogue", "page", 3)).product.name
'product 3'
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from archlab.shop.domain import Refusal
from archlab.shop.event_driven.platform import Platform
from archlab.shop.instance import Instance, Steps


class Answering(Protocol):
    """What the door knows of a component."""

    @property
    def instances(self) -> Sequence[Instance]: ...

    def serve(self, here: Instance, operation: str, arguments: tuple[object, ...]) -> Steps[object]:
        """Answer a customer at an instance."""


class Web:
    """Its instances share the requests in turn. It knows an instance of a component to be down by health checks."""

    name = "web"

    def __init__(self, platform: Platform, components: Mapping[str, Answering]) -> None:
        self.platform = platform
        self.components = components
        self.instances = platform.start_instances(self.name, platform.config.web_workers)

    def serve(self, component: str, operation: str, *arguments: Any) -> Steps[Any]:
        """Pass one request on, and return the answer. Raises the `Refusal` that is the answer, or a `Failure`."""
        platform = self.platform
        size = platform.config.message_bytes
        here = platform.health[self.name].choose()
        with here.hold() as worker:
            yield worker
            yield here.cpu.serve(platform.config.proxy_s)
            there = platform.health[component].choose()
            work = self.components[component].serve(there, operation, arguments)
            answer = yield platform.network.call(here.name, there.name, work, None, size, size)
        if isinstance(answer, Refusal):
            raise answer
        return answer
