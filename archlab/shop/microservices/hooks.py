"""Hooks: where another way to find instances, or a mesh that carries the calls, is plugged into the shop.

A hook is a function in `MicroservicesConfig` that is given what runs, once all of it does, and returns one of the two
below.

>>> from archlab.shop.microservices import Microservices, MicroservicesConfig
>>> from archlab.sim import Simulation
>>> def newest_only(running):
...     return lambda service, client: running.services[service].instances[-1:]
>>> config = MicroservicesConfig(instances={"catalogue": 3}, discovery=newest_only)
>>> shop = Microservices(Simulation(seed=1), config)
>>> [instance.name for instance in shop.candidates("catalogue", client="orders-1")]
['catalogue-3']
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from simpy.events import Event

from archlab.shop.microservices.instance import Instance
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation


class Named(Protocol):
    """A service by its name, and the instances that run it."""

    @property
    def name(self) -> str: ...

    @property
    def instances(self) -> Sequence[Instance]: ...


class Running(Protocol):
    """What a hook is given: the simulation, the network, and the services by name."""

    @property
    def sim(self) -> Simulation: ...

    @property
    def network(self) -> Network: ...

    @property
    def services(self) -> Mapping[str, Named]: ...


Candidates = Callable[[str, str], Sequence[Instance]]
"""(service, client) -> the instances that this client, an instance's name, would call at this moment."""

Discovery = Callable[[Running], Candidates]
"""Registers the instances somewhere, and returns how clients find them."""

MeshCall = Callable[[str, str, Callable[[], Sequence[Instance]], Callable[[Instance], Event]], Event]
"""(caller, service, candidates, send) -> the event of the answer. `send(instance)` is one call over the network with
its time-out; a mesh decides to whom it goes, how often, and what its proxies add, as
`archlab.sim.balancing.mesh.Mesh.call` does."""

Mesh = Callable[[Running], MeshCall]
"""Puts its proxies beside the instances, and returns how a call goes through them."""
