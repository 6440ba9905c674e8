"""The line that tells a teacher how far a table is: short enough for a chat, and noticed when a part of it is missing.

For each lab that was begun: its number, and a letter a task, p (passed), t (tried and not passed) or o (open, not
tried). The four letters of `sum` are a checksum. It finds a line that was cut or mistyped; it stops nobody who cheats.

>>> line({"00_start_here": {"server": "p", "little": "t"}, "01_monolithic": {"reading": "o"}})
'progress v1; 00=pt; sum=0d2a'
>>> marks_in("00=pt; sum=0d2a"), named("Table 3", "progress v1; 00=pt; sum=0d2a")
({'00': 'pt'}, 'Table 3: progress v1; 00=pt; sum=0d2a')
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

from archlab.course.handed_in import plain
from archlab.course.progress.saved import OPEN, PASSED

WORD, VERSION = "progress", 1
LONGEST_NAME = 40
LAB = re.compile(r"(\d\d)\s*=\s*([pto]+)")
WHOLE = re.compile(r"(?P<labs>(?:\d\d\s*=\s*[pto]+\s*;\s*)*)sum\s*=\s*(?P<sum>[0-9a-f]{4})(?![0-9a-z])")


def line(labs: Mapping[str, Mapping[str, str]]) -> str:
    """Return the line to hand in. `labs`: the marks of each task of each lab, by the lab's name."""
    told = [f"{name[:2]}={marks}" for name, marks in begun(labs).items()]
    return "; ".join([f"{WORD} v{VERSION}", *told, f"sum={checksum(told)}"])


def begun(labs: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The labs of which a task was passed or tried: the letters of each."""
    marks = {name: "".join(tasks.values()) for name, tasks in labs.items()}
    return {name: letters for name, letters in marks.items() if set(letters) - {OPEN}}


def words_under(labs: Mapping[str, Mapping[str, str]]) -> str:
    """What stands under a line, for its owner.

    >>> print(words_under({"00_start_here": {"server": "p", "little": "t"}}))
    Lab 00_start_here: 1 of 2 passed
    Hand in the line above. If it is older than your work, save the lab (Ctrl+S) and run this again.
    """
    told = [
        f"Lab {name}: {marks.count(PASSED)} of {len(marks)} passed" for name, marks in begun(labs).items()
    ]
    none_yet = "No check has passed or failed yet: run the check under a task, and save the lab (Ctrl+S)."
    hint = "Hand in the line above. If it is older than your work, save the lab (Ctrl+S) and run this again."
    return "\n".join([*(told or [none_yet]), hint])


def named(name: str, line_to_hand_in: str) -> str:
    """Return a line with a name before it; without a name, the line as it is. Raises `ValueError`."""
    if not name:
        return line_to_hand_in
    if name != plain(name) or len(name) > LONGEST_NAME or re.search(rf"\b{WORD}\s+v\d", name, re.IGNORECASE):
        raise ValueError(
            f"name is {name!r}; it must be a text of at most {LONGEST_NAME} letters on one line, "
            f"without the words {WORD} v{VERSION}"
        )
    return f"{name}: {line_to_hand_in}"


def marks_in(text: str) -> dict[str, str]:
    """Return the marks of each lab, by its number, from what stands behind `progress v1;`.

    Raises:
        ValueError: when something of the line is missing or was changed; the message says what to do.
    """
    found = WHOLE.match(text.lower().strip())
    if found is None:
        raise ValueError("its end is missing, or there is something else in it: the whole line is needed")
    marks = dict(LAB.findall(found["labs"]))
    if checksum([f"{lab}={told}" for lab, told in marks.items()]) != found["sum"]:
        raise ValueError("its letters and its sum do not agree: it was changed on the way")
    return marks


def checksum(told: list[str]) -> str:
    """Four letters that change when the marks do."""
    return f"{zlib.crc32(';'.join(told).encode()) & 0xFFFF:04x}"
