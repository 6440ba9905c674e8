"""Traced: which function of the shop calls which, seen while it runs.

Python itself tells of every call (`sys.setprofile`). The caller is the nearest function on the stack whose source names
what is called: one that only runs what it was handed (a callback, the steps of somebody else) does not depend on it.
Calls inside the simulation, which stands for time and machines, are left out. A generator that waits and goes on is one
call. A helper inside a function (a lambda, a comprehension) counts as that function.

What this leaves out: branches that this use does not take. So it errs low; what the source names beside it errs high.

>>> from archlab.shop.layered import Layered
>>> from archlab.sim import Simulation
>>> shop = Layered(Simulation(seed=1))
>>> calls = traced(lambda: shop.answer(shop.browse(1)))
>>> [place.function for _, place in calls if "business" in place.file]
['Rules.page']
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import archlab

ROOT = Path(archlab.__file__).parent
SHOP = str(ROOT / "shop")


@dataclass(frozen=True, order=True)
class Place:
    """A function of the shop: its file, as a path inside the package with slashes, and its dotted name there."""

    file: str
    function: str

    @property
    def definition(self) -> str:
        """The class or function at the top of the file that it is in, as `definition_graph` names it."""
        module = self.file.removesuffix(".py").replace("/", ".")
        return f"archlab.{module}:{self.function.split('.')[0]}"


Call = tuple[Place | None, Place]
"""Who calls, None when nobody on the stack names it, and what is called."""


def traced(use: Callable[[], object]) -> list[Call]:
    """Run something, and return the calls between functions of the shop, each once, in the order of the first time.

    A tool that watches this thread in the same way, such as a profiler, sees nothing meanwhile, and goes on afterwards.
    """
    found: dict[Call, None] = {}

    def look(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(SHOP):
            here, caller = _place(frame), _caller(frame)
            if here != caller:
                found.setdefault((caller, here))

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        use()
    finally:
        sys.setprofile(before)
    return list(found)


def _caller(frame: FrameType) -> Place | None:
    """The nearest function of the shop on the stack whose source names this one."""
    owner, _, name = frame.f_code.co_qualname.replace(".<locals>", "").rpartition(".")
    wanted = owner.rpartition(".")[2] if name.startswith("__") else name
    above = frame.f_back
    while above is not None:
        if above.f_code.co_filename.startswith(SHOP) and wanted in above.f_code.co_names:
            return _place(above)
        above = above.f_back
    return None


def _place(frame: FrameType) -> Place:
    code = frame.f_code
    file = Path(code.co_filename).relative_to(ROOT).as_posix()
    return Place(file, code.co_qualname.split(".<locals>")[0])
