"""One shop, its rules and its data, and in a package each the architectures it is built in. It knows no notebook."""

from archlab.shop.architecture import SHOP_MIX, Architecture, Assortment
from archlab.shop.audit import Audit
from archlab.shop.crash_points import crash_points
from archlab.shop.day import ShopResult, Users, run_shop

__all__ = [
    "SHOP_MIX",
    "Architecture",
    "Assortment",
    "Audit",
    "ShopResult",
    "Users",
    "crash_points",
    "run_shop",
]
