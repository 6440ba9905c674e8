"""A program in four layers whose layers leak, and how it is run: in a new process, with the upper layers or without.

Task 1 of lab 04. The program is `lab_program`, as texts: path -> source. A learner changes the texts. Then the program
is written into a folder and used by a process of its own, which notes which layer called which, however the call came
about. What this leaves out: code that no random use reaches; there imports, names of modules and what is reached for
through other modules still count.

>>> sources = given()
>>> upwards(sources)
['shop.business.orders imports shop.presentation.delivery', 'shop.presentation.pages imports shop.data.rows']
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archlab.shop.code import Component, import_graph, modules
from archlab.shop.code.metrics import imported_components, imported_names, longest_known

LAYERS = ("presentation", "application", "business", "data")
"""From above. A layer may use itself and the next one."""
PROGRAM = Path(__file__).with_name("lab_program")
DRIVER = Path(__file__).with_name("lab_leak_driver.py")
FULL_NAME = "archlab.chapters.layered.lab_program"
RULES = "shop/presentation/delivery.py"
CLOCK_S = 20.0
"""A use of the program takes a tenth of a second. So long may it take before it counts as hanging."""
EDGE = 20
"""The number of a product that costs as much as an order must cost to be delivered free of charge."""
ROWS = "SQLite"
"""Stands for the database among the layers that are called."""
WATCH = "the watch"
"""Stands for what notes the calls: a program that touches it hides something."""

Sources = Mapping[str, str]


def given() -> dict[str, str]:
    """Return the program as it is: path -> source."""
    files = sorted(PROGRAM.rglob("*.py"))
    return {f"shop/{file.relative_to(PROGRAM).as_posix()}": _text(file) for file in files}


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8").replace(FULL_NAME, "shop")


def with_rule(delivery_cents: int, free_from_cents: int) -> dict[str, str]:
    """Return the program with other figures in its rule about delivery."""
    text = edited(given(), RULES, "DELIVERY_CENTS = 490", f"DELIVERY_CENTS = {delivery_cents}")
    return edited(text, RULES, "FREE_FROM_CENTS = 4900", f"FREE_FROM_CENTS = {free_from_cents}")


def figures(random: np.random.Generator) -> tuple[int, int]:
    """Return what delivery costs, and from which amount on it costs nothing, in cents."""
    return int(random.integers(211, 799)), int(random.integers(3011, 7999))


def edited(sources: Sources, path: str, old: str, new: str) -> dict[str, str]:
    """Return the sources with `old` replaced by `new` in one file.

    Raises:
        ValueError: when there is no such file, or `old` is not in it.
    """
    if path not in sources:
        raise ValueError(f"path is {path!r}; it must be one of {sorted(sources)}")
    if old not in sources[path]:
        raise ValueError(f"old is {old!r}; it must be in {path}")
    return {**sources, path: sources[path].replace(old, new)}


# Imports ----------------------------------------------------------------------------------------------------


def imports(sources: Sources) -> list[tuple[str, str]]:
    """Return which module imports which, inside functions too, or has its name as a text. Raises `SyntaxError`."""
    parts = _parts(sources)
    names = {part.name for part in parts}
    texts = {(part.name, text) for part in parts for text in _texts(part) & names if text != part.name}
    return sorted({*import_graph(parts).edges, *texts})


def reached(sources: Sources) -> list[tuple[str, str]]:
    """Return which module reaches into which one through a third one, as `use_cases.orders`. Raises `SyntaxError`."""
    parts = _parts(sources)
    given = {part.name: _given(part, {one.name for one in parts}) for part in parts}
    found = {
        (part.name, into)
        for part in parts
        for chain in {*given[part.name], *_chains(part)}
        for into in _followed(chain, part.name, given)
    }
    return sorted(found - set(imports(sources)))


def _parts(sources: Sources) -> list[Component]:
    with tempfile.TemporaryDirectory() as folder:
        write(sources, Path(folder))
        return modules(Path(folder) / "shop")


def _texts(part: Component) -> set[str]:
    """All texts in a file, such as what `import_module` is given."""
    nodes = [node.value for node in ast.walk(part.module) if isinstance(node, ast.Constant)]
    return {value for value in nodes if isinstance(value, str)}


def _given(part: Component, names: set[str]) -> dict[str, str]:
    """A file's names for what it imports from the program, and the full dotted names of that."""
    whole = imported_components(part, names)
    return {local: ".".join(imported_names(part).get(local, (whole[local],))) for local in whole}


def _chains(part: Component) -> set[str]:
    """Names with all that is asked of them, as "use_cases.orders.rows"."""
    asked = [node for node in ast.walk(part.module) if isinstance(node, ast.Attribute)]
    return {text for text in map(ast.unparse, asked) if text.replace(".", "").isidentifier()}


def _followed(chain: str, module: str, given: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """The modules of the program through which a chain of names leads, from the one that is asked first."""
    start, met = module, set[tuple[str, str]]()
    while (known := longest_known(chain, set(given[module]))) is not None and (module, chain) not in met:
        met.add((module, chain))
        chain = given[module][known] + chain[len(known) :]
        module = longest_known(chain, set(given)) or module
        if module != start:
            yield module
        chain = chain[len(module) + 1 :]


def upwards(sources: Sources) -> list[str]:
    """Return in words what goes up, or past the next layer: imports, and what is reached for. Raises `SyntaxError`."""
    pairs = [("imports", imports(sources)), ("reaches into", reached(sources))]
    return [
        f"{one} {does} {other}"
        for does, found in pairs
        for one, other in found
        if not is_allowed(layer_of(one), layer_of(other))
    ]


def layer_of(module: str) -> str:
    """Return the layer of a module; empty when it is in none."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else ""


def is_allowed(caller: str, called: str) -> bool:
    """Whether a layer may use another one."""
    if caller not in LAYERS or called not in LAYERS:
        return False
    return LAYERS.index(called) - LAYERS.index(caller) in (0, 1)


def places(sources: Sources, figure: int) -> list[tuple[str, int, int]]:
    """Return where a figure stands as a number in the code: path, line and column."""
    return [
        (path, node.lineno, node.col_offset)
        for path, text in sorted(sources.items())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value == figure
    ]


def with_figure(sources: Sources, place: tuple[str, int, int], old: int, new: int) -> dict[str, str]:
    """Return the sources with another figure at one place."""
    path, line, column = place
    lines = sources[path].splitlines(keepends=True)
    raw = lines[line - 1].encode()
    literal = next(one for one in _literals(raw[column:].decode()) if ast.literal_eval(one) == old)
    lines[line - 1] = raw[:column].decode() + str(new) + raw[column:].decode()[len(literal) :]
    return {**sources, path: "".join(lines)}


def comparisons(sources: Sources) -> list[tuple[str, int]]:
    """Return all comparisons in the code: path, and the number of the comparison in its file."""
    return [
        (path, number)
        for path, text in sorted(sources.items())
        for number in range(sum(isinstance(node, ast.Compare) for node in ast.walk(ast.parse(text))))
    ]


def reversed_at(sources: Sources, place: tuple[str, int]) -> dict[str, str]:
    """Return the sources with a `not` before one comparison."""
    path, number = place
    tree = ast.parse(sources[path])
    chosen = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)][number]

    class Reversing(ast.NodeTransformer):
        def visit_Compare(self, node: ast.Compare) -> ast.expr:
            self.generic_visit(node)
            return ast.UnaryOp(ast.Not(), node) if node is chosen else node

    return {**sources, path: ast.unparse(ast.fix_missing_locations(Reversing().visit(tree)))}


def _literals(text: str) -> Iterator[str]:
    """What begins a text and is a number: 4900, 4_900, 0x1324."""
    for end in range(len(text), 0, -1):
        if text[:end].replace("_", "").isalnum() and text[0].isdigit():
            try:
                ast.literal_eval(text[:end])
            except (SyntaxError, ValueError):
                continue
            yield text[:end]


# Use --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Used:
    """What came of a use: `answers` one by one, the `rows` in the end, the `calls` between layers as pairs, and the
    `error` that ended it; empty when none did.
    """

    answers: tuple[str, ...] = ()
    rows: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    error: str = ""


def drawn_use(random: np.random.Generator, free_from: int) -> dict[str, Any]:
    """Return products and what customers do: they look, fill baskets, order, some twice, and ask for orders.

    Prices are such that half of the orders are delivered free of charge, about. The last one costs exactly `free_from`.
    """
    products = [
        (number, f"product {number}", int(random.integers(free_from // 9, free_from // 2)), int(pieces))
        for number, pieces in enumerate(random.integers(0, 9, 8), 1)
    ]
    products.append((EDGE, f"product {EDGE}", free_from, 3))
    steps: list[tuple[str, list[Any]]] = []
    for order_id in range(1, 16):
        numbers = random.choice(np.arange(1, 10), int(random.integers(0, 4)), replace=False)
        basket = [[int(number), int(random.integers(1, 4))] for number in numbers]
        steps += [("product_page", [int(random.integers(1, 11))]), ("basket_page", [basket])]
        steps += [("place_page", [int(random.integers(1, order_id + 1)), basket]), ("order_page", [order_id])]
    edge = [[EDGE, 1]]
    steps += [("basket_page", [edge]), ("place_page", [16, edge]), ("order_page", [16])]
    return {"products": products, "steps": steps}


def used(
    sources: Sources, use: Mapping[str, Any], entry: str = LAYERS[0], without: Sequence[str] = ()
) -> Used:
    """Use a program in a new process, through its layer `entry`, `without` some layers on the disk."""
    kept = {path: text for path, text in sources.items() if path.split("/")[1] not in without}
    with tempfile.TemporaryDirectory() as folder:
        write(kept, Path(folder))
        script = json.dumps({**use, "entry": entry, "folder": folder})
        try:
            ended = subprocess.run(
                [sys.executable, "-I", str(DRIVER)],
                input=script,
                capture_output=True,
                text=True,
                timeout=CLOCK_S,
                cwd=folder,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Used(error=f"it has not ended after {CLOCK_S:.0f} s")
    return _report(ended)


def _report(ended: subprocess.CompletedProcess[str]) -> Used:
    try:
        said = json.loads(ended.stdout.splitlines()[-1])
        calls = tuple(sorted((str(one), str(other)) for one, other in said["calls"]))
        return Used(tuple(map(str, said["answers"])), str(said["rows"]), calls, str(said["error"]))
    except (ValueError, LookupError, TypeError):
        last = (ended.stderr.strip().splitlines() or ["it left no message"])[-1]
        return Used(error=f"the program ended with code {ended.returncode}: {last}")


def write(sources: Sources, folder: Path) -> None:
    """Write sources into a folder."""
    for path, text in sources.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
