"""Mutants: the shop's source with one small mistake in it, each really compiled and run.

A mutant is made on the parsed source. Its code takes the place of the function's own for as long as it is tested, so
the rest of the program, which has the function already, gets the mistake. Classes stay the same objects.

The mistakes: a *comparison* becomes another one, a *sum* a difference (or a product a sum), a *number* one more, a
*condition* its opposite, a *raise* is left out, a *call* whose answer nobody keeps is left out; and in *SQL* a
comparison, a sum, a condition or the end of a transaction changes.

Left out are mistakes that turn a generator into a plain function, which fails wherever it is called: nobody needs a
test to see that. What this leaves out besides: mistakes in what is forgotten altogether, and two at a time. Nobody
knows how like these the mistakes of people are, so a share of mutants is no share of errors.

>>> import archlab.shop.domain as domain
>>> mutant = next(one for one in mutants(domain) if one.function == "reserve" and one.kind == "comparison")
>>> mutant.before, mutant.after
('count < 0', 'count <= 0')
>>> order = domain.Order(7, (domain.OrderLine(1, 5, 450),))
>>> with in_place(mutant):
...     domain.reserve(order, {1: 5})
Traceback (most recent call last):
archlab.shop.domain.OutOfStock: order 7 needs more of product 1 than is there
>>> domain.reserve(order, {1: 5})
{1: 0}
"""

import ast
import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import CodeType, FunctionType, ModuleType

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
SUMS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
}
SQL_CHANGES = (
    (" >= ", " > "),
    (" >= ", " <= "),
    (" = ?", " <> ?"),
    (" - ?", " + ?"),
    (" ON CONFLICT DO NOTHING", ""),
    ("LEFT JOIN", "JOIN"),
    ("COMMIT", "ROLLBACK"),
    ("ROLLBACK", "COMMIT"),
)
SQL_WORDS = ("SELECT ", "UPDATE ", "INSERT ", "DELETE ", " ON CONFLICT", "COMMIT", "ROLLBACK")
"""A text with one of these is SQL."""

Replaced = tuple[str, ast.AST]
"""The kind of a mistake, and what stands in the place of a node."""


@dataclass(frozen=True)
class Mutant:
    """One mistake: where it is, what was there, what is there now, and the code of the function with it."""

    module: str
    line: int
    function: str
    kind: str
    before: str
    after: str
    original: FunctionType = field(repr=False, compare=False)
    code: CodeType = field(repr=False, compare=False)


@contextmanager
def in_place(mutant: Mutant) -> Iterator[None]:
    """Let the program run with this mistake in it."""
    before = mutant.original.__code__
    mutant.original.__code__ = mutant.code
    try:
        yield
    finally:
        mutant.original.__code__ = before


@cache
def mutants(module: ModuleType) -> tuple[Mutant, ...]:
    """Return all mutants of the functions and methods of a module, in the order of its lines."""
    tree = ast.parse(inspect.getsource(module))
    own = _functions(module)
    found = [
        Mutant(
            module.__name__,
            node.lineno,
            name,
            kind,
            _short(node),
            _short(new),
            own[name],
            _compiled(module, tree, path, new)[name],
        )
        for name, function in _defined(tree)
        if name in own
        for path, node in _nodes(tree, function)
        for kind, new in _mistakes(node)
    ]
    return tuple(sorted(filter(_fits, found), key=lambda mutant: mutant.line))


def _fits(mutant: Mutant) -> bool:
    """Whether the code can take the place of the function's own: a generator for a generator, with the same cells."""
    before, now = mutant.original.__code__, mutant.code
    same_kind = not (before.co_flags ^ now.co_flags) & inspect.CO_GENERATOR
    return same_kind and before.co_freevars == now.co_freevars


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text.replace("\\n", " ") if text != "pass" else "(left out)"


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """Functions, methods and properties that a module defines, by their full names."""
    found: list[object] = []
    for one in vars(module).values():
        inside = vars(one).values() if isinstance(one, type) else [one]
        found += [part.fget if isinstance(part, property) else part for part in inside]
    own = [one for one in found if isinstance(one, FunctionType) and one.__module__ == module.__name__]
    file = inspect.getsourcefile(module)
    return {one.__qualname__: one for one in own if one.__code__.co_filename == file}


def _defined(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the outermost functions of a file, and the methods of its classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from (
                (f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, ast.FunctionDef)
            )


Path = int
"""The place of a node in the order in which a tree is walked, the same in a copy of the tree."""


def _nodes(tree: ast.Module, function: ast.FunctionDef) -> Iterator[tuple[Path, ast.expr | ast.stmt]]:
    """Yield what a function runs, with its place: no docstring, no annotation, no text inside a text."""
    inside = {id(node) for statement in function.body for node in ast.walk(statement)}
    texts = {
        id(part) for node in ast.walk(function) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for place, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.expr | ast.stmt) and id(node) in inside:
            if id(node) in texts and not isinstance(node, ast.FormattedValue) and not _is_sql(node):
                continue
            yield place, node


def _mistakes(node: ast.expr | ast.stmt) -> Iterator[Replaced]:
    """Yield the mistakes that can be made at a node."""
    match node:
        case ast.Compare(ops=[op]):
            yield from (
                ("comparison", ast.Compare(node.left, [new()], node.comparators))
                for new in COMPARISONS.get(type(op), ())
            )
        case ast.BinOp(op=op) if type(op) in SUMS:
            yield "sum", ast.BinOp(node.left, SUMS[type(op)](), node.right)
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            yield "number", ast.Constant(value + 1)
        case ast.If(test=test) if not isinstance(test, ast.Compare):
            yield "condition", ast.If(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case ast.Raise():
            yield "raise", ast.Pass()
        case ast.Expr(value=ast.Call() | ast.YieldFrom() | ast.Yield()):
            yield "call", ast.Pass()
        case ast.Constant(value=str() as text) if _is_sql(node):
            yield from (
                ("SQL", ast.Constant(text.replace(old, new, 1))) for old, new in SQL_CHANGES if old in text
            )


def _is_sql(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and any(word in node.value for word in SQL_WORDS)
    )


def _compiled(module: ModuleType, tree: ast.Module, place: Path, new: ast.AST) -> dict[str, CodeType]:
    """Compile a copy of a file with one node replaced, and return the code of its functions by their full names."""
    changed = copy.deepcopy(tree)
    old = list(ast.walk(changed))[place]
    _Replace(old, ast.copy_location(copy.deepcopy(new), old)).visit(changed)
    file = inspect.getsourcefile(module) or ""
    top = compile(ast.fix_missing_locations(changed), file, "exec")
    return dict(_codes(top))


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one.co_qualname, one
            yield from _codes(one)


class _Replace(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else super().visit(node)
