"""Open the course in JupyterLab, with the course's own default settings.

`lab_settings/` holds them: defaults only, so whatever a reader changes in JupyterLab's own settings wins.
The window starts with the table of contents open. JupyterLab then keeps the reader's own arrangement of the
window in `.venv`, apart from that of other projects.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from runner.environment import Environment

FIRST_PAGES = ("00_start_here.ipynb", "01_monolithic.ipynb")


def open_lab(environment: Environment, arguments: list[str]) -> int:
    """Start JupyterLab on the course's first page; `arguments` go to JupyterLab as they are."""
    settings = environment.root / "lab_settings"
    arrangement = environment.folder / "workspaces"
    config_path = os.pathsep.join([str(settings), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])])
    options = [
        f"--ServerApp.root_dir={environment.root}",
        f"--LabApp.default_url=/lab/tree/{first_page(environment.root)}",
        f"--LabApp.workspaces_dir={arrangement}",
    ]
    if not arrangement.exists():
        shutil.copytree(settings / "workspaces", arrangement)
    return environment.call("-m", "jupyterlab", *options, *arguments, JUPYTER_CONFIG_PATH=config_path)


def first_page(root: Path) -> str:
    """The notebook the course opens with, as a path from the course's folder."""
    pages = [f"notebooks/{name}" for name in FIRST_PAGES]
    there = [page for page in pages if (root / page).exists()]
    return there[0] if there else "README.md"
