"""Which notebooks are the course's own. What else lies beside them belongs to a reader, and nobody judges it.

A chapter has a lab of the same name, so a copy, or a notebook of a reader's, is none.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     root = Path(folder)
...     for name in ("notebooks/01_x.ipynb", "notebooks/01_x-Copy1.ipynb", "solutions/01_x/01_x_lab.ipynb"):
...         (root / name).parent.mkdir(parents=True, exist_ok=True)
...         (root / name).touch()
...     [path.name for path in kept_notebooks(root)], [path.name for path in other_notebooks(root)]
(['01_x.ipynb', '01_x_lab.ipynb'], ['01_x-Copy1.ipynb'])
"""

from __future__ import annotations

from pathlib import Path

FOLDERS_OF_LABS = ("solutions", "labs")
"""Students have the second only."""


def chapter_notebooks(root: Path) -> list[Path]:
    """The chapters of the course in the folder `root`, in order."""
    found = sorted(root.glob("notebooks/*.ipynb"))
    return [path for path in found if any((root / labs / path.stem).is_dir() for labs in FOLDERS_OF_LABS)]


def solutions(root: Path) -> list[Path]:
    """The labs with their solutions, in order."""
    return [
        path
        for path in sorted(root.glob("solutions/*/*_lab.ipynb"))
        if path.stem == f"{path.parent.name}_lab"
    ]


def kept_notebooks(root: Path) -> list[Path]:
    """The notebooks that are kept with their outputs: the chapters and the solutions."""
    return [*chapter_notebooks(root), *solutions(root)]


def other_notebooks(root: Path) -> list[Path]:
    """The notebooks beside them, which are a reader's."""
    found = sorted([*root.glob("notebooks/*.ipynb"), *root.glob("solutions/*/*.ipynb")])
    return [path for path in found if path not in kept_notebooks(root)]
