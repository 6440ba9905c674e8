"""Vendor lock-in, counted: how many lines of the functions change when the cloud does, straight and with an adapter.

The functions were written four times: straight for two clouds and for a container, and once for an adapter that each
of the three has (`archlab.shop.serverless.providers`). All of them leave the same rows, which tests hold. What
*changes* is counted as lines of code of the old place that are not in the new one, in their order, without blanks,
comments and documentation.

What this leaves out: the data, and what it costs to move them; permissions, networks and pipelines, which are text of
another kind; and what people know. It errs in favour of being free.

>>> changed = changes()
>>> bool(changed.loc["cloud A to cloud B", "with an adapter"] < changed.loc["cloud A to cloud B", "straight"])
True
"""

import ast
import difflib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from archlab.course.claims import Assumption, Evidence, Verdict, holds_if, settles
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number, percent
from archlab.course.style import GREY, LAB, Size, look_of
from archlab.shop.serverless import providers

FOLDER = Path(providers.__file__).parent
STRAIGHT = {"cloud A": "cloud_a", "cloud B": "cloud_b", "a container": "container"}
ADAPTERS = {"cloud A": "adapter_a", "cloud B": "adapter_b", "a container": "adapter_container"}
BUSINESS = ("books", "../../domain", "../../store", "../keys", "../handlers/picturing")
"""What no cloud changes: what the functions do to the rows, with the modules of the shop that this uses."""
PORTABLE = ("portable", "adapter")
MOVES = (
    ("cloud A", "cloud B"),
    ("cloud B", "cloud A"),
    ("cloud A", "a container"),
    ("a container", "cloud A"),
)
LOCKED = 0.2
"""Who must change one line in five rewrites: above that share a change is called a rewrite here. An assumption."""
GIVEN_UP: Mapping[str, str] = {
    "the messages of a batch that failed": "A",
    "how long the function may still run": "A",
    "the number of the try": "A and B",
    "the headers of a request": "A and B",
    "a token of the function that is called": "B",
    "the order of messages": "A and B",
}
"""What the adapter's functions cannot see, and which cloud has it (`archlab.shop.serverless.providers.adapter`)."""


def code_of(module: str) -> list[str]:
    """Return the lines of code of a module of the providers, without blanks, comments and documentation."""
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return [line.strip() for line in ast.unparse(tree).splitlines() if line.strip()]


def changed_lines(old: str, new: str) -> int:
    """Return how many lines of one module are not in the other one, in their order."""
    before, after = code_of(old), code_of(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return len(before) - sum(block.size for block in matcher.get_matching_blocks())


def changes() -> pd.DataFrame:
    """Return a row a move, with the lines that change `straight` and `with an adapter`."""
    rows = {
        f"{old} to {new}": (
            changed_lines(STRAIGHT[old], STRAIGHT[new]),
            changed_lines(ADAPTERS[old], ADAPTERS[new]),
        )
        for old, new in MOVES
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["straight", "with an adapter"])


def sizes() -> pd.Series:
    """Return the lines of code of each module of the providers."""
    names = (*STRAIGHT.values(), *ADAPTERS.values(), *BUSINESS, *PORTABLE)
    return pd.Series({name: len(code_of(name)) for name in names})


def client_calls(module: str) -> int:
    """Return how many calls a module makes on what the cloud gave it: fields of a class whose type is `Any`."""
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    given = {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and ast.unparse(node.annotation) == "Any"
    }
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sum(1 for call in calls if call.startswith("self.") and call.split(".")[1] in given)


def figures() -> dict[str, float]:
    """Return the figures of `vendor_lock_in`, by their names."""
    changed, lines = changes(), sizes()
    move = changed.loc["cloud A to cloud B"]
    business = lines[list(BUSINESS)].sum()
    return {
        "changed_straight": int(move["straight"]),
        "share_straight": float(move["straight"] / (lines["cloud_a"] + business)),
        "changed_with_adapter": int(move["with an adapter"]),
        "adapter_lines": int(lines["adapter_a"] + lines["adapter"]),
        "given_up": len(GIVEN_UP),
        "business_lines": int(business),
        "flips_at_lines": float(move["straight"] / LOCKED - lines["cloud_a"]),
        "from_container": int(changed.loc["a container to cloud A", "straight"]),
    }


SAYS = {
    "changed_straight": "lines that change from cloud A to B",
    "share_straight": "of the functions' code and the business code behind it",
    "changed_with_adapter": "lines that change with an adapter",
    "adapter_lines": "lines of the adapter and its interface",
    "given_up": "things that a function behind the adapter cannot see",
    "business_lines": "lines of business code behind the functions",
    "flips_at_lines": "such lines with which fewer than one in five would change",
    "from_container": "lines that change from a container to cloud A",
}


@settles("cons.vendor-lock-in", evidence=Evidence.MEASURED, says=SAYS)
def vendor_lock_in(
    changed_straight: float,
    share_straight: float,
    changed_with_adapter: float,
    adapter_lines: float,
    given_up: float,
    business_lines: float,
    flips_at_lines: float,
    from_container: float,
) -> Verdict:
    """Holds when at least {LOCKED} of the code changes with the cloud: that of functions which are written straight for
    one, and the business code behind them. Data, permissions and pipelines are not counted. Beside it stands what
    changes with an adapter, how large that is and what it gives up; and a container, which moves to another cloud as it
    is, but not to functions.
    """
    business = Assumption(
        "the business code behind them",
        business_lines,
        flips_at_lines,
        "lines",
        when=(
            f"there were at most {{flips_at}} of business code behind the functions: {number(changed_straight)} lines "
            f"change, {percent(share_straight)} of all (with an adapter {number(changed_with_adapter)}; it has "
            f"{number(adapter_lines)} lines and gives up {number(given_up)} things; a container moves as it is, and to "
            f"functions with {number(from_container)})"
        ),
    )
    return holds_if(share_straight >= LOCKED, decided_by=business)


def figure(title: str, size: Size = LAB) -> Picture:
    """Draw for each move the lines that change, straight and with an adapter."""
    look = look_of("serverless")
    assert look is not None
    frame = changes()
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        name_rows(panel, list(frame.index))
        for place, (_, row) in enumerate(frame.iterrows()):
            for shift, way, colour in ((-0.2, "straight", look.colour), (0.2, "with an adapter", GREY)):
                panel.barh(
                    place + shift, row[way], height=0.36, color=colour, label=way if place == 0 else None
                )
                panel.annotate(
                    f"{row[way]}", (row[way], place + shift), (5, 0), textcoords="offset points", va="center"
                )
        panel.legend(loc="upper right", frameon=False)
        panel.set_xlim(0, frame.to_numpy().max() * 1.5)
        panel.set_xlabel("Lines of code that change")
    alt = "; ".join(f"{move}: {row.straight} and {row['with an adapter']}" for move, row in frame.iterrows())
    return Picture(drawing.figure, f"{title}. Straight and with an adapter, {alt}")
