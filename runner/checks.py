"""Every check of the course, one after the other: style, types, layers, tests, notebooks against their outputs."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from runner.environment import Environment

# More threads inside NumPy and SciPy only fight the two test processes for the same cores.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
TWO_WORKERS = ("-n", "2", "--dist", "loadscope")
NBVAL = (
    "--nbval",
    "--nbval-current-env",
    "--nbval-cell-timeout=600",
    "--nbval-sanitize-with=tests/notebooks/sanitize.cfg",
    "--continue-on-collection-errors",
)


@dataclass(frozen=True)
class Stage:
    """One check: its name, and the module and arguments that make it."""

    name: str
    arguments: tuple[str, ...]

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


def kept_notebooks(root: Path) -> list[str]:
    """The notebooks that are kept with their outputs, as paths from the course's folder."""
    found = [*root.glob("notebooks/*.ipynb"), *root.glob("solutions/*/*.ipynb")]
    return [path.relative_to(root).as_posix() for path in sorted(found)]


def stages(root: Path) -> list[Stage]:
    """The checks, in the order in which they run: the quick ones first."""
    notebooks = kept_notebooks(root)
    checks = [
        Stage("style", ("ruff", "check", ".")),
        Stage("format", ("ruff", "format", "--check", ".")),
        Stage("types", ("mypy",)),
        Stage("layers", ("runner.import_contracts",)),
        Stage("tests", ("pytest", "tests", "archlab", "--doctest-modules", *TWO_WORKERS)),
    ]
    if notebooks:
        checks.append(Stage("notebooks", ("pytest", *NBVAL, *TWO_WORKERS, *notebooks)))
    return checks


def check_everything(environment: Environment, arguments: list[str]) -> int:
    """Run every stage, whatever the ones before it came to, and sum up; exit code 0 when all passed."""
    if arguments:
        print(f"The command test takes no arguments, got {' '.join(arguments)}.", file=sys.stderr)
        return 2
    outcomes = [run_stage(environment, stage) for stage in stages(environment.root)]
    print("\n" + summary(outcomes), flush=True)
    return int(any(outcome.exit_code for outcome in outcomes))


def run_stage(environment: Environment, stage: Stage) -> Outcome:
    """Run one stage, its output going straight to the reader."""
    print(f"\n--- {stage.name}: {' '.join(stage.arguments)}", flush=True)
    start_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        extra = [f"--junitxml={report}"] if stage.counts_tests else []
        exit_code = environment.call("-m", *stage.arguments, *extra, **ONE_THREAD)
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


def summary(outcomes: list[Outcome]) -> str:
    """A line a stage, and the sums; a check that is no run of pytest counts as one test."""
    passed, failed, skipped = (
        sum(getattr(outcome, name) for outcome in outcomes) for name in ("passed", "failed", "skipped")
    )
    return "\n".join([*map(str, outcomes), f"{passed} passed, {failed} failed, {skipped} skipped"])
