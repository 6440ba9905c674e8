"""How long a Python process takes to be ready on an ordinary machine, and a warm call beside it.

The times in `data/python_starts.csv` were measured once, on the machine that it names; `measure` does it again on
yours. Each start is a new process that imports something and ends. The warm call is a function in a process that is
there.

What a cloud's cold start has besides: a place for the environment is found, the package is fetched and unpacked, a
small virtual machine boots, and the files are not in anybody's cache. So this is a part of it, and the smaller one for
large packages.

>>> bool(recorded().loc["nothing"] < recorded().loc["pandas"])
True
"""

import subprocess
import sys
import time
from collections.abc import Mapping

import pandas as pd

from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, look_of
from archlab.data import load
from archlab.sim.validation import require_whole

IMPORTS: Mapping[str, str] = {
    "nothing": "pass",
    "pandas": "import pandas",
    "this course's kit": "import archlab.sim",
}
"""What a process imports, by the name in the table -> the program."""
CALL = "a warm call"
CALLS = 1000


def start_ms(program: str) -> float:
    """Return how long a new Python process takes to run a program and end, in ms of the clock."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return 1000 * (time.perf_counter() - began)


def call_ms() -> float:
    """Return how long a call of a function takes in a process that is there, in ms: the mean of `CALLS`."""

    def handler(event: Mapping[str, int]) -> int:
        return event["order_id"]

    began = time.perf_counter()
    for order_id in range(CALLS):
        handler({"order_id": order_id})
    return 1000 * (time.perf_counter() - began) / CALLS


def measure(runs: int = 5) -> pd.Series:
    """Measure on this machine: the least time in ms of `runs` starts each, and of a warm call.

    The least is the one that others on the machine disturbed least; the first start of all is not counted.
    """
    require_whole("runs", runs, at_least=1)
    for program in IMPORTS.values():
        start_ms(program)
    starts = {name: min(start_ms(program) for _ in range(runs)) for name, program in IMPORTS.items()}
    return pd.Series({**starts, CALL: min(call_ms() for _ in range(runs))}, name="ms")


def recorded() -> pd.Series:
    """Return the recorded times in ms: what was imported -> the median of the runs, and of a warm call."""
    table = load("python_starts")
    return table.groupby("imports", sort=False).ms.median()


def short_ms(time_ms: float) -> str:
    """Return a time in words, with two digits.

    >>> short_ms(281.7), short_ms(0.000094)
    ('280 ms', '0.000094 ms')
    """
    rounded = float(f"{time_ms:.2g}")
    return f"{rounded:.0f} ms" if rounded >= 10 else f"{rounded:.10f}".rstrip("0") + " ms"


def figure(times_ms: pd.Series, title: str, size: Size = LAB) -> Picture:
    """Draw the times of `recorded` or `measure`, on a logarithmic axis."""
    look = look_of("serverless")
    assert look is not None
    names = [f"a process that imports {name}" if name != CALL else name for name in times_ms.index]
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        name_rows(panel, names)
        panel.barh(range(len(names)), times_ms, left=0, color=look.colour, height=0.55)
        for place, ms in enumerate(times_ms):
            panel.annotate(
                short_ms(ms),
                (ms, place),
                (6, 0),
                textcoords="offset points",
                va="center",
            )
        panel.set_xscale("log")
        panel.set_xlim(times_ms.min() / 3, times_ms.max() * 8)
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel("Time [ms]")
    alt = ", ".join(f"{name}: {short_ms(ms)}" for name, ms in zip(names, times_ms, strict=True))
    return Picture(drawing.figure, f"{title}. {alt}")
