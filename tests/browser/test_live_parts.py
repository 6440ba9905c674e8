"""Explorer, replay, toy, fields and filters: usable in every window, and still pictures once the kernel is gone."""

from collections.abc import Iterator

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from archlab.course.live import WIDGET_VIEW
from tests.browser.notebook_page import NotebookPage
from tests.browser.test_explorer_and_replay import KERNEL, MODEL, REPLAY, until

LONG = """
import pandas as pd
from archlab.course.explorer import Columns, explore

def figures(**values):
    return pd.DataFrame({"time_s": [1.0, 2.0], "p99_ms": [float(len(values)), 9.0]})

explore(figures, Columns("time_s", ("p99_ms",)), "Long names", answers_old_up_to_s=(0.0, 5.0, 1.0),
    a_queue_each_idle_while_others_wait_percent=(0, 100, 10), drop_older_than_s=(None, 0.8, 0.9, 1.0),
    fault_to_bear=("none", "one instance: ten times as slow", "a message that cannot be read", "a zone is down"))
"""
DECISION = """
from archlab.chapters.choosing import decide_explorer
from archlab.chapters.choosing.decide import Measured

ask = decide_explorer.asking(Measured.nothing())
explore(ask, view=decide_explorer.Costs(), title="What do you need?", **decide_explorer.RANGES)
"""
CLAIMS = "from archlab.chapters.choosing.claims_table import ClaimsTable\nClaimsTable()"
TOY = "from archlab.chapters.start_here import queue_toy\nqueue_toy()"
FIELDS = """
from archlab.course.guess import guess
display(guess("a", "From which second on is nobody who arrives answered in time, and how many are that?", unit="s"))
guess("b", "Which is slower on average?", choices=["varied work, with one queue for each server", "heavy tail"])
"""
CELLS = (MODEL, LONG, DECISION, CLAIMS, REPLAY, TOY, FIELDS)
PARTS = 7
SLIDERS = 2 + 7 + 1 + 1
WINDOWS = [(width, bar) for bar in (True, False) for width in (1280, 1024, 853, 768, 640, 512)]
"""How wide a window is, and whether the side bar is open. 640 pixels are half of 1280, or a zoom of 200 %."""
LEAST_PX = 120
SEEN = """() => [...document.querySelectorAll('.jp-OutputArea-output .archlab-panel')].flatMap(panel => {
  const edge = panel.parentElement.getBoundingClientRect();
  const found = panel.querySelectorAll('label, .widget-label, .widget-readout, button, input, img, table');
  return [...found].filter(part => part.getClientRects().length && part.clientWidth > 1).map(part => {
    const box = part.getBoundingClientRect();
    const isScrolled = part.closest('.archlab-table, .widget-output') !== null;
    return {
      what: part.textContent.trim().slice(0, 40) || part.tagName,
      isCut: part.matches('label, .widget-label, .widget-readout, button') &&
        (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 6),
      isBeyond: !isScrolled && (box.right > edge.right + 1 || box.left < edge.left - 1),
    };
  });
})"""
SLIDER_WIDTHS = (
    "() => [...document.querySelectorAll('.noUi-target')].map(e => e.getBoundingClientRect().width)"
)
TEXT = "() => document.querySelector('.jp-Notebook').innerText"


@pytest.fixture(scope="module")
def opened(notebook_page: NotebookPage) -> NotebookPage:
    """A notebook with every kind of live part, opened and run."""
    cells = [new_code_cell(cell.strip()) for cell in CELLS]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), notebook_page.server.folder / "live.ipynb")
    notebook_page.open("live.ipynb")
    notebook_page.run_all()
    assert [cell["errors"] for cell in notebook_page.cells()] == [[]] * len(CELLS)
    until(notebook_page, lambda: notebook_page.page.locator(".archlab-panel").count() == PARTS)
    until(notebook_page, lambda: len(notebook_page.page.evaluate(SLIDER_WIDTHS)) == SLIDERS)
    return notebook_page


@pytest.fixture(
    params=WINDOWS, ids=lambda window: f"{window[0]}-{'with' if window[1] else 'without'}-side-bar"
)
def window(opened: NotebookPage, request: pytest.FixtureRequest) -> Iterator[NotebookPage]:
    """The notebook in a window of some width."""
    width, bar = request.param
    page = opened.page
    page.evaluate(f"() => {{ window.jupyterapp.shell.{'expandLeft' if bar else 'collapseLeft'}(); }}")
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(700)
    yield opened
    page.set_viewport_size({"width": 1280, "height": 800})


def test_every_slider_can_be_dragged_and_no_word_is_cut_or_beyond_the_edge(window: NotebookPage):
    until(window, lambda: min(window.page.evaluate(SLIDER_WIDTHS)) >= LEAST_PX, timeout_s=10)
    seen = window.page.evaluate(SEEN)
    assert len(seen) > 50
    assert [part["what"] for part in seen if part["isCut"]] == []
    assert [part["what"] for part in seen if part["isBeyond"]] == []


def test_axe_finds_nothing_wrong_in_a_narrow_window(opened: NotebookPage):
    opened.page.set_viewport_size({"width": 640, "height": 800})
    opened.page.wait_for_timeout(700)
    assert opened.violations(".jp-OutputArea") == []
    opened.page.set_viewport_size({"width": 1280, "height": 800})


def test_saved_the_page_keeps_its_controls_and_the_file_holds_no_widget(opened: NotebookPage):
    for _ in range(2):
        opened.save()
        assert len(opened.page.evaluate(SLIDER_WIDTHS)) == SLIDERS
    text = (opened.server.folder / "live.ipynb").read_text(encoding="utf-8")
    assert WIDGET_VIEW not in text
    assert text.count("Run this cell") >= PARTS


def test_opened_without_its_kernel_it_shows_stills_that_say_to_run_the_cell(opened: NotebookPage):
    opened.save()
    opened.server.stop_kernels()
    opened.open("live.ipynb")
    until(opened, lambda: str(opened.page.evaluate(TEXT)).count("Run this cell") == PARTS)
    assert opened.page.locator(".archlab-panel").count() == 0
    assert "rror displaying widget" not in opened.page.evaluate(TEXT)
    stills = [opened.output(CELLS.index(part)).locator("img[alt]") for part in (LONG, DECISION, REPLAY, TOY)]
    assert [still.count() for still in stills] == [1, 1, 2, 1]
    assert opened.output(CELLS.index(CLAIMS)).get_by_role("row").count() == 1 + 100


def test_run_again_a_still_picture_becomes_live(opened: NotebookPage):
    number = CELLS.index(TOY)
    opened.run_cell(number)
    opened.output(number).get_by_role("slider", name="Load").wait_for()
