"""From a changed value to the finished picture: how long each explorer of the chapters keeps a reader waiting.

The notebooks call `explore(...)`. What such a call needs is found in the notebook itself: its imports, and of the cells
above it those statements, and no others, that give a name that the call uses. So nothing else of the chapter runs.
"""

from __future__ import annotations

import ast
import builtins
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archlab.course.explorer import Explorer, explore
from archlab.course.explorer.parameter import Range, parameter
from tests.bench.imports import CHAPTERS, code_cells

ROUNDS = 3
AIM_MS = 150


@dataclass(frozen=True)
class Made:
    """An explorer of a chapter, and for each of its parameters a value near the first one."""

    chapter: str
    explorer: Explorer
    changes: dict[str, Any]

    def times_ms(self) -> Iterator[float]:
        """Change each parameter, by itself, and back. Yields the processor time of every change, in ms."""
        first = self.explorer.values
        for name, value in self.changes.items():
            for values in ({name: value}, {name: first[name]}):
                start_s = time.process_time()
                self.explorer.set(**values)  # its panel is open, so this draws the picture and the table, too
                yield 1000 * (time.process_time() - start_s)


def near(spec: Any) -> Any:
    """The second of some choices, or the value of a range one step beside the first."""
    known = parameter("value", spec)
    if not isinstance(known, Range):
        return known.options[1]
    return known.start + (known.step if known.start + known.step <= known.high else -known.step)


def made(chapter: Path) -> Iterator[Made]:
    """Make the explorers of a chapter, in the order of its calls of `explore`."""
    body = [statement for cell in code_cells(chapter) for statement in _statements(cell)]
    for place, statement in enumerate(body):
        for call in _calls_of_explore(statement):
            needed = [*_needed(call, body[:place]), ast.Assign([ast.Name("made", ast.Store())], call)]
            names: dict[str, Any] = {"explore": _with_changes}
            module = ast.fix_missing_locations(ast.Module(needed, type_ignores=[]))
            exec(compile(module, chapter.name, "exec"), names)
            yield Made(chapter.stem, *names["made"])


def _statements(cell: str) -> list[ast.stmt]:
    """The statements of a cell. `explore` is left out of its imports: here it is `_with_changes`."""
    lines = [line for line in cell.splitlines() if not line.lstrip().startswith(("%", "!"))]
    body = ast.parse("\n".join(lines)).body
    return [one for one in body if "explore" not in _gives(one)]


def _calls_of_explore(statement: ast.stmt) -> Iterator[ast.Call]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "explore":
            yield node


def _needed(call: ast.Call, above: list[ast.stmt]) -> list[ast.stmt]:
    """The statements above a call that give a name it uses, or that one of these uses, and so on: of those that give
    a name anew, the last.
    """
    wanted, kept = _uses(call), []
    for statement in reversed(above):
        if wanted & _gives(statement):
            if isinstance(statement, ast.Assign):
                wanted -= _gives(statement)
            wanted |= _uses(statement)
            kept.append(statement)
    return kept[::-1]


def _uses(node: ast.AST) -> set[str]:
    """The names that are read, also to be added to."""
    added_to = {part.target for part in ast.walk(node) if isinstance(part, ast.AugAssign)}
    names = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    used = {part.id for part in names if isinstance(part.ctx, ast.Load) or part in added_to}
    return used - set(dir(builtins))


def _gives(statement: ast.stmt) -> set[str]:
    """The names that an import, a definition or an assignment gives."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    stored = (part for part in ast.walk(statement) if isinstance(part, ast.Name))
    return {part.id for part in stored if isinstance(part.ctx, ast.Store)}


def _with_changes(*arguments: Any, **settings: Any) -> tuple[Explorer, dict[str, Any]]:
    """Make the explorer with its panel, and find a value near the first one for each of its parameters."""
    explorer = explore(*arguments, **settings)
    explorer.panel  # noqa: B018, from here on every change is shown in it
    return explorer, {name: near(settings[name]) for name in explorer.values}


def report(rounds: int = ROUNDS) -> None:
    """Print the processor time from a changed value to the picture, for every explorer of the chapters."""
    print(
        "Explorers: milliseconds from a changed value to the finished picture, each parameter changed in turn"
    )
    for chapter in CHAPTERS:
        for one in made(chapter):
            times = [time_ms for _ in range(rounds) for time_ms in one.times_ms()]
            above = "" if statistics.median(times) < AIM_MS else f"   above {AIM_MS} ms"
            title = f"{one.chapter[:2]} {one.explorer.title}"
            print(f"  {title:<40} {statistics.median(times):6.0f} ms   (up to {max(times):.0f}){above}")


if __name__ == "__main__":
    report()
