"""The look before a workshop: it ends with "ready", or with what to do."""

import socket
from collections.abc import Iterator

import pytest

from runner import ready
from runner.ready import Seen

Captured = pytest.CaptureFixture[str]


def all_well() -> Iterator[Seen]:
    yield Seen("Python", "3.12")


def too_small() -> Iterator[Seen]:
    yield Seen("disk", "1 MB free", "Make room on the disk.")


def broken() -> Iterator[Seen]:
    raise OSError("no such device")


def test_when_all_is_well_the_last_line_is_ready(capsys: Captured):
    assert ready.main([], [all_well, all_well]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "ready"


def test_when_something_is_not_the_last_line_says_once_what_to_do(capsys: Captured):
    assert ready.main([], [too_small, all_well, too_small]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "NOT OK disk        1 MB free"
    assert lines[-1] == "Not ready. Make room on the disk."


def test_what_cannot_be_looked_at_is_not_well_and_stops_no_other_look(capsys: Captured):
    assert ready.main([], [broken, all_well]) == 1
    said = capsys.readouterr().out
    assert "OSError: no such device" in said
    assert "3.12" in said


def test_an_argument_is_refused():
    with pytest.raises(SystemExit):
        ready.main(["now"], [])


def test_a_kernel_imports_the_course_runs_a_check_of_a_lab_and_draws():
    seen = {one.what: one for one in ready.kernel()}
    assert seen.keys() == ready.KERNEL.keys()
    assert [one.todo for one in seen.values()] == ["", "", ""]
    assert "compare: passed with seed 1" in seen["lab check"].said


def test_a_kernel_in_which_something_fails_is_not_well(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ready, "KERNEL", {"imports": "import no_such_library"})
    (seen,) = ready.kernel()
    assert "No module named 'no_such_library'" in seen.said
    assert seen.todo


def test_a_port_that_is_taken_is_passed_over(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(ready, "FIRST_PORT", taken.getsockname()[1])
        monkeypatch.setattr(ready, "PORTS", 1)
        (seen,) = ready.port()
        assert seen.todo
    (seen,) = ready.port()
    assert not seen.todo


@pytest.mark.parametrize(("free_mb", "is_enough"), [(1_249, False), (1_251, True)])
def test_free_memory_is_held_against_what_was_measured(
    free_mb: float, is_enough: bool, monkeypatch: pytest.MonkeyPatch
):
    class Free:
        available = free_mb * 1e6

    monkeypatch.setattr(ready.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(ready.psutil, "virtual_memory", Free)
    (seen,) = ready.memory()
    assert (seen.todo == "") is is_enough


def test_the_packages_and_the_course_of_this_environment_are_what_they_should_be():
    assert {one.what: one.todo for one in ready.packages()} == {"packages": "", "JupyterLab": ""}
