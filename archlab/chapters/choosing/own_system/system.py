"""A system of your own: describe it in at most 30 lines, and measure it.

>>> shop = describe('''
... load 100 per second: browse 90 %, buy 10 %
... part web: 2 cores, 64 workers, m5.large
... store database: 1 core, 0.05 USD per hour
... browse = web 5 ms [database 1 ms]
... buy = web 10 ms [database 4 ms x 2]
... ''')
>>> round(shop.limit_per_s), shop.capacity().index[0], round(shop.usd_per_hour, 3)
(364, 'web cores', 0.146)
>>> shop.topology().number_of_edges()
2
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.chapters.choosing.own_system import against_load as loads
from archlab.chapters.choosing.own_system import bill as bills
from archlab.chapters.choosing.own_system import capacity as capacities
from archlab.chapters.choosing.own_system import drawing
from archlab.chapters.choosing.own_system import fault_matrix as faulty
from archlab.chapters.choosing.own_system.description import Description, FaultLine
from archlab.chapters.choosing.own_system.errors import DescriptionError
from archlab.chapters.choosing.own_system.fault_figure import fault_matrix_figure
from archlab.chapters.choosing.own_system.parts_shown import PartsShown
from archlab.chapters.choosing.own_system.reading import read
from archlab.chapters.choosing.own_system.report import report
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.sim.result import Result

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx


def describe(text: str) -> System:
    """Return the system that a text describes.

    Raises:
        ValueError: when the text cannot be read: it names the line and what is allowed. It is a `DescriptionError`,
            of which a notebook shows the message alone.
        TypeError: when it is no text.
    """
    try:
        return System(read(text))
    except ValueError as error:
        raise DescriptionError(str(error)) from None


@dataclass(frozen=True)
class System:
    """A described system. In a notebook it shows itself: a row a part, how busy it is, and what it costs."""

    description: Description

    # By arithmetic ---------------------------------------------------------------------------------------

    def topology(self) -> nx.DiGraph:
        """Return who calls whom, in the form that `archlab.course.figures.topology` draws."""
        return drawing.topology(self.description)

    def capacity(self) -> pd.DataFrame:
        """Return a row a station, the one that is full first on top: see `capacity.capacity`."""
        return capacities.capacity(self.description)

    @property
    def limit_per_s(self) -> float:
        """The load at which the first station is full, in requests a second."""
        return capacities.limit_per_s(self.description)

    def next_purchases(self, steps: int = 3) -> pd.DataFrame:
        """Return what to buy next and what it gains: see `capacity.next_purchases`."""
        return capacities.next_purchases(self.description, steps)

    def bill(self) -> pd.DataFrame:
        """Return a row a part with what it costs an hour: see `bill.bill`."""
        return bills.bill(self.description)

    @property
    def usd_per_hour(self) -> float:
        """What all parts with a price cost an hour."""
        return bills.usd_per_hour(self.description)

    @property
    def usd_per_million(self) -> float:
        """What a million requests cost at the load of the description."""
        return bills.usd_per_million(self.description)

    # By simulation ---------------------------------------------------------------------------------------

    def run(self, seed: int, rate_per_s: float | None = None, requests: int = loads.REQUESTS) -> Result:
        """Return what happens under a load; None: that of the description."""
        rate = self.description.rate_per_s if rate_per_s is None else rate_per_s
        return loads.run(self.description, rate, seed, requests)

    def against_load(
        self,
        rates_per_s: Sequence[float] | None = None,
        seeds: Iterable[int] = range(3),
        requests: int = loads.REQUESTS,
        kind: str | None = None,
    ) -> pd.DataFrame:
        """Return latency and throughput against load, up to past the capacity: see `against_load.against_load`."""
        return loads.against_load(self.description, rates_per_s, seeds, requests, kind)

    def fault_matrix(
        self,
        faults: Sequence[FaultLine] | None = None,
        kinds: Iterable[str] = ("crash", "slow"),
        seeds: Iterable[int] = range(3),
        watch_s: float = faulty.WATCH_S,
    ) -> pd.DataFrame:
        """Return what goes wrong where, and what becomes of each kind of request: see `fault_matrix.fault_matrix`.

        Args:
            faults: one at a time. None: those of the description, and for each part those of `kinds`.
        """
        if faults is None:
            faults = [*self.description.faults, *faulty.usual_faults(self.description, kinds)]
        return faulty.fault_matrix(self.description, faults, seeds, watch_s)

    # Pictures --------------------------------------------------------------------------------------------

    def topology_figure(self, title: str = "", load: bool = True) -> Picture:
        """Draw who calls whom, and how busy each part is; with `load=False` only who calls whom."""
        return drawing.topology_figure(self.description, title, load=load)

    def capacity_figure(self, title: str = "") -> Picture:
        """Draw at which load each station is full."""
        return drawing.capacity_figure(self.description, title)

    def bill_figure(self, title: str = "") -> Picture:
        """Draw what each part costs."""
        return bills.bill_figure(self.description, title)

    def against_load_figure(self, table: pd.DataFrame, title: str = "") -> Picture:
        """Draw what `against_load` returned."""
        return loads.against_load_figure(table, self.limit_per_s, title)

    def fault_matrix_figure(self, table: pd.DataFrame, title: str = "") -> Picture:
        """Draw what `fault_matrix` returned."""
        return fault_matrix_figure(table, title)

    # Words -----------------------------------------------------------------------------------------------

    def markdown(self, load: pd.DataFrame | None = None, faults: pd.DataFrame | None = None) -> str:
        """Return a report for your team: the parts, the limit, what to buy, the bill, and what you have measured.

        Args:
            load: what `against_load` returned, to be in it.
            faults: what `fault_matrix` returned, to be in it.
        """
        return report(self.description, self.summary, self.parts(), load, faults)

    @property
    def summary(self) -> str:
        """Load, limit and bill, in one sentence."""
        what, first = self.description, self.capacity().iloc[0]
        return (
            f"{what.title}: {len(what.parts)} parts, {number(what.rate_per_s)} requests/s; full at "
            f"{number(self.limit_per_s)} requests/s, where the {first['what']} of {first['part']} are all busy; "
            f"{self._price}"
        )

    @property
    def _price(self) -> str:
        is_given = self.usd_per_hour == self.usd_per_hour
        return f"{number(self.usd_per_hour)} USD/h" if is_given else "no prices given"

    def parts(self) -> pd.DataFrame:
        """Return a row a part: `part`, `kind`, `size`, `busy_percent`, `full_at_per_s`, `usd_per_hour`.

        How busy, and full at: of whatever limits it, cores or workers. NaN for a part that is idle or outside.
        """
        first = self.capacity().drop_duplicates("part").set_index("part")
        rows = [
            {
                "part": name,
                "kind": f"{part.kind}, idle" if part.is_idle else part.kind,
                "size": part.size,
                "busy_percent": first.busy_percent.get(name, float("nan")),
                "full_at_per_s": first.capacity_per_s.get(name, float("nan")),
                "usd_per_hour": float("nan") if part.usd_per_h is None else part.copies * part.usd_per_h,
            }
            for name, part in self.description.parts.items()
        ]
        return pd.DataFrame(rows)

    def parts_only(self) -> PartsShown:
        """Return what the description says of the parts, to show it: nothing of how busy they are or when full."""
        what = self.description
        caption = (
            f"{what.title}: {len(what.parts)} parts, {number(what.rate_per_s)} requests/s; {self._price}"
        )
        return PartsShown(caption, self.parts()[["part", "kind", "size", "usd_per_hour"]])

    def __str__(self) -> str:
        return str(self._shown)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self._shown._repr_mimebundle_()

    @property
    def _shown(self) -> PartsShown:
        return PartsShown(self.summary, self.parts())
