"""Each chapter from top to bottom, as somebody runs it who presses "Run all": how long it takes, and how much memory.

Each runs in a fresh kernel, with runs in parallel as its first cell says. Seconds are by the clock, and so mean
something on a quiet machine alone; processor seconds are those of the kernel and of the processes that it starts.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from tests.bench.imports import CHAPTERS

LONG_S = 2.0
CELL_TIMEOUT_S = 900


@dataclass(frozen=True)
class Chapter:
    """What a chapter took: by the clock, of processors, its kernel's memory at the end; its long cells, each with its
    place among all cells, and seconds; and the places of cells that showed how far they were."""

    clock_s: float
    cpu_s: float
    mb: float
    long_cells_s: dict[int, float]
    with_bar: frozenset[int]


def run_through(path: Path) -> Chapter:
    """Run all cells of a notebook. Raises what nbclient raises when one fails."""
    notebook = nbformat.read(path, as_version=4)
    began_s: dict[int, float] = {}
    took_s: dict[int, float] = {}
    ends: list[tuple[float, float]] = []

    def begins(cell: nbformat.NotebookNode, cell_index: int) -> None:
        began_s[cell_index] = time.monotonic()

    def is_done(cell: nbformat.NotebookNode, cell_index: int, execute_reply: object) -> None:
        took_s[cell_index] = time.monotonic() - began_s[cell_index]
        ends.append(_used())

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=begins,
        on_cell_executed=is_done,
    )
    variables = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    start_s = time.monotonic()
    asyncio.run(client.async_execute(env=variables | {"ARCHLAB_GUESSES": "off"}))
    clock_s = time.monotonic() - start_s
    cpu_s, mb = ends[-1]
    long_cells_s = {place: s for place, s in took_s.items() if s > LONG_S}
    with_bar = frozenset(place for place, cell in enumerate(notebook.cells) if had_a_bar(cell))
    return Chapter(clock_s, cpu_s, mb, long_cells_s, with_bar)


def had_a_bar(cell: nbformat.NotebookNode) -> bool:
    """Whether a bar was shown below the cell: what is left of one is an output without a content."""
    shown = [output["data"] for output in cell.get("outputs", []) if "data" in output]
    return any(all(value == "" for value in data.values()) for data in shown)


def _used() -> tuple[float, float]:
    """The processor seconds of everything that this process has started and that is there, and the kernel's MB."""
    children = psutil.Process().children(recursive=True)
    cpu_s = sum(sum(process.cpu_times()[:2]) for process in children)
    return cpu_s, children[0].memory_info().rss / 1e6


def report() -> None:
    """Print a line a chapter, and the sum."""
    print(
        "Chapters from top to bottom: seconds by the clock, of processors, MB of the kernel, cells over 2 s"
    )
    print("  (a cell with a star showed no bar)")
    clock_s = 0.0
    for path in CHAPTERS:
        took = run_through(path)
        clock_s += took.clock_s
        cells = ", ".join(
            f"[{place}]{'' if place in took.with_bar else '*'} {s:.0f} s"
            for place, s in sorted(took.long_cells_s.items(), key=lambda cell: -cell[1])
        )
        print(
            f"  {path.stem:<22} {took.clock_s:5.0f} s   {took.cpu_s:5.0f} s   {took.mb:4.0f} MB   {cells}",
            flush=True,
        )
    print(f"  all of them            {clock_s:5.0f} s")


if __name__ == "__main__":
    report()
