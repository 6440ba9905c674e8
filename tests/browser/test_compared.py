"""Outputs that JupyterLab saved are compared with those that are kept: what a reader sees must be the same."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.browser.compared import differences

PICTURE = '<img alt="a queue" src="data:image/png;base64,{}">'


def written(path: Path, *outputs: dict[str, Any]) -> Path:
    """A notebook with a cell for each output."""
    cells = [
        new_code_cell(
            f"show({number})", id=f"c{number}", outputs=[new_output("display_data", data, metadata={})]
        )
        for number, data in enumerate(outputs)
    ]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def differ(folder: Path, kept: dict[str, Any], saved: dict[str, Any]) -> list[str]:
    return differences(written(folder / "kept.ipynb", kept), written(folder / "saved.ipynb", saved))


@pytest.mark.parametrize(
    ("kept", "saved"),
    [
        ({"text/plain": "p99 12 ms"}, {"text/plain": "p99 13 ms"}),
        ({"text/html": PICTURE.format("AA")}, {"text/html": PICTURE.format("AA").replace("queue", "line")}),
        ({"application/json": {"limit": 3.0}}, {"application/json": {"limit": 3.5}}),
        ({"text/plain": "a"}, {"text/plain": "a", "text/html": "b"}),
    ],
)
def test_what_a_reader_would_see_is_named_with_its_cell(tmp_path: Path, kept, saved):
    (said,) = differ(tmp_path, kept, saved)
    assert said.startswith("`show(0)` shows")


@pytest.mark.parametrize(
    ("kept", "saved"),
    [
        ({"text/html": PICTURE.format("AA")}, {"text/html": PICTURE.format("BB")}),
        ({"application/json": {"limit": 3.0}}, {"application/json": {"limit": 3}}),
        ({"text/plain": "<Shop at 0x7f3a91c0d2e0>"}, {"text/plain": "<Shop at 0x7f3a91c0ffff>"}),
        ({"text/html": 'href="../archlab/shop.py"'}, {"text/html": 'href="../../../course/archlab/shop.py"'}),
    ],
)
def test_what_differs_between_machines_is_no_difference(tmp_path: Path, kept, saved):
    assert differ(tmp_path, kept, saved) == []


def test_a_cell_that_is_not_there_is_one(tmp_path: Path):
    both = written(tmp_path / "kept.ipynb", {"text/plain": "a"}, {"text/plain": "b"})
    one = written(tmp_path / "saved.ipynb", {"text/plain": "a"})
    assert len(differences(both, one)) == len(differences(one, both)) == 1
