"""The gateway: the one address that customers know. It invokes the function that a request is for.

It belongs to the cloud, so it has no machine that could be full: a request waits for nothing there but its 50 us. After
`gateway_timeout_s` it answers by itself; the function goes on, and is paid for.

What this leaves out: the cloud's own limit (10,000 requests a second at AWS), checks of who asks, and its price, so it
errs in favour of functions.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> shop.answer(shop.gateway.serve_request("browse", 3)).product.name, shop.gateway.completed
('product 3', 1)
"""

from typing import Any

from simpy.events import Event

from archlab.shop.instance import Steps
from archlab.shop.serverless.platform import Platform, accept
from archlab.sim.servers.station import Station

REQUESTS = 10_000
"""How many may be under way at the gateway: more than any run has."""


class Gateway(Station):
    """The part "gateway". Its busy servers are the requests that are under way behind it."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform.sim, "gateway", REQUESTS)
        self.platform = platform

    def serve_request(self, function: str, payload: object) -> Steps[Any]:
        """Pass a request on to its function, and return the answer. Raises a `Refusal` or a `Failure`."""
        config, sim = self.platform.config, self.platform.sim
        with self.hold() as place:
            yield place
            yield place.work(config.proxy_s)
            answer: Event = sim.start(self.platform.invoke(function, payload))
            if config.gateway_timeout_s is not None:
                answer = sim.deadline(answer, config.gateway_timeout_s)
            return accept((yield answer))
