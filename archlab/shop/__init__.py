"""One shop, its rules and its data, and the architectures it is built in. It knows no notebook."""

from archlab.shop.architecture import SHOP_MIX, Architecture, Assortment
from archlab.shop.audit import Audit
from archlab.shop.crash_points import crash_points
from archlab.shop.day import ShopResult, Users, run_shop
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig

__all__ = [
    "SHOP_MIX",
    "Architecture",
    "Assortment",
    "Audit",
    "Monolith",
    "MonolithConfig",
    "ShopResult",
    "Users",
    "crash_points",
    "run_shop",
]
