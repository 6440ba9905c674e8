"""One run at a time: the second says so, and a killed run blocks nobody."""

import subprocess
import sys
from pathlib import Path

import pytest

from archlab.course.labs import grade as grading
from archlab.course.labs.lock import Busy, held

HOLD = """
import sys
from pathlib import Path
from archlab.course.labs.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_of_another_process_is_respected_and_ends_with_it_even_when_it_is_killed(tmp_path: Path):
    lock = tmp_path / "lock"
    with holder(lock) as process:
        with pytest.raises(Busy), held(lock):
            pass
        process.kill()
        process.wait()
        with held(lock):
            pass
    assert not lock.exists()


def test_a_second_run_on_one_folder_says_so_and_changes_nothing(
    tmp_path: Path, example: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "anna.ipynb").write_text("{}")
    with held(tmp_path / ".results.csv.lock"):
        assert grading.main([str(tmp_path)], example) == 3
    assert "Another run is grading into" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["anna.ipynb"]
