"""The commands of `run.py`: one table, one function each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from runner.checks import check_everything
from runner.environment import Environment, SetupProblem
from runner.lab import open_lab

STOPPED = 130  # the exit code of a program ended by Ctrl-C


@dataclass(frozen=True)
class Command:
    """One command: the function that carries it out, and what it is for."""

    run: Callable[[Environment, list[str]], int]
    purpose: str


def script(*start: str) -> Callable[[Environment, list[str]], int]:
    """A command that hands its arguments to a script or a module of the course."""

    def run(environment: Environment, arguments: list[str]) -> int:
        return environment.call(*start, *arguments)

    return run


def script_on_files(*start: str) -> Callable[[Environment, list[str]], int]:
    """A command that takes files, which its user names from the folder that he or she is in."""

    def run(environment: Environment, arguments: list[str]) -> int:
        return environment.call(*start, *map(absolute, arguments))

    return run


def absolute(argument: str) -> str:
    """A file's path in full; options and numbers as they are."""
    return argument if argument.startswith("-") or argument.isdigit() else os.path.abspath(argument)


def script_on_a_file(*start: str) -> Callable[[Environment, list[str]], int]:
    """A command that takes one file that is there, among words that are none."""

    def run(environment: Environment, arguments: list[str]) -> int:
        return environment.call(*start, *(absolute(a) if os.path.exists(a) else a for a in arguments))

    return run


COMMANDS = {
    "lab": Command(open_lab, "open the course in JupyterLab (takes --no-browser, --port 8890, ...)"),
    "test": Command(check_everything, "run every check: style, types, tests, notebooks"),
    "notebooks": Command(script("-m", "archlab.course.notebooks"), "run notebooks and keep their outputs"),
    "check": Command(
        script_on_files("-m", "archlab.course.labs.check"), "check a lab, task by task (takes its file)"
    ),
    "grade": Command(
        script_on_files("-m", "archlab.course.labs.grade"), "grade a folder of labs (takes --out, --jobs)"
    ),
    "guesses": Command(
        script_on_a_file("-m", "archlab.course.guess"), "what a class guessed (takes a file of their lines)"
    ),
    "progress": Command(
        script_on_a_file("-m", "archlab.course.progress"),
        "which tasks are passed, in a line to paste (takes --name; or, for teachers, a file of lines)",
    ),
    "handout": Command(
        script_on_files("-m", "archlab.course.handout", "handout"),
        "write all chapters for a browser or paper, without a network (takes a folder, --without-answers)",
    ),
    "slides": Command(
        script_on_files("-m", "archlab.course.handout", "slides"),
        "write the experiments as slides, without a network (takes a folder)",
    ),
    "labs": Command(
        script_on_files("-m", "archlab.course.labs.generate"), "make labs/ from solutions/ (for authors)"
    ),
    "bench": Command(
        script("-m", "tests.bench.run"), "measure how fast the simulator is, and how honest its intervals"
    ),
}


def usage() -> str:
    """What can be asked for."""
    lines = [f"    python run.py {name:<10} {command.purpose}" for name, command in COMMANDS.items()]
    return "\n".join(["Commands:", *lines])


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        print(f"There is no command {arguments[0]!r}.\n{usage()}", file=sys.stderr)
        return 2
    return run_command(COMMANDS[arguments[0]], Environment(), arguments[1:])


def run_command(command: Command, environment: Environment, arguments: list[str]) -> int:
    """Run a command in a finished environment; say in plain words why, when that is not possible."""
    try:
        environment.ensure()
        return command.run(environment, arguments)
    except SetupProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return STOPPED
