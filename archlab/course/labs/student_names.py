"""Who handed in a file, by the name that a learning platform gave it in a download of all submissions.

>>> student_in("Anna Müller_12345_assignsubmission_file_lab.ipynb")
'Anna Müller (12345)'
>>> student_in("mulleranna_LATE_12345_67890_01_monolithic_lab-1.ipynb")
'mulleranna (12345)'
>>> student_in("lab.ipynb") is None
True
"""

from __future__ import annotations

import re

from archlab.course.labs.cells import NOTEBOOK

PLATFORMS = [
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+(_.*)?",  # Moodle: files, and folders
        r".*_(?P<name>[^_]+)_attempt_\d{4}(-\d\d){5}([_.].*)?",  # Blackboard
        r"(?P<id>\d+)-\d+ - (?P<name>.+?) - .*",  # Brightspace: files, and folders
        r"(?P<name>[^\W_]+)_(LATE_)?(?P<id>\d{4,})_\d{4,}_.+",  # Canvas
    )
]


def student_in(name: str) -> str | None:
    """The student's name, and the number that the platform knows them by; None when the name is no platform's."""
    for pattern in PLATFORMS:
        if found := pattern.fullmatch(name):
            number = found.groupdict().get("id")
            return f"{found['name']} ({number})" if number else found["name"]
    return None


def student_of(name: str, is_file: bool) -> str:
    """The student of a file or folder: as the platform names them, or else the name itself without its ending."""
    return student_in(name) or (without_ending(name) if is_file else name)


def without_ending(name: str) -> str:
    """A file's name without what its ending says.

    >>> without_ending("anna.ipynb.json"), without_ending("anna.zip"), without_ending("anna")
    ('anna', 'anna', 'anna')
    """
    shorter = NOTEBOOK.sub("", name)
    return shorter if shorter != name else re.sub(r"(?<=.)\.[^.]*$", "", name)
