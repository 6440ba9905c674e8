"""The course as students get it: all but the solutions and what only its authors need.

The checks under the tasks work there, because they are part of the package. Grading needs the solutions, and so does
`python run.py check`.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     sorted(path.name for path in bundle(Path(folder)).iterdir() if path.is_dir())
['archlab', 'data', 'images', 'lab_settings', 'labs', 'notebooks', 'runner']
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from archlab.course.labs.lab import ROOT, solution_paths
from archlab.course.labs.unsolved import generate, lab_path

FOLDERS = ("archlab", "data", "images", "lab_settings", "notebooks", "runner")
FILES = (
    "LICENSE",
    "README.md",
    "environment.yml",
    "pyproject.toml",
    "requirements-lock.txt",
    "requirements.txt",
    "run.py",
)
TO_WHAT_STAYS = re.compile(r"\[([^\]]*)\]\((?:solutions|teaching|tests)/[^)]*\)")
"""A link of the README to what students do not get. Its words stay."""
LEFT_BEHIND = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".guesses.json*", ".*_cache")


def bundle(folder: Path, root: Path = ROOT) -> Path:
    """Write the course without its solutions into `folder`, and return it. The labs are new: nobody's answers in them.

    Raises:
        ValueError: when `folder` is a file or has something in it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"folder is {folder}; it must be new, or empty")
    for name in FOLDERS:
        shutil.copytree(root / name, folder / name, ignore=LEFT_BEHIND, dirs_exist_ok=True)
    for name in FILES:
        shutil.copy(root / name, folder / name)
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(TO_WHAT_STAYS.sub(r"\1", text), encoding="utf-8", newline="\n")
    for solution in solution_paths(root):
        lab = folder / lab_path(solution).relative_to(root)
        lab.parent.mkdir(parents=True)
        lab.write_text(generate(solution), encoding="utf-8", newline="\n")
    return folder
