"""The files of the course name nothing that exists on one machine only."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Composed, so that this file does not contain what it looks for.
MACHINE_FOLDERS = "|".join(["work", "root", "opt", "home", "tmp"])
MACHINE_PATH = re.compile(rf"(?<![\w.+/~-])/({MACHINE_FOLDERS})/\w")
SHARED_FOLDER = re.compile(re.escape("../" + "shared"))
REGISTRY = re.compile("|".join(re.escape(name + ".org") for name in ("pypi", "pythonhosted", "npmjs")))


def files_of_the_course() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("git lists the files of the course, and this folder is no git repository")
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


def text_files() -> list[tuple[str, str]]:
    found = []
    for path in files_of_the_course():
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((path.relative_to(ROOT).as_posix(), content.decode("utf-8")))
    return found


def mentions(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}: {match.group()}" for name, text in text_files() for match in [pattern.search(text)] if match
    ]


@pytest.mark.parametrize("pattern", [MACHINE_PATH, SHARED_FOLDER, REGISTRY])
def test_no_file_names_what_only_one_machine_has(pattern: re.Pattern[str]):
    assert mentions(pattern) == []


def test_the_patterns_find_what_they_look_for():
    for folder in MACHINE_FOLDERS.split("|"):
        assert MACHINE_PATH.search(f'open("/{folder}/x.csv")')
    assert not MACHINE_PATH.search("https://example.org/work/report.pdf")
    assert not MACHINE_PATH.search("#!/usr/bin/env bash")
    assert SHARED_FOLDER.search("see .." + "/shared/facts.md")


def test_text_files_end_their_lines_the_same_way_everywhere():
    assert [name for name, text in text_files() if "\r" in text] == []
