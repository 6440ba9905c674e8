"""The commands of `run.py`: one table, one function each.

A command gets its arguments as its user wrote them, and works in the folder that its user is in: so a path means what
it means to its user. Exit codes: 0 done, or passed; 1 not passed; 2 a wrong argument; 3 it could not be done at all.
"""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner.checks import check_everything
from runner.environment import Environment
from runner.lab import open_lab
from runner.problems import SetupProblem
from runner.program import CRASHED, STOPPED, crashed
from runner.surroundings import surroundings

PROGRAM = Path(__file__).with_name("program.py")
NO_FILES_IN_THE_WAY = {"PYTHONSAFEPATH": "1"}
"""No file of a learner's, wherever a command is run, stands for a library of the same name."""
LARGEST_EXIT_CODE = 255  # beyond it, and below 0, the system ended the program


@dataclass(frozen=True)
class Command:
    """One command: the function that carries it out, and what it is for."""

    run: Callable[[Environment, list[str]], int]
    purpose: str


def module(name: str, *start: str) -> Callable[[Environment, list[str]], int]:
    """A command that hands its arguments to the `main` of a module of the course."""

    def run(environment: Environment, arguments: list[str]) -> int:
        command = (str(PROGRAM), name, *start, *arguments)
        variables = surroundings(environment.root) | NO_FILES_IN_THE_WAY
        return judged(environment.call(*command, folder=Path.cwd(), **variables))

    return run


def judged(exit_code: int) -> int:
    """A program's exit code; `CRASHED`, with words, when the system ended the program."""
    if 0 <= exit_code <= LARGEST_EXIT_CODE:
        return exit_code
    print(f"The program was ended from outside ({exit_code}). Perhaps the memory was full.", file=sys.stderr)
    return CRASHED


COMMANDS = {
    "lab": Command(open_lab, "open the course in JupyterLab (takes --no-browser, --port 8890, ...)"),
    "ready": Command(module("runner.ready"), "look whether all is ready for a workshop on this computer"),
    "test": Command(check_everything, "run every check: style, types, tests, notebooks"),
    "notebooks": Command(module("archlab.course.notebooks"), "run notebooks and keep their outputs"),
    "check": Command(module("archlab.course.labs.check"), "check a lab, task by task (takes its file)"),
    "grade": Command(module("archlab.course.labs.grade"), "grade a folder of labs (takes --out, --jobs)"),
    "guesses": Command(
        module("archlab.course.guess.__main__"), "what a class guessed (takes a file of lines)"
    ),
    "progress": Command(
        module("archlab.course.progress.__main__"),
        "which tasks are passed, in a line to paste (takes --name; or, for teachers, a file of lines)",
    ),
    "handout": Command(
        module("archlab.course.handout.__main__", "handout"),
        "write all chapters for a browser or paper, without a network (takes a folder, --without-answers)",
    ),
    "slides": Command(
        module("archlab.course.handout.__main__", "slides"),
        "write the experiments as slides, without a network (takes a folder)",
    ),
    "bundle": Command(
        module("runner.bundle"), "write the packages for computers without a network (takes a folder)"
    ),
    "labs": Command(module("archlab.course.labs.generate"), "make labs/ from solutions/ (for authors)"),
    "bench": Command(
        module("tests.bench.run"), "measure how fast the simulator is, and how honest its intervals"
    ),
}


def usage() -> str:
    """What can be asked for."""
    lines = [f"    python run.py {name:<10} {command.purpose}" for name, command in COMMANDS.items()]
    return "\n".join(["Commands:", *lines])


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    show_what_they_can(sys.stdout, sys.stderr)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        print(f"There is no command {arguments[0]!r}.\n{usage()}", file=sys.stderr)
        return 2
    return run_command(COMMANDS[arguments[0]], Environment(), arguments[1:])


def show_what_they_can(*streams: object) -> None:
    """Let streams print ? for a letter that they do not have, instead of raising `UnicodeEncodeError`."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def run_command(command: Command, environment: Environment, arguments: list[str]) -> int:
    """Run a command in a finished environment; say in plain words why, when that is not possible."""
    try:
        environment.ensure()
        return command.run(environment, arguments)
    except SetupProblem as problem:
        print(problem, file=sys.stderr)
        return CRASHED
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return STOPPED
    except Exception:
        return crashed(traceback.format_exc())
