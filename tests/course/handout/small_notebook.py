"""A small chapter with everything that a handout must handle, built without a kernel."""

import base64
import struct
import zlib

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from archlab.course.claims import Chapter as Claims
from archlab.course.claims import holds_if
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.scorecard import Scorecard
from archlab.course.guess.question import Guess
from archlab.course.guess.reveal import Reveal


def png(width: int = 6, height: int = 4) -> bytes:
    """A white picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


ALT = "Pages grow old by half a second. Age [s] against Load [%]: cqrs from 0.1 at 10 to 0.5 at 90."
CLAIM = "definition.eventual-consistency-between-models"


@settles(CLAIM, evidence=Evidence.MEASURED)
def some_are_stale(stale_reads: int):
    """Holds when some reads are older than the last write."""
    return holds_if(stale_reads > 0)


def shown(*things: object) -> list[NotebookNode]:
    """What a kernel keeps of things that show themselves."""
    kept = [dict(thing._repr_mimebundle_()) for thing in things]  # type: ignore[attr-defined]
    for data in kept:
        data.pop("application/vnd.jupyter.widget-view+json", None)
    return [new_output("display_data", data) for data in kept]


def picture() -> NotebookNode:
    source = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    html = f'<img alt="{ALT}" width="3" style="max-width: 100%; height: auto" src="{source}">'
    return new_output("display_data", {"text/html": html, "text/plain": ALT})


def notebook() -> NotebookNode:
    """A question with two fields, its folded answer with figure, reveal and card, a table, a scorecard, links."""
    card = Claims("cqrs", [some_are_stale]).settle(CLAIM, "The projector comes later.", stale_reads=12)
    number = Guess("lag.age", "How old is a page?", "s")
    choice = Guess("lag.who", "Who notices?", choices=("the customer", "nobody"))
    frame = '<table border="1" class="dataframe"><thead><tr><th></th><th>p99_ms</th></tr></thead><tbody><tr><th>1</th>'
    table = new_output(
        "execute_result", {"text/html": f"<style scoped>x</style>{frame}<td>7</td></tr></tbody></table>"}
    )
    answer = {"tags": ["answer"], "jupyter": {"outputs_hidden": True, "source_hidden": True}}
    cells = [
        new_markdown_cell(
            "# 09 Small: a chapter\n\nIt begins. [Lag](#Lag), [lab](../labs/x.ipynb), [next](08_other.ipynb#Part)."
        ),
        new_code_cell(
            "# What this chapter uses\nimport archlab", metadata={"jupyter": {"source_hidden": True}}
        ),
        new_markdown_cell(
            "## Lag\n\nA **projector** copies. Kafka is a name.\n\n"
            "### How old?\n\n> **Predict first.** How old is a *page*?"
        ),
        new_code_cell("guess('lag.age')\nload = 3", outputs=shown(number, choice)),
        new_code_cell(
            "# The figure, and the claim\nassert 0.49 < age < 0.51",
            metadata=answer,
            outputs=[
                new_output("display_data"),
                picture(),
                *shown(Reveal(0.5, unit="s"), Reveal("the customer"), card),
            ],
        ),
        new_markdown_cell(
            "<details><summary><b>What you saw</b></summary>\n\n"
            "Half a *second*. It is the commit.\n\n</details>\n\nGo on."
        ),
        new_code_cell("frame", outputs=[table, new_output("stream", text="3 < 4\n")]),
        new_markdown_cell("## The end"),
        new_code_cell("claims.scorecard()", outputs=shown(Scorecard("cqrs", (card,)))),
    ]
    for number_of_cell, cell in enumerate(cells):
        cell.id = f"cell-{number_of_cell}"
    return new_notebook(cells=cells)
