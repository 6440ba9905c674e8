"""The test command runs every stage, counts honestly, and fails when any stage failed."""

from pathlib import Path

import pytest

from runner import checks
from runner.checks import Outcome, Stage
from runner.environment import Environment
from tests.setup.checkout import commit_all, needs_git

CHAPTER, SOLUTION = "notebooks/01_x.ipynb", "solutions/01_x/01_x_lab.ipynb"
REPORT = '<testsuites><testsuite tests="10" failures="2" errors="1" skipped="3"/></testsuites>'


class FakeEnvironment(Environment):
    """An environment whose programs end with the exit codes it is given, in turn."""

    def __init__(self, root: Path, exit_codes: list[int]) -> None:
        super().__init__(root)
        self.exit_codes = exit_codes
        self.called: list[str] = []

    def call(self, *arguments: str, folder: Path | None = None, **more_variables: str) -> int:
        assert arguments[:2] == ("-P", "-m")
        self.called.append(arguments[2])
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


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with one chapter, its lab and its solution."""
    for place in (CHAPTER, SOLUTION, "labs/01_x/01_x_lab.ipynb", "archlab/__init__.py", "run.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    return tmp_path


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch):
    """As on a computer without a browser, unless a test says otherwise."""
    monkeypatch.setattr(checks, "find_chromium", lambda: None)


def test_where_there_is_a_browser_its_tests_run_the_chapters_and_nbval_does_not(course: Path, monkeypatch):
    monkeypatch.setattr(checks, "find_chromium", lambda: "/usr/bin/chromium")
    assert checks.stages(course)[-1].arguments[-1] == SOLUTION
    assert CHAPTER not in checks.stages(course)[-1].arguments
    assert checks.stages(course, reach={CHAPTER})[-1].arguments[-1] == CHAPTER


def test_notebooks_that_are_kept_with_their_outputs_are_compared_with_them(course: Path, tmp_path_factory):
    assert [stage.name for stage in checks.stages(tmp_path_factory.mktemp("empty"))][-1] == "tests"
    last = checks.stages(course)[-1]
    assert last.name == "notebooks"
    assert "--nbval" in last.arguments
    assert last.arguments[-2:] == (CHAPTER, SOLUTION)


def test_what_a_reader_puts_beside_the_course_is_not_judged_and_the_summary_says_so(course: Path, capsys):
    for name in (
        "notebooks/Untitled.ipynb",
        "notebooks/01_x-Copy1.ipynb",
        "solutions/01_x/mine.ipynb",
        "random.py",
    ):
        (course / name).write_text("import  os;")
    style, style_of_format, *_, notebooks = checks.stages(course)
    assert style.arguments == ("ruff", "check", "archlab", "solutions", "run.py", CHAPTER)
    assert style_of_format.arguments[3:] == style.arguments[2:]
    assert notebooks.arguments[-2:] == (CHAPTER, SOLUTION)
    assert checks.check_everything(FakeEnvironment(course, [0] * 6), []) == 0
    said = "random.py, notebooks/01_x-Copy1.ipynb, notebooks/Untitled.ipynb, solutions/01_x/mine.ipynb"
    assert f"Not judged, because no part of the course: {said}" in capsys.readouterr().out


def test_a_lab_that_was_worked_in_is_no_matter_of_style(course: Path):
    judged = [argument for stage in checks.stages(course) for argument in stage.arguments]
    assert not [argument for argument in judged if argument.startswith("labs")]


@needs_git
def test_files_of_the_course_that_were_changed_are_named(course: Path, capsys):
    commit_all(course)
    assert checks.whose(course) == []
    (course / CHAPTER).write_text("a number was changed")
    assert checks.whose(course) == [
        "Changed since the last commit, so a failure may come from there:",
        f"    {CHAPTER}",
        "",
    ]


def test_without_git_nothing_is_said_of_changes(course: Path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert checks.whose(course) == []


def test_an_argument_that_would_be_ignored_is_refused(tmp_path: Path):
    with pytest.raises(SystemExit) as ended:
        checks.check_everything(FakeEnvironment(tmp_path, []), ["tests/sim"])
    assert ended.value.code == 2
