"""Run the `main` of a module of the course, so that a crash cannot be taken for a verdict.

Python ends a program that crashes with code 1, which `check` gives to a lab that is not passed. Here it is 3, with a
sentence under Python's own words. `runner.commands` starts this file; it imports the module only when it can say why
that failed.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from pathlib import Path

CRASHED = 3
STOPPED = 130  # the exit code of a program ended by Ctrl-C
CRASH = "This is a fault of the program, and says nothing about your work. Nothing was judged."
LOOK = 'If the lines above do not say what to do: run "python run.py ready", and pass them on.'


def run(module: str, arguments: list[str]) -> int:
    """Run `main(arguments)` of a module, and return its exit code, or `CRASHED` when it raised an error."""
    try:
        return int(importlib.import_module(module).main(arguments))
    except KeyboardInterrupt:
        return STOPPED
    except SystemExit:
        for name in filter(is_a_file_like_an_option, arguments):
            print(f"To name the file {name}, write {os.path.join(os.curdir, name)}.", file=sys.stderr)
        raise
    except OSError as error:  # no room, no right, no such file: not a matter for a traceback
        return crashed(str(error))
    except Exception:
        return crashed(traceback.format_exc())


def is_a_file_like_an_option(argument: str) -> bool:
    """Whether an argument begins as an option does, and a file of that name is there."""
    return argument.startswith("-") and Path(argument).exists()


def crashed(words: str) -> int:
    """Say what happened, and that it is no verdict."""
    print(f"{words.rstrip()}\n{CRASH}\n{LOOK}", file=sys.stderr)
    return CRASHED


if __name__ == "__main__":
    # At the end: a file of a learner's in that folder must not stand for a library of the same name.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    sys.exit(run(sys.argv[1], sys.argv[2:]))
