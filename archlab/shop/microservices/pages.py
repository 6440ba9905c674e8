"""The pages service: the part of the catalogue that customers look at, split off into a program of its own.

Orders go on asking the catalogue. Both have a copy of the products. What this leaves out: keeping the copies equal.
The shop's products do not change in a run; real ones do.

>>> from archlab.sim import Simulation
>>> shop = SplitShop(Simulation(seed=1))
>>> shop.gateway.routes = to_pages(lambda request: "pages")
>>> shop.answer(shop.browse(3)).product.name, shop.instances["pages-1"].totals()["completed"]
('product 3', 1)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.gateway import ROUTES, Choice, RouteEntry
from archlab.shop.microservices.services.catalogue import Catalogue
from archlab.shop.microservices.services.service import Service
from archlab.shop.microservices.steps import USE_CASES, Step, UseCase
from archlab.sim.simulation import Simulation


class Pages(Catalogue):
    """The same program as the catalogue, with instances and a database of its own."""

    name = "pages"


@dataclass(frozen=True)
class SplitConfig(MicroservicesConfig):
    """The shop with a pages service beside the catalogue. Which of the two gets a page, the gateway decides.

    `use_cases` has both ways, so the bottleneck law (`capacity_per_s`, `demands_s`) counts each page twice.
    """

    @property
    def use_cases(self) -> Mapping[UseCase, Sequence[Step]]:
        old = USE_CASES["browse"]
        page, on_hand = old
        split = (
            Step("gateway", "pages", "page", page.cpu_share, queries=page.queries),
            Step("pages", "inventory", "on_hand", on_hand.cpu_share, queries=on_hand.queries),
        )
        return {**USE_CASES, "browse": (*old, *split)}


class SplitShop(Microservices):
    """The shop while the catalogue is being split: the new service runs, and nobody is sent there yet."""

    def __init__(self, sim: Simulation, config: MicroservicesConfig | None = None) -> None:
        super().__init__(sim, config or SplitConfig())

    def start_services(self) -> Sequence[Service]:
        return (*super().start_services(), Pages(self.platform))


def to_pages(choice: Choice) -> list[RouteEntry]:
    """Return the routing table in which `choice` decides who serves a page, "catalogue" or "pages"."""
    return [
        (path, choice if operation == "page" else service, operation) for path, service, operation in ROUTES
    ]
