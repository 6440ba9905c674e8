"""The lab that belongs to a solution: made with nbgrader's own preprocessors and the settings in `nbgrader_config.py`.

Solutions become stubs, outputs go, the frame and the checks are locked, and each cell gets its checksum. A teacher who
runs `nbgrader generate_assignment` gets the same files.

>>> lab_path(Path("solutions/01_x/01_x_lab.ipynb")).as_posix()
'labs/01_x/01_x_lab.ipynb'
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbgrader import preprocessors as steps
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from archlab.course.labs.lab import LABS, ROOT, read_lab

CONFIG_FILE = "nbgrader_config.py"
# Those of nbgrader's generate_assignment, in its order, without the one that writes to its database.
STEPS = (
    steps.LockCells,
    steps.ClearSolutions,
    steps.ClearOutput,
    steps.CheckCellMetadata,
    steps.ComputeChecksums,
    steps.ClearHiddenTests,
    steps.ClearMarkScheme,
    steps.ComputeChecksums,
    steps.CheckCellMetadata,
)


def settings() -> Config:
    """nbgrader's settings for the course."""
    return PyFileConfigLoader(CONFIG_FILE, path=str(ROOT)).load_config()


def generate(solution: Path) -> str:
    """The text of the lab that belongs to a solution notebook."""
    notebook = nbformat.read(solution, as_version=4)
    config = settings()
    for step in STEPS:
        notebook, _ = step(config=config).preprocess(notebook, {})
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


def stubs(solution: Path) -> dict[str, str]:
    """What a learner finds in the answer cell of each task."""
    notebook = nbformat.reads(generate(solution), as_version=4)
    cells = {cell.id: cell.source for cell in notebook.cells}
    return {task: cells[answer.cell.id] for task, answer in read_lab(solution).answers.items()}


def lab_path(solution: Path) -> Path:
    """Where the lab of a solution notebook goes."""
    folder = solution.parent
    return folder.parent.with_name(LABS) / folder.name / solution.name
