"""Source code as data: the modules of a package and the classes of a file, parsed and never run.

A component is what the code is cut into when you ask how tightly its parts hold together: a module of a
package, or a class when several live in one file. The measurements in `code_metrics`, `table_access` and
`change_impact` take components.

>>> [component.name for component in classes(Path(__file__))]
['Component']
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Component:
    """One part of the code: `node` is its own tree, `module` the tree of the file it is in."""

    name: str
    path: Path
    node: ast.Module | ast.ClassDef
    module: ast.Module


def modules(package: Path) -> list[Component]:
    """Return the modules in a package's folder and in the folders under it, by full dotted name.

    Raises:
        ValueError: when the folder holds no Python file.
    """
    root = package.resolve()
    files = sorted(root.rglob("*.py"))
    if not files:
        raise ValueError(f"package is {str(package)!r}; it must be a folder with Python files")
    while (root.parent / "__init__.py").exists():
        root = root.parent
    return [_module(file, root.parent) for file in files]


def _module(file: Path, root: Path) -> Component:
    parts = file.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    tree = _parse(file)
    return Component(name, file, tree, tree)


def classes(file: Path, names: Sequence[str] | None = None) -> list[Component]:
    """Return the top-level classes of a file, all of them or those named, in the order of the file.

    Raises:
        ValueError: when a named class is not there.
    """
    tree = _parse(file)
    found = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    wanted = found.keys() if names is None else set(names)
    if wanted - found.keys():
        raise ValueError(f"names holds {sorted(wanted - found.keys())}; {file.name} has {sorted(found)}")
    return [Component(name, file, node, tree) for name, node in found.items() if name in wanted]


def _parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def docstrings(node: ast.AST) -> list[ast.Constant]:
    """Return every text that stands alone as a statement: docstrings, also those below attributes."""
    statements = (child.value for child in ast.walk(node) if isinstance(child, ast.Expr))
    return [value for value in statements if isinstance(value, ast.Constant)]
