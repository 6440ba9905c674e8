"""Hidden answers: a cell whose output JupyterLab keeps out of sight until the reader runs it.

JupyterLab opens a cell with `jupyter.outputs_hidden` with its output folded away, and shows the output when the cell
is run. It then also forgets that it was hidden, so the tag `answer` says it for good. GitHub, HTML and print show
every output. Where the output is folded away, JupyterLab writes the first line of it, which would be the answer; so a
hidden output begins with one that shows nothing.

>>> from nbformat.v4 import new_code_cell, new_output
>>> cell = new_code_cell("6 * 7", metadata={"tags": ["answer"]}, outputs=[new_output("stream", text="42")])
>>> keep_hidden(cell).metadata["jupyter"], [output.output_type for output in cell.outputs]
({'outputs_hidden': True}, ['display_data', 'stream'])
"""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_output

ANSWER = "answer"
"""The tag of a cell whose output answers a question."""


def is_hidden(cell: NotebookNode) -> bool:
    """Whether JupyterLab opens a cell with its output folded away, by its tag or by its metadata."""
    tagged = ANSWER in cell.metadata.get("tags", [])
    return tagged or bool(cell.metadata.get("jupyter", {}).get("outputs_hidden"))


def is_folded(cell: NotebookNode) -> bool:
    """Whether JupyterLab opens a cell with its source folded away. The first line can be read even so."""
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def keep_hidden(cell: NotebookNode) -> NotebookNode:
    """Let tag, metadata and outputs of a hidden code cell say the same, in place; return the cell.

    A cell that is not hidden stays as it is.
    """
    if not is_hidden(cell):
        return cell
    tags = cell.metadata.setdefault("tags", [])
    if ANSWER not in tags:
        tags.append(ANSWER)
    cell.metadata.setdefault("jupyter", NotebookNode())["outputs_hidden"] = True
    if cell.outputs and not shows_nothing(cell.outputs[0]):
        cell.outputs.insert(0, new_output("display_data"))
    return cell


def shows_nothing(output: NotebookNode) -> bool:
    """Whether an output has no content at all."""
    return output.output_type == "display_data" and not output.data
