"""Briefs whose answer is known: each with a shop that meets it. Tasks 2 to 4 of lab 07.

Of each customer there are three kinds of briefs, which differ in figures alone. The limits are drawn so that the known
shop meets them with room for luck. What is usually named for such a customer misses at least one of the three clearly.
Which shop meets which brief, and what the others miss, is in `test_lab_known`.

>>> known = drawn(np.random.default_rng(1), "start-up", "tiny")
>>> type(known.config).__name__, known.brief.per_s < 0.1
('ServerlessConfig', True)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from archlab.chapters.choosing.lab_briefs import BACK_OFFICE, SALE, START_UP, Brief
from archlab.shop.config import ShopConfig
from archlab.shop.microservices import PROGRAMS, MicroservicesConfig
from archlab.shop.monolithic import MonolithConfig
from archlab.shop.serverless import ServerlessConfig
from archlab.sim.validation import require_one_of

PROGRAM = MonolithConfig(cores=1, workers=64, database_cores=1)
"""One program with one core, and a database with one."""
WAITING = MonolithConfig(cores=2, workers=64, connections=32, database_cores=1, bulkheads={"place_order": 50})
"""One program whose orders may wait for a provider, and leave workers for pages."""
FUNCTIONS = ServerlessConfig(database_cores=1, idempotency_keys=True)
SERVICES = MicroservicesConfig(
    instances=dict.fromkeys(PROGRAMS, 1), workers=64, ordering="queue", idempotency_keys=True
)
"""Services that accept an order at once, and pay for it by messages."""

Ranges = Mapping[str, tuple[float, float]]
CUSTOMERS: Mapping[str, Brief] = MappingProxyType(
    {"start-up": START_UP, "back office": BACK_OFFICE, "sale": SALE}
)


@dataclass(frozen=True)
class Kind:
    """A kind of brief: the ranges that figures are drawn from, those that are as they are, and a shop that meets it."""

    ranges: Ranges
    fixed: Mapping[str, Any]
    config: ShopConfig


KINDS: Mapping[str, Mapping[str, Kind]] = MappingProxyType(
    {
        "start-up": {
            "tiny": Kind(
                {"per_s": (0.012, 0.03), "peak_per_s": (10, 20), "peak_h": (45, 75), "budget_usd": (58, 72)},
                {"page_p99_s": 0.6},
                FUNCTIONS,
            ),
            "quick": Kind(
                {"per_s": (0.012, 0.03), "peak_per_s": (10, 20), "peak_h": (10, 30), "budget_usd": (95, 112)},
                {"page_p99_s": 0.06},
                PROGRAM,
            ),
            "busy": Kind(
                {"per_s": (45, 60), "peak_per_s": (80, 100), "peak_h": (10, 30), "budget_usd": (90, 100)},
                {"page_p99_s": 0.3},
                PROGRAM,
            ),
        },
        "back office": {
            "paid": Kind(
                {"per_s": (15, 30), "order_percent": (30, 45), "budget_usd": (760, 900)},
                {"is_paid_when_told": True, "told_within_s": None},
                PROGRAM,
            ),
            "told": Kind(
                {"per_s": (15, 30), "order_percent": (30, 45), "budget_usd": (760, 900)},
                {"is_paid_when_told": False, "told_within_s": 0.8},
                SERVICES,
            ),
            "told for less": Kind(
                {"per_s": (15, 30), "order_percent": (30, 45), "budget_usd": (460, 515)},
                {"is_paid_when_told": False, "told_within_s": 0.8},
                SERVICES,
            ),
        },
        "sale": {
            "slow": Kind(
                {
                    "peak_per_s": (190, 220),
                    "provider_times": (12, 15),
                    "peak_h": (0.8, 1.2),
                    "budget_usd": (5.2, 6.0),
                },
                {"page_p99_s": 0.25, "order_p99_s": 9.0},
                WAITING,
            ),
            "brisk": Kind(
                {"peak_per_s": (190, 220), "peak_h": (0.15, 0.3), "budget_usd": (2.6, 3.2)},
                {"provider_times": 1.0, "page_p99_s": 0.3, "order_p99_s": 2.0},
                FUNCTIONS,
            ),
            "long": Kind(
                {"peak_per_s": (190, 220), "peak_h": (10, 14), "budget_usd": (4.2, 4.7)},
                {"provider_times": 1.0, "page_p99_s": 0.3, "order_p99_s": 2.0},
                WAITING,
            ),
        },
    }
)
"""A customer -> the kinds of briefs. Ranges are assumptions."""


@dataclass(frozen=True)
class Known:
    """A brief, and a shop that is known to meet it."""

    brief: Brief
    config: ShopConfig


def drawn(random: np.random.Generator, customer: str, kind: str) -> Known:
    """Return a brief of a kind. Figures are drawn evenly from its ranges. Raises `ValueError` for an unknown one."""
    require_one_of("customer", customer, tuple(KINDS))
    require_one_of("kind", kind, tuple(KINDS[customer]))
    of = KINDS[customer][kind]
    figures: dict[str, Any] = {
        name: float(f"{random.uniform(*limits):.3g}") for name, limits in of.ranges.items()
    }
    if customer == "back office":
        figures["peak_per_s"] = figures["per_s"]
    if customer == "sale":
        figures["order_percent"] = float(round(random.uniform(18, 22)))
    return Known(replace(CUSTOMERS[customer], **figures, **of.fixed), of.config)
