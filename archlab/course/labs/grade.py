"""Grade a class: `python run.py grade SUBMISSIONS_FOLDER`. Each notebook is judged in a process of its own.

The results are written after every notebook, so a run that was stopped goes on where it was, with the same seed. A
notebook that was handed in again, or whose lab has changed, or that could not be judged, is graded again.

>>> submission = Submission("anna", Path("anna.ipynb"), "anna.ipynb")
>>> rows(submission, LabVerdict("", problem="The file is empty."), "v1", seed=7)[0].what_happened
'The file is empty.'
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from archlab.course.arguments import at_least
from archlab.course.labs.course_files import CourseChanged, fingerprint, require_unchanged
from archlab.course.labs.gradebook import CannotWrite, ForeignFile, Gradebook, Wanted
from archlab.course.labs.judge import CANNOT, Judge, SolutionFails, fresh_seed
from archlab.course.labs.lab import ROOT, Lab, all_labs
from archlab.course.labs.lock import Busy, held
from archlab.course.labs.plain import for_table, plain
from archlab.course.labs.row import Row, judged_as
from archlab.course.labs.submissions import Submission, find_submissions, version
from archlab.course.labs.verdict import LabVerdict, TaskVerdict

STOPPED = 130  # the exit code of a program ended by Ctrl-C


def rows(submission: Submission, verdict: LabVerdict, of_version: str, seed: int) -> list[Row]:
    """A row a task; a single row without a task when nobody knows which lab it is."""

    def row(task: str, points: float | None, of: float, said: str) -> Row:
        words, judged = for_table(said), judged_as(of_version, points)
        return Row(submission.student, verdict.lab, task, points, of, words, submission.file, judged, seed)

    if not verdict.tasks:
        return [row("", 0, 0, verdict.problem)]
    return [row(task.task, task.points, task.of, what_happened(verdict, task)) for task in verdict.tasks]


def what_happened(verdict: LabVerdict, task: TaskVerdict) -> str:
    """What is said of a task: why the notebook could not be judged, or what the check said, and maybe why."""
    if verdict.problem:
        return verdict.problem
    return task.said if task.passed else " ".join(filter(None, [task.said, verdict.restored]))


def expected_lab(submission: Submission, labs: dict[str, Lab]) -> str:
    """The lab that the file's own name or that of a folder names; empty when it names none."""
    return next((lab for lab in labs if lab in submission.file), "")


def judged(submission: Submission, judge: Judge) -> LabVerdict:
    """The verdict on one submission. Whatever goes wrong with it stays with it."""
    expected = expected_lab(submission, judge.labs)
    if submission.problem:
        return LabVerdict(expected, judge.nothing(expected), submission.problem)
    try:
        return judge.verdict(submission.path, expected)
    except SolutionFails:
        raise
    except Exception as error:
        tasks = tuple(replace(task, judged=False) for task in judge.nothing(expected))
        return LabVerdict(expected, tasks, f"It could not be judged: {error!r}")


def graded(todo: Sequence[Submission], judge: Judge, jobs: int) -> Iterator[tuple[Submission, LabVerdict]]:
    """Judge submissions, `jobs` at a time; each as soon as it is done."""
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = {pool.submit(judged, submission, judge): submission for submission in todo}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def grade(folder: Path, book: Gradebook, judge: Judge, jobs: int) -> Gradebook:
    """Grade a folder into a table; return it.

    Raises `SolutionFails`, `CannotWrite`, and `CourseChanged` when a notebook does that.
    """
    with TemporaryDirectory(prefix="handed-in-", ignore_cleanup_errors=True) as unpack_into:
        submissions = find_submissions(folder, book.path, Path(unpack_into), judge.labs)
        course = fingerprint()
        judged_by = hashlib.sha256(repr((course, judge.labs, judge.limits)).encode()).hexdigest()
        wanted = {one.file: Wanted(one.student, version(one, judged_by)) for one in submissions}
        book.keep_only(wanted, judge.fresh_seed, {name: list(lab.checks) for name, lab in judge.labs.items()})
        book.save()
        todo = [submission for submission in submissions if submission.file not in book.rows]
        try:
            with tqdm(total=len(wanted), initial=len(book.rows), unit="notebook", desc="Grading") as bar:
                for one, verdict in graded(todo, judge, jobs):
                    require_unchanged(course, one.file)
                    book.enter(one.file, rows(one, verdict, wanted[one.file].version, judge.fresh_seed))
                    book.save()
                    bar.update()
        finally:
            book.tell()
    return book


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Grade the folder named. Returns 0 when that was done, 2 for a wrong argument, 3 when it could not be."""
    options = parser().parse_args(arguments)
    labs = all_labs(root)
    out = options.out or options.folder / "results.csv"
    problem = hindrance(options.folder, out, labs)
    if problem:
        print(plain(problem), file=sys.stderr)
        return 2 if labs else CANNOT
    try:
        with held(out.with_name(f".{out.name}.lock")):
            return grade_into(out, options, labs)
    except Busy:
        print(f"Another run is grading into {plain(str(out))} now. Wait until it has ended.", file=sys.stderr)
    except (ForeignFile, CannotWrite, SolutionFails, CourseChanged) as problem:
        print(plain(str(problem)), file=sys.stderr)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(plain(f"It could not be graded: {error.strerror}{where}"), file=sys.stderr)
    except KeyboardInterrupt:
        print(
            f"\nStopped. What was done is in {plain(str(out))}. Run the same command to go on.",
            file=sys.stderr,
        )
        return STOPPED
    return CANNOT


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    takes = argparse.ArgumentParser(prog="run.py grade", description="Grade the notebooks of a class.")
    takes.add_argument(
        "folder", type=Path, help="a folder of notebooks, or of folders or zip files, one per student"
    )
    takes.add_argument("--out", type=Path, help="the table of results (default: results.csv in that folder)")
    takes.add_argument(
        "--seed", type=fresh_seed, help="of the second run of each check (default: the table's, or a new one)"
    )
    takes.add_argument("--jobs", type=at_least(1), default=os.cpu_count() or 1, help="notebooks at a time")
    takes.add_argument(
        "--semicolons",
        action="store_true",
        help="write the table with ; between fields and , for decimals, as some spreadsheets expect",
    )
    return takes


def hindrance(folder: Path, out: Path, labs: dict[str, Lab]) -> str:
    """Why nothing can be graded, in words; empty if something can."""
    if not labs:
        return "The folder solutions/ is not here. There is nothing to grade by."
    if not folder.is_dir():
        return f"{folder} is no folder. Put what was handed in into one, and name that."
    if out.is_dir():
        return f"The table cannot be written to {out}: that is a folder. Name a file with --out."
    if not out.parent.is_dir():
        return f"The table cannot be written to {out}: there is no folder {out.parent}."
    return ""


def grade_into(out: Path, options: argparse.Namespace, labs: dict[str, Lab]) -> int:
    """Grade as the options say, and tell what came of it. Returns 0."""
    book = Gradebook(out, ";" if options.semicolons else "")
    book.load()
    judge = Judge(labs, fresh_seed=book.seed if options.seed is None else options.seed)
    try:
        grade(options.folder, book, judge, options.jobs)
    finally:
        for note in book.notes:
            print(plain(note), file=sys.stderr)
    print(f"{book.summary()}\nThe table is in {plain(str(out))}.", end=" ")
    print(f"To repeat these verdicts: --seed {judge.fresh_seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
