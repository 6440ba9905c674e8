"""The shop as microservices: a gateway, five services with a database each, and what guards the calls between them."""

from archlab.shop.microservices.architecture import ORDERINGS, Microservices
from archlab.shop.microservices.config import MICROSERVICES, PROGRAMS, SERVICES, MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.shop.microservices.instance import Instance
from archlab.shop.microservices.steps import USE_CASES, Step

__all__ = [
    "MICROSERVICES",
    "ORDERINGS",
    "PROGRAMS",
    "SERVICES",
    "USE_CASES",
    "Guards",
    "Instance",
    "Microservices",
    "MicroservicesConfig",
    "Step",
]
