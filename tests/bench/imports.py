"""What the first cell of each chapter costs before anything is shown: processor seconds, and memory.

A chapter's first code cell imports what the chapter uses. It runs here in a fresh process, as in a fresh kernel, but
without Jupyter, which a kernel has loaded before. `tests/notebooks/test_imports.py` says what it must not load.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(ROOT.glob("notebooks/*.ipynb"))
ROUNDS = 5
COST = """
import json, psutil
process = psutil.Process()
print(json.dumps([sum(process.cpu_times()[:2]), process.memory_info().rss / 1e6]))
"""
"""Its last line of output: processor seconds of this process since its start, and MB of memory in use."""


def code_cells(notebook: Path) -> list[str]:
    """Return the sources of a notebook's code cells."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def after_first_cell(notebook: Path, then: str) -> str:
    """Run a notebook's first code cell and then `then` in a fresh process. Returns the last line it prints.

    Raises:
        CalledProcessError: when it fails.
    """
    program = f"{code_cells(notebook)[0]}\n{then}"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    return done.stdout.splitlines()[-1]


def cost(notebook: Path) -> tuple[float, float]:
    """Processor seconds and MB after the first cell of a notebook."""
    cpu_s, mb = json.loads(after_first_cell(notebook, COST))
    return cpu_s, mb


def report(rounds: int = ROUNDS) -> None:
    """Print the cost of each chapter's first cell: the medians of some rounds, the chapters in turn."""
    print("The first cell of each chapter: processor seconds and memory in a fresh process")
    costs = [[cost(chapter) for chapter in CHAPTERS] for _ in range(rounds)]
    for chapter, of_one in zip(CHAPTERS, zip(*costs, strict=True), strict=True):
        cpu_s, mb = (statistics.median(values) for values in zip(*of_one, strict=True))
        print(f"  {chapter.stem:<22} {cpu_s:5.2f} s   {mb:4.0f} MB   (under 150 MB is the aim)")


if __name__ == "__main__":
    report()
