"""The checks on trial: each must accept every right answer and refuse every wrong one, whatever the seed.

One kernel tries all of them: for each task the solution, the stub, and every recorded answer, each followed by the
check. What an answer defined is forgotten before the next one.

>>> forget("def servers(load): return 1")
"for name in ['servers']: globals().pop(name, None)"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archlab.course.labs.anatomy import bound_names
from archlab.course.labs.answers import Answer
from archlab.course.labs.apart import Run, run_apart
from archlab.course.labs.check_only import allowed
from archlab.course.labs.kernel import Ran
from archlab.course.labs.lab import ANSWER, CHECK, TEXT, Lab
from archlab.course.labs.limits import Limits
from archlab.course.labs.memo import may_change_others
from archlab.course.labs.verdict import UNSOLVED

TRIAL_LIMITS = Limits(cell_s=120)


TELL = """
from archlab.course.labs.expectations import USED as used
print(f"used {used.get():.3f}")
"""
"""Behind a check: how much of what it allows the answer used."""
OFF = re.compile(r"is ([\d.e+-]+); it should be ([\d.e+-]+), within ([\d.e+-]+) %")
"""In the words of a check: the figure, the one that was wanted, and the tolerance."""


@dataclass(frozen=True)
class Attempt:
    """An answer that a check was tried with. `kind`: "solution", "stub", "wrong" or "right"."""

    kind: str
    task: str
    words: str
    source: str


@dataclass(frozen=True)
class Trial:
    """What the check made of an attempt, under one seed."""

    attempt: Attempt
    seed: int
    ran: Ran

    @property
    def accepted(self) -> bool:
        """Whether a judge would call the task solved, going by this seed alone."""
        return self.ran.ended == "ok"


def surprises(trials: Sequence[Trial]) -> list[str]:
    """What a check should not have made of an attempt, a sentence each."""
    found = []
    for trial in trials:
        where = f"task {trial.attempt.task}, seed {trial.seed}"
        what = f"{trial.attempt.kind}: {trial.attempt.words}"
        right = trial.attempt.kind in ("solution", "right")
        if right and not trial.accepted:
            found.append(
                f"{where}: refused ({what}): {trial.ran.message or trial.ran.line or trial.ran.ended}"
            )
        elif trial.accepted and not right:
            found.append(f"{where}: accepted ({what})")
        elif trial.attempt.kind == "stub" and trial.ran.error != UNSOLVED:
            found.append(
                f"{where}: the stub should end with {UNSOLVED}, not {trial.ran.error}: {trial.ran.message}"
            )
    return found


def margins(trials: Sequence[Trial]) -> list[str]:
    """For each task a line: how much of the tolerances right answers use at most, and how far off wrong ones are.

    Only checks of a figure tell that; a right answer that uses 0 % met none of them.
    """
    lines = []
    for task in dict.fromkeys(trial.attempt.task for trial in trials):
        own = [trial for trial in trials if trial.attempt.task == task]
        used = [used_share(trial.ran) for trial in own if trial.accepted]
        off = [times for trial in own if trial.attempt.kind == "wrong" for times in times_off(trial.ran)]
        nearest = f"; the nearest wrong figure is {min(off):.1f} times a tolerance off" if off else ""
        lines.append(
            f"{task}: right answers use up to {max(used, default=0):.0%} of what is allowed{nearest}"
        )
    return lines


def used_share(ran: Ran) -> float:
    """The share of what its check allows that an accepted answer used."""
    found = re.fullmatch(r"used ([\d.]+)", ran.line)
    return float(found.group(1)) if found else 0.0


def times_off(ran: Ran) -> list[float]:
    """How far off a refused figure was, in tolerances; empty when the answer was refused for something else."""
    found = OFF.search(ran.message)
    if not found:
        return []
    figure, wanted, percent = map(float, found.groups())
    return [100 * abs(figure - wanted) / (percent * max(abs(figure), abs(wanted)))]


def attempts(lab: Lab, stubs: dict[str, str], answers: Sequence[Answer]) -> list[Attempt]:
    """Everything to try, the solution of each task first."""
    found = []
    for task, answer in lab.answers.items():
        found.append(Attempt("solution", task, "the solution", answer.cell.source))
        found.append(Attempt("stub", task, "the unsolved stub", stubs[task]))
        found += [
            Attempt("right" if a.right else "wrong", task, a.words, a.code) for a in answers if a.task == task
        ]
    return found


def forget(source: str) -> str:
    """The code that takes away the names which an answer gave a meaning."""
    return f"for name in {bound_names(source)}: globals().pop(name, None)"


def try_all(
    lab: Lab,
    stubs: dict[str, str],
    answers: Sequence[Answer],
    seeds: Sequence[int],
    once: Sequence[str] = (),
) -> list[Trial]:
    """Try every answer under every seed. Raises `RuntimeError` when the cells could not be run at all.

    `once`: functions that need not do the same again for the next answer, see `archlab.course.labs.memo`.
    """
    tried = attempts(lab, stubs, answers)
    sources, places = script(lab, tried, once)
    report = run_apart([Run(seed, tuple(sources)) for seed in seeds], list(places.values()), TRIAL_LIMITS)
    if report.broken:
        raise RuntimeError(report.broken)
    return [
        Trial(attempt, seed, ran[place])
        for seed, ran in zip(seeds, report.runs, strict=False)
        for attempt, place in places.items()
    ]


def script(
    lab: Lab, tried: Sequence[Attempt], once: Sequence[str] = ()
) -> tuple[list[str], dict[Attempt, int]]:
    """The cells to run, and the number of the check cell of each attempt. At the end of a task its solution holds.

    Wrong answers that may change what is not their own come last in their task, without the memos.
    """
    sources = [memos("remember", once)]
    places: dict[Attempt, int] = {}

    def give(attempt: Attempt, check: str) -> None:
        sources.extend([allowed(attempt.source), check + TELL])
        places[attempt] = len(sources) - 1
        sources.append(forget(attempt.source))

    for cell in lab.cells:
        if cell.role not in (TEXT, ANSWER, CHECK):
            sources.append(cell.cell.source)
        if cell.role == CHECK:
            own = [attempt for attempt in tried if attempt.task == cell.task]
            far = [one for one in own if one.kind == "wrong" and may_change_others(one.source)]
            for attempt in own:
                if attempt not in far:
                    give(attempt, cell.cell.source)
            sources.append(memos("leave_out", once))
            for attempt in far:
                give(attempt, cell.cell.source)
            sources += [memos("remember", once), own[0].source]
    return sources, places


def memos(do: str, once: Sequence[str]) -> str:
    """The code that does something with the memos before functions, and leaves no name behind."""
    return f"__import__('archlab.course.labs.memo', fromlist=['memo']).{do}(*{list(once)!r})"
