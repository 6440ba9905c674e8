"""How one instance calls another service: through its guards and over the network, to one of the service's instances.

The caller's worker is held until the answer is there. To encode and decode the messages takes time on the cores of
both sides; each side spends it at once, when the call starts, unless a protocol is given, which knows each message.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> orders = shop.instances["orders-1"]
>>> task = shop.sim.start(orders.call("catalogue", "products", [1, 2]))
>>> [product.id for product in shop.sim.run(until=task)]
[1, 2]
"""

from collections.abc import Sequence
from typing import Any

from simpy.events import Event

from archlab.shop.domain import Refusal
from archlab.shop.microservices.guards import Guarded
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.wire import answer_value, as_message, request_message
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.balancing.rules import balancing_rule


class Client:
    """One instance's way to one service: its own guards, and its own choice among the instances it knows of."""

    def __init__(self, platform: Platform, caller: Instance, service: str) -> None:
        name = f"{caller.name} to {service}"
        self.platform = platform
        self.caller = caller
        self.service = platform.services[service]
        self.guarded = Guarded(platform.sim, caller, service, platform.config.guards_of(service))
        rule = balancing_rule(platform.config.balancing, platform.sim, name)
        self.replicas = Replicas(platform.sim, name, self._candidates, rule)
        self._message_cpu_s = 0.0 if caller.service == "gateway" else platform.config.message_cpu_s

    def call(self, operation: str, arguments: tuple[Any, ...]) -> Steps[Any]:
        """Ask for an operation and return the answer. Raises the `Refusal` that is the answer, or a `Failure`."""
        if self._message_cpu_s:
            yield self.caller.cpu.serve(self._message_cpu_s)
        answer = yield self.guarded.call(lambda: self._attempt(operation, arguments))
        if self.platform.channel is not None:
            answer = answer_value(operation, answer)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def _attempt(self, operation: str, arguments: tuple[Any, ...]) -> Event:
        """Call one instance, the one that the mesh chooses or else the balancing rule."""

        def send(callee: Instance) -> Event:
            return self._send(callee, operation, arguments)

        if self.platform.mesh is not None:
            send_if_alive = self.caller.in_this_life(send)
            return self.platform.mesh(self.caller.name, self.service.name, self._candidates, send_if_alive)
        return self.replicas.call(send)

    def _candidates(self) -> Sequence[Instance]:
        return self.platform.candidates(self.service.name, self.caller.name)

    def _send(self, callee: Instance, operation: str, arguments: tuple[Any, ...]) -> Event:
        """Send one request, as a message that is really encoded or as one of the usual size."""
        platform, nodes = self.platform, (self.caller.name, callee.name)
        work = self.service.serve(callee, operation, arguments)
        if platform.channel is not None:
            request = request_message(operation, *arguments)
            return platform.channel.call(*nodes, as_message(operation, work), request, self.guarded.timeout_s)
        size = platform.config.message_bytes
        return platform.network.call(*nodes, work, self.guarded.timeout_s, size, size)
