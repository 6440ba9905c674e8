"""Call graph: which part of the code calls which other part directly, read off the source.

A direct call is tight coupling you can count: the caller knows the other's name and waits for its answer.
A call counts when its target can be read off: an imported module or name, a class, or an attribute, argument
or variable annotated with such a class, made by calling it or copied from another one. Attributes of
attributes and of base classes are followed. A name stands for the same thing in the whole component.
Functions passed as values, arguments of lambdas and results of calls are not followed: the count errs low.

>>> from pathlib import Path
>>> from archlab.shop.code.source import modules
>>> graph = call_graph(modules(Path(__file__).parent))
>>> graph.has_edge("archlab.shop.code.call_graph", "archlab.shop.code.metrics")
True
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from archlab.shop.code.metrics import imported_components, longest_known
from archlab.shop.code.source import Component

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx


def call_graph(components: Sequence[Component]) -> nx.DiGraph:
    """Return who calls whom: an edge a -> b with `calls`, the number of places in a that call b.

    Give it every class of the file, base classes too, and take `subgraph([...])` of those you want to show:
    what a class hands on is known only when that class is among the components.
    """
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(component.name for component in components)
    names = _Names(components)
    for component in components:
        for target in names.call_targets(component):
            if target != component.name:
                calls = graph.get_edge_data(component.name, target, {"calls": 0})["calls"]
                graph.add_edge(component.name, target, calls=calls + 1)
    return graph


class _Names:
    """What the expressions of each component stand for: imported, declared, or following from those.

    `meanings[component][expression]` is the name of a component; an expression is written as in the source.
    """

    def __init__(self, components: Sequence[Component]) -> None:
        names = {component.name for component in components}
        self.classes = {one.name: one.name for one in components if isinstance(one.node, ast.ClassDef)}
        self.meanings = {one.name: imported_components(one, names) | self.classes for one in components}
        before = -1
        while before < self._size():
            before = self._size()
            for component in components:
                self._learn_declarations(component)
                self._learn_from_bases(component)

    def _size(self) -> int:
        return sum(len(meanings) for meanings in self.meanings.values())

    def call_targets(self, component: Component) -> Iterator[str]:
        """Yield the component each call goes to, for the calls whose target can be read off."""
        for node in ast.walk(component.node):
            if isinstance(node, ast.Call):
                target, rest = self._follow(component, ast.unparse(node.func))
                # a class is called to make an object, or by a method; what is further away is unknown
                if target is not None and (target not in self.classes or len(rest) <= 1):
                    yield target

    def _follow(self, component: Component, expression: str) -> tuple[str | None, list[str]]:
        """Return where an expression leads, from attribute to attribute, and what is left of it."""
        here = self.meanings[component.name]
        known = longest_known(expression, set(here))
        if known is None:
            return None, []
        target, rest = here[known], expression[len(known) :].split(".")[1:]
        while rest and f"self.{rest[0]}" in self.meanings[target]:
            target, rest = self.meanings[target][f"self.{rest[0]}"], rest[1:]
        return target, rest

    def _learn_declarations(self, component: Component) -> None:
        for expressions, origin in _declarations(component.node):
            target, rest = self._follow(component, origin)
            is_class_of_module = target not in self.classes and len(rest) == 1 and _names_a_class(origin)
            if target is not None and (not rest or is_class_of_module):
                for expression in expressions:
                    self.meanings[component.name].setdefault(expression, target)

    def _learn_from_bases(self, component: Component) -> None:
        for base in component.node.bases if isinstance(component.node, ast.ClassDef) else ():
            plain = base.value if isinstance(base, ast.Subscript) else base
            for expression, target in self.meanings.get(ast.unparse(plain), {}).items():
                if expression.startswith("self."):
                    self.meanings[component.name].setdefault(expression, target)


def _declarations(tree: ast.AST) -> Iterator[tuple[list[str], str]]:
    """Yield expressions with what they come from: an annotation, a class called, another expression."""
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                yield from (([name], origin) for origin in _annotated(annotation))
            case ast.AnnAssign(target=target, annotation=annotation):
                names = [ast.unparse(target), f"self.{ast.unparse(target)}"]
                yield from ((names, origin) for origin in _annotated(annotation))
            case ast.Assign(targets=targets, value=value):
                names = [ast.unparse(target) for target in targets]
                yield from ((names, origin) for origin in _made(value))


def _annotated(annotation: ast.expr) -> list[str]:
    """Return the names in a plain annotation: `A`, `a.A`, `A | None` and the same in quotes."""
    match annotation:
        case ast.Name() | ast.Attribute():
            return [ast.unparse(annotation)]
        case ast.BinOp(left=left, right=right):
            return _annotated(left) + _annotated(right)
        case ast.Constant(value=str() as text):
            return _annotated(ast.parse(text, mode="eval").body)
    return []


def _made(value: ast.expr) -> list[str]:
    """Return where a value comes from: `A(...)` makes an A, a name or an attribute hands on what it means."""
    match value:
        case ast.Call(func=ast.Name() | ast.Attribute() as maker):
            name = ast.unparse(maker)
            return [name] if _names_a_class(name) else []
        case ast.Name() | ast.Attribute():
            return [ast.unparse(value)]
    return []


def _names_a_class(expression: str) -> bool:
    """Say whether the last part of an expression begins with a capital, as the names of classes do."""
    return expression.split(".")[-1][:1].isupper()
