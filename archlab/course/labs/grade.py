"""Grade a class: `python run.py grade SUBMISSIONS_FOLDER`. Each notebook is judged in a process of its own.

The results are written after every notebook, so a run that was stopped goes on where it was, with the same seed. A
notebook that was handed in again, or whose lab has changed, or that could not be judged, is graded again.

>>> submission = Submission("anna", Path("anna.ipynb"), "anna.ipynb")
>>> rows(submission, LabVerdict("", problem="The file is empty."), "f00", seed=7)[0].what_happened
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

from tqdm import tqdm

from archlab.course.labs.course_files import CourseChanged, fingerprint, require_unchanged
from archlab.course.labs.gradebook import ForeignFile, Gradebook, Row
from archlab.course.labs.judge import Judge, SolutionFails, fresh_seed
from archlab.course.labs.lab import ROOT, Lab, all_labs
from archlab.course.labs.submissions import Submission, clean, find_submissions, version
from archlab.course.labs.verdict import LabVerdict

STOPPED = 130  # the exit code of a program ended by Ctrl-C


def rows(submission: Submission, verdict: LabVerdict, of_version: str, seed: int) -> list[Row]:
    """A row a task; a single row without a task when nobody knows which lab it is."""

    def row(task: str, points: float | None, of: float, said: str) -> Row:
        student, file = clean(submission.student), submission.file
        return Row(student, verdict.lab, task, points, of, clean(said), file, of_version, seed)

    if not verdict.tasks:
        return [row("", 0, 0, verdict.problem)]
    return [row(task.task, task.points, task.of, verdict.problem or task.said) for task in verdict.tasks]


def expected_lab(submission: Submission, labs: dict[str, Lab]) -> str:
    """The lab that the file's own name or that of a folder names; empty when it names none."""
    parts = Path(submission.file).with_suffix("").parts
    return next((lab for lab in labs if any(lab in part for part in parts)), "")


def judged(submission: Submission, judge: Judge) -> LabVerdict:
    """The verdict on one submission. Whatever goes wrong with it stays with it."""
    expected = expected_lab(submission, judge.labs)
    if submission.path.is_dir():
        return LabVerdict(expected, judge.nothing(expected), "The folder holds no notebook.")
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
    """Grade a folder into a table; return it. Raises `SolutionFails`, and `CourseChanged` when a notebook does that."""
    submissions = find_submissions(folder, leave_out=book.path)
    judged_by = hashlib.sha256(repr((judge.labs, judge.limits)).encode()).hexdigest()
    versions = {submission.file: version(submission, judged_by) for submission in submissions}
    book.keep_only(versions, judge.fresh_seed)
    book.save()
    todo = [submission for submission in submissions if submission.file not in book.rows]
    done = len(submissions) - len(todo)
    course = fingerprint()
    with tqdm(total=len(submissions), initial=done, unit="notebook", desc="Grading") as bar:
        for submission, verdict in graded(todo, judge, jobs):
            require_unchanged(course, submission.file)
            book.rows[submission.file] = rows(
                submission, verdict, versions[submission.file], judge.fresh_seed
            )
            book.save()
            bar.update()
    return book


def at_least_one(text: str) -> int:
    """A number of jobs."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Grade the folder named. Returns 0 when that was done, whatever the marks; 2 when it could not be done."""
    parser = argparse.ArgumentParser(prog="run.py grade", description="Grade the notebooks of a class.")
    parser.add_argument("folder", type=Path, help="a folder of notebooks, or of folders, one per student")
    parser.add_argument("--out", type=Path, help="the table of results (default: results.csv in that folder)")
    parser.add_argument(
        "--seed", type=fresh_seed, help="of the second run of each check (default: the table's, or a new one)"
    )
    parser.add_argument("--jobs", type=at_least_one, default=os.cpu_count() or 1, help="notebooks at a time")
    options = parser.parse_args(arguments)
    labs = all_labs(root)
    if not labs or not options.folder.is_dir():
        missing = f"{options.folder} is no folder." if labs else "The folder solutions/ is not here."
        print(f"{missing} There is nothing to grade.", file=sys.stderr)
        return 2
    out = options.out or options.folder / "results.csv"
    try:
        book = Gradebook(out)
        book.load()
        seed = book.seed if options.seed is None else options.seed
        grade(options.folder, book, Judge(labs, fresh_seed=seed), options.jobs)
    except (ForeignFile, SolutionFails, CourseChanged, OSError) as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nStopped. What was done is in {out}. Run the same command to go on.", file=sys.stderr)
        return STOPPED
    print(f"{book.summary()}\nThe table is in {out}. To repeat these verdicts: --seed {book.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
