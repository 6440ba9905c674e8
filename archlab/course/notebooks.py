"""Execute notebooks in place and keep them steady: running them a second time changes no byte.

A notebook is run from top to bottom by a fresh kernel in its own folder. What differs from run to run or from
machine to machine without meaning anything is taken out: timings, widget models, addresses of objects, the
version of Python. A notebook in which a cell raises an error is left as it was. What JupyterLab folds away stays
folded away: the sources of cells, and outputs that answer a question (see `archlab.course.hidden`).

>>> from nbformat.v4 import new_code_cell, new_notebook
>>> notebook = new_notebook(cells=[new_code_cell("6 * 7")])
>>> normalise(execute(notebook, Path("."))).cells[0].outputs[0].data["text/plain"]
'42'
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from archlab.course.arguments import a_notebook
from archlab.course.hidden import keep_hidden
from archlab.course.kept import kept_notebooks
from archlab.course.live import WIDGET_VIEW

ROOT = Path(__file__).resolve().parents[2]
CELL_TIMEOUT_S = 120
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
PASSING_CELL_METADATA = ("execution", "ExecuteTime", "collapsed", "scrolled", "trusted", "vscode")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
GUESSES, NO_GUESSES = "ARCHLAB_GUESSES", "off"
"""What is kept with a notebook must not depend on anybody's guesses (see `archlab.course.guess.store`)."""
# matplotlib writes its own version into a PNG unless told otherwise.
STEADY_PICTURES = (
    "--InlineBackend.print_figure_kwargs={'bbox_inches': 'tight', 'metadata': {'Software': None}}"
)


class NotebookProblem(Exception):
    """A notebook could not be read or run. The message names the notebook, the cell and the error."""


def read(path: Path) -> NotebookNode:
    """Read a notebook (nbformat 4); cells without an id, or with another cell's id, get one of their own.

    Raises `NotebookProblem` when the file is no valid notebook.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        give_ids(content["cells"])
        content["nbformat_minor"] = 5
        notebook = nbformat.reads(json.dumps(content), as_version=4)
        nbformat.validate(notebook)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NotebookProblem(f"{shown(path)} is not a notebook this course can read: {reason}") from error
    return notebook


def give_ids(cells: list[dict[str, Any]]) -> None:
    """Give each cell without a unique id one that follows from its place and its source, in place."""
    seen: set[str] = set()
    for number, cell in enumerate(cells):
        if cell.get("id", "") in seen | {""}:
            text = f"{number} {''.join(cell['source'])}"
            cell["id"] = hashlib.sha256(text.encode()).hexdigest()[:8]
        seen.add(cell["id"])


NO_KERNEL = "Kernel died before replying"
KERNEL_STARTS = 3
"""How often a kernel may try to start. Several that start at once sometimes choose the same port."""


def execute(notebook: NotebookNode, folder: Path, cell_timeout_s: int = CELL_TIMEOUT_S) -> NotebookNode:
    """Run a notebook's cells in a fresh kernel that works in `folder`, and return it with its outputs.

    Raises `NotebookProblem`, which names the cell, when one raises, takes too long or ends the kernel.
    """
    started: list[int] = []
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL["name"],
        timeout=cell_timeout_s,
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=[STEADY_PICTURES, "--log-level=ERROR"],
        on_cell_execute=lambda cell, cell_index: started.append(cell_index),
    )
    variables = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    variables[GUESSES] = NO_GUESSES
    try:
        return _run(client, variables)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        cell = notebook.cells[started[-1]]
        first_line = cell.source.strip().splitlines()[0]
        raise NotebookProblem(f"cell {started[-1] + 1} (`{first_line}`): {what_went_wrong(error)}") from error


def _run(client: NotebookClient, variables: dict[str, str]) -> NotebookNode:
    """Run a client's notebook. A kernel that could not start gets another chance: somebody took its port meanwhile."""
    for _ in range(KERNEL_STARTS - 1):
        try:
            return asyncio.run(client.async_execute(env=variables))
        except RuntimeError as error:
            if not str(error).startswith(NO_KERNEL):
                raise
    return asyncio.run(client.async_execute(env=variables))


def what_went_wrong(error: Exception) -> str:
    """One line that says how a cell failed."""
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}"
    if isinstance(error, CellTimeoutError):
        return "took longer than the time allowed"
    return "the kernel died"


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Take out, in place, what differs between runs without meaning anything; return the notebook."""
    kept = {key: notebook.metadata[key] for key in ("jupytext",) if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict({**kept, "kernelspec": KERNEL, "language_info": LANGUAGE})
    for cell in notebook.cells:
        for key in PASSING_CELL_METADATA:
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = [
                normalise_output(output)
                for output in cell.outputs
                if not is_only_widget(output) and not is_empty(output)
            ]
            keep_hidden(cell)
    return notebook


def is_only_widget(output: NotebookNode) -> bool:
    """Whether an output shows nothing but a widget, so that nothing is left to see without a kernel."""
    return set(output.get("data", {})) == {WIDGET_VIEW}


def is_empty(output: NotebookNode) -> bool:
    """Whether there is nothing to see in an output any more, as when a bar has gone away (`archlab.sim.waiting`)."""
    return "data" in output and not any(output["data"].values())


def normalise_output(output: NotebookNode) -> NotebookNode:
    """Take the widget view and the addresses of objects out of one output, in place; return the output."""
    data = output.get("data", {})
    data.pop(WIDGET_VIEW, None)
    for kind in data.keys() & {"text/plain", "text/markdown"}:
        data[kind] = without_addresses(data[kind])
    if output.output_type == "stream":
        output.text = without_addresses(output.text)
    return output


def without_addresses(text: str) -> str:
    """The text with every address of an object made the same.

    >>> without_addresses("<Shop at 0x7f3a91c0d2e0>")
    '<Shop at 0x0>'
    """
    return ADDRESS.sub("0x0", text)


def refresh(path: Path, cell_timeout_s: int = CELL_TIMEOUT_S) -> bool:
    """Execute and normalise a notebook file in place; return whether that changed it.

    Raises `NotebookProblem`, and leaves the file as it was, when it cannot be read or a cell fails.
    """
    notebook = read(path)
    try:
        executed = execute(notebook, path.parent.resolve(), cell_timeout_s)
    except NotebookProblem as problem:
        raise NotebookProblem(f"{shown(path)}, {problem}") from problem
    return write(normalise(executed), path)


def write(notebook: NotebookNode, path: Path) -> bool:
    """Write a notebook if that changes the file, all at once; return whether it did."""
    content = (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
    if path.read_bytes() == content:
        return False
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)
    return True


def shown(path: Path) -> str:
    """A path as a reader would write it: from the course's folder where it is inside."""
    absolute = path.resolve()
    return str(absolute.relative_to(ROOT)) if absolute.is_relative_to(ROOT) else str(path)


def report(path: Path) -> bool:
    """Refresh one notebook, say what came of it, and return whether it went well."""
    try:
        print(f"{shown(path)}: {'changed' if refresh(path) else 'unchanged'}", flush=True)
    except NotebookProblem as problem:
        print(problem, file=sys.stderr, flush=True)
        return False
    return True


def main(arguments: Sequence[str]) -> int:
    """Refresh the notebooks named, or all that are kept with outputs; two at a time. Returns an exit code."""
    parser = argparse.ArgumentParser(prog="run.py notebooks", description="Run notebooks, keep outputs.")
    parser.add_argument(
        "paths", nargs="*", type=a_notebook, help="notebooks (default: all chapters and solutions)"
    )
    paths: Iterable[Path] = parser.parse_args(arguments).paths or kept_notebooks(ROOT)
    with ThreadPoolExecutor(max_workers=2) as pool:
        return 0 if all(list(pool.map(report, paths))) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
