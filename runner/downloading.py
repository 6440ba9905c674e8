"""Fetch the pinned packages for a target: a system and a Python that need not be those of this machine.

pip fetches for other systems than its own, but takes environment markers to be about its own. So they are judged here.

>>> platforms(Target("macos", "3.13"))
['macosx_12_0_arm64']
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from runner.installer_settings import pip_variables, settings_of_pip
from runner.installing import is_network_error
from runner.interpreter import run_quietly
from runner.wheels import Target

NO_WHEEL = re.compile(r"No matching distribution found for ([\w.-]+)")
MACOS = "macosx_12_0"
GLIBC = (28, 27, 26, 24, 17, 12, 5)  # wheels for glibc 2.28 and older: every Linux since about 2019
OLD_NAMES = ("manylinux2014", "manylinux2010", "manylinux1")


class BundleProblem(Exception):
    """The wheels cannot be written. The message says why and what to do, in plain words."""


def pins_of(target: Target, lock: Path) -> list[str]:
    """The lines `name==version` of the lock file that hold for a target."""
    from runner.pins import applying, read  # it needs a package, and set-up imports this module's neighbours

    return [f"{pin.name}{pin.specifier}" for pin in applying(read(lock), markers(target))]


def markers(target: Target) -> dict[str, str]:
    """What a target's Python would answer to environment markers."""
    windows, macos = target.system.startswith("windows"), target.system.startswith("macos")
    arm = target.system in ("macos", "linux-arm", "windows-arm")
    return {
        "sys_platform": "win32" if windows else "darwin" if macos else "linux",
        "os_name": "nt" if windows else "posix",
        "platform_system": "Windows" if windows else "Darwin" if macos else "Linux",
        "platform_machine": ("ARM64" if arm else "AMD64") if windows else machine(target),
        "python_version": target.python,
        "python_full_version": f"{target.python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def machine(target: Target) -> str:
    """The processor of a target, as the names of wheels have it on Linux and macOS."""
    return {"macos": "arm64", "linux-arm": "aarch64"}.get(target.system, "x86_64")


def platforms(target: Target) -> list[str]:
    """The platforms for which a target takes wheels, as pip names them."""
    if target.system.startswith("windows"):
        return ["win_arm64" if target.system == "windows-arm" else "win_amd64"]
    if target.system.startswith("macos"):
        return [f"{MACOS}_{machine(target)}"]
    names = [*(f"manylinux_2_{glibc}" for glibc in GLIBC), *OLD_NAMES]
    return [f"{name}_{machine(target)}" for name in names]


def fetch(folder: Path, target: Target, pins: list[str]) -> list[str]:
    """Fetch the wheels of the pins; returns the packages that cannot be had as one, and then fetches nothing.

    Raises:
        BundleProblem: when fetching fails for another reason.
    """
    unavailable: list[str] = []
    while True:
        wanted = [pin for pin in pins if pin.partition("==")[0] not in unavailable]
        process = download(folder, target, wanted)
        if process.returncode == 0:
            return unavailable
        without_wheel = NO_WHEEL.search(process.stderr)
        if without_wheel is None or is_network_error(process) or without_wheel[1] in unavailable:
            raise BundleProblem(failure(process))
        unavailable.append(without_wheel[1])


def download(folder: Path, target: Target, pins: list[str]) -> subprocess.CompletedProcess[str]:
    """Have pip download wheels for a target."""
    python = Path(sys.executable)
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--implementation", "cp", "--dest", str(folder)]
    options += ["--python-version", target.python, *(f"--platform={name}" for name in platforms(target))]
    command = [str(python), "-P", "-m", "pip", "download", *options, *pins]
    return run_quietly(command, folder, pip_variables(settings_of_pip(python)))


def failure(process: subprocess.CompletedProcess[str]) -> str:
    """Why pip could not download, in words and in its own."""
    if is_network_error(process):
        reason = "The packages could not be fetched. Is this computer connected to the internet?"
    else:
        reason = "The packages could not be fetched."
    errors = [line for line in process.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
    return "\n".join([f"{reason} pip said:", *("    " + line for line in errors[-4:])])
