"""The toy of chapter 00 in JupyterLab: a hand on the slider starts it, the queue grows, and it can be stopped."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator

from archlab.course.notebooks import execute, normalise
from tests.browser.notebook_page import NotebookPage
from tests.browser.test_explorer_and_replay import described, picture, slider, until

CELL = "from archlab.chapters.start_here import queue_toy\n\nqueue_toy()"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook with the toy, as the course keeps it. It is run before there is a browser."""
    path = tmp_path_factory.mktemp("saved") / "toy.ipynb"
    notebook = new_notebook(cells=[new_code_cell(CELL, id="toy")])
    nbformat.write(normalise(execute(notebook, path.parent)), path)
    return path


@pytest.fixture(scope="module")
def opened(saved: Path, notebook_page: NotebookPage) -> NotebookPage:
    shutil.copy(saved, notebook_page.server.folder)
    notebook_page.open(saved.name)
    return notebook_page


@pytest.fixture
def toy(opened: NotebookPage) -> Locator:
    """The toy, begun again and standing still."""
    if not opened.cells()[0]["ran"]:
        opened.run_cell(0)
    output = opened.output(0)
    output.get_by_role("button", name="Begin again").click()
    until(opened, lambda: "At 14.4 s, load 60 %" in described(output))
    output.get_by_role("button", name="Play").wait_for()
    return output


def waiting(output: Locator) -> int:
    return int(described(output).split("%: ")[1].split(" wait")[0].replace(",", ""))


def test_saved_and_not_run_it_is_a_picture_and_says_how_to_play(opened: NotebookPage):
    output = opened.output(0)
    assert "At 14.4 s, load 60 %" in described(output)
    assert output.get_by_role("slider").count() == 0
    assert "Run this cell, then move the slider" in output.inner_text()


def test_a_key_on_the_slider_starts_it_and_the_queue_grows(opened: NotebookPage, toy: Locator):
    before = picture(toy)
    slider(toy, "Load").focus()
    opened.page.keyboard.press("End")
    until(opened, lambda: "load 120 %" in described(toy) and waiting(toy) > 12)
    assert picture(toy) != before
    assert toy.get_by_role("button", name="Pause").count() == 1


def test_paused_it_stands_still(opened: NotebookPage, toy: Locator):
    toy.get_by_role("button", name="Play").press("Enter")
    until(opened, lambda: "At 14.4 s" not in described(toy))
    toy.get_by_role("button", name="Pause").press("Enter")
    toy.get_by_role("button", name="Play").wait_for()
    opened.page.wait_for_timeout(500)
    before = picture(toy)
    opened.page.wait_for_timeout(1000)
    assert picture(toy) == before


def test_it_fits_on_a_laptops_screen(opened: NotebookPage, toy: Locator):
    room = opened.page.locator(".jp-WindowedPanel-outer").first.bounding_box()
    box = toy.bounding_box()
    assert room is not None
    assert box is not None
    assert box["height"] <= room["height"]
    assert toy.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_axe_finds_nothing_wrong(opened: NotebookPage, toy: Locator):
    assert toy.get_by_role("slider", name="Load").count() == 1
    assert opened.violations(".jp-OutputArea") == []


def test_nothing_is_asked_of_another_machine(opened: NotebookPage):
    assert opened.outside == []
