"""What a cell has started ends with its kernel, also what has left it or has outlived it."""

import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from archlab.course.labs import kernel as watched
from archlab.course.labs.apart import Run, run_apart
from archlab.course.labs.kernel import Kernel
from archlab.course.labs.leftovers import end_processes_of

LONG_S = 300  # for a very busy machine; otherwise a matter of seconds
OURS = "ARCHLAB_TEST_OF_LEFTOVERS"

STARTS = """
import subprocess, sys, time
from pathlib import Path

def spin(number):
    Path(f"{number}.up").touch()
    while True:
        pass

def wait_for(*names):
    while not all(Path(name).exists() for name in names):
        time.sleep(0.05)

def in_a_session_of_its_own():
    code = "import pathlib, time; pathlib.Path('session.up').touch(); time.sleep(1000)"
    return subprocess.Popen([sys.executable, "-c", code], start_new_session=True)

def with_joblib():
    import joblib
    joblib.Parallel(n_jobs=2)(joblib.delayed(spin)(number) for number in range(2))
"""


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[psutil.Process]]]:
    """A function that gives all processes that this test has started and that still run."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv(OURS, mark)

    def ours() -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(OURS) == mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    yield ours
    for process in ours():
        process.kill()


def test_an_endless_sweep_with_joblib_that_was_stopped_leaves_no_worker(
    tmp_path: Path, running: Callable[[], list[psutil.Process]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watched, "PATIENCE_S", 1)
    deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    with Kernel(tmp_path) as kernel:
        assert kernel.run(STARTS, LONG_S).ended == "ok"
        assert kernel.run(f"{deaf}with_joblib()", LONG_S, work_s=4).ended == "too long"
        assert not running()
    assert (tmp_path / "0.up").exists()


def test_a_kernel_that_ended_itself_leaves_neither_workers_nor_a_program_in_a_session_of_its_own(
    tmp_path: Path, running: Callable[[], list[psutil.Process]]
):
    sweep = "import os, threading; threading.Thread(target=with_joblib, daemon=True).start()\n"
    leave = "in_a_session_of_its_own(); wait_for('0.up', '1.up', 'session.up'); os._exit(1)"
    kernel = Kernel(tmp_path)
    assert kernel.run(STARTS + sweep + leave, LONG_S).ended == "died"
    assert running()
    kernel.stop()
    assert not running()


def test_when_the_process_that_watches_the_kernel_is_killed_nothing_goes_on(
    running: Callable[[], list[psutil.Process]],
):
    attack = (
        "in_a_session_of_its_own(); wait_for('session.up')\nimport psutil; psutil.Process().parent().kill()"
    )
    assert "ended with code" in run_apart([Run(seed=1, sources=(STARTS + attack,))], matter=[]).broken
    assert not running()


def test_when_the_grading_is_killed_what_it_has_started_ends_by_itself(
    tmp_path: Path, running: Callable[[], list[psutil.Process]]
):
    waits = f"import pathlib, time; pathlib.Path({str(tmp_path / 'up')!r}).touch(); time.sleep(1000)"
    code = f"from archlab.course.labs.apart import *; run_apart([Run(1, ({waits!r},))], [])"
    grading = subprocess.Popen([sys.executable, "-c", code])
    while not (tmp_path / "up").exists():
        assert grading.poll() is None
        time.sleep(0.1)
    grading.kill()
    grading.wait()
    _, alive = psutil.wait_procs(running(), timeout=LONG_S)
    assert not alive


def test_nothing_else_is_ended(tmp_path: Path, running: Callable[[], list[psutil.Process]]):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE):
        assert end_processes_of(tmp_path) == 0
        assert len(running()) == 1
