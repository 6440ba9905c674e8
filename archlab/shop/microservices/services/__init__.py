"""The services: a program each, with a database that nobody else may open."""

from archlab.shop.microservices.services.catalogue import Catalogue
from archlab.shop.microservices.services.inventory import Inventory
from archlab.shop.microservices.services.notifications import Notifications
from archlab.shop.microservices.services.orders import NaiveOrder, Ordering, Orders
from archlab.shop.microservices.services.payments import Payments
from archlab.shop.microservices.services.service import Service

__all__ = [
    "Catalogue",
    "Inventory",
    "NaiveOrder",
    "Notifications",
    "Ordering",
    "Orders",
    "Payments",
    "Service",
]
