"""Make `labs/` from `solutions/`, try the checks, or write the course for students: `python run.py labs`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum, is_solution

from archlab.course.arguments import at_least
from archlab.course.labs.anatomy import faults
from archlab.course.labs.answers import read_answers
from archlab.course.labs.bundle import bundle
from archlab.course.labs.lab import ROOT, read_lab, solution_paths
from archlab.course.labs.trial import margins, surprises, try_all
from archlab.course.labs.unsolved import generate, lab_path, stubs


def was_worked_in(lab: Path) -> bool:
    """Whether somebody has changed an answer cell since the lab was generated, or the file is no notebook."""
    try:
        notebook: NotebookNode = nbformat.read(lab, as_version=4)
        cells = [cell for cell in notebook.cells if is_solution(cell)]
        return any(cell.metadata.nbgrader.checksum != compute_checksum(cell) for cell in cells)
    except (OSError, ValueError, AttributeError, nbformat.ValidationError):
        return lab.exists()


def renew(solution: Path, force: bool = False) -> str:
    """Write the lab of a solution; return what was done, in one word. A lab with answers in it is kept."""
    lab, content = lab_path(solution), generate(solution)
    if lab.exists() and lab.read_text(encoding="utf-8") == content:
        return "unchanged"
    if not force and was_worked_in(lab):
        return "kept"
    lab.parent.mkdir(parents=True, exist_ok=True)
    lab.write_text(content, encoding="utf-8", newline="\n")
    return "written"


def shortcomings(solution: Path, seeds: Sequence[int]) -> list[str]:
    """What is wrong with a lab: with its form, and with what its checks accept and refuse under some seeds.

    Prints how much of their tolerances right answers use.
    """
    lab, answers = read_lab(solution), read_answers(solution)
    found = faults(lab, answers)
    if found:
        return found
    trials = try_all(lab, stubs(solution), answers, seeds)
    print(*(f"{lab.name}, {line}." for line in margins(trials)), sep="\n")
    return surprises(trials)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Make all labs, or try their checks. Returns an exit code: 1 when something is left for the author to do."""
    parser = argparse.ArgumentParser(prog="run.py labs", description="Make labs/ from solutions/.")
    parser.add_argument("--force", action="store_true", help="also overwrite labs with answers in them")
    parser.add_argument(
        "--try", dest="seeds", type=at_least(1), help="make nothing; try the checks with this many seeds"
    )
    parser.add_argument(
        "--for-students",
        type=Path,
        metavar="FOLDER",
        help="make nothing; write the course without its solutions",
    )
    options = parser.parse_args(arguments)
    solutions = solution_paths(root)
    if options.for_students:
        return write_bundle(options.for_students, root)
    if options.seeds:
        return report_shortcomings(solutions, range(1, options.seeds + 1))
    done = {path: renew(path, options.force) for path in solutions}
    for path, word in done.items():
        print(f"{lab_path(path).relative_to(root).as_posix()}: {word}")
    if "kept" in done.values():
        print(
            "A lab that was kept has answers in it. To overwrite it: python run.py labs --force",
            file=sys.stderr,
        )
    return int("kept" in done.values())


def write_bundle(folder: Path, root: Path) -> int:
    """Write the course for students, and return an exit code."""
    try:
        print(
            f"{bundle(folder, root)}: the course without its solutions. The checks under the tasks work there."
        )
    except (ValueError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def report_shortcomings(solutions: Sequence[Path], seeds: Sequence[int]) -> int:
    """Try the labs, print what is wrong with them, and return an exit code."""
    found = [fault for path in solutions for fault in shortcomings(path, seeds)]
    for fault in found:
        print(fault)
    print(f"{len(solutions)} labs tried with {len(seeds)} seeds: {len(found)} shortcomings.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
