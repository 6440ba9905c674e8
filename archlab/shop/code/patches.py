"""Patches: a change of source code kept as text, in the form that `diff -u` and git write, and made without either.

A piece of a patch is found by its lines, not by their numbers. So source that has moved still fits; source that has
changed just there does not, and you are told so. Nothing is guessed.

What this leaves out: files that are renamed or taken away.

>>> patch = "--- a/shop.py\\n+++ b/shop.py\\n@@ -1,2 +1,2 @@\\n one\\n-two\\n+2\\n"
>>> patched({"shop.py": "zero\\none\\ntwo\\n"}, patch)
{'shop.py': 'zero\\none\\n2\\n'}
>>> patched({"shop.py": "zero\\n"}, patch)
Traceback (most recent call last):
ValueError: patch does not fit shop.py: it must have these lines once, and has them 0 times: one / two
"""

import re
from collections.abc import Iterator, Mapping

Sources = Mapping[str, str]
"""Source files: path, with slashes, -> text."""

FILE = re.compile(r"^--- (\S+).*\n\+\+\+ (\S+).*\n", re.MULTILINE)
PIECE = re.compile(r"^@@ .*\n", re.MULTILINE)
NO_FILE = "/dev/null"
SHOWN = 3
"""Lines of a piece that does not fit, in the message that says so."""


def patched(sources: Sources, patch: str) -> dict[str, str]:
    """Return the source files as they are after the patch. Those that it does not name stay as they are.

    Raises:
        ValueError: when it names no file, a piece of it fits nowhere or in several places, or a new file is there.
    """
    after = dict(sources)
    files = list(_files(patch))
    if not files:
        raise ValueError(f"patch is {patch[:40]!r}; it must name a file")
    for old, path, pieces in files:
        if (old == NO_FILE) == (path in after):
            raise ValueError(f"patch is for {'a new' if old == NO_FILE else 'the'} file {path}; it must fit")
        for before, now in pieces:
            after[path] = _replaced(path, after.get(path, ""), before, now)
    return after


def _files(patch: str) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Yield of each file of a patch its old name, its new one, and the pieces: the lines before and after."""
    _, *parts = FILE.split(patch)
    for old, new, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        _, *pieces = PIECE.split(body)
        yield old, new.removeprefix("b/"), [(_side(piece, "-"), _side(piece, "+")) for piece in pieces]


def _side(piece: str, sign: str) -> str:
    """The lines of a piece as they are on one side: those that stay, and those with this sign."""
    lines = piece.splitlines(keepends=True)
    return "".join(line[1:] or line for line in lines if line[0] in f" {sign}\n")


def _replaced(path: str, text: str, before: str, now: str) -> str:
    """The text with a piece replaced, which must be there once: at the start of a line, and whole lines."""
    if not before and not text:
        return now
    starts = [match.start() for match in re.finditer(f"^(?={re.escape(before)})", text, re.MULTILINE)]
    if len(starts) != 1:
        lines = " / ".join(line.strip() for line in before.splitlines()[:SHOWN])
        raise ValueError(
            f"patch does not fit {path}: it must have these lines once, and has them {len(starts)} times: {lines}"
        )
    return text[: starts[0]] + now + text[starts[0] + len(before) :]
