"""The pinned packages of the course, and what an interpreter has of them.

As a program it tells about the interpreter that runs it, which needs nothing of the course for that:

    python -P runner/pins.py requirements.txt
    {"course": ".../archlab/__init__.py", "differing": {"numpy": ["2.4.6", null]}}

>>> [str(pin) for pin in applying(["# of the course", "numpy==2.4.6", "appnope==1.0.0 ; sys_platform == 'no'"])]
['numpy==2.4.6']
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

try:
    from packaging.requirements import Requirement
except ImportError:  # an environment that is not whole has at least pip
    from pip._vendor.packaging.requirements import Requirement  # type: ignore[assignment]


def applying(lines: Iterable[str], target: Mapping[str, str] | None = None) -> list[Requirement]:
    """The pins that hold for this interpreter, or for one whose markers differ as `target` says."""
    texts = [line.partition(" #")[0].strip() for line in lines]
    pins = [Requirement(text) for text in texts if text and not text.startswith("#")]
    return [pin for pin in pins if pin.marker is None or pin.marker.evaluate(dict(target or {}))]


def read(path: Path) -> list[str]:
    """The lines of a file of pins."""
    return path.read_text(encoding="utf-8").splitlines()


def differing(pins: Iterable[Requirement]) -> dict[str, tuple[str, str | None]]:
    """The packages that this interpreter has not as pinned: the version wanted, and the one found or None."""
    found = {pin.name: (str(pin.specifier).removeprefix("=="), installed(pin.name)) for pin in pins}
    return {name: versions for name, versions in found.items() if versions[0] != versions[1]}


def installed(name: str) -> str | None:
    """The version of a package that this interpreter has; None when it has none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def place_of_the_course() -> str | None:
    """The file from which this interpreter imports `archlab`, as UTF-8 on any system; None when it finds none."""
    try:
        place = importlib.import_module("archlab").__file__
    except ImportError:
        return None
    return place and os.fsencode(place).decode("utf-8", "surrogateescape")


if __name__ == "__main__":
    told = {"course": place_of_the_course(), "differing": differing(applying(read(Path(sys.argv[1]))))}
    print(json.dumps(told))
