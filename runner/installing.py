"""Put the pinned packages into an environment: with uv, which is fast, or with pip where uv cannot do it.

What uv has done counts only when all packages are then there as pinned, because its settings may send them elsewhere.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from runner.installer_settings import (
    only_pip_knows_the_mirror,
    pip_variables,
    settings_of_pip,
    uv_variables,
    without_another_python,
)
from runner.interpreter import look_at, run_quietly
from runner.problems import SetupProblem

NETWORK_ERRORS = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|"
    r"dns error|name resolution|not known|getaddrinfo|unreachable|tcp connect|error sending request|"
    r"timed out|Connection refused|Failed to establish a new connection",
    re.IGNORECASE,
)
PINNED = ("install", "--quiet", "--no-deps")


class Installer:
    """Installs what the file `lock` pins for the interpreter `python`: from the folder `wheels` if that is given."""

    def __init__(self, python: Path, lock: Path, wheels: Path | None = None) -> None:
        self.python = python
        self.lock = lock
        self.wheels = wheels
        self.source = () if wheels is None else ("--no-index", "--find-links", str(wheels))
        self.settings: dict[str, str] = {}

    def install(self) -> None:
        """Install all packages. Raises `SetupProblem` when that fails, with what the installer said last."""
        if self.wheels is None:
            print("Fetching the packages ...", flush=True)
            self.settings = settings_of_pip(self.python)
        else:
            print(f"Installing the packages from the folder {self.wheels.name} ...", flush=True)
        if not self.with_uv():
            self.raise_unless_installed(self.pip(*PINNED, "-r", str(self.lock)))
        self.raise_unless_whole()

    def with_uv(self) -> bool:
        """Try uv; False when pip must do it. Raises `SetupProblem` when there is no network for either."""
        if only_pip_knows_the_mirror(self.settings):
            return False
        fetched = self.pip(*PINNED, "--retries", "1", pinned(self.lock, "uv"))
        if is_network_error(fetched):
            self.raise_unless_installed(fetched)
        if (
            fetched.returncode
            or self.uv(*PINNED, "--python", str(self.python), "-r", str(self.lock)).returncode
        ):
            return False
        return not self.differing()

    def differing(self) -> str:
        """The packages that are not there as pinned, in words; an empty text when all are."""
        found = look_at(self.python, self.lock, without_another_python(uv_variables()))
        return found.problem or str(found)

    def raise_unless_whole(self) -> None:
        """Raise `SetupProblem` when the installer was content and packages are missing all the same."""
        if differing := self.differing():
            raise SetupProblem(
                f"The packages could not be installed. The installer put them elsewhere: {differing}.\n"
                "Look for settings of pip or uv that change where packages go."
            )

    def pip(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the environment's pip; it knows where packages come from, and nothing else of its user's settings."""
        return self.module(pip_variables(self.settings), "pip", *arguments, *self.source)

    def uv(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the environment's uv."""
        return self.module(uv_variables(), "uv", "pip", *arguments, *self.source)

    def module(self, variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a module of the environment and keep what it says."""
        return run_quietly([str(self.python), "-P", "-m", *arguments], self.lock.parent, variables)

    def raise_unless_installed(self, process: subprocess.CompletedProcess[str]) -> None:
        """Raise `SetupProblem` when an installer failed, with its last lines."""
        if process.returncode == 0:
            return
        if "no-index" in self.settings:
            reason = (
                "The packages could not be installed. pip has the setting no-index, which forbids to fetch any.\n"
                "Take it away: unset PIP_NO_INDEX, or pip config unset global.no-index."
            )
        elif is_network_error(process):
            reason = "The packages could not be fetched. Is this computer connected to the internet?"
        else:
            reason = "The packages could not be installed."
        lines = [
            line for line in process.stderr.splitlines() if line.strip() and not line.startswith("WARNING")
        ]
        last_lines = "\n".join("    " + line for line in lines[-4:])
        raise SetupProblem(f"{reason}\nRun the same command to try again. The installer said:\n{last_lines}")


def pinned(lock: Path, name: str) -> str:
    """The requirement `name==version` as the lock file pins it."""
    match = re.search(rf"^{re.escape(name)}==[^\s;]+", lock.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise SetupProblem(f"{lock.name} does not pin {name}. Restore the file and try again.")
    return match.group()


def is_network_error(process: subprocess.CompletedProcess[str]) -> bool:
    """Whether an installer failed because it could not reach the network."""
    return process.returncode != 0 and NETWORK_ERRORS.search(process.stderr) is not None
