"""Open the course in JupyterLab, with the course's own default settings.

`lab_settings/` holds them: defaults only, so whatever a reader changes in JupyterLab's own settings wins. Its folder
`kernels` starts a kernel so that no file beside a notebook stands for a library of the same name.
The window starts with the table of contents open. JupyterLab then keeps the reader's own arrangement of the
window in the folder `.lab`, apart from that of other projects.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from runner.environment import Environment
from runner.problems import SetupProblem
from runner.surroundings import KEPT, before, own_folders, surroundings

FIRST_PAGES = ("00_start_here.ipynb", "01_monolithic.ipynb")


def open_lab(environment: Environment, arguments: list[str]) -> int:
    """Start JupyterLab on the course's first page; `arguments` go to JupyterLab as they are."""
    root = environment.root
    options = [
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{first_page(root)}",
        f"--LabApp.workspaces_dir={arrangement(root)}",
    ]
    if own_folders(root):
        print(f"Your home folder cannot be written to. JupyterLab keeps its files in {KEPT}.", flush=True)
    variables = surroundings(root) | {
        "JUPYTER_CONFIG_PATH": before(root / "lab_settings", "JUPYTER_CONFIG_PATH")
    }
    return environment.call("-P", "-m", "jupyterlab", *options, *arguments, **variables)


def arrangement(root: Path) -> Path:
    """The folder with the arrangement of the window, the course's own at first. Raises `SetupProblem`."""
    folder = root / KEPT / "workspaces"
    try:
        if not folder.exists():
            shutil.copytree(root / "lab_settings" / "workspaces", folder)
    except OSError as error:
        raise SetupProblem(
            f"The folder of the course cannot be written to: {error}\n"
            "Copy the whole course to a folder of your own, and start it there."
        ) from error
    return folder


def first_page(root: Path) -> str:
    """The notebook the course opens with, as a path from the course's folder."""
    pages = [f"notebooks/{name}" for name in FIRST_PAGES]
    there = [page for page in pages if (root / page).exists()]
    return there[0] if there else "README.md"
