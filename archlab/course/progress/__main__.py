"""`python run.py progress`: how far you are, in one line to paste. `python run.py progress FILE`: how far the room is.

The first reads the saved notebooks in `labs/`. The second reads a text file of such lines, as messy as a chat. Both
say what the notebooks say, and run nothing: `python run.py check` and `python run.py grade` judge.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from archlab.course.handed_in import read_lines
from archlab.course.labs.lab import ROOT
from archlab.course.progress.line import line, named, words_under
from archlab.course.progress.room import LEGEND, collect
from archlab.course.progress.saved import saved

WHAT_IT_IS = "This is what the saved notebooks say; run.py check and run.py grade judge."


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="run.py progress", description="How far you are; or how far the room is."
    )
    made.add_argument(
        "file", type=Path, nargs="?", help="a text file with the lines of a room (for teachers)"
    )
    made.add_argument("--name", default="", help='to stand before your line, such as "Table 3"')
    return made


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Print the own line, or the room's table and what could not be read. Returns an exit code."""
    options = parser().parse_args(arguments)
    labs = saved(root)
    try:
        if options.file is None:
            print(named(options.name, line(labs.labs)), flush=True)
            told = (*labs.problems, words_under(labs.labs))
        else:
            room = collect(read_lines(options.file), labs.labs)
            print(f"{room.told()}\n\n{LEGEND}\n{WHAT_IT_IS}", flush=True)
            told = (*labs.problems, *room.problems)
    except (OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(told), end="\n" * bool(told), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
