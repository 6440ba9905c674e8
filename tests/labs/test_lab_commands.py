"""The commands for labs take files from wherever their user is."""

import os
from pathlib import Path

import pytest

from runner.commands import COMMANDS
from runner.environment import Environment


class Recording(Environment):
    """An environment that runs nothing and remembers what it should have run."""

    def call(self, *arguments: str, **more_variables: str) -> int:
        self.called = arguments
        return 0


@pytest.mark.parametrize("name", ["check", "grade"])
def test_files_are_named_from_the_users_folder_and_options_stay_as_they_are(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    environment = Recording(tmp_path)
    COMMANDS[name].run(environment, ["mine.ipynb", "--jobs", "2", "--out", "marks.csv"])
    here = [os.path.join(os.getcwd(), file) for file in ("mine.ipynb", "marks.csv")]
    assert environment.called == (
        "-m",
        f"archlab.course.labs.{name}",
        here[0],
        "--jobs",
        "2",
        "--out",
        here[1],
    )
