"""An explorer and a replay in a saved notebook: the same after every run, and readable where nothing runs."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook

from archlab.course.live import WIDGET_VIEW
from archlab.course.notebooks import execute, normalise

ROOT = Path(__file__).resolve().parents[3]
CELLS = (
    """
import networkx as nx
from archlab.course.explorer import explore
from archlab.course.replay import replay
from archlab.sim import Crash, Poisson, Simulation, Station

def shop(rate_per_s):
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def handle(request):
        yield web.serve(0.02)

    sim.open_load(Poisson(rate_per_s), handle)
    sim.inject(Crash("web", at_s=4, restart_after_s=2))
    return sim.measure(duration_s=10)

graph = nx.DiGraph([("customers", "web")])
graph.add_node("web", part="web")
""",
    'explore(shop, title="One station", rate_per_s=(1, 60, 20)).pin().set(rate_per_s=40)',
    'replay(shop(40), graph, "A crash stops everything")',
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook as the course keeps it."""
    page = new_notebook(cells=[new_code_cell(cell.strip(), id=f"cell-{k}") for k, cell in enumerate(CELLS)])
    path = tmp_path_factory.mktemp("notebooks") / "moving.ipynb"
    nbformat.write(normalise(execute(page, path.parent)), path)
    return path


def test_a_second_run_changes_no_byte(saved: Path):
    page = nbformat.read(saved, as_version=4)
    again = normalise(execute(nbformat.read(saved, as_version=4), saved.parent))
    assert nbformat.writes(again) == nbformat.writes(page)


def test_what_is_saved_has_pictures_with_words_and_no_widget(saved: Path):
    first, second = (cell.outputs[0].data for cell in nbformat.read(saved, as_version=4).cells[1:])
    for data in (first, second):
        assert WIDGET_VIEW not in data
        assert set(data) == {"text/html", "text/plain"}
    assert first["text/plain"].startswith("One station.")
    assert "A (rate 20 requests/s): completed" in first["text/plain"]
    assert (first["text/html"].count("<img alt="), second["text/html"].count("<img alt=")) == (1, 2)
    assert saved.stat().st_size < 400_000


def test_nbval_finds_the_outputs_again(saved: Path):
    cleaner = ROOT / "tests" / "notebooks" / "sanitize.cfg"
    options = [
        "--nbval",
        "--nbval-current-env",
        f"--nbval-sanitize-with={cleaner}",
        "-p",
        "no:cacheprovider",
        "-q",
    ]
    command = [sys.executable, "-m", "pytest", *options, str(saved)]
    run = subprocess.run(command, cwd=saved.parent, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_a_page_made_of_it_shows_pictures_and_table(saved: Path):
    html, _ = HTMLExporter().from_filename(str(saved))
    assert html.count('<img alt="One station.') == 1
    assert html.count('<img alt="A crash stops everything.') == 1
    assert "Throughput [requests/s]" in html
