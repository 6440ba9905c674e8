"""The shop as a monolith: one program, one database."""

from archlab.shop.monolithic.architecture import (
    MODULES,
    Catalogue,
    Inventory,
    Module,
    Monolith,
    Notifications,
    Orders,
    Payments,
    Program,
)
from archlab.shop.monolithic.clone import Clone
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig

__all__ = [
    "MODULES",
    "MONOLITH",
    "Catalogue",
    "Clone",
    "Inventory",
    "Module",
    "Monolith",
    "MonolithConfig",
    "Notifications",
    "Orders",
    "Payments",
    "Program",
]
