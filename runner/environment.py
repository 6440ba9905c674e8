"""The folder `.venv`: made from requirements-lock.txt, and made again when it is no longer right.

A stamp, written last, says what the environment was made from. When the stamp is missing, the environment is
half made; when it differs, the pins, the Python version or the course's place on the disk have changed. In
both cases the folder is removed and made anew, which is simpler than mending it and takes under a minute.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NETWORK_ERRORS = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|"
    r"dns error|name resolution|not known|getaddrinfo|unreachable|tcp connect|error sending request|"
    r"timed out",
    re.IGNORECASE,
)


class SetupProblem(Exception):
    """The environment cannot be made. The message says why and what to do, in plain words."""


class Environment:
    """The virtual environment of the course whose files are in `root`."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.lock = root / "requirements-lock.txt"
        self.stamp = self.folder / "made-from.txt"

    @property
    def python(self) -> Path:
        """The environment's interpreter, wherever this system puts it."""
        if os.name == "nt":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def wanted_stamp(self) -> str:
        """What a finished environment's stamp says: the pins, the Python version and the place."""
        pins = hashlib.sha256(self.lock.read_bytes()).hexdigest()
        return f"{pins} python{sys.version_info[0]}.{sys.version_info[1]} {self.root}\n"

    def is_ready(self) -> bool:
        """Whether the environment is there, whole, and made from today's pins."""
        try:
            return self.python.exists() and self.stamp.read_text(encoding="utf-8") == self.wanted_stamp()
        except OSError:
            return False

    def variables(self) -> dict[str, str]:
        """The variables a program of the environment starts with: its own programs are found first."""
        path = os.pathsep.join([str(self.python.parent), os.environ.get("PATH", "")])
        return {**os.environ, "PATH": path, "VIRTUAL_ENV": str(self.folder)}

    def call(self, *arguments: str, **more_variables: str) -> int:
        """Run the environment's Python in the course's folder and return the exit code.

        Ctrl-C reaches the program too, which may ask back or go on, so this waits for its end in any case.
        Raises `KeyboardInterrupt` when the program ended with an error after it.
        """
        command = [str(self.python), *arguments]
        process = subprocess.Popen(command, cwd=self.root, env={**self.variables(), **more_variables})
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
        """Make the environment unless it is ready."""
        if not self.is_ready():
            self.make()

    def make(self) -> None:
        """Make the environment from nothing. Raises `SetupProblem` when that is not possible."""
        check_venv_is_possible()
        if self.folder.exists():
            print("The folder .venv is half made or out of date. Making it again.", flush=True)
        remove(self.folder)
        print("Setting up the course in .venv (once; a minute or less on a good connection).", flush=True)
        self.create()
        self.install_packages()
        self.install_course()
        self.stamp.write_text(self.wanted_stamp(), encoding="utf-8")
        print("The environment is ready.\n", flush=True)

    def create(self) -> None:
        """Make an empty virtual environment with pip in it."""
        import venv

        try:
            venv.create(self.folder, with_pip=True, symlinks=os.name != "nt")
        except (OSError, subprocess.CalledProcessError) as error:
            raise SetupProblem(f"Python could not make a virtual environment in .venv: {error}") from error

    def install_packages(self) -> None:
        """Install the pinned packages with uv, which is fast, or with pip where uv cannot be had."""
        print("Fetching the packages ...", flush=True)
        uv = self.pip("install", "--quiet", "--retries", "1", pinned(self.lock, "uv"))
        if uv.returncode == 0:
            installed = self.uv("pip", "install", "--python", str(self.python), "-r", str(self.lock))
        elif is_network_error(uv):
            installed = uv
        else:
            installed = self.pip("install", "--quiet", "-r", str(self.lock))
        raise_unless_installed(installed)

    def install_course(self) -> None:
        """Install the package `archlab` itself, so that it follows the files in this folder."""
        raise_unless_installed(
            self.pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(self.root))
        )

    def pip(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the environment's pip."""
        return self.module("pip", *arguments)

    def uv(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the environment's uv."""
        return self.module("uv", *arguments)

    def module(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a module of the environment and keep what it says."""
        command = [str(self.python), "-m", *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)


def check_venv_is_possible() -> None:
    """Raise `SetupProblem` when this Python comes without venv or ensurepip."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise SetupProblem(
            f"This Python has no {' and no '.join(missing)}, which makes virtual environments.\n"
            "On Debian and Ubuntu: sudo apt install python3-venv\n"
            "Elsewhere: install Python from python.org."
        )


def remove(folder: Path) -> None:
    """Delete a folder and all in it, if it exists."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SetupProblem(
            f"The folder {folder.name} could not be removed: {error}\n"
            "Close JupyterLab and every program that uses it, then try again."
        ) from error


def pinned(lock: Path, name: str) -> str:
    """The requirement `name==version` as the lock file pins it."""
    match = re.search(rf"^{re.escape(name)}==[^\s;]+", lock.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise SetupProblem(f"{lock.name} does not pin {name}. Restore the file and try again.")
    return match.group()


def is_network_error(process: subprocess.CompletedProcess[str]) -> bool:
    """Whether an installer failed because it could not reach the network."""
    return NETWORK_ERRORS.search(process.stderr) is not None


def raise_unless_installed(process: subprocess.CompletedProcess[str]) -> None:
    """Raise `SetupProblem` when an installer failed, with its last lines."""
    if process.returncode == 0:
        return
    if is_network_error(process):
        reason = "The packages could not be fetched. Is this computer connected to the internet?"
    else:
        reason = "The packages could not be installed."
    lines = [line for line in process.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
    last_lines = "\n".join("    " + line for line in lines[-4:])
    raise SetupProblem(f"{reason}\nRun the same command to try again. The installer said:\n{last_lines}")
