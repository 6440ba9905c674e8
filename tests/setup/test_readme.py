"""What the README promises is there."""

import re
from pathlib import Path

import pytest

from archlab.course.kept import chapter_notebooks
from runner.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_commands_it_names_are_the_ones_there_are():
    assert set(re.findall(r"python run\.py (\w+)", README)) == set(COMMANDS)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_every_file_it_links_to_is_there(link: str):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("folder", re.findall(r"^\| `([\w/]+)/` \|", README, re.MULTILINE))
def test_every_folder_it_describes_is_there(folder: str):
    assert (ROOT / folder).is_dir()


def test_every_chapter_it_calls_present_is_there_and_no_other():
    rows = re.findall(r"^\| (\d\d) \|.*\| (\w+) \|$", README, re.MULTILINE)
    chapters = {path.name[:2] for path in chapter_notebooks(ROOT)}
    assert {number for number, state in rows if state == "here"} == chapters
