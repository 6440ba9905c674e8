"""Each claim leads to the heading of the experiment that settled it."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from archlab.chapters.choosing.all_claims import NOTEBOOKS
from archlab.chapters.choosing.experiments import experiments
from archlab.course.claims.claim import all_claims


@pytest.fixture(scope="module")
def found():
    return experiments()


@pytest.fixture(scope="module")
def cells():
    return {
        path.name: {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
        for path in NOTEBOOKS.values()
    }


def test_every_claim_has_a_cell_that_settles_it(found):
    assert set(found) == {claim.id for claim in all_claims()}


@pytest.mark.parametrize("claim", [claim.id for claim in all_claims()])
def test_the_link_resolves_to_a_heading_above_the_cell_that_settles_it(found, cells, claim):
    name, cell_id = re.fullmatch(r"(\d\d_\w+\.ipynb)#cell-id=([\w-]+)", found[claim].link).groups()
    there = cells[name]
    assert f"# {found[claim].heading}" in there[cell_id].source.replace("`", "").replace("*", "")
    order = list(there)
    short = claim.split(".", 1)[1]
    settling = [
        number
        for number, cell in enumerate(there.values())
        if f'"{short}"' in cell.source and "settle(" in cell.source
    ]
    assert settling
    assert order.index(cell_id) < settling[0]
    between = list(there.values())[order.index(cell_id) + 1 : settling[0]]
    assert not any(re.search(r"^#+ ", cell.source, re.M) for cell in between if cell.cell_type == "markdown")


def saved(folder: Path, *cells) -> dict[str, Path]:
    path = folder / "06_cqrs.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    return {"cqrs": path}


def test_a_claim_that_is_settled_twice_is_named(tmp_path):
    settle = 'claims.settle("pros.a", "Because.", x=1)'
    cells = [new_markdown_cell("## One"), new_code_cell(settle), new_code_cell(settle)]
    with pytest.raises(ValueError, match=r"06_cqrs\.ipynb; it must settle pros\.a once"):
        experiments(saved(tmp_path, *cells))


def test_a_claim_without_a_heading_above_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"must have a heading above pros\.a"):
        experiments(saved(tmp_path, new_code_cell('claims.settle("pros.a", "Because.", x=1)')))


def test_a_cell_that_is_gone_leaves_its_claim_without_an_experiment(tmp_path):
    source = NOTEBOOKS["cqrs"]
    notebook = nbformat.read(source, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if '"definition.eventual' not in cell.source]
    copy = tmp_path / source.name
    nbformat.write(notebook, copy)
    assert set(experiments({"cqrs": source})) - set(experiments({"cqrs": copy})) == {
        "cqrs.definition.eventual-consistency-between-models"
    }


def test_a_hash_in_a_block_of_code_is_no_heading(tmp_path):
    cells = [new_markdown_cell("## One\n```\n# no heading\n```"), new_code_cell('c.settle("pros.a", "B.")')]
    assert experiments(saved(tmp_path, *cells))["cqrs.pros.a"].heading == "One"
