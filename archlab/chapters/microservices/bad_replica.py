"""A bad replica: the shop's first catalogue instance answers with errors, or is slow, and passes its health checks.

What this leaves out: a replica that is bad for a whole run is worse than one that somebody restarts after a minute.

>>> from archlab.shop.microservices.config import MicroservicesConfig
>>> shop = OneBadReplica(Simulation(seed=1), MicroservicesConfig(), Bad(error_share=1.0))
>>> try:
...     shop.answer(shop.browse(1))
... except Failure as failure:
...     print(failure)
catalogue-1: answered with an error
"""

from dataclasses import dataclass

from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.services.catalogue import Catalogue
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_positive


class ServerError(Failure):
    """The server answered at once that something is wrong with it: HTTP 500."""

    outcome = "server_error"
    what = "answered with an error"


@dataclass(frozen=True)
class Bad:
    """What is wrong with a replica: it answers a share of its calls with an error, or its cores are slow.

    Raises `ValueError` when a number is not allowed.
    """

    error_share: float = 0.0
    times_slower: float = 1.0

    def __post_init__(self) -> None:
        require_fraction("error_share", self.error_share)
        require_positive("times_slower", self.times_slower)


class ErringCatalogue(Catalogue):
    """Its first instance answers `error_share` of its calls with an error, without any work."""

    error_share = 0.0

    def serve(self, here: Instance, operation: str, arguments: tuple[object, ...]) -> Steps[object]:
        luck = self.platform.sim.stream("errors")
        if here is self.instances[0] and luck.random() < self.error_share:
            raise ServerError(here.name)
        return (yield from super().serve(here, operation, arguments))


class OneBadReplica(Microservices):
    """The shop whose first catalogue instance is bad from the start, and whose callers do not hear of it."""

    catalogue_service = ErringCatalogue

    def __init__(self, sim: Simulation, config: MicroservicesConfig, bad: Bad) -> None:
        super().__init__(sim, config)
        catalogue = self.services["catalogue"]
        assert isinstance(catalogue, ErringCatalogue)
        catalogue.error_share = bad.error_share
        catalogue.instances[0].slow_down(bad.times_slower)
