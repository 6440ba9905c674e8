"""Live through a brief: a shop is simulated outside of the peak, in the peak, and in an hour in which all goes wrong.

Tasks 2 to 4 of lab 07. What comes out is what a shop is judged by: money, time, answers, and the rows.

What functions cost is measured in each run, and multiplied up to all the days. Functions that the clock starts are in
it, the gateway before them is not, which errs in favour of functions. Environments that are kept ready are paid for all
the days.

>>> from archlab.chapters.choosing.lab_briefs import START_UP
>>> from archlab.shop.monolithic import MonolithConfig
>>> seen = lived(MonolithConfig(cores=1, database_cores=1), START_UP, seed=1)
>>> round(seen.usd, 2), seen.wrong, broken(seen, START_UP)
(81.58, {}, [])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archlab.chapters.choosing.buying import rent_usd_per_h
from archlab.chapters.choosing.lab_briefs import Brief
from archlab.chapters.choosing.lab_choices import decided
from archlab.chapters.choosing.lab_hour import Hour
from archlab.chapters.choosing.lab_runs import Run
from archlab.shop.audit import ANOMALIES, Audit
from archlab.shop.config import ShopConfig
from archlab.shop.serverless import ServerlessConfig
from archlab.sim.billing import total_usd
from archlab.sim.billing.usage import provisioned


@dataclass(frozen=True)
class Lived:
    """What came of a shop.

    Attributes:
        usd: what it costs for all the days of the brief.
        page_p99_s, order_p99_s: the larger one of those outside of the peak and in it.
        kept_percent: the least share of pages or orders that got an answer, outside of the peak or in it.
        wrong: what the audits found, without what is 0.
        unkept: orders that customers were told are placed, and that the shop cancelled later.
        unpaid: orders in the hour of faults that were told to be placed before the money was held.
        told_percent: of the orders that met a slow provider alone, the share that was told so within the brief's time.
    """

    usd: float
    page_p99_s: float
    order_p99_s: float
    kept_percent: float
    wrong: Mapping[str, int]
    unkept: int
    unpaid: int
    told_percent: float


def lived(config: ShopConfig, brief: Brief, seed: int) -> Lived:
    """Live through a brief with a shop, of which only what may be chosen counts."""
    return lived_with(decided(config, brief), brief, seed)


def lived_with(shop: ShopConfig, brief: Brief, seed: int) -> Lived:
    """Live through a brief with a shop as it is."""
    runs = [Run.of(shop, brief, seed, is_peak) for is_peak in (False, True)]
    hour = Hour(shop, brief, seed) if brief.faults else None
    audits = [run.audit for run in runs] + ([hour.audit] if hour else [])
    return Lived(
        usd=_usd(shop, brief, *runs),
        page_p99_s=max(run.page_p99_s for run in runs),
        order_p99_s=max(run.order_p99_s for run in runs),
        kept_percent=min(run.kept_percent for run in runs),
        wrong=_wrong(audits),
        unkept=sum(run.unkept for run in runs) + (hour.unkept if hour else 0),
        unpaid=hour.unpaid if hour else 0,
        told_percent=hour.told_percent if hour else 100.0,
    )


def broken(seen: Lived, brief: Brief) -> list[str]:
    """Return in words what of a brief was not met; nothing when all of it was."""
    words = list[str]()
    if seen.usd > brief.budget_usd:
        words.append(f"it costs {seen.usd:.2f} USD, and {brief.budget_usd:.2f} are there")
    for what, took_s, most_s in (
        ("pages", seen.page_p99_s, brief.page_p99_s),
        ("orders", seen.order_p99_s, brief.order_p99_s),
    ):
        if not took_s <= most_s:
            words.append(f"99 % of the {what} take up to {took_s:.2f} s, and {most_s:.2f} s are allowed")
    if seen.kept_percent < brief.kept_percent:
        kept = f"{seen.kept_percent:.1f} % of the pages or orders get an answer"
        words.append(f"{kept}, and {brief.kept_percent:g} % are wanted")
    words += [f"{count} {ANOMALIES.get(name, name)}" for name, count in seen.wrong.items()]
    if seen.unkept:
        words.append(f"{seen.unkept} orders that customers were told are placed were cancelled later")
    if brief.is_paid_when_told and seen.unpaid:
        words.append(f"{seen.unpaid} orders were told to be placed before the money was held")
    if brief.told_within_s is not None and seen.told_percent < brief.kept_percent:
        told = f"with a slow provider {seen.told_percent:.0f} % of the orders are answered"
        words.append(f"{told} within {brief.told_within_s:g} s, and {brief.kept_percent:g} % are wanted")
    return words


def _wrong(audits: list[Audit]) -> dict[str, int]:
    """The anomalies of all runs together; money that does not add up counts by the run."""
    counts = {name: sum(getattr(audit, name) for audit in audits) for name in ANOMALIES}
    counts["runs in which money does not add up"] = sum(audit.money_difference_cents != 0 for audit in audits)
    return {name: count for name, count in counts.items() if count and name != "stale_reads"}


# Money -------------------------------------------------------------------------------------------------------


def _usd(config: ShopConfig, brief: Brief, quiet: Run, peak: Run) -> float:
    """Rent, what is kept ready, and what functions used in either run, multiplied up to all the days."""
    used = quiet.used_usd_per_h * (brief.hours - brief.peak_h) + peak.used_usd_per_h * brief.peak_h
    return (rent_usd_per_h(config) + _ready_usd_per_h(config)) * brief.hours + used


def _ready_usd_per_h(config: ShopConfig) -> float:
    """What environments that are kept ready cost an hour, without their runs."""
    if not isinstance(config, ServerlessConfig):
        return 0.0
    kept = [
        provisioned(count, 3600, int(config.memory_mb_of(name))) for name, count in config.provisioned.items()
    ]
    return sum(map(total_usd, kept))
