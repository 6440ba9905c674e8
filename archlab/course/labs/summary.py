"""A class in some lines: how many students solved each task, where most got stuck, and what does not count.

>>> print(summary([Row("anna", "01_x", "capacity", 0, 2, "Not solved yet.", "anna.ipynb", "v1", 7)]))
Lab 01_x: 1 student
  capacity              0 of 1
Most got stuck on capacity. What happened most often (1 time): Not solved yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from archlab.course.labs.attempts import did_not_count
from archlab.course.labs.row import Row


def summary(rows: Sequence[Row]) -> str:
    """For each lab and task how many solved it, which one most got stuck on, and what could not be judged."""
    labs = sorted({row.lab for row in rows if row.task})
    parts = [summary_of(lab, [row for row in rows if row.lab == lab and row.task]) for lab in labs]
    strange = [row for row in rows if not row.lab]
    others = [row for row in rows if did_not_count([row])]
    parts += listed("Nothing to judge:", strange)
    parts += listed(
        "Several notebooks for one lab; for each student the one with the most points counts:", others
    )
    return "\n".join(parts) or "There is nothing to grade in this folder."


def listed(title: str, rows: Sequence[Row]) -> list[str]:
    """A title and a line a file, or nothing."""
    return [title, *(f"  {row.file}: {row.what_happened}" for row in rows)] if rows else []


def summary_of(lab: str, rows: Sequence[Row]) -> str:
    """A line a task of one lab: how many solved it; then the task that fewest solved, and why."""
    students = len({row.student for row in rows})
    tasks = list(dict.fromkeys(row.task for row in rows))
    solved = Counter(row.task for row in rows if row.points and row.points >= row.of)
    lines = [f"Lab {lab}: {counted_in_words(students, 'student')}"]
    lines += [f"  {task:<20} {solved[task]:>2} of {students}" for task in tasks]
    unjudged = sum(row.points is None for row in rows)
    if unjudged:
        many = counted_in_words(unjudged, "task")
        lines.append(f"Not judged: {many}. Run the same command to try again.")
    hardest = min(tasks, key=lambda task: solved[task])
    if solved[hardest] < students:
        lines.append(f"Most got stuck on {hardest}. {most_frequent(rows, hardest)}")
    return "\n".join(lines)


def most_frequent(rows: Sequence[Row], task: str) -> str:
    """What happened most often to those who did not solve a task, in words."""
    reasons = Counter(row.what_happened for row in rows if row.task == task and row.points == 0)
    if not reasons:
        return "Nobody was refused there."
    reason, times = reasons.most_common(1)[0]
    return f"What happened most often ({counted_in_words(times, 'time')}): {reason}"


def counted_in_words(number: int, thing: str) -> str:
    """A number of things: "1 student", "2 students"."""
    return f"{number} {thing}{'s' * (number != 1)}"
