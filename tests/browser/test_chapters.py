"""Every chapter opens in JupyterLab with its answers hidden, runs from top to bottom there and shows them, asks nothing
of other machines, and comes to the outputs that are kept with it. So where there is a browser, each chapter runs once.
"""

import shutil
from pathlib import Path

import pytest

from archlab.course.hidden import ANSWER
from archlab.course.kept import chapter_notebooks
from tests.browser.compared import differences
from tests.browser.jupyter_lab import ROOT
from tests.browser.notebook_page import NotebookPage

CHAPTERS = chapter_notebooks(ROOT)
RUN_TIMEOUT_S = 1200


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_opens_without_its_answers_runs_and_shows_what_is_kept(
    notebook_page: NotebookPage, chapter: Path
):
    folder = notebook_page.server.folder / "notebooks"
    folder.mkdir(exist_ok=True)
    shutil.copy(chapter, folder)
    notebook_page.open(f"notebooks/{chapter.name}")
    answers = [number for number, cell in enumerate(notebook_page.cells()) if ANSWER in cell["tags"]]
    assert answers
    assert all(notebook_page.cells()[number]["hidden"] for number in answers)
    notebook_page.run_all(RUN_TIMEOUT_S)
    cells = notebook_page.cells()
    heights = [(notebook_page.output(number).bounding_box() or {"height": 0})["height"] for number in answers]
    notebook_page.save()
    notebook_page.server.stop_kernels()
    assert [cell for cell in cells if cell["errors"]] == []
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not any(cells[number]["hidden"] for number in answers)
    assert min(heights) > 0
    assert notebook_page.outside == []
    assert differences(chapter, folder / chapter.name) == []
