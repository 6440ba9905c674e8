"""Explorer and replay in JupyterLab: by keyboard alone, readable aloud, on a laptop's screen, without the web."""

import csv
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Locator

from tests.browser.notebook_page import NotebookPage

MODEL = """
from archlab.sim import Crash, Exponential, Poisson, Simulation, Station

def shop(rate_per_s, workers, discipline="fifo"):
    if rate_per_s > 100 * workers:
        raise ValueError(f"rate_per_s is {rate_per_s}; that is too much for {workers} workers")
    sim = Simulation(seed=1)
    web = Station(sim, "web", workers, discipline=discipline)
    service_s = sim.draws("service", Exponential(0.02))

    def handle(request):
        yield web.serve(service_s())

    sim.open_load(Poisson(rate_per_s), handle)
    sim.inject(Crash("web", at_s=8, restart_after_s=4))
    return sim.measure(duration_s=20)
"""
EXPLORER = """
from archlab.course.explorer import explore
explore(shop, title="One station", rate_per_s=(1, 200, 80), workers=(1, 8, 2), discipline=("fifo", "lifo"))
"""
REPLAY = """
import networkx as nx
from archlab.course.replay import replay

graph = nx.DiGraph([("customers", "web")])
graph.add_node("customers", kind="client", part=None)
graph.add_node("web", kind="process", part="web")
replay(shop(80, 2), graph, "A crash stops everything")
"""
PLAIN = "6 * 7"
SLOW = """
import time
def slow_shop(workers):
    time.sleep(1.0 if workers > 2 else 0)
    return shop(80, workers)

explore(slow_shop, title="A slow one", workers=(1, 8, 2))
"""
CELLS = (MODEL, EXPLORER, REPLAY, PLAIN, SLOW)
EXPLORER_CELL, REPLAY_CELL, SLOW_CELL = 1, 2, 4
FOCUSED = """() => {
  const on = document.activeElement;
  if (on.getAttribute("role") === "slider") return on.getAttribute("aria-label") + " [slider]";
  return on.textContent.trim();
}"""
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}


@pytest.fixture(scope="module")
def opened(notebook_page: NotebookPage) -> NotebookPage:
    """A small notebook with an explorer and a replay, opened and run."""
    cells = [new_markdown_cell("# A test"), *(new_code_cell(cell.strip()) for cell in CELLS)]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), notebook_page.server.folder / "test.ipynb")
    notebook_page.open("test.ipynb")
    notebook_page.run_all(timeout_s=600)
    for number in (EXPLORER_CELL, REPLAY_CELL):
        notebook_page.output(number).locator("img").wait_for()
    return notebook_page


@pytest.fixture
def explorer(opened: NotebookPage) -> Locator:
    """The explorer's output, as it was at first."""
    output = opened.output(EXPLORER_CELL)
    output.get_by_role("button", name="Reset").click()
    until(opened, lambda: described(output).count("Now (rate 80 requests/s, workers 2") == 1)
    until(opened, lambda: "A (" not in described(output))
    return output


@pytest.fixture
def replay(opened: NotebookPage) -> Locator:
    return opened.output(REPLAY_CELL)


def until(page: NotebookPage, condition: Callable[[], bool], timeout_s: float = 300) -> None:
    """Wait until something is so in the page; fail when it does not become so."""
    for _ in range(int(timeout_s / 0.05)):
        if condition():
            return
        page.page.wait_for_timeout(50)
    pytest.fail(f"it did not become so within {timeout_s} s")


def described(output: Locator) -> str:
    return output.locator("img").first.get_attribute("alt") or ""


def picture(output: Locator) -> str:
    return output.locator("img").first.get_attribute("src") or ""


def slider(output: Locator, name: str) -> Locator:
    return output.get_by_role("slider", name=name)


def test_run_all_runs_every_cell_without_an_error(opened: NotebookPage):
    cells = opened.cells()
    assert [cell["errors"] for cell in cells] == [[]] * len(CELLS)
    assert [cell["count"] for cell in cells] == [1, 2, 3, 4, 5]


def test_a_slider_moved_by_keyboard_changes_picture_and_table(opened: NotebookPage, explorer: Locator):
    before = picture(explorer)
    slider(explorer, "Rate").focus()
    for key in ("ArrowRight", "ArrowRight", "PageUp", "End", "ArrowLeft"):
        opened.page.keyboard.press(key)
    until(opened, lambda: "rate 199 requests/s" in described(explorer))
    assert picture(explorer) != before
    row = explorer.get_by_role("row").nth(1).inner_text().split()
    assert row[:4] == ["now", "199", "2", "fifo"]


def test_a_choice_made_by_keyboard_changes_the_picture(opened: NotebookPage, explorer: Locator):
    discipline = explorer.get_by_role("group", name="Discipline")
    discipline.get_by_role("button", name="lifo").press("Enter")
    until(opened, lambda: "discipline lifo" in described(explorer))
    assert discipline.get_by_role("button", name="lifo", pressed=True).count() == 1
    assert discipline.get_by_role("button", name="fifo", pressed=False).count() == 1


def test_the_controls_follow_each_other_under_the_tab_key(opened: NotebookPage, explorer: Locator):
    slider(explorer, "Rate").focus()
    names = []
    for _ in range(9):
        opened.page.keyboard.press("Tab")
        names.append(opened.page.evaluate(FOCUSED))
    order = ["Workers [slider]", "fifo", "lifo", "Pin this run", "Reset", "Download CSV"]
    assert [name for name in names if name in order] == order


def test_a_pinned_run_stays_until_reset(opened: NotebookPage, explorer: Locator):
    explorer.get_by_role("button", name="Pin this run").press("Enter")
    until(opened, lambda: "A (rate 80 requests/s" in described(explorer))
    slider(explorer, "Workers").press("End")
    until(opened, lambda: "Now (rate 80 requests/s, workers 8" in described(explorer))
    assert "A (rate 80 requests/s, workers 2" in described(explorer)
    assert explorer.get_by_role("row").count() == 3
    explorer.get_by_role("button", name="Reset").press("Enter")
    until(opened, lambda: explorer.get_by_role("row").count() == 2)


def test_the_figures_can_be_downloaded(opened: NotebookPage, explorer: Locator, tmp_path: Path):
    with opened.page.expect_download() as waiting:
        explorer.get_by_role("link", name="Download CSV").press("Enter")
    path = tmp_path / "runs.csv"
    waiting.value.save_as(path)
    (row,) = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    assert (row["run"], row["rate_per_s"], row["workers"]) == ("now", "80", "2")
    assert float(row["p99_ms"]) > float(row["p50_ms"]) > 0


def test_values_that_do_not_fit_together_are_told_in_the_models_words(
    opened: NotebookPage, explorer: Locator
):
    slider(explorer, "Workers").press("Home")
    slider(explorer, "Rate").press("End")
    alert = explorer.get_by_role("alert")
    alert.wait_for()
    assert "rate_per_s is 200; that is too much for 1 workers" in alert.inner_text()


def test_the_replay_plays_and_pauses(opened: NotebookPage, replay: Locator):
    slider(replay, "Time").press("Home")
    until(opened, lambda: "At 0 s" in described(replay))
    before = picture(replay)
    replay.get_by_role("button", name="Play").press("Enter")
    until(opened, lambda: float(slider(replay, "Time").get_attribute("aria-valuenow") or 0) > 0.5)
    assert picture(replay) != before
    replay.get_by_role("button", name="Pause").press("Enter")
    replay.get_by_role("button", name="Play").wait_for()


def test_the_replay_is_scrubbed_by_keyboard_and_finds_the_worst_moment(opened: NotebookPage, replay: Locator):
    slider(replay, "Time").press("End")
    until(opened, lambda: "At 19.9 s" in described(replay))
    replay.get_by_role("button", name="Worst moment").press("Enter")
    until(opened, lambda: "At 19.9 s" not in described(replay))
    assert "At " in described(replay)


def test_a_slow_run_is_said_beside_the_sliders_and_dims_the_picture(opened: NotebookPage):
    output = opened.output(SLOW_CELL)
    output.locator("img").wait_for()
    slider(output, "Workers").press("End")
    said = output.get_by_role("status")
    said.wait_for()
    assert "Simulating" in said.inner_text()
    top, first = said.bounding_box(), slider(output, "Workers").bounding_box()
    assert top is not None
    assert first is not None
    assert 0 <= first["y"] - top["y"] <= 60
    assert output.locator(".archlab-waiting").evaluate("e => getComputedStyle(e).opacity") == "0.35"
    until(opened, lambda: "workers 8" in described(output))
    until(opened, lambda: output.locator(".archlab-waiting").count() == 0)
    until(opened, lambda: said.count() == 0)


@pytest.mark.parametrize(("width", "height"), [(1280, 640), (640, 800)])
def test_the_table_is_seen_with_the_sliders_in_a_small_window(
    opened: NotebookPage, explorer: Locator, width: int, height: int
):
    opened.page.set_viewport_size({"width": width, "height": height})
    try:
        opened.page.wait_for_timeout(500)
        room = opened.page.locator(".jp-WindowedPanel-outer").first.bounding_box()
        (table,) = [t.bounding_box() for t in explorer.locator("table").all() if t.is_visible()]
        first = slider(explorer, "Rate").bounding_box()
        assert room is not None
        assert table is not None
        assert first is not None
        assert room["x"] <= table["x"]
        assert table["x"] + table["width"] <= room["x"] + room["width"]
        assert table["y"] + table["height"] - first["y"] <= room["height"]
        assert explorer.evaluate("e => e.scrollWidth <= e.clientWidth")
    finally:
        opened.page.set_viewport_size({"width": 1280, "height": 800})


def test_the_title_stands_above_the_controls(opened: NotebookPage, explorer: Locator):
    title = explorer.get_by_text("One station", exact=True).bounding_box()
    first = slider(explorer, "Rate").bounding_box()
    assert title is not None
    assert first is not None
    assert title["y"] < first["y"]


@pytest.mark.parametrize("cell", [EXPLORER_CELL, REPLAY_CELL])
def test_all_of_it_fits_on_a_laptops_screen(opened: NotebookPage, cell: int):
    room = opened.page.locator(".jp-WindowedPanel-outer").first.bounding_box()
    output = opened.output(cell).bounding_box()
    assert room is not None
    assert output is not None
    assert output["height"] <= room["height"]
    assert output["x"] + output["width"] <= room["x"] + room["width"]
    assert opened.output(cell).evaluate("e => e.scrollWidth <= e.clientWidth")


def test_axe_finds_nothing_wrong(opened: NotebookPage, explorer: Locator, replay: Locator):
    explorer.get_by_role("button", name="Pin this run").click()
    until(opened, lambda: "A (rate" in described(explorer))
    assert opened.violations(".jp-OutputArea") == []


def test_nothing_is_asked_of_another_machine(opened: NotebookPage):
    assert opened.outside == []
