"""The environment that the course's commands run in: the one run.py was started from, or the folder `.venv`.

A virtual or conda environment that has what the course needs is used as it is. Otherwise the course makes `.venv` from
requirements-lock.txt, once, and makes it again when the pins or the course's place on the disk have changed. An
environment that is whole is never given up for one that is not: where a new one cannot be made, the old one is used.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from runner.installer_settings import without_another_python
from runner.installing import Installer
from runner.interpreter import Found, look_at, runs_in_an_environment
from runner.locking import only_one
from runner.making import add_course, check_place, check_venv_is_possible, create
from runner.problems import SetupProblem
from runner.stamp import Stamp, hash_of, name_of, read_stamp
from runner.swapping import recover, refuse_foreign, replaced
from runner.wheels import usable_wheels

__all__ = ["ROOT", "Environment", "SetupProblem"]

ROOT = Path(__file__).resolve().parent.parent
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
WAITING = "Another run.py is setting up the course in this folder. Waiting for it ..."


class Environment:
    """The environment of the course whose files are in `root`."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.lock = root / "requirements-lock.txt"
        self.is_own = True

    @property
    def python(self) -> Path:
        """The environment's interpreter, wherever this system puts it."""
        if not self.is_own:
            return Path(sys.executable)
        if os.name == "nt":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def variables(self) -> dict[str, str]:
        """The variables a program of the environment starts with: its own programs are found first."""
        path = os.pathsep.join([str(self.python.parent), os.environ.get("PATH", "")])
        if not self.is_own:
            return {**os.environ, "PATH": path}
        return {**without_another_python(os.environ), "PATH": path, "VIRTUAL_ENV": str(self.folder)}

    def call(self, *arguments: str, folder: str | Path | None = None, **more_variables: str) -> int:
        """Run the environment's Python, in the course's folder or in `folder`, and return the exit code.

        Ctrl-C reaches the program too, which may ask back or go on, so this waits for its end in any case.
        Raises `KeyboardInterrupt` when the program ended with an error after it.
        """
        command = [str(self.python), *arguments]
        variables = {**self.variables(), **more_variables}
        process = subprocess.Popen(command, cwd=folder or self.root, env=variables)
        interrupted = False
        while True:
            try:
                exit_code = process.wait()
            except KeyboardInterrupt:
                interrupted = True
            else:
                break
        if interrupted and exit_code:
            raise KeyboardInterrupt
        return exit_code

    def ensure(self) -> None:
        """Choose the environment, and make it unless it is ready. Raises `SetupProblem` when that is not possible."""
        self.is_own = not self.was_started_from_one_that_will_do()
        if not self.is_own:
            return
        aside = self.root / ".venv-aside"
        if not self.is_ready() or aside.exists():
            check_place(self.root)
            with only_one(self.root / ".venv-lock", WAITING):
                recover(self.folder, aside)
                refuse_foreign(self.folder)
                if not self.is_ready():
                    self.renew(aside)
        self.say_which_python()

    def was_started_from_one_that_will_do(self) -> bool:
        """Whether run.py was started from another environment that has the course's packages as pinned."""
        if not runs_in_an_environment() or Path(sys.prefix).resolve() == self.folder.resolve():
            return False
        found = look_at(Path(sys.executable), self.root / "requirements.txt", os.environ)
        if found.course != self.root.resolve():
            return False
        if found.differing:
            print(
                f"This environment knows the course, but not with the pinned packages: {found}.\n"
                "So the course uses its own, in .venv. To use this one: python -m pip install -r requirements.txt",
                file=sys.stderr,
            )
        return not found.differing

    def wanted_stamp(self, *, finished: bool = True) -> Stamp:
        """What the stamp of an environment says that is made now."""
        return Stamp(hash_of(self.lock), name_of(self.root), PYTHON, finished)

    def is_ready(self) -> bool:
        """Whether the environment is there, whole, and made from today's pins in this place, with any Python."""
        stamp = read_stamp(self.folder)
        if stamp is None or not self.has_an_interpreter():
            return False
        wanted = self.wanted_stamp()
        return stamp.finished and (stamp.pins, stamp.place) == (wanted.pins, wanted.place)

    def has_an_interpreter(self) -> bool:
        """Whether the interpreter is there, and the Python that it was made from, too."""
        try:
            text = (self.folder / "pyvenv.cfg").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return False
        home = re.search(r"^home\s*=\s*(.+)$", text, re.MULTILINE)
        return self.python.exists() and home is not None and Path(home[1].strip()).is_dir()

    def say_which_python(self) -> None:
        """Say it when the environment has another Python than the one that runs this."""
        stamp = read_stamp(self.folder)
        if stamp and stamp.python not in ("", PYTHON):
            print(
                f"The environment .venv has Python {stamp.python} and is used as it is. "
                f"For one with Python {PYTHON}, delete the folder .venv first.",
                file=sys.stderr,
            )

    def renew(self, aside: Path) -> None:
        """Make the environment anew. When that fails and the one before still works, say so and use that one."""
        if self.folder.exists():
            print("The folder .venv is half made or out of date. Making it again.", flush=True)
        try:
            with replaced(self.folder, aside):
                self.make()
        except SetupProblem as problem:
            if not self.still_works():
                raise
            print(
                f"{problem}\n\nUntil then the environment made earlier is used. It is out of date.",
                file=sys.stderr,
            )

    def still_works(self) -> bool:
        """Whether an environment that is out of date has all that the course imports, in whatever version."""
        if not self.has_an_interpreter():
            return False
        found = self.found()
        return found.course == self.root.resolve() and not found.missing

    def found(self) -> Found:
        """What the environment has of the course."""
        return look_at(self.python, self.root / "requirements.txt", self.variables())

    def make(self) -> None:
        """Make the environment from nothing. The stamp comes first, and again last, when all is there."""
        check_venv_is_possible()
        print("Setting up the course in .venv (once; a minute or less on a good connection).", flush=True)
        create(self.folder, self.wanted_stamp(finished=False))
        Installer(self.python, self.lock, usable_wheels(self.root, self.lock)).install()
        add_course(self.folder)
        self.raise_unless_it_imports_the_course()
        self.wanted_stamp().write(self.folder)
        print("The environment is ready.\n", flush=True)

    def raise_unless_it_imports_the_course(self) -> None:
        """Raise `SetupProblem` when the new environment does not find the course in this folder."""
        found = self.found()
        if found.course != self.root.resolve():
            raise SetupProblem(
                f"The new environment cannot import the course: {found.problem or found.course or 'not found'}.\n"
                "Move the folder of the course to a place with a plain name, such as your home folder."
            )
