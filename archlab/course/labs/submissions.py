"""What a class handed in, and whose each file is.

>>> found = [Found(("anna.zip", name), Path("1.ipynb")) for name in ("lab.ipynb", "lab (1).ipynb")]
>>> students([*found, Found(("Anna B_17_assignsubmission_file_", "x.ipynb"), Path("2.ipynb"))]).keys()
dict_keys(['anna', 'Anna B (17)'])
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from archlab.course.labs.handed_in import EMPTY, NOTEBOOK, Found, walk
from archlab.course.labs.plain import for_table, name_in_table
from archlab.course.labs.student_names import student_in, student_of
from archlab.course.labs.zips import is_zip

CONTENT = 9
"""So many letters of a version say what was handed in."""
LABS, BESIDE_LABS = "labs", ("notebooks", "solutions", "tests")
"""Folders of the course: what lies beside its labs is nobody's answer."""
TABLES = (".csv", ".tsv", ".xls", ".xlsx", ".ods", ".numbers")


@dataclass(frozen=True)
class Submission:
    """One file that somebody handed in.

    `student` and `file` are fit for a table; no two submissions have the same `file`, its path from the folder of all
    submissions. `problem`: why there is nothing to judge, in words.
    """

    student: str
    path: Path
    file: str
    problem: str = ""


def find_submissions(
    folder: Path, leave_out: Path, unpack_into: Path, labs: Collection[str] = ()
) -> list[Submission]:
    """All that was handed in, in order. `unpack_into`: an empty folder for what lies in zip files.

    A file is a student's, and so is a folder or a zip file with all its notebooks; but what is called like one of the
    `labs` is no student. Who has no notebook counts with their other files, or with an empty folder: a student who
    handed in nothing useful is told so. Of who hands in the whole course, its labs count alone, and not its solutions.
    Hidden files, what systems leave behind, tables and `leave_out` are not counted.
    """
    beside = leave_out.name if leave_out.resolve().parent == folder.resolve() else ""
    found = [file for file in walk(folder, unpack_into) if not is_teachers(file, beside)]
    by_student = students(found, labs)
    names = Counter(for_table(student) for student in by_student)
    return sorted(
        (
            Submission(shown(student, names), file.path, name_in_table("/".join(file.parts)), file.problem)
            for student, files in by_student.items()
            for file in useful(without_the_courses_own(files))
        ),
        key=lambda submission: (submission.student, submission.file),
    )


def is_teachers(file: Found, beside: str) -> bool:
    """Whether a file in the folder of all submissions is a table, or lies `beside` the one that is written."""
    name = file.parts[0]
    its_own = beside != "" and name.startswith(beside)
    is_table = name.lower().endswith(TABLES) and student_in(name) is None
    return len(file.parts) == 1 and (its_own or is_table)


def students(found: Sequence[Found], labs: Collection[str] = ()) -> dict[str, list[Found]]:
    """The files of each student."""
    tops: defaultdict[str, list[Found]] = defaultdict(list)
    for file in found:
        tops[file.parts[0]].append(file)
    by_student: defaultdict[str, list[Found]] = defaultdict(list)
    for files in tops.values():
        depth = depth_of_students(files, len(tops) == 1, labs)
        for file in files:
            at = min(depth, len(file.parts) - 1)
            student = student_of(file.parts[at], is_file=at == len(file.parts) - 1 or is_zip(file.parts[at]))
            by_student[unicodedata.normalize("NFC", student)].append(file)
    return by_student


def depth_of_students(files: Sequence[Found], alone: bool, labs: Collection[str]) -> int:
    """Beneath how many folders the students are, in all files of one folder or zip file: mostly none, it is one's.

    It is a class's when it holds names of a platform, when it is called like a lab, or when it is a zip file and all
    there is.
    """
    top = files[0].parts[0]
    of_a_lab = is_called_like_a_lab(top, labs)
    for depth in (1, 2) if student_in(top) is None else ():
        names = {file.parts[depth] for file in files if len(file.parts) > depth and file.parts[depth]}
        if not names or LABS in names:  # nothing, or somebody's whole course
            break
        if all(is_called_like_a_lab(name, labs) for name in names):
            continue
        if len(names) > 1 or of_a_lab:
            return depth if of_a_lab or (alone and is_zip(top)) or are_students(names) else 0
    return 0


def is_called_like_a_lab(name: str, labs: Collection[str]) -> bool:
    """Whether a file or folder has the name of a lab, or that of its notebook, and no other word.

    >>> [is_called_like_a_lab(name, ["01_x"]) for name in ("01_x", "01_x_lab (1).ipynb", "anna_01_x_lab.ipynb")]
    [True, True, False]
    """
    return any(re.fullmatch(rf"{re.escape(lab)}(_lab)?([ _-]?\(?\d+\)?)?(\.\w+)*", name) for lab in labs)


def are_students(names: Collection[str]) -> bool:
    """Whether all names are a platform's, and of more than one student."""
    students = {student_in(name) for name in names}
    return len(students) > 1 and None not in students


def without_the_courses_own(files: Sequence[Found]) -> list[Found]:
    """A student's files without chapters, solutions and tests that lie beside a folder of labs: the course's own."""
    courses = {
        file.parts[:depth]
        for file in files
        for depth, part in enumerate(file.parts[:-1])
        if part == LABS and file.rank == NOTEBOOK
    }
    return [
        file
        for file in files
        if not any(
            part in BESIDE_LABS and file.parts[:depth] in courses
            for depth, part in enumerate(file.parts[:-1])
        )
    ]


def useful(files: Sequence[Found]) -> list[Found]:
    """A student's notebooks; else their other files; else one empty folder."""
    best = min(file.rank for file in files)
    chosen = [file for file in files if file.rank == best]
    return chosen[:1] if best == EMPTY else chosen


def shown(student: str, names: Counter[str]) -> str:
    """A student's name in the table. Two whose names look the same there are told apart."""
    name = for_table(student)
    return name if name and names[name] == 1 else name_in_table(student)


def version(submission: Submission, judged_by: str) -> str:
    """A short name for what was handed in, `CONTENT` letters, and what it is judged by. It changes when either does.

    It begins with a letter: a spreadsheet would take 12 digits, or 1e9, for a number.
    """
    digest = hashlib.sha256(submission.problem.encode())
    try:
        if submission.path.is_file():
            with submission.path.open("rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
    except OSError as error:
        digest.update(str(error).encode("utf-8", "surrogatepass"))
    judge = hashlib.sha256(judged_by.encode())
    return f"v{digest.hexdigest()}"[:CONTENT] + judge.hexdigest()[:6]
