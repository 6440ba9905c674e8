"""What a kernel has started ends with it: joblib's workers, children, programs in a session of their own.

A killed kernel takes no farewell of what it has started, and a process may leave the kernel's group or outlive its
parent. So each process inherits a mark in its environment, the folder that the kernel works in, and is found by it.

>>> end_processes_of(Path("no kernel works here"))
0
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

MARK = "ARCHLAB_JUDGED_IN"
ROUNDS = 50  # a process that is just being started is found in the next round
LOOK_EVERY_S = 0.5


def end_processes_of(folder: Path) -> int:
    """Kill every process that was started for the kernels of a folder, and return how many.

    Not found are those that have emptied their environment.
    """
    ended = 0
    for _ in range(ROUNDS):
        found = list(marked(str(folder)))
        if not found:
            break
        for process in found:
            kill(process)
        psutil.wait_procs(found, timeout=1)
        ended += len(found)
    return ended


def marked(mark: str) -> Iterator[psutil.Process]:
    """The running processes that carry a mark, without this one."""
    for process in psutil.process_iter():
        try:
            is_marked = process.environ().get(MARK) == mark
        except (psutil.Error, OSError):  # it has ended, or it is somebody else's
            continue
        if is_marked and process.pid != os.getpid():
            yield process


def kill(process: psutil.Process) -> None:
    """Kill a process, unless it is gone or not ours."""
    try:
        process.kill()
    except psutil.Error:
        return


def when_parent_ends(do: Callable[[], None]) -> None:
    """Call a function from a thread of its own as soon as the process that started this one is gone."""
    parent = psutil.Process().parent()

    def watch() -> None:
        while parent is not None and parent.is_running():
            time.sleep(LOOK_EVERY_S)
        do()

    threading.Thread(target=watch, daemon=True).start()
