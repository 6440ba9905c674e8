"""What makes plain `pytest --nbval labs/...` safe: under `labs/` a test is a task, and the judge decides.

nbval alone compares a notebook with the outputs saved in it. A learner who saves a wrong answer would pass. Notebooks
elsewhere are left to nbval. pyproject.toml names this module, so pytest loads it for everybody.

>>> is_lab(Path("notebooks/01_monolithic.ipynb"), Path("."))
False
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from archlab.course.labs.lab import Lab
    from archlab.course.labs.verdict import LabVerdict


class TaskNotPassed(Exception):
    """A task of a lab is not solved. The message is what the check said."""


def pytest_configure(config: pytest.Config) -> None:
    """Let notebooks be compared as they are kept: without anybody's guesses (see `archlab.course.guess.store`), and
    without bars, which come only where a machine is slow (`archlab.sim.waiting`)."""
    if getattr(config.option, "nbval", False) or getattr(config.option, "nbval_lax", False):
        os.environ["ARCHLAB_GUESSES"] = "off"
        os.environ["ARCHLAB_PROGRESS"] = "off"


def is_lab(path: Path, root: Path) -> bool:
    """Whether a file is a lab of the course in the folder `root`."""
    labs = root.resolve() / "labs"
    return path.suffix == ".ipynb" and path.resolve().is_relative_to(labs)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, Any, Any]:
    """Put the judge in nbval's place where a lab is concerned."""
    collected = yield
    options = parent.config.option
    wanted = getattr(options, "nbval", False) or getattr(options, "nbval_lax", False)
    if wanted and is_lab(file_path, parent.config.rootpath):
        return [LabFile.from_parent(parent, path=file_path)]
    return collected


class LabFile(pytest.File):
    """A lab, judged once, when the first of its tasks is asked for."""

    @cached_property
    def labs(self) -> dict[str, Lab]:
        """All labs of the course."""
        from archlab.course.labs.lab import all_labs

        return all_labs(self.config.rootpath)

    @cached_property
    def verdict(self) -> LabVerdict:
        """What the judge says."""
        from archlab.course.labs.check import NO_SOLUTIONS, expected_lab
        from archlab.course.labs.judge import Judge
        from archlab.course.labs.verdict import LabVerdict

        if not self.labs:
            return LabVerdict("", problem=NO_SOLUTIONS)
        return Judge(self.labs).verdict(self.path, expected_lab(self.path, self.config.rootpath))

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each task of the lab that belongs into this folder; one for the file if there is none."""
        lab = self.labs.get(self.path.parent.name)
        for task in lab.checks if lab else ["lab"]:
            yield LabTask.from_parent(self, name=task)


class LabTask(pytest.Item):
    """A task of a lab."""

    parent: LabFile

    def runtest(self) -> None:
        """Fail with what the check said, unless the task is solved."""
        verdict = self.parent.verdict
        if verdict.problem:
            raise TaskNotPassed(verdict.problem)
        own = [task for task in verdict.tasks if task.task == self.name]
        if not (own or verdict.passed):
            raise TaskNotPassed(verdict.summary)
        if own and not own[0].passed:
            raise TaskNotPassed(own[0].said)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The words alone: a traceback of the judge would help nobody."""
        if isinstance(excinfo.value, TaskNotPassed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """How pytest names the test."""
        return self.path, None, f"task {self.name}"
