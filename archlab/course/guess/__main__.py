"""`python run.py guesses FILE`: what a class guessed, from a file with the line of each person.

With `--name load.growth --title "..." --measured 6.4` it also draws the guesses beside the measured value, into a
PNG file beside FILE.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from archlab.course.guess.hand_in import Collected, collect
from archlab.course.guess.together import together
from archlab.course.handed_in import read_lines
from archlab.course.style import SLIDES


def draw(collected: Collected, options: argparse.Namespace) -> Path:
    """Write the picture of one question beside the file, and return its path. Raises `ValueError`, as `together`."""
    wanted = options.measured
    try:
        measured = None if wanted is None else float(wanted.replace(",", "."))
    except ValueError:
        measured = wanted
    picture = together(collected, options.name, options.title, measured, size=SLIDES)
    path = options.file.with_name(f"{options.file.stem}-{options.name}.png")
    path.write_bytes(picture.png)
    print(picture.alt)
    return path


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="run.py guesses", description="What a class guessed.")
    made.add_argument("file", type=Path, help="a text file: a line a person, as guesses.line() gives it")
    made.add_argument("--name", help="the question to draw")
    made.add_argument("--title", default="What we guessed, and what was measured", help="of the picture")
    made.add_argument("--measured", help="the measured value, or the choice that came out")
    return made


def main(arguments: Sequence[str]) -> int:
    """Print the table and what could not be read; draw when a question is named. Returns an exit code."""
    options = parser().parse_args(arguments)
    try:
        collected = collect(read_lines(options.file))
        print(collected.summary().to_string(float_format=lambda value: f"{value:g}", na_rep=""))
        print(*collected.problems, sep="\n", file=sys.stderr)
        if options.name:
            print(f"written to {draw(collected, options)}")
    except (OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
