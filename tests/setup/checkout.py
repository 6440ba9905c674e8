"""A folder as a checkout of git, with all of it committed."""

import shutil
import subprocess
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="changes are what git says")


def commit_all(folder: Path) -> None:
    """Make a folder a checkout, and commit what is in it."""
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init"], ["add", "."], ["commit", "-m", "the course"]):
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)
