"""What a change can reach: the modules that import a changed one, directly or through others, and what tests those.

A file of the course reaches itself and whoever imports it. A `conftest.py` reaches all tests beside and beneath it. A
notebook is reached by what its cells import; a lab's recorded answers by its solution. A file that no import can
be followed from, such as the pins of the packages, reaches everything; a table in `data/` reaches who names it.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     root = Path(folder)
...     for name, text in {
...         "archlab/queue.py": "", "archlab/shop.py": "from archlab import queue",
...         "tests/test_shop.py": "import archlab.shop", "tests/test_other.py": "import simpy"
...     }.items():
...         (root / name).parent.mkdir(exist_ok=True)
...         _ = (root / name).write_text(text)
...     sorted(reached(root, ["archlab/queue.py"]))
['archlab/queue.py', 'archlab/shop.py', 'tests/test_shop.py']
"""

from __future__ import annotations

import ast
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

FOLDERS = ("archlab", "runner", "tests", "notebooks", "solutions")
WORDS_ONLY = (".md", ".png", ".svg", ".gitignore")
"""Files that nothing imports and that a test of the set-up looks at: they reach `tests/setup` alone."""
SETUP_TESTS = "tests/setup"


class NothingToCompareWith(Exception):
    """Nobody can say what has changed: this is no checkout of git, or git is not there."""


def changed_files(root: Path, since: str = "HEAD") -> list[str]:
    """The files of the course that differ from a commit of git; deleted ones too. Raises `NothingToCompareWith`."""
    return listed_by_git(root, "diff", "--name-only", "--relative", "-z", since, "--")


def new_files(root: Path) -> list[str]:
    """The files that git neither knows nor ignores. Raises `NothingToCompareWith`."""
    return listed_by_git(root, "ls-files", "--others", "--exclude-standard", "-z")


def listed_by_git(root: Path, *arguments: str) -> list[str]:
    """The files that a command of git lists."""
    try:
        said = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True)
    except FileNotFoundError as error:
        raise NothingToCompareWith("git is not there, so nobody can say what has changed") from error
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise NothingToCompareWith(f"git cannot say what has changed: {words}") from error
    return said.stdout.decode("utf-8", "replace").split("\0")[:-1]


def reached(root: Path, changed: Iterable[str]) -> set[str] | None:
    """The files that a change of these can reach, as paths from the course's folder; None for all of them."""
    importers = importers_of(root)
    waiting, found = list(changed), set[str]()
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        further = reached_at_once(root, file, importers)
        if further is None:
            return None
        waiting += further
    return {file for file in found if (root / file).exists()}


def reached_at_once(root: Path, file: str, importers: dict[str, set[str]]) -> list[str] | None:
    """The files that one reaches without another between; None for all."""
    path = PurePosixPath(file)
    if path.name == "conftest.py":
        return [test.relative_to(root).as_posix() for test in (root / path.parent).rglob("test_*.py")]
    if path.suffix == ".py" and path.parts[0] in FOLDERS:
        return sorted(importers[module_of(path)])
    if path.suffix == ".ipynb" or path.name == "answers.toml":
        return [str(other) for other in those_about_notebooks(path)]
    if path.parts[0] == "data" and path.suffix == ".csv":
        return [*those_that_name(root, path.stem), "tests/test_data.py"]
    if path.suffix in WORDS_ONLY:
        return [test.relative_to(root).as_posix() for test in (root / SETUP_TESTS).glob("test_*.py")]
    return None


def those_about_notebooks(path: PurePosixPath) -> Iterator[PurePosixPath]:
    """The tests that look at all notebooks, and those that look at all labs."""
    yield PurePosixPath("tests/notebooks/test_predictions.py")
    if path.parts[0] != "notebooks":
        yield PurePosixPath("tests/labs/test_every_lab.py")
        yield PurePosixPath("tests/labs/test_generating.py")


def those_that_name(root: Path, table: str) -> list[str]:
    """The files that name a table, to read it."""
    name = f'"{table}"'
    return [file.relative_to(root).as_posix() for file in sources(root) if name in source_of(file)]


def sources(root: Path) -> Iterator[Path]:
    """The files with code, in order."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".py", ".ipynb") and ".ipynb_checkpoints" not in path.parts:
                yield path


def importers_of(root: Path) -> dict[str, set[str]]:
    """A module's name -> the files that import it, or a name in it."""
    importers: dict[str, set[str]] = defaultdict(set)
    for path in sources(root):
        file = path.relative_to(root).as_posix()
        for name in imported(source_of(path), PurePosixPath(file)):
            importers[name].add(file)
    return importers


def source_of(path: Path) -> str:
    """The code in a file; of a notebook, that of its cells, without lines for IPython."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = "\n".join("".join(source) for source in cells).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


def imported(source: str, file: PurePosixPath) -> Iterator[str]:
    """The names of all modules that a source may import, wherever in it: of `from a.b import c` both a.b and a.b.c.

    What imports a module also runs the packages around it.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = base_of(node, file)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def base_of(node: ast.ImportFrom, file: PurePosixPath) -> str:
    """The module that `from ... import` names, in full."""
    if not node.level:
        return node.module or ""
    package = file.parts[: -node.level]
    return ".".join([*package, *filter(None, [node.module])])


def module_of(path: PurePosixPath) -> str:
    """The name by which a file is imported."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
