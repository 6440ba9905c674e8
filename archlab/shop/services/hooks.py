"""Hooks: where another way to find instances, or a mesh that carries the calls, is plugged into the shop.

A hook is a function in `MicroservicesConfig` that is given the finished shop and returns one of the two below.

>>> from archlab.shop.microservices import Microservices
>>> from archlab.shop.microservices_config import MicroservicesConfig
>>> from archlab.sim import Simulation
>>> def newest_only(shop):
...     return lambda program, client: shop.services[program].instances[-1:]
>>> config = MicroservicesConfig(instances={"catalogue": 3}, discovery=newest_only)
>>> shop = Microservices(Simulation(seed=1), config)
>>> [instance.name for instance in shop.candidates("catalogue", client="orders-1")]
['catalogue-3']
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from simpy.events import Event

from archlab.shop.services.instance import Instance

if TYPE_CHECKING:
    from archlab.shop.microservices import Microservices

Candidates = Callable[[str, str], Sequence[Instance]]
"""(service, client) -> the instances that this client, an instance's name, would call at this moment."""

Discovery = Callable[["Microservices"], Candidates]
"""Registers the shop's instances somewhere, and returns how clients find them."""

MeshCall = Callable[[str, str, Callable[[], Sequence[Instance]], Callable[[Instance], Event]], Event]
"""(caller, service, candidates, send) -> the event of the answer. `send(instance)` is one call over the network with
its time-out; a mesh decides to whom it goes, how often, and what its proxies add, as `archlab.sim.sidecar.Mesh.call`
does."""

Mesh = Callable[["Microservices"], MeshCall]
"""Puts its proxies beside the shop's instances, and returns how a call goes through them."""
