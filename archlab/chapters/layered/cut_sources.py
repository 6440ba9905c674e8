"""Two cuts of one shop as source code: into layers and into modules. Both can be patched, run in memory, and written.

The layers are `archlab.shop.layered`. The modules are the same functions and the same statements, put together by what
they are about (`archlab.chapters.layered.cuts.modules`), with a kernel for what is about none of them. Both build on
the objects of `archlab.shop.domain`, on the statements of `archlab.shop.store` and on the server of
`archlab.shop.database`: these files are part of both cuts, and `archlab.chapters.layered.parts` says whose each piece
of them is.

To be the same shop both have one kind of rows, SQLite. So `one_store` takes the other two kinds out of the layers
first; that is not counted. It errs in favour of the layers: with three kinds, a new field has three places in data
access. Tiers are left out, too, for the same reason and in the same direction.

>>> [len(source(cut)) for cut in CUTS]
[14, 11]
>>> with running(source("layers")) as load:
...     load("archlab.shop.domain").Product(1, "tea", 450).name
'tea'
"""

import importlib
import itertools
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, Literal, get_args

import archlab
from archlab.shop.code.patches import Sources, patched

Cut = Literal["layers", "modules"]
CUTS: tuple[Cut, ...] = get_args(Cut)

PACKAGE = Path(archlab.__file__).parent
CHANGES = Path(__file__).parent / "changes"
SHARED = ("shop/domain.py", "shop/store.py", "shop/database.py")
"""Files of both cuts."""
OWN: Mapping[Cut, Sequence[str]] = {
    "layers": (
        "shop/layered/presentation/*.py",
        "shop/layered/application/*.py",
        "shop/layered/business/*.py",
        "shop/layered/data_access/__init__.py",
        "shop/layered/data_access/interface.py",
        "shop/layered/data_access/sqlite.py",
        "chapters/layered/cuts/in_layers.py",
    ),
    "modules": ("chapters/layered/cuts/modules/*.py", "chapters/layered/cuts/in_modules.py"),
}
"""A cut -> its own files."""
BUILDERS: Mapping[Cut, str] = {
    "layers": "archlab.chapters.layered.cuts.in_layers",
    "modules": "archlab.chapters.layered.cuts.in_modules",
}
"""A cut -> the module that puts the shop together."""

Load = Callable[[str], Any]
"""Returns a module of a running cut, by the name that it has in the package."""

_numbers = itertools.count(1)


@cache
def source(cut: Cut) -> Mapping[str, str]:
    """Return the files of a cut: path, with slashes -> text.

    Raises:
        ValueError: when there is no such cut.
    """
    require_cut(cut)
    files = sorted({file for pattern in (*SHARED, *OWN[cut]) for file in PACKAGE.glob(pattern)})
    found = {file.relative_to(PACKAGE.parent).as_posix(): file.read_text(encoding="utf-8") for file in files}
    return patched(found, patch("prepared/one_store")) if cut == "layers" else found


def require_cut(cut: str) -> None:
    """Raise `ValueError` unless there is such a cut."""
    if cut not in CUTS:
        raise ValueError(f"cut is {cut!r}; it must be one of {', '.join(CUTS)}")


def patch(name: str) -> str:
    """Return a patch by its folder and name; "" when there is none."""
    path = CHANGES / f"{name}.patch"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@contextmanager
def running(sources: Sources) -> Iterator[Load]:
    """Let these sources run beside the package, and hand a function that loads a module of them.

    Imports among the sources find each other; all others find the package as it is.
    """
    root = f"changed_shop_{next(_numbers)}"
    finder = _Finder(root, sources)
    sys.meta_path.insert(0, finder)
    try:
        yield lambda name: importlib.import_module(finder.renamed(name))
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == root]:
            del sys.modules[name]


class _Finder(MetaPathFinder, Loader):
    """Finds the modules of the sources under another root name, and packages for the folders above them."""

    def __init__(self, root: str, sources: Sources) -> None:
        self.root = root
        self.texts = {_dotted(path): text for path, text in sources.items()}
        names = "|".join(re.escape(name) for name in sorted(self.texts, key=len, reverse=True))
        self.pattern = re.compile(rf"\barchlab(?=(?:{names.replace('archlab', '')})\b)")
        self.packages = {
            name[: match.start()] for name in self.texts for match in re.finditer(r"\.", name)
        } | {_dotted(path) for path in sources if path.endswith("__init__.py")}

    def renamed(self, text: str) -> str:
        """The text with this root for the package's, where it names a module of the sources."""
        return self.pattern.sub(self.root, text)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        start, _, rest = fullname.partition(".")
        name = f"archlab.{rest}" if rest else "archlab"
        if start != self.root or not (name in self.texts or name in self.packages):
            return None
        return ModuleSpec(fullname, self, is_package=name in self.packages)

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__.replace(self.root, "archlab", 1)
        text = self.renamed(self.texts.get(name, ""))
        exec(compile(text, f"<{name}>", "exec"), module.__dict__)


def _dotted(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
