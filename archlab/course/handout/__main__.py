"""`python run.py handout [FOLDER] [--without-answers]` and `python run.py slides [FOLDER]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from archlab.course.handout.chapter import read_chapters
from archlab.course.handout.folder import require_free, write_folder
from archlab.course.handout.page import HOME
from archlab.course.handout.site import handout
from archlab.course.handout.slides import FILE, slides
from archlab.course.kept import chapter_notebooks
from archlab.course.notebooks import ROOT, NotebookProblem, shown

MEGABYTE = 1e6


def parser(what: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"run.py {what}", description=f"Write the {what} of the course.")
    made.add_argument("folder", nargs="?", type=Path, help="where to (default: beside the course's folders)")
    if what == "handout":
        made.add_argument("--without-answers", action="store_true", help="for a class: room to write instead")
    return made


def main(arguments: Sequence[str]) -> int:
    """Write the `handout` or the `slides`, whichever the first argument says. Returns an exit code."""
    what, *rest = arguments
    options = parser(what).parse_args(rest)
    without = getattr(options, "without_answers", False)
    folder = options.folder or ROOT / f"{what}{'-without-answers' if without else ''}"
    try:
        require_free(folder)
        read = read_chapters(chapter_notebooks(ROOT))
        files = slides(read) if what == "slides" else handout(read, with_answers=not without)
        write_folder(folder, files)
    except (OSError, ValueError, NotebookProblem) as problem:
        print(problem, file=sys.stderr)
        return 1
    size = sum(map(len, files.values())) / MEGABYTE
    first = shown(folder / (FILE if what == "slides" else HOME))
    print(f"{len(files)} files, {size:.1f} MB. Open {first} in a browser; no network is needed.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
