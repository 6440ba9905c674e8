"""The table of all claims in JupyterLab: buttons and words filter it, and a row leads to its experiment."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator

from archlab.course.notebooks import KERNEL
from tests.browser.notebook_page import NotebookPage
from tests.browser.test_explorer_and_replay import until

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CELL = "from archlab.chapters.choosing.claims_table import ClaimsTable\n\nClaimsTable()"
SHOWN = "window.jupyterapp.shell.currentWidget.title.label"


@pytest.fixture(scope="module")
def opened(notebook_page: NotebookPage) -> NotebookPage:
    """A notebook with the table, beside the chapters that its rows lead to, and run."""
    folder = notebook_page.server.folder
    for chapter in NOTEBOOKS.glob("0[1-6]_*.ipynb"):
        shutil.copy(chapter, folder)
    notebook = new_notebook(cells=[new_code_cell(CELL, id="claims")], metadata={"kernelspec": KERNEL})
    nbformat.write(notebook, folder / "claims.ipynb")
    notebook_page.open("claims.ipynb")
    notebook_page.run_cell(0)
    return notebook_page


@pytest.fixture
def table(opened: NotebookPage) -> Locator:
    """The table with no filter set."""
    output = opened.output(0)
    for button in output.get_by_role("button", name="All", exact=True).all():
        button.click()
    output.get_by_label("Words").fill("")
    until(opened, lambda: "100 of 100 claims" in output.inner_text())
    return output


def rows(table: Locator) -> list[str]:
    return table.locator("tbody tr").all_inner_texts()


def test_all_hundred_are_there(table: Locator):
    assert len(rows(table)) == 100


def test_buttons_and_words_filter_it(opened: NotebookPage, table: Locator):
    table.get_by_role("button", name="Layered").click()
    table.get_by_role("button", name="Does not hold").click()
    until(opened, lambda: table.get_by_role("status").inner_text() == "1 of 100 claims")
    (row,) = rows(table)
    assert "layered" in row
    assert "Does not hold" in row
    table.get_by_label("Words").fill("no such words")
    until(opened, lambda: table.get_by_role("status").inner_text() == "0 of 100 claims")
    assert rows(table) == []


def test_a_key_presses_a_button(opened: NotebookPage, table: Locator):
    table.get_by_role("button", name="Cqrs").focus()
    opened.page.keyboard.press("Space")
    until(opened, lambda: table.get_by_role("status").inner_text() == "3 of 100 claims")


def test_nothing_is_wrong_for_those_who_cannot_see_it(opened: NotebookPage, table: Locator):
    assert opened.violations(".jp-OutputArea") == []


def test_a_row_leads_to_its_experiment(opened: NotebookPage, table: Locator):
    table.get_by_role("button", name="Layered").click()
    until(opened, lambda: "11 of 100 claims" in table.inner_text())
    table.locator("tbody tr a").first.click()
    until(opened, lambda: opened.page.evaluate(SHOWN) == "04_layered.ipynb")
    assert opened.outside == []
