"""What is saved of a live part is its still picture, which says how to make it live again; other widgets are left."""

import json
import tomllib
from pathlib import Path

import nbformat
import networkx as nx
import pandas as pd
import pytest
from jupyter_server.extension.manager import ExtensionPackage
from jupyter_server.services.contents.filemanager import FileContentsManager
from nbformat.v4 import new_code_cell, new_notebook, new_output

from archlab.chapters.choosing.claims_table import ClaimsTable
from archlab.chapters.start_here import queue_toy
from archlab.course import live
from archlab.course.explorer import Columns, explore
from archlab.course.guess import guess
from archlab.course.live import WIDGET_VIEW, leave_stills
from archlab.course.replay import replay
from archlab.sim import Poisson, Simulation, Station

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = live.__name__
VIEW = {"model_id": "7", "version_major": 2, "version_minor": 0}


def explorer():
    view = Columns("rate_per_s", ("p99_ms",))
    return explore(
        lambda rate_per_s: pd.DataFrame({"rate_per_s": [1, rate_per_s], "p99_ms": [1, 2]}),
        view,
        rate_per_s=(2, 9, 5),
    )


def incident():
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def handle(request):
        yield web.serve(0.02)

    sim.open_load(Poisson(20), handle)
    graph = nx.DiGraph([("customers", "web")])
    graph.add_node("web", part="web")
    return replay(sim.measure(duration_s=5), graph, "Nothing goes wrong")


def question():
    return guess("load.growth", "How many?", unit="times")


PARTS = (explorer, incident, queue_toy, question, ClaimsTable)


def save(folder: Path, *data: dict) -> list[dict]:
    """Save outputs as JupyterLab does, and return what is on the disk."""
    manager = FileContentsManager(root_dir=str(folder))
    manager.register_pre_save_hook(leave_stills)
    outputs = [new_output("display_data", one) for one in data]
    content = new_notebook(cells=[new_code_cell("show()", outputs=outputs)])
    manager.save({"type": "notebook", "content": content}, "page.ipynb")
    page = nbformat.read(folder / "page.ipynb", as_version=4)
    return [output.data for output in page.cells[0].outputs]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_a_live_part_is_saved_as_a_still_that_says_to_run_its_cell(part, tmp_path: Path):
    shown = part()._repr_mimebundle_()
    assert WIDGET_VIEW in shown
    (kept,) = save(tmp_path, shown)
    assert set(kept) == {"text/html", "text/plain"}
    assert "Run this cell" in kept["text/html"]


def test_a_widget_without_a_still_picture_is_saved_as_it_is(tmp_path: Path):
    bar = {WIDGET_VIEW: VIEW, "text/plain": "100 of 100"}
    assert save(tmp_path, bar) == [bar]


def test_what_is_no_notebook_is_saved_as_it_is():
    text = {"type": "file", "content": "cells"}
    old = {"type": "notebook", "content": {"nbformat": 3, "worksheets": []}}
    for model in (text, old):
        before = json.dumps(model)
        leave_stills(model=model, path="page", contents_manager=None)
        assert json.dumps(model) == before


def test_the_server_finds_the_extension_and_is_told_to_load_it():
    package = ExtensionPackage(name=EXTENSION)
    assert package.validate()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installed = ROOT / project["tool"]["flit"]["external-data"]["directory"]
    for folder in (ROOT / "lab_settings", installed / "etc" / "jupyter"):
        (path,) = (folder / "jupyter_server_config.d").glob("*.json")
        settings = json.loads(path.read_text(encoding="utf-8"))
        assert settings["ServerApp"]["jpserver_extensions"][EXTENSION]
