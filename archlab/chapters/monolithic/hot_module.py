"""One hot module: what it costs to clone the whole program for it, and what machines of its own would cost.

The cores of a clone do whatever work comes, so cloning everything wastes none of them
(`archlab.chapters.monolithic.scaling.busy_cores`). What it can waste is the kind of machine: every clone
must hold all modules, and pays for memory that the hot one alone does not need. Apart, each piece of the hot module's
work comes with a call: two messages to encode and decode. The rule at the end holds from the hot share at which
cloning everything becomes noticeable. Two list prices and the memory decide it, and no luck.

>>> cost_of_cloning_everything([0.0, 1.0]).extra_percent.round(1).tolist()
[0.0, 12.0]
>>> print(
...     hard_to_scale_one(
...         hot_share_that_is_costly_percent=85,
...         memory_of_all_modules_in_gb_per_core=3,
...         memory_that_costs_no_more_in_gb_per_core=2,
...         price_gap_percent=12.9,
...         price_gap_at_which_it_flips_percent=10.9,
...     ).detail
... )
from 85 % of the work in the hot module, when all modules together need more than 2 GB a core (here 3), \
and when such a core costs at least 10.9 % more than the hot module's (here 12.9)
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
from archlab.course.claims.verdict import Verdict, all_of, holds_from, holds_if
from archlab.data import load
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.distributions import as_distribution
from archlab.sim.validation import require_positive

Values = np.ndarray
PATTERN = re.compile(r"machine with (\d+) (burstable )?virtual cores and (\d+) GB")
HOT_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

WHOLE_GB_PER_CORE = 3.0
"""Memory that a core's worth of workers needs with all modules. An assumption, and the one that decides."""

HOT_GB_PER_CORE = 1.0
"""The same with the hot module alone. An assumption."""


def work_of_messages(config: MonolithConfig = MONOLITH) -> float:
    """Return the work on the two messages of a call, as a share of the work that the call asks for: that of a page.

    Half of it is done on either side. 0.8 % with the usual message; smaller calls have a larger share.
    """
    return 2 * config.message_cpu_s / as_distribution(config.browse_cpu_s).mean


MESSAGES = work_of_messages()


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
    messages: float = MESSAGES,
) -> pd.DataFrame:
    """Compare clones of everything with the hot module on machines of its own, for its share of the work.

    Args:
        hot_shares: shares of the processor time that the hot module needs.
        cores: of work in all. None: so many that whole machines do not matter; else both sides round up to
            whole machines, and the modules apart must round up twice.
        whole_gb_per_core, hot_gb_per_core: memory that a core's worth of workers needs, with all modules and
            with the hot one alone. Assumptions; all depends on them.
        burstable: whether machines that run at full speed only for a while are among those to rent.
        messages: apart, the work on messages as a share of the hot module's, see `work_of_messages`.

    Columns: hot_share_percent, together_usd_per_hour, apart_usd_per_hour, extra_percent: how much more clones
    of everything cost. Prices are those of one core's work where `cores` is None. It leaves out the people who
    run two programs: it errs against cloning everything.
    """
    whole, hot = (cheapest_machine(gb, burstable) for gb in (whole_gb_per_core, hot_gb_per_core))
    shares = np.asarray(hot_shares, dtype=float)
    together = _rent(whole, np.ones_like(shares), cores)
    each_side = shares * messages / 2
    apart = _rent(whole, 1 - shares + each_side, cores) + _rent(hot, shares + each_side, cores)
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


def hot_share_that_is_costly_percent(
    whole_gb_per_core: float = WHOLE_GB_PER_CORE,
    hot_gb_per_core: float = HOT_GB_PER_CORE,
    burstable: bool = False,
    messages: float = MESSAGES,
) -> float:
    """Return the hot share from which clones of everything cost `NOTICEABLE_PERCENT` more; inf when they never do.

    It follows from the two prices: of a work of 1, the part s is done at the price of the hot module's machine, and
    the work on messages comes on top.
    """
    dearer = price_gap_percent(whole_gb_per_core, hot_gb_per_core, burstable) / 100
    cheaper = 1 / (1 + dearer)
    saved = 1 - cheaper - messages / 2 * (1 + cheaper)
    needed = 1 - 1 / (1 + NOTICEABLE_PERCENT / 100)
    return 100 * needed / saved if saved >= needed else math.inf


def price_gap_percent(
    whole_gb_per_core: float = WHOLE_GB_PER_CORE,
    hot_gb_per_core: float = HOT_GB_PER_CORE,
    burstable: bool = False,
) -> float:
    """Return how much more a core costs with memory for all modules than with memory for the hot one."""
    whole, hot = (cheapest_machine(gb, burstable) for gb in (whole_gb_per_core, hot_gb_per_core))
    return 100 * (whole.usd_per_core_hour / hot.usd_per_core_hour - 1)


def price_gap_at_which_it_flips_percent(messages: float = MESSAGES) -> float:
    """Return how much more that core must cost so that clones of everything cost `NOTICEABLE_PERCENT` more, when all
    work is hot; inf when the work on messages eats up whatever is saved.
    """
    spare = 1 / (1 + NOTICEABLE_PERCENT / 100) - messages / 2
    return 100 * ((1 + messages / 2) / spare - 1) if spare > 0 else math.inf


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


@settles(
    "cons.difficult-to-scale-individual-components",
    evidence=Evidence.MODELLED,
    says={
        "hot_share_that_is_costly_percent": "share of the hot module from which clones of everything are costly",
        "memory_of_all_modules_in_gb_per_core": "memory of all modules a core, in GB",
        "memory_that_costs_no_more_in_gb_per_core": "memory that costs no more, in GB",
        "price_gap_percent": "a core with more memory costs more by",
        "price_gap_at_which_it_flips_percent": "it flips at",
    },
)
def hard_to_scale_one(
    hot_share_that_is_costly_percent: float,
    memory_of_all_modules_in_gb_per_core: float,
    memory_that_costs_no_more_in_gb_per_core: float,
    price_gap_percent: float,
    price_gap_at_which_it_flips_percent: float,
) -> Verdict:
    """Holds from the share of the work at which clones of everything cost {NOTICEABLE_PERCENT} % more than the hot
    module apart, in a shop of many machines at list prices, calls between the two charged.
    """
    memory = Assumption(
        "all modules together",
        usual=memory_of_all_modules_in_gb_per_core,
        flips_at=memory_that_costs_no_more_in_gb_per_core,
        unit="GB a core",
        when="all modules together need more than {flips_at}",
    )
    price = Assumption(
        "the price of such a core",
        usual=price_gap_percent,
        flips_at=price_gap_at_which_it_flips_percent,
        unit="%",
        when="such a core costs at least {flips_at} more than the hot module's",
    )
    return all_of(
        holds_from(
            hot_share_that_is_costly_percent,
            "% of the work in the hot module",
            decided_by=memory,
        ),
        holds_if(price_gap_percent >= price_gap_at_which_it_flips_percent, decided_by=price),
    )
