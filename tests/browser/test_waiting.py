"""Whoever waits for many runs sees how far they are, and nothing of it is left when they are done."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from archlab.course.notebooks import read
from archlab.sim.waiting import AFTER_S
from tests.browser.notebook_page import NotebookPage
from tests.browser.test_explorer_and_replay import KERNEL, until

RUNS = f"""
import time
from pathlib import Path
import joblib
from archlab.sim.parallel import in_parallel

def run(number):
    time.sleep({AFTER_S / 2})
    while number == 3 and not Path("go on").exists():
        time.sleep(0.05)
    return number

print(sum(in_parallel(joblib.delayed(run)(number) for number in range(4))), "is the sum")
"""
"""The last of four runs waits until somebody lets it go on."""


@pytest.fixture
def waiting(notebook_page: NotebookPage) -> Iterator[NotebookPage]:
    """A notebook whose only cell is at its last run."""
    folder = notebook_page.server.folder
    nbformat.write(new_notebook(cells=[new_code_cell(RUNS.strip())], metadata=KERNEL), folder / "runs.ipynb")
    notebook_page.open("runs.ipynb")
    notebook_page.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    until(notebook_page, lambda: "3 of 4 runs" in notebook_page.output(0).inner_text())
    yield notebook_page
    (folder / "go on").unlink(missing_ok=True)


def test_a_bar_shows_how_many_runs_are_done_and_goes_away(waiting: NotebookPage):
    bar = waiting.output(0).locator("progress")
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("3", "4")
    assert waiting.violations(".jp-OutputArea") == []
    folder: Path = waiting.server.folder
    (folder / "go on").touch()
    until(waiting, lambda: "6 is the sum" in waiting.output(0).inner_text())
    assert waiting.output(0).inner_text().strip() == "6 is the sum"
    assert waiting.output(0).locator("progress").count() == 0
    waiting.save()
    shown = [output for output in read(folder / "runs.ipynb").cells[0].outputs if "data" in output]
    assert [set(output["data"].values()) for output in shown] == [{""}]
