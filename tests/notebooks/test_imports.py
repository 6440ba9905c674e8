"""A chapter's first cell loads what it needs, and leaves the libraries that are slow to load until they are used."""

import json
from pathlib import Path

import pytest

from tests.bench.imports import CHAPTERS, after_first_cell, code_cells

NOT_YET = {
    "cryptography",
    "dask",
    "distributed",
    "google.protobuf",
    "jupyter_client",
    "joblib",
    "jwt",
    "matplotlib",
    "nbclient",
    "nbformat",
    "networkx",
    "pygments.lexers.python",
    "scipy",
    "tqdm",
}
"""Each takes long to load, or much memory, and is used later in a chapter or not at all. Import such a library inside
the function that uses it; for annotations, import it under `if TYPE_CHECKING`. A cell may import one itself."""

DRAWN = {"00_start_here": {"matplotlib"}}
"""What the first cell of a chapter draws with."""

LOADED = "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_the_first_cell_loads_no_library_that_can_wait(chapter: Path):
    may = {line.removeprefix("import ") for line in code_cells(chapter)[0].splitlines()}
    loaded = set(json.loads(after_first_cell(chapter, LOADED)))
    assert {"archlab.sim", "pandas"} <= loaded
    early = (loaded & NOT_YET) - may - DRAWN.get(chapter.stem, set())
    assert early == set()
