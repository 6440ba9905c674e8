"""Every check of the course, one after the other: style, types, layers, tests, notebooks against their outputs.

What is judged is the course, not what a reader has put beside it (see `archlab.course.kept`). Where a reader has
changed a file of the course, that is judged with the rest, and the summary names it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from archlab.course.kept import kept_notebooks, other_notebooks
from runner.browser import find_chromium
from runner.environment import Environment
from runner.reach import NothingToCompareWith, changed_files, new_files, reached
from runner.surroundings import compiled, surroundings

# More threads inside NumPy and SciPy only fight the two test processes for the same cores.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
CODE = ("archlab", "runner", "solutions", "tests", "nbgrader_config.py", "run.py")
"""What style and format look at, with the chapters. Labs are made from solutions, and then worked in."""
NEARLY_ALL = 400
"""More files than this make a command line too long for some systems, and are most of the course."""
TWO_WORKERS = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")  # `tests/conftest.py` orders them
NBVAL = (
    "--nbval",
    "--nbval-cell-timeout=600",
    "--nbval-sanitize-with=tests/notebooks/sanitize.cfg",
    "--continue-on-collection-errors",
)


@dataclass(frozen=True)
class Stage:
    """One check: its name, and the module and arguments that make it."""

    name: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: {' '.join(self.arguments)}"

    @property
    def counts_tests(self) -> bool:
        """Whether the check is a run of pytest, which reports how many tests passed."""
        return self.arguments[0] == "pytest"


@dataclass(frozen=True)
class Outcome:
    """What a stage came to: its exit code, how many tests passed, failed and were skipped, and its time."""

    stage: Stage
    exit_code: int
    passed: int
    failed: int
    skipped: int
    duration_s: float

    def __str__(self) -> str:
        word = "failed" if self.exit_code else "ok"
        counts = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return f"{self.stage.name:<14} {word:<7} {self.duration_s:6.1f} s   " + (
            counts if self.stage.counts_tests else ""
        )


def stages(root: Path, reach: set[str] | None = None) -> list[Stage]:
    """The checks, in the order in which they run: the quick ones first.

    `reach`: the files that a change can reach. Then only their tests, doctests and notebooks are run. None: all.
    """
    notebooks = names(kept_notebooks(root), root)
    code = [
        name for name in (*CODE, *notebooks) if not name.startswith("solutions/") and (root / name).exists()
    ]
    checks = [
        Stage("style", ("ruff", "check", *code)),
        Stage("format", ("ruff", "format", "--check", *code)),
        Stage("types", ("mypy",)),
        Stage("layers", ("runner.import_contracts",)),
    ]
    tested = ["tests", "archlab"] if reach is None else sorted(filter(has_tests, reach))
    if tested:
        checks.append(Stage("tests", ("pytest", *tested, "--doctest-modules", *TWO_WORKERS)))
    judged = [name for name in notebooks if (is_left_to_nbval(name) if reach is None else name in reach)]
    if judged:
        checks.append(Stage("notebooks", ("pytest", *NBVAL, *TWO_WORKERS, *judged)))
    return checks


def is_left_to_nbval(name: str) -> bool:
    """Whether a notebook is run by nbval. Where there is a browser, its tests run the chapters, and compare outputs."""
    return not name.startswith("notebooks/") or find_chromium() is None


def has_tests(name: str) -> bool:
    """Whether a file may hold tests or doctests."""
    return name.endswith(".py") and name.startswith(("tests/", "archlab/"))


def names(paths: list[Path], root: Path) -> list[str]:
    """Paths as a reader writes them from the course's folder."""
    return [path.relative_to(root).as_posix() for path in paths]


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    takes = argparse.ArgumentParser(prog="run.py test", description="Run every check of the course.")
    takes.add_argument(
        "--changed",
        nargs="?",
        const="HEAD",
        metavar="COMMIT",
        help="run only what your changes since a commit can reach (default: the last one)",
    )
    return takes


def check_everything(environment: Environment, arguments: list[str]) -> int:
    """Run every stage, whatever the ones before it came to, and sum up; exit code 0 when all passed."""
    since = parser().parse_args(arguments).changed
    try:
        reach = None if since is None else reach_of_changes(environment.root, since)
    except NothingToCompareWith as problem:
        print(f"{problem}. Run all checks: python run.py test", file=sys.stderr)
        return 2
    outcomes = [run_stage(environment, stage) for stage in stages(environment.root, reach)]
    print("\n".join(["", *whose(environment.root), summary(outcomes)]), flush=True)
    return int(any(outcome.exit_code for outcome in outcomes))


def run_stage(environment: Environment, stage: Stage) -> Outcome:
    """Run one stage, its output going straight to the reader."""
    print(f"\n--- {stage}", flush=True)
    start_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        extra = [f"--junitxml={report}"] if stage.counts_tests else []
        variables = surroundings(environment.root) | ONE_THREAD | compiled(Path(folder) / "compiled")
        exit_code = environment.call("-P", "-m", *stage.arguments, *extra, **variables)
        passed, failed, skipped = counts(report) if report.exists() else (int(exit_code == 0), 0, 0)
    failed = failed or int(exit_code != 0)
    return Outcome(stage, exit_code, passed, failed, skipped, time.monotonic() - start_s)


def counts(report: Path) -> tuple[int, int, int]:
    """How many tests passed, failed and were skipped, from pytest's report in JUnit's form."""
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    total, failures, errors, skipped = (
        sum(int(suite.get(name, "0")) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    return total - failed - skipped, failed, skipped


def reach_of_changes(root: Path, since: str) -> set[str] | None:
    """The files that the changes since a commit can reach; None, and a word about it, when that is nearly all."""
    changed = [*changed_files(root, since), *new_files(root)]
    reach = reached(root, changed)
    if reach is None or len(reach) > NEARLY_ALL:
        print("Your changes can reach nearly all of the course, so all of it is checked.", flush=True)
        return None
    print(f"{len(changed)} changed files can reach {len(reach)}.", flush=True)
    return reach


def whose(root: Path) -> list[str]:
    """What a reader should know about the files: what was not judged, and what is not as it was committed."""
    others = names([*other_modules(root), *other_notebooks(root)], root)
    try:
        changed = changed_files(root)
    except NothingToCompareWith:
        changed = []
    lines = [f"Not judged, because no part of the course: {', '.join(others)}"] if others else []
    if changed:
        lines.append("Changed since the last commit, so a failure may come from there:")
        lines += [f"    {name}" for name in changed]
    return [*lines, ""] if lines else []


def other_modules(root: Path) -> list[Path]:
    """The modules in the course's folder that are no part of it. Some may be in the way of the type checker."""
    return [path for path in sorted(root.glob("*.py")) if path.name not in CODE]


def summary(outcomes: list[Outcome]) -> str:
    """A line a stage, and the sums; a check that is no run of pytest counts as one test."""
    passed, failed, skipped = (
        sum(getattr(outcome, name) for outcome in outcomes) for name in ("passed", "failed", "skipped")
    )
    return "\n".join([*map(str, outcomes), f"{passed} passed, {failed} failed, {skipped} skipped"])
