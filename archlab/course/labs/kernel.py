"""A kernel that is watched: it may hang, die, print without end, and whoever runs cells in it finds out at once.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder, Kernel(Path(folder)) as kernel:
...     kernel.run("print('first'); print('last')", clock_s=300)
Ran(ended='ok', error='', message='', line='last')
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, start_new_kernel

from archlab.course.labs.leftovers import MARK, end_processes_of
from archlab.course.labs.plain import plain

LOOK_EVERY_S = 0.2
PATIENCE_S = 10.0
NO_LIMIT_S = float("inf")
LONGEST_LINE = 2000
# More threads only fight for the same cores, and each takes address space.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
NO_INSTALLATION = {"PIP_DRY_RUN": "1", "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
"""What one notebook installs, all others would have."""
SHORT_TRACEBACKS = "--InteractiveShell.xmode=Minimal"
"""Nobody reads them here. To make a long one takes longer than most checks."""


@dataclass(frozen=True)
class Ran:
    """What came of one cell.

    `ended`: "ok", "error" (then `error` and `message` are the exception's name and text), "too long", "died" (the
    kernel is gone), or "not run": nothing can be said about it. `line`: the last line it printed that is not empty.
    """

    ended: str
    error: str = ""
    message: str = ""
    line: str = ""


NOT_RUN = Ran("not run")


class Kernel:
    """A fresh kernel of this Python that works in `folder`, untouched by the user's own IPython settings.

    As in JupyterLab it finds modules that a cell has written there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manager, self.client = start_new_kernel(
            kernel_name=CURRENT_ENV_KERNEL_NAME,
            cwd=str(folder),
            env={name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
            | ONE_THREAD
            | NO_INSTALLATION
            | {MARK: str(folder), "IPYTHONDIR": str(folder / ".ipython")},
            extra_arguments=["--HistoryManager.enabled=False", SHORT_TRACEBACKS],
            stdout=subprocess.DEVNULL,  # so that what a cell writes there cannot pass for somebody else's words
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def is_alive(self) -> bool:
        """Whether the kernel's process is there."""
        return bool(self.manager.is_alive())

    @property
    def worked_s(self) -> float:
        """The processor time that the kernel, and what it started and is still there, has used; 0 when it is gone."""
        try:
            kernel = psutil.Process(self.manager.provisioner.pid)
            times = [process.cpu_times() for process in (kernel, *kernel.children(recursive=True))]
        except psutil.Error:
            return 0.0
        return float(sum(spent.user + spent.system for spent in times))

    def run(self, source: str, clock_s: float, work_s: float = NO_LIMIT_S) -> Ran:
        """Run one cell. After `clock_s` seconds by the clock, or `work_s` of processor time, it is interrupted.

        A kernel that does not stop then is killed.
        """
        cell = _Cell(self, source)
        if cell.finish(clock_s, work_s):
            return cell.ran()
        if not self.is_alive:
            return Ran("died")
        self.manager.interrupt_kernel()
        if not cell.finish(PATIENCE_S):
            self.stop()
        return Ran("too long")

    def stop(self) -> None:
        """Kill the kernel and what it started: its process group, and what has left that."""
        group = getattr(self.manager.provisioner, "pgid", None)
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        if group and hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        end_processes_of(self.folder)


class _Cell:
    """One cell under way: listens to the kernel until the cell has ended."""

    def __init__(self, kernel: Kernel, source: str) -> None:
        self.kernel = kernel
        self.message_id = kernel.client.execute(
            source, store_history=False, allow_stdin=False, stop_on_error=False
        )
        self.reply: dict[str, Any] | None = None
        self.is_idle = False
        self.tail = ""
        self.began_with_s = kernel.worked_s

    def finish(self, clock_s: float, work_s: float = NO_LIMIT_S) -> bool:
        """Listen until the cell has ended, a time is up or the kernel is dead; return whether it has ended."""
        looked_s = time.monotonic()
        end_s = looked_s + clock_s
        while not (self.reply and self.is_idle):
            self._hear_output()
            self._hear_reply()
            now_s = time.monotonic()
            if self.reply and now_s > end_s:  # the word "idle" was lost in a flood of output
                break
            if now_s > end_s:
                return False
            if now_s - looked_s > LOOK_EVERY_S:  # to look takes longer than to hear a message
                looked_s = now_s
                if self.kernel.worked_s - self.began_with_s > work_s or not self.kernel.is_alive:
                    return False
            if self.reply:
                end_s = min(end_s, now_s + PATIENCE_S)
        return True

    def ran(self) -> Ran:
        """What came of it, once it has ended."""
        reply = self.reply or {}
        lines = [plain(line) for line in self.tail.splitlines() if line.strip()]
        line = lines[-1] if lines else ""
        if reply.get("status") == "ok":
            return Ran("ok", line=line)
        error, message = (plain(str(reply.get(part, ""))[:LONGEST_LINE]) for part in ("ename", "evalue"))
        return Ran("error", error, message, line)

    def _hear_output(self) -> None:
        try:
            message = self.kernel.client.get_iopub_msg(timeout=LOOK_EVERY_S)
        except Empty:
            return
        if message["parent_header"].get("msg_id") != self.message_id:
            return
        content = message["content"]
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            self.tail = (self.tail + content["text"][-LONGEST_LINE:])[-LONGEST_LINE:]
        elif message["msg_type"] == "status":
            self.is_idle = content["execution_state"] == "idle"

    def _hear_reply(self) -> None:
        try:
            message = self.kernel.client.get_shell_msg(timeout=0)
        except Empty:
            return
        if message["parent_header"].get("msg_id") == self.message_id:
            self.reply = message["content"]
