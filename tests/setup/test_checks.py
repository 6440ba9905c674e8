"""The test command runs every stage, counts honestly, and fails when any stage failed."""

from pathlib import Path

import pytest

from runner import checks
from runner.checks import Outcome, Stage
from runner.environment import Environment

REPORT = '<testsuites><testsuite tests="10" failures="2" errors="1" skipped="3"/></testsuites>'


class FakeEnvironment(Environment):
    """An environment whose programs end with the exit codes it is given, in turn."""

    def __init__(self, root: Path, exit_codes: list[int]) -> None:
        super().__init__(root)
        self.exit_codes = exit_codes
        self.called: list[str] = []

    def call(self, *arguments: str, **more_variables: str) -> int:
        self.called.append(arguments[1])
        return self.exit_codes.pop(0)


def test_a_failed_stage_stops_no_other_and_fails_the_whole(tmp_path: Path):
    environment = FakeEnvironment(tmp_path, [1, 0, 0, 0, 0])
    assert checks.check_everything(environment, []) == 1
    assert environment.called == ["ruff", "ruff", "mypy", "runner.import_contracts", "pytest"]


def test_when_every_stage_passes_the_whole_passes(tmp_path: Path, capsys):
    assert checks.check_everything(FakeEnvironment(tmp_path, [0, 0, 0, 0, 0]), []) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "5 passed, 0 failed, 0 skipped"


def test_imports_that_break_a_contract_fail_the_whole(tmp_path: Path, capsys):
    assert checks.check_everything(FakeEnvironment(tmp_path, [0, 0, 0, 1, 0]), []) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("layers") and "failed" in line for line in lines)
    assert lines[-1] == "4 passed, 1 failed, 0 skipped"


def test_the_counts_come_from_pytests_own_report(tmp_path: Path):
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert checks.counts(report) == (4, 3, 3)


def test_a_run_that_failed_without_a_failed_test_counts_as_one_failure(tmp_path: Path):
    outcome = checks.run_stage(FakeEnvironment(tmp_path, [3]), Stage("tests", ("pytest",)))
    assert (outcome.passed, outcome.failed) == (0, 1)


def test_the_last_line_sums_up_all_stages():
    stage = Stage("tests", ("pytest",))
    outcomes = [Outcome(stage, 0, 5, 0, 1, 0.1), Outcome(stage, 1, 2, 3, 0, 0.1)]
    assert checks.summary(outcomes).splitlines()[-1] == "7 passed, 3 failed, 1 skipped"


@pytest.mark.parametrize("place", ["notebooks/01_x.ipynb", "solutions/01_x/01_x_lab.ipynb"])
def test_a_notebook_that_is_kept_with_its_outputs_is_compared_with_them(tmp_path: Path, place: str):
    assert [stage.name for stage in checks.stages(tmp_path)][-1] == "tests"
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).touch()
    last = checks.stages(tmp_path)[-1]
    assert last.name == "notebooks"
    assert "--nbval" in last.arguments
    assert last.arguments[-1] == place


def test_an_argument_that_would_be_ignored_is_refused(tmp_path: Path):
    assert checks.check_everything(FakeEnvironment(tmp_path, []), ["tests/sim"]) == 2
