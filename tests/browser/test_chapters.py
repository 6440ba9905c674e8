"""Every chapter opens in JupyterLab, runs from top to bottom there, and asks nothing of other machines."""

import shutil
from pathlib import Path

import pytest

from tests.browser.jupyter_lab import ROOT
from tests.browser.notebook_page import NotebookPage

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
RUN_TIMEOUT_S = 1200


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_opens_and_every_cell_runs_without_an_error(notebook_page: NotebookPage, chapter: Path):
    folder = notebook_page.server.folder / "notebooks"
    folder.mkdir(exist_ok=True)
    shutil.copy(chapter, folder)
    notebook_page.open(f"notebooks/{chapter.name}")
    notebook_page.run_all(RUN_TIMEOUT_S)
    cells = notebook_page.cells()
    notebook_page.server.stop_kernels()
    assert [cell for cell in cells if cell["errors"]] == []
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert notebook_page.outside == []
