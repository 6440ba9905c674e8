"""One set-up at a time; who waits says so; a lock ends with its process."""

import subprocess
import sys
from pathlib import Path

import pytest

from runner.environment import ROOT
from runner.locking import only_one
from runner.problems import SetupProblem

TAKE = """
import sys
from pathlib import Path
from runner.locking import only_one
with only_one(Path(sys.argv[1]), "waiting for the other"):
    print("mine", flush=True)
    if sys.argv[2] == "keep":
        sys.stdin.read()
"""


def taker(lock: Path, what_then: str) -> subprocess.Popen[str]:
    """A process that takes the lock and says so; then it ends, or keeps it until its input ends."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", TAKE, str(lock), what_then], cwd=ROOT, text=True, **pipes)


@pytest.mark.parametrize("end", [lambda first: first.kill(), lambda first: first.stdin.close()])
def test_a_second_one_says_that_it_waits_until_the_first_has_ended_however_it_ended(tmp_path: Path, end):
    with taker(tmp_path / "lock", "keep") as first:
        assert first.stdout.readline() == "mine\n"
        with taker(tmp_path / "lock", "end") as second:
            waits = second.stderr.readline()
            end(first)
            assert second.stdout.readline() == "mine\n"
    assert waits == "waiting for the other\n"


def test_the_file_of_a_lock_that_is_over_blocks_nobody(tmp_path: Path, capsys):
    for _ in range(2):
        with only_one(tmp_path / "lock", "waiting"):
            assert (tmp_path / "lock").exists()
    assert capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(SetupProblem, match="cannot be written to"), only_one(tmp_path / "file" / "lock", ""):
        pytest.fail("there is no such folder")
