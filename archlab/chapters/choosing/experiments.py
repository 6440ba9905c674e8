"""Where each claim was settled: the notebook, the heading of the experiment, and a link to it.

A chapter settles a claim with `claims.settle("pros.scalability", ...)`. The heading above that cell names the
experiment. The link leads to the cell of that heading by its id, which JupyterLab and exported HTML understand; a
heading's words would not do where they hold quotation marks, which a browser writes in another way than JupyterLab
looks for. On GitHub the notebook opens at its beginning, for there no cell has an address.

>>> found = experiments()["cqrs.definition.separate-read-and-write-models"]
>>> found.notebook, found.heading
('06_cqrs.ipynb', 'What does a command cost?')
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archlab.chapters.choosing.all_claims import NOTEBOOKS

if TYPE_CHECKING:  # reading and running notebooks loads much
    from nbformat import NotebookNode

SETTLE = "settle"


@dataclass(frozen=True)
class Experiment:
    """The experiment that settled a claim: the notebook's file name, the heading above, and the id of its cell."""

    notebook: str
    heading: str
    cell_id: str

    @property
    def link(self) -> str:
        """Relative, from one notebook of the course to the other."""
        return f"{self.notebook}#cell-id={self.cell_id}"


def experiments(notebooks: Mapping[str, Path] = NOTEBOOKS) -> dict[str, Experiment]:
    """Return the experiment of each claim by its id in the course. `notebooks`: pattern -> file.

    Raises:
        ValueError: when a claim is settled twice, or before the first heading.
    """
    found: dict[str, Experiment] = {}
    for pattern, path in notebooks.items():
        for claim, experiment in _settled(path):
            if f"{pattern}.{claim}" in found:
                raise ValueError(f"notebook is {path.name}; it must settle {claim} once, and does so twice")
            found[f"{pattern}.{claim}"] = experiment
    return found


def _settled(path: Path) -> Iterator[tuple[str, Experiment]]:
    """Yield the short ids that a notebook's cells settle, each with the heading above."""
    import nbformat

    above: tuple[str, str] | None = None
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            heading = _last_heading(cell)
            above = (heading, str(cell.id)) if heading else above
        elif cell.cell_type == "code":
            for claim in _settles(cell):
                if above is None:
                    raise ValueError(f"notebook is {path.name}; it must have a heading above {claim}")
                yield claim, Experiment(path.name, *above)


def _last_heading(cell: NotebookNode) -> str:
    """The last heading of a cell, without its signs; empty when it has none."""
    outside_code = "".join(cell.source.split("```")[::2])
    headings = [line.lstrip("#").strip() for line in outside_code.splitlines() if line.startswith("#")]
    return headings[-1].replace("`", "").replace("*", "") if headings else ""


def _settles(cell: NotebookNode) -> Iterator[str]:
    """The claims that a cell settles: the first argument of each call of something's `settle`."""
    code = "\n".join(line for line in cell.source.splitlines() if not line.lstrip().startswith(("%", "!")))
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant(value=str(claim)), *_]):
                if name == SETTLE:
                    yield claim
