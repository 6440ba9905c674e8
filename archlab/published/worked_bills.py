"""AWS's worked bills, worked again: they come out to the cent, but for one that AWS gets wrong.

The page of Lambda's prices shows how bills are worked out (`data/function_bills.csv`, read in 2026). Here each is put
together from the kit's `Usage`. Eleven of the twelve agree within a cent; the tenants' bill is a cent lower here, since
AWS rounds 333.334 up before it adds.

The Kafka bill does not agree, and cannot: a million invocations a day for 30 days are 30 million requests, and the page
charges 60 million (the seconds, it seems: two for each). Right is 1,147.34 dollars; AWS prints 1,153.30.

No bill here has an initialisation in it, though since August 2025 it is billed: a share p of cold requests adds
p times initialisation / run to the compute (`initialisation_adds`). Nor do they have what is around a function: the
gateway in front, the queue, the database, the logs.

>>> worked = bills()
>>> round(worked["mobile back end"], 2), round(worked["Kafka"], 2)
(2.73, 1147.34)
>>> round(break_even_per_s(usd_per_hour=0.096, run_s=0.200, memory_mb=1024), 1)
7.5
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from archlab.data import load
from archlab.sim.billing import (
    Usage,
    bill,
    free_tier,
    in_provisioned,
    managed_instances_usd,
    on_demand,
    provisioned,
    streamed,
    usd_per_request,
)
from archlab.sim.validation import require_fraction, require_non_negative, require_positive

HOUR_S = 3600
DAYS = 30
TELEMETRY = on_demand(requests=10_000 * 24 * 31, run_s=2, memory_mb=1024)
MOBILE_MB = 1536
NOTHING = Usage()


def bills() -> dict[str, float]:
    """Return the total of each worked bill in US dollars, by its name in `data/function_bills.csv`."""
    free = free_tier()
    return {
        "mobile back end": _to_the_cent(on_demand(3e6, 0.120, MOBILE_MB), free=free),
        "telemetry": _to_the_cent(TELEMETRY),
        "support tickets": _to_the_cent(on_demand(6e6, 0.280, 4096, storage_mb=2048), free=free),
        "sale": _to_the_cent(provisioned(7, 24 * HOUR_S, 4096) + in_provisioned(2e6, 0.280, 4096)),
        "streamed pages": _to_the_cent(_streamed_pages(), free=replace(free, streamed_gb=0)),
        "tenants": _to_the_cent(on_demand(1e7, 2, 1024) + Usage(tenant_environments_gb=200_000)),
        "managed instances": _managed(),
        "Kafka": _to_the_cent(_daily(1e6, run_s=2) + Usage(log_poller_h=800), free=replace(free, requests=0)),
        "launch day": _to_the_cent(_launch_day(), free=free),
        "snapshots": _to_the_cent(TELEMETRY + _snapshots()),
        "queue": _to_the_cent(_daily(1e6, run_s=1) + Usage(queue_poller_h=8000)),
        "ten logs": _to_the_cent(_daily(1e7, run_s=0.2) + Usage(log_poller_h=720)),
    }


def printed() -> pd.Series:
    """Return the totals that AWS prints, in US dollars, by name."""
    table = load("function_bills")
    return table[table.unit == "USD a month"].set_index("setting")["value"]


def comparison() -> pd.DataFrame:
    """Return a row a bill: `printed_usd`, `usd`, to the cent, and `difference_usd`."""
    frame = pd.DataFrame({"printed_usd": printed(), "usd": pd.Series(bills()).round(2)})
    frame["difference_usd"] = (frame.usd - frame.printed_usd).round(2)
    return frame.loc[printed().index]


def initialisation_adds(cold_share: float, init_s: float, run_s: float) -> float:
    """Return by which share the bill for compute grows when initialisation is billed: cold share x init / run."""
    require_fraction("cold_share", cold_share)
    require_non_negative("init_s", init_s)
    require_positive("run_s", run_s)
    return cold_share * init_s / run_s


def break_even_per_s(
    usd_per_hour: float,
    run_s: float,
    memory_mb: int,
    cold_share: float = 0.0,
    init_s: float = 0.0,
) -> float:
    """Return at how many requests a second, all day long, functions cost as much as a machine at this price.

    Below it functions are cheaper. Whether the machine can do that many is another question; so is how many machines
    you want, so that one may fail.
    """
    require_positive("usd_per_hour", usd_per_hour)
    per_request_usd = usd_per_request(run_s, memory_mb, cold_share=cold_share, init_s=init_s)
    return usd_per_hour / HOUR_S / per_request_usd


def _to_the_cent(usage: Usage, free: Usage = NOTHING) -> float:
    """Return the total of a bill whose lines are rounded first."""
    return float(bill(usage, free=free).usd.round(2).sum())


def _daily(requests: float, run_s: float) -> Usage:
    """A month of 30 days with so many requests a day, of functions of 1,024 MB."""
    return on_demand(requests * DAYS, run_s, memory_mb=1024)


def _streamed_pages() -> Usage:
    small, large = streamed(2e6, answer_mb=100 / 1024), streamed(1e6, answer_mb=7)
    return on_demand(3e6, 0.500, MOBILE_MB) + small + large


def _launch_day() -> Usage:
    ready = provisioned(100, 8 * HOUR_S, MOBILE_MB) + in_provisioned(5e5, 0.100, MOBILE_MB)
    return ready + on_demand(2.5e6, 0.120, MOBILE_MB)


def _snapshots() -> Usage:
    """One version of 1 GB, kept for 31 days, restored for 1 % of the requests."""
    return Usage(snapshot_cache_gb_s=31 * 24 * HOUR_S, snapshot_restore_gb=0.01 * TELEMETRY.requests)


def _managed() -> float:
    """2,000 hours of a machine; the page rounds the price after its discount of 72 % to 0.0457 dollars."""
    return managed_instances_usd(1e8, 2000, on_demand_usd_per_h=0.1632, discount=1 - 0.0457 / 0.1632)
