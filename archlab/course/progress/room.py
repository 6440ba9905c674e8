"""How far a room is: the lines of all tables, as a table a lab, and the task at which most of them stand.

A table *stands at* the first task that it has tried and not passed; if there is none, at the first that is open.

>>> lab = {"00_start_here": {"server": "o", "little": "o"}}
>>> print(collect(["Table 1: progress v1; 00=pt; sum=0d2a"], lab).told())
Lab 00_start_here
         1  2
Table 1  +  ?
  1 server: 1 of 1 passed
  2 little: 0 of 1 passed, 1 tried
Most stand at task 2, little: Table 1
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from archlab.course.handed_in import HandedIn, HandIns, quoted
from archlab.course.progress.line import VERSION, WORD, marks_in
from archlab.course.progress.saved import OPEN, PASSED, TRIED

SIGNS = {PASSED: "+", TRIED: "?", OPEN: "."}
LEGEND = "+ passed   ? tried and not passed yet   . not tried"
Names = Mapping[str, Mapping[str, object]]
"""The labs of the course by name, each with its tasks in order."""


@dataclass(frozen=True)
class Room:
    """What a room handed in.

    `frame`: a row for each person, lab and task, with `who`, `lab`, `number` (of the task, from 1), `task` and `mark`
    ("p" passed, "t" tried and not passed, "o" open). `people`: all whose line could be read, whatever it said.
    `problems`: what could not be used, in words.
    """

    frame: pd.DataFrame
    people: tuple[str, ...]
    problems: tuple[str, ...] = ()

    def told(self) -> str:
        """The room as a text to read, a part a lab."""
        parts = [lab_told(str(lab), rows) for lab, rows in self.frame.groupby("lab", sort=True)]
        begun = set(self.frame.who)
        idle = [who for who in self.people if who not in begun]
        parts += [f"Nothing tried yet: {', '.join(map(quoted, idle))}"] if idle else []
        return "\n\n".join(parts) or "Nobody has handed in a line that can be read."


def collect(lines: Iterable[str], labs: Names) -> Room:
    """Read the lines of a room. Nothing in them raises an error: what cannot be used is told in `problems`.

    Args:
        lines: as they were pasted, with names and chat times before them, or without.
        labs: the labs of the course by name, each with its tasks in order, as `saved().labs` has them.
    """
    numbers = {name[:2]: name for name in labs}
    room: HandIns[list[dict[str, object]]] = HandIns(WORD, VERSION)
    for line in room.read(lines):
        try:
            told = marks_in(line.text)
        except ValueError as problem:
            room.problem(line, f"{quoted(line.who)}: {problem}" if line.who != line.where else str(problem))
            continue
        known = {
            numbers[number]: marks for number, marks in told.items() if is_known(number, marks, numbers, labs)
        }
        for number in (number for number in told if numbers.get(number) not in known):
            room.problem(line, f"lab {number} is another one than here: is it another version of the course?")
        room.keep(
            line, [row for name, marks in known.items() for row in rows_of(line, name, labs[name], marks)]
        )
    people = sorted(room.people, key=by_number)
    frame = pd.DataFrame(
        [row for who in people for row in room.people[who]], columns=["who", "lab", "number", "task", "mark"]
    )
    return Room(frame, tuple(people), tuple(room.problems))


def is_known(number: str, marks: str, numbers: Mapping[str, str], labs: Names) -> bool:
    """Whether the course has a lab of that number, with as many tasks."""
    return number in numbers and len(labs[numbers[number]]) == len(marks)


def rows_of(line: HandedIn, lab: str, tasks: Mapping[str, object], marks: str) -> Iterable[dict[str, object]]:
    """A row for each task of a lab."""
    for number, (task, mark) in enumerate(zip(tasks, marks, strict=True), 1):
        yield {"who": line.who, "lab": lab, "number": number, "task": task, "mark": mark}


def by_number(name: str) -> list[tuple[int, str]]:
    """The order of names: table 2 before table 10.

    >>> sorted(["Table 10", "Table 2", "ada"], key=by_number)
    ['ada', 'Table 2', 'Table 10']
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def lab_told(lab: str, rows: pd.DataFrame) -> str:
    """One lab: a line a person, a line a task, and where most of them stand."""
    signs = rows.assign(sign=rows.mark.map(SIGNS), who=rows.who.map(quoted))
    table = signs.pivot_table(index="who", columns="number", values="sign", aggfunc="first", sort=False)
    with pd.option_context("display.unicode.east_asian_width", True, "display.width", None):
        grid = table.rename_axis(index=None, columns=None).to_string(max_rows=None, max_cols=None)
    tasks = [task_told(int(number), task) for number, task in rows.groupby("number")]
    return "\n".join([f"Lab {lab}", grid, *tasks, *where_they_stand(rows)])


def task_told(number: int, rows: pd.DataFrame) -> str:
    """One task: how many have passed it, and how many are at it."""
    tried = int((rows.mark == TRIED).sum())
    more = f", {tried} tried" if tried else ""
    return f"  {number} {rows.task.iloc[0]}: {int((rows.mark == PASSED).sum())} of {len(rows)} passed{more}"


def where_they_stand(rows: pd.DataFrame) -> list[str]:
    """The task at which most stand, with their names (of several, the earliest), and who is through."""
    stands = {str(who): stands_at(tasks) for who, tasks in rows.groupby("who", sort=False)}
    places = [number for number in stands.values() if number]
    through = [who for who, number in stands.items() if not number]
    lines = [f"Through: {', '.join(map(quoted, through))}"] if through else []
    if places:
        most = min(set(places), key=lambda number: (-places.count(number), number))
        who = ", ".join(quoted(who) for who, number in stands.items() if number == most)
        lines.insert(0, f"Most stand at task {most}, {rows.task[rows.number == most].iloc[0]}: {who}")
    return lines


def stands_at(tasks: pd.DataFrame) -> int:
    """The number of the task at which one person stands; 0 when all are passed."""
    for mark in (TRIED, OPEN):
        at = tasks.number[tasks.mark == mark]
        if len(at):
            return int(at.min())
    return 0
