"""A lab in JupyterLab: its first check says what is missing, and with the answers written every check passes."""

from pathlib import Path

import nbformat
import pytest

from archlab.course.labs.lab import solution_paths
from archlab.course.labs.unsolved import generate
from tests.browser.notebook_page import NotebookPage

LABS = solution_paths()[:1]
"""The first one stands for all: every lab has the same frame, and nbval runs the others."""

RUN_TIMEOUT_S = 120


def opened(page: NotebookPage, text: str, name: str) -> list[dict]:
    """What the code cells of a notebook show after Run All."""
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, page.server.folder / name)
    page.open(name)
    page.run_all(RUN_TIMEOUT_S)
    cells = page.cells()
    page.server.stop_kernels()
    return cells


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_with_the_answers_written_every_cell_of_a_lab_runs(notebook_page: NotebookPage, lab: Path):
    cells = opened(notebook_page, lab.read_text(encoding="utf-8"), f"solved_{lab.name}")
    assert [cell for cell in cells if cell["errors"]] == []
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_run_all_on_an_unsolved_lab_stops_at_the_first_task(notebook_page: NotebookPage, lab: Path):
    cells = opened(notebook_page, generate(lab), f"unsolved_{lab.name}")
    assert sum(bool(cell["errors"]) for cell in cells) == 1
