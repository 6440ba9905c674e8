"""What it costs: the bill of functions, to the millisecond and the cent."""

from archlab.sim.billing.function_bill import (
    bill,
    cost_usd,
    free_tier,
    managed_instances_usd,
    price_usd,
    provisioned_pays_above,
    total_usd,
    usd_per_request,
)
from archlab.sim.billing.usage import (
    Usage,
    billed_s,
    in_provisioned,
    invocations,
    memory_gb,
    on_demand,
    provisioned,
    requests_of_event,
    streamed,
)

__all__ = [
    "Usage",
    "bill",
    "billed_s",
    "cost_usd",
    "free_tier",
    "in_provisioned",
    "invocations",
    "managed_instances_usd",
    "memory_gb",
    "on_demand",
    "price_usd",
    "provisioned",
    "provisioned_pays_above",
    "requests_of_event",
    "streamed",
    "total_usd",
    "usd_per_request",
]
