"""How long and how large a judged notebook may grow.

What counts is processor time: on a loaded machine a right answer takes longer by the clock, and that is not its fault.
The clock has limits of its own, far away, for what waits and does not work. Both hold on every system. The limits of
memory and file size are the operating system's (`setrlimit`) and hold for each process on its own, so a program that
starts many can still use more.

>>> Limits(cell_s=5).cell_s
5
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

GIB = 1024**3


@dataclass(frozen=True)
class Limits:
    """What a judged notebook may use.

    Attributes:
        cell_s: seconds of processor time for one cell, of the kernel and of the programs it started.
        cell_clock_s: seconds by the clock for one cell.
        notebook_s: seconds of processor time for one kernel.
        notebook_clock_s: seconds by the clock for all cells together, all runs counted.
        memory_bytes: address space of the kernel. It takes 1 GiB before the first line of an answer is run.
        file_bytes: size of one file that is written.

    Raises `ValueError` when one is not above 0.
    """

    cell_s: float = 60
    cell_clock_s: float = 600
    notebook_s: float = 1800
    notebook_clock_s: float = 3600
    memory_bytes: int = 4 * GIB
    file_bytes: int = 1 * GIB

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"{name} is {value}; it must be above 0")


def confine(memory_bytes: int, file_bytes: int, processor_s: int) -> str:
    """Limit this process for good; return what could not be limited, in words, or an empty text."""
    try:
        import resource
    except ImportError:
        return "This system has no limit on memory for one program, so none was set."
    wanted = {
        "memory": (resource.RLIMIT_AS, memory_bytes),
        "file size": (resource.RLIMIT_FSIZE, file_bytes),
        "processor time": (resource.RLIMIT_CPU, processor_s),
        "crash files": (resource.RLIMIT_CORE, 0),
    }
    refused = [name for name, (kind, value) in wanted.items() if not lower(resource, kind, value)]
    return f"This system refused a limit on {', '.join(refused)}." if refused else ""


def lower(resource: object, kind: int, value: int) -> bool:
    """Set one limit, no higher than it is already; return whether the system took it."""
    getrlimit: Callable[[int], tuple[int, int]] = resource.getrlimit  # type: ignore[attr-defined]
    setrlimit: Callable[[int, tuple[int, int]], None] = resource.setrlimit  # type: ignore[attr-defined]
    _, hard = getrlimit(kind)
    value = value if hard < 0 else min(value, hard)
    try:
        setrlimit(kind, (value, value))
    except (OSError, ValueError):
        return False
    return True
