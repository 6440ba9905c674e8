"""Where a reader's guesses are kept: one small file beside the notebooks, which nobody else needs.

The file is `.guesses.json` in the working directory, that is in the notebook's folder, so every copy of the course
has its own. The variable `ARCHLAB_GUESSES` names another file; "off" keeps no guesses and shows none, as when the
course runs its own notebooks, whose outputs must not depend on anybody's guesses.

>>> import tempfile
>>> kept = Guesses(Path(tempfile.mkdtemp()) / "guesses.json")
>>> kept.keep("load.growth", 2.0, unit="times")
>>> kept["load.growth"], kept.line()
(2.0, 'guesses v1; load.growth=2 times')
"""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archlab.course.guess.typed import checked

FILE = ".guesses.json"
VARIABLE = "ARCHLAB_GUESSES"
OFF = "off"
VERSION = 1
NAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
LONGEST = 200
"""Letters that an answer in words has at most."""


@dataclass(frozen=True)
class Given:
    """A guess that was given: a number with its unit, or one of several choices.

    Raises:
        ValueError: when a number is too large to be kept, or a text is too long or has a line break, ; [ or ].
    """

    value: float | str
    unit: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.value, str):
            for text in (self.value, self.unit):
                require_plain("guess", text)
        else:
            checked(self.value)

    @property
    def words(self) -> str:
        """As it stands in a line to hand in: "2 times", "[the queue]"."""
        if isinstance(self.value, str):
            return f"[{self.value}]"
        return f"{self.value:.6g} {self.unit}".rstrip()


def require_plain(what: str, text: str) -> None:
    """Raise `ValueError` unless a text can stand in a line to hand in."""
    if not isinstance(text, str) or len(text) > LONGEST or re.search(r"[;\[\]\r\n]", text):
        raise ValueError(
            f"{what} is {text!r}; it must be a text of at most {LONGEST} letters without line break, ; [ or ]"
        )


def require_name(name: str) -> None:
    """Raise `ValueError` unless a name is of small letters and digits, with hyphens and points between."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(
            f"name is {name!r}; it must be of small letters and digits, with - and . between, "
            "such as load.p99-at-90"
        )


class Guesses(Mapping[str, float | str]):
    """The guesses by their names, read from the file at every look. `path` None: where the course keeps them."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path | None:
        """The file; None when no guesses are kept."""
        if self._path is not None:
            return self._path
        wanted = os.environ.get(VARIABLE, "")
        return None if wanted == OFF else Path(wanted) if wanted else Path.cwd() / FILE

    def __getitem__(self, name: str) -> float | str:
        return self.given()[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self.given())

    def __len__(self) -> int:
        return len(self.given())

    def __repr__(self) -> str:
        return self.line()

    def given(self) -> dict[str, Given]:
        """Return every guess with its unit. What the file holds beside guesses is left out."""
        kept = self._content().get("guesses")
        entries = kept.items() if isinstance(kept, dict) else ()
        found = {name: _given(entry) for name, entry in entries if NAME.fullmatch(name)}
        return {name: entry for name, entry in found.items() if entry is not None}

    def keep(self, name: str, value: float | str, unit: str = "") -> None:
        """Keep a guess in place of an earlier one.

        Raises:
            ValueError: when the name or the value is not allowed.
            OSError: when the file cannot be written.
        """
        require_name(name)
        self._write({**self.given(), name: Given(value, unit)})

    def forget(self, name: str) -> None:
        """Take a guess back, if there is one. Raises `OSError` when the file cannot be written."""
        given = self.given()
        if given.pop(name, None) is not None:
            self._write(given)

    def line(self, chapter: str = "") -> str:
        """Return the guesses in one line to hand in; with `chapter`, those whose names begin with it and a point."""
        given = self.given().items()
        kept = {name: entry for name, entry in given if not chapter or name.startswith(f"{chapter}.")}
        return "; ".join([f"guesses v{VERSION}", *(f"{name}={entry.words}" for name, entry in kept.items())])

    def _content(self) -> dict[str, Any]:
        """What the file says; nothing when there is none or it cannot be read."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8")) if self.path else {}
        except (OSError, ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self, given: Mapping[str, Given]) -> None:
        """Write the file, all at once. One that cannot be read is kept beside it, under another name."""
        if self.path is None:
            return
        if self.path.exists() and not self._content():
            self.path.replace(self.path.with_name(f"{self.path.name}.unreadable"))
        content = {"version": VERSION, "guesses": {name: asdict(entry) for name, entry in given.items()}}
        unfinished = self.path.with_name(f"{self.path.name}.unfinished")
        unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        unfinished.replace(self.path)


def _given(entry: Any) -> Given | None:
    """A guess as the file holds it; None when it holds something else."""
    if not isinstance(entry, dict) or not isinstance(entry.get("unit", ""), str):
        return None
    value = entry.get("value")
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not (is_number or isinstance(value, str)):
        return None
    try:
        return Given(value if isinstance(value, str) else float(value), entry.get("unit", ""))  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        return None
