"""One hot module: what it costs to clone the whole program for it, and what machines of its own would cost.

The cores of a clone do whatever work comes, so cloning everything wastes none of them
(`archlab.chapters.monolithic.scaling.busy_cores`). What it can waste is the kind of machine: every clone
must hold all modules, and pays for memory that the hot one alone does not need. The rule at the end holds from the
hot share at which that becomes noticeable. Prices and memory decide it, and no luck.

>>> cost_of_cloning_everything([0.0, 1.0]).extra_percent.round(1).tolist()
[0.0, 12.9]
>>> hard_to_scale_one(costly_from_hot_share_percent=79, whole_gb_per_core=3, costly_above_gb_per_core=2).words
'Holds when: from 79 % of the work in the hot module, when all modules together need more than 2 GB a core (here 3)'
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from
from archlab.data import load
from archlab.sim.validation import require_positive

Values = np.ndarray
PATTERN = re.compile(r"machine with (\d+) (burstable )?virtual cores and (\d+) GB")
HOT_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

WHOLE_GB_PER_CORE = 3.0
"""Memory that a core's worth of workers needs with all modules. An assumption, and the one that decides."""

HOT_GB_PER_CORE = 1.0
"""The same with the hot module alone. An assumption."""


@dataclass(frozen=True)
class Machine:
    """A kind of machine of data/prices.csv."""

    item: str
    cores: int
    memory_gb: int
    usd_per_hour: float

    @property
    def usd_per_core_hour(self) -> float:
        return self.usd_per_hour / self.cores

    @property
    def gb_per_core(self) -> float:
        return self.memory_gb / self.cores


def machines(burstable: bool = False) -> list[Machine]:
    """Return the machines of data/prices.csv.

    Burstable ones run at full speed only for a while, so they are left out unless you ask for them.
    """
    prices = load("prices")
    matches = [PATTERN.match(what) for what in prices.what]
    return [
        Machine(item, int(match[1]), int(match[3]), price)
        for item, price, match in zip(prices.item, prices.price_usd, matches, strict=True)
        if match and (burstable or not match[2])
    ]


def cheapest_machine(gb_per_core: float, burstable: bool = False) -> Machine:
    """Return the machine with at least so much memory for each core that costs least for each core.

    Raises:
        ValueError: when none has so much.
    """
    require_positive("gb_per_core", gb_per_core)
    large = [machine for machine in machines(burstable) if machine.gb_per_core >= gb_per_core]
    if not large:
        most = max(machine.gb_per_core for machine in machines(burstable))
        raise ValueError(f"gb_per_core is {gb_per_core!r}; it must be at most {most}, which a machine has")
    return min(large, key=lambda machine: machine.usd_per_core_hour)


def cost_of_cloning_everything(
    hot_shares: Sequence[float] = HOT_SHARES,
    cores: float | None = None,
    whole_gb_per_core: float = WHOLE_GB_PER_CORE,
    hot_gb_per_core: float = HOT_GB_PER_CORE,
    burstable: bool = False,
) -> pd.DataFrame:
    """Compare clones of everything with the hot module on machines of its own, for its share of the work.

    Args:
        hot_shares: shares of the processor time that the hot module needs.
        cores: of work in all. None: so many that whole machines do not matter; else both sides round up to
            whole machines, and the modules apart must round up twice.
        whole_gb_per_core, hot_gb_per_core: memory that a core's worth of workers needs, with all modules and
            with the hot one alone. Assumptions; all depends on them.

    Columns: hot_share_percent, together_usd_per_hour, apart_usd_per_hour, extra_percent: how much more clones
    of everything cost. Prices are those of one core's work where `cores` is None. It leaves out the calls
    between the parts and the work of running two programs: it errs against cloning everything.
    """
    whole, hot = (cheapest_machine(gb, burstable) for gb in (whole_gb_per_core, hot_gb_per_core))
    shares = np.asarray(hot_shares, dtype=float)
    together = _rent(whole, np.ones_like(shares), cores)
    apart = _rent(whole, 1 - shares, cores) + _rent(hot, shares, cores)
    columns = {
        "hot_share_percent": 100 * shares,
        "together_usd_per_hour": together,
        "apart_usd_per_hour": apart,
    }
    return pd.DataFrame(columns).assign(extra_percent=100 * (together / apart - 1))


def _rent(machine: Machine, shares: Values, cores: float | None) -> Values:
    """Return the price per hour of shares of the work: of one core's work, or of `cores` on whole machines."""
    if cores is None:
        return shares * machine.usd_per_core_hour
    # a share such as 1 - 0.8 is a little above 0.2; that must not cost a machine
    count = np.ceil(np.round(shares * cores / machine.cores, 9))
    return np.asarray(count * machine.usd_per_hour)


def costly_from_hot_share_percent(
    whole_gb_per_core: float = WHOLE_GB_PER_CORE,
    hot_gb_per_core: float = HOT_GB_PER_CORE,
    burstable: bool = False,
) -> float:
    """Return the hot share from which clones of everything cost `NOTICEABLE_PERCENT` more; inf when they never do.

    It follows from the two prices: of a work of 1, the part s is done at the price of the hot module's machine.
    """
    whole, hot = (cheapest_machine(gb, burstable) for gb in (whole_gb_per_core, hot_gb_per_core))
    saved = 1 - hot.usd_per_core_hour / whole.usd_per_core_hour
    needed = 1 - 1 / (1 + NOTICEABLE_PERCENT / 100)
    return 100 * needed / saved if saved >= needed else math.inf


def costly_above_gb_per_core(hot_gb_per_core: float = HOT_GB_PER_CORE, burstable: bool = False) -> float:
    """Return up to how much memory a core clones of everything never cost `NOTICEABLE_PERCENT` more.

    That is the most that a machine has of those which cost little more for a core than the hot module's.
    """
    cheap_usd = cheapest_machine(hot_gb_per_core, burstable).usd_per_core_hour * (
        1 + NOTICEABLE_PERCENT / 100
    )
    return max(
        machine.gb_per_core for machine in machines(burstable) if machine.usd_per_core_hour < cheap_usd
    )


@settles("cons.difficult-to-scale-individual-components", evidence=Evidence.MODELLED)
def hard_to_scale_one(
    costly_from_hot_share_percent: float, whole_gb_per_core: float, costly_above_gb_per_core: float
) -> Verdict:
    """Holds from the share of the work at which clones of everything cost {NOTICEABLE_PERCENT} % more than the hot
    module apart, in a shop of many machines.
    """
    memory = Assumption(
        "all modules together",
        usual=whole_gb_per_core,
        flips_at=costly_above_gb_per_core,
        unit="GB a core",
        when="all modules together need more than {flips_at}",
    )
    return holds_from(costly_from_hot_share_percent, "% of the work in the hot module", decided_by=memory)
