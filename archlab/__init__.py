"""System Architecture Patterns: one shop built six times, put under the same load, broken in the same ways.

In layers, each of which imports only from those beneath it: `archlab.chapters`, a package a chapter; `archlab.course`,
what any notebook shows; `archlab.shop`, the shop and its architectures, and beside it `archlab.published`, published
measurements rebuilt; `archlab.sim`, the simulation kit; `archlab.data`, the published figures.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = ("numpy", "pandas", "scipy", "simpy", "matplotlib", "networkx", "joblib", "ipywidgets")


def refuse_files_named_like(libraries: tuple[str, ...]) -> None:
    """Raise `ImportError` when a file or folder where Python works now stands for a library of the same name."""
    for name in libraries:
        spec = find_spec(name)
        origin = Path(spec.origin) if spec and spec.origin else Path()
        if Path.cwd() in origin.parents[:2]:
            raise ImportError(
                f"Your file {origin} has the name of the library {name}, and Python takes it instead. "
                "Give it another name, then restart the kernel."
            )


if "ipykernel" in sys.modules:  # most ways to open a notebook let its folder come before the libraries
    refuse_files_named_like(LIBRARIES)
