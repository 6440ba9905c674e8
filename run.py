"""The course's commands: `python run.py lab` opens it, `python run.py test` checks all of it.

This file only looks at the Python that runs it, so it must be readable by any Python, however old.
The commands themselves are in the folder `runner`.
"""

import os
import sys

OLDEST = (3, 11)
NEWEST = (3, 13)


def version_problem(version):
    """Why this Python cannot run the course, in plain words; an empty text when it can."""
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return ""
    return (
        "This course needs Python 3.11, 3.12 or 3.13, and this is Python %d.%d.\n"
        "Install one of them (from python.org, or with your system's package manager) and name it:\n"
        "    python3.12 run.py lab        on Linux and macOS\n"
        "    py -3.12 run.py lab          on Windows" % tuple(version[:2])
    )


def in_place(folder, places):
    """The places where Python looks for modules, with this folder behind Python's own, before all that is installed."""
    others = [place for place in places if os.path.realpath(place) != folder]
    installed = [place for place in others if place.endswith("-packages")]
    position = others.index(installed[0]) if installed else len(others)
    others.insert(position, folder)
    return others


if __name__ == "__main__":
    # Python looks beside a script first. A learner's random.py there must not stand for Python's own. But another
    # course, installed in the environment that this is started from, must not stand for this one.
    sys.path[:] = in_place(os.path.dirname(os.path.realpath(__file__)), sys.path)
    problem = version_problem(sys.version_info)
    if problem:
        sys.exit(problem)
    from runner.commands import main

    sys.exit(main(sys.argv[1:]))
