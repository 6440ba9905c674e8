"""The components of the event-driven shop. They call nobody: they answer customers, and react to events."""

from archlab.shop.event_driven.components.catalogue import Catalogue
from archlab.shop.event_driven.components.component import Component, News, Reaction
from archlab.shop.event_driven.components.inventory import Inventory
from archlab.shop.event_driven.components.notifications import Notifications
from archlab.shop.event_driven.components.orders import Orders
from archlab.shop.event_driven.components.payments import Payments

__all__ = ["Catalogue", "Component", "Inventory", "News", "Notifications", "Orders", "Payments", "Reaction"]
