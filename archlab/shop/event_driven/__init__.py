"""The shop as components that share no call: they publish events to one topic, and react to those of others."""

from archlab.shop.event_driven.architecture import EventDriven
from archlab.shop.event_driven.components import Component, Inventory, News
from archlab.shop.event_driven.config import EVENT_DRIVEN, EventDrivenConfig
from archlab.shop.event_driven.steps import COMPONENTS, PROGRAMS, USE_CASES, Step

__all__ = [
    "COMPONENTS",
    "EVENT_DRIVEN",
    "PROGRAMS",
    "USE_CASES",
    "Component",
    "EventDriven",
    "EventDrivenConfig",
    "Inventory",
    "News",
    "Step",
]
