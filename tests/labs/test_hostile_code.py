"""Code that hangs, dies, eats memory, lies or kills: none of it passes, and none of it stops the judge.

Three tasks are judged in one kernel, so most tests put three hostile answers into one notebook.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archlab.course.labs.judge import Judge
from archlab.course.labs.lab import Lab
from archlab.course.labs.limits import GIB, Limits
from archlab.course.labs.verdict import LabVerdict

TIGHT = Limits(cell_s=4, cell_clock_s=15, memory_bytes=2 * GIB)
FRESH_SEED = 77

JudgeAnswers = Callable[[dict[str, str]], LabVerdict]


@pytest.fixture(scope="module")
def judge(labs: dict[str, Lab]) -> Judge:
    return Judge(labs, TIGHT, FRESH_SEED)


@pytest.fixture
def judged(judge: Judge, fill: Callable[..., Any], hand_in: Callable[..., Path]) -> JudgeAnswers:
    return lambda answers: judge.verdict(hand_in(fill(answers)))


def said(verdict: LabVerdict) -> dict[str, str]:
    assert not any(task.passed for task in verdict.tasks)
    assert [task.task for task in verdict.tasks] == ["reading", "servers", "limit"]
    return {task.task: task.said for task in verdict.tasks}


def test_an_answer_that_ends_the_kernel_costs_its_own_task_and_no_other(
    judged: JudgeAnswers, right: dict[str, str]
):
    verdict = judged({**right, "servers": "import os\ndef servers_needed(*args):\n    os._exit(0)"})
    assert [task.passed for task in verdict.tasks] == [True, False, True]
    assert verdict.tasks[1].said.startswith("The kernel died in the check")


@pytest.mark.parametrize("way_out", ["exit()", "quit()", "import sys\nsys.exit()"])
def test_a_cell_that_leaves_stops_there_and_costs_no_other_task(
    judged: JudgeAnswers, right: dict[str, str], way_out: str
):
    verdict = judged({**right, "servers": f"{way_out}\n{right['servers']}"})
    assert [task.passed for task in verdict.tasks] == [True, False, True]
    assert "Your cell above it stopped with SystemExit" in verdict.tasks[1].said


def test_a_notebook_installs_nothing(judged: JudgeAnswers, right: dict[str, str]):
    found = "assert os.environ['PIP_DRY_RUN'] and os.environ['PIP_NO_INDEX']"
    assert judged({**right, "servers": f"import os\n{found}\n{right['servers']}"}).passed


def test_a_cell_with_imports_that_fails_is_named_where_its_names_are_missing(
    judge: Judge, fill: Callable[..., Any], hand_in: Callable[..., Path], right: dict[str, str]
):
    """And a module that a cell has written is found, as in JupyterLab."""
    uses_both = "import helper\nhelper.help()\nsns\n"
    notebook = fill({**right, "limit": uses_both + right["limit"]})
    for source in ("import seaborn as sns", "open('helper.py', 'w').write('def help(): pass')"):
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": source[:6]}
        notebook["cells"].insert(0, cell | {"source": source})
    verdict = judge.verdict(hand_in(notebook))
    assert [task.passed for task in verdict.tasks] == [True, True, False]
    assert "Your cell above it stopped with NameError: name 'sns' is not defined" in verdict.tasks[2].said
    assert "An earlier cell of yours stopped with ModuleNotFoundError" in verdict.tasks[2].said


def test_a_loop_is_interrupted_and_one_that_ignores_this_is_killed_and_what_comes_after_is_judged(
    judged: JudgeAnswers, right: dict[str, str]
):
    stubborn = """
def servers_needed(*args):
    while True:
        try:
            while True:
                pass
        except KeyboardInterrupt:
            pass
"""
    verdict = judged({"reading": "while True:\n    pass", "servers": stubborn, "limit": right["limit"]})
    assert [task.passed for task in verdict.tasks] == [False, False, True]
    assert "Your cell above it took too long" in verdict.tasks[0].said
    assert verdict.tasks[1].said == "The check took too long and was stopped."


def test_a_right_answer_that_the_machine_is_slow_with_is_judged_by_its_work_and_not_by_the_clock(
    judged: JudgeAnswers, right: dict[str, str]
):
    """A pause stands for other programs that take the processor away: longer than the limit, without any work."""
    slow = f"import time\ntime.sleep({TIGHT.cell_s + 2})\n{right['reading']}"
    assert judged({**right, "reading": slow}).passed


def test_what_the_time_by_the_clock_did_not_suffice_for_is_not_judged(
    labs: dict[str, Lab], fill: Callable[..., Any], hand_in: Callable[..., Path], right: dict[str, str]
):
    hasty = Judge(labs, Limits(notebook_clock_s=0.001), FRESH_SEED)
    hasty.require_solution = lambda lab: None  # type: ignore[method-assign]
    verdict = hasty.verdict(hand_in(fill(right)))
    assert [(task.judged, task.points) for task in verdict.tasks] == 3 * [(False, None)]
    assert "3 could not be judged" in verdict.summary


@pytest.mark.skipif(sys.platform != "linux", reason="memory of one program can only be limited on Linux")
def test_too_much_memory_and_a_long_sleep_are_stopped(judged: JudgeAnswers):
    words = said(
        judged(
            {
                "reading": "def reading(result):\n    return bytearray(40 << 30)",
                "servers": "def servers_needed(*args):\n    return [bytes(10**7) for _ in iter(int, 1)]",
                "limit": "import time\ndef queue_limit(*args):\n    time.sleep(100)",
            }
        )
    )
    assert "MemoryError" in words["reading"]
    assert "MemoryError" in words["servers"]
    assert words["limit"] == "The check took too long and was stopped."


@pytest.mark.skipif(
    sys.platform == "win32", reason="the attack is written for systems with signals and /proc"
)
def test_killing_the_process_that_runs_the_notebook_and_forging_its_report_gains_nothing(
    judged: JudgeAnswers, right: dict[str, str]
):
    forger = """
import os, signal
report = '{"runs": [], "note": ""}'
for name in ("/proc/self/fd/1", f"/proc/{os.getppid()}/fd/1"):
    try:
        with open(name, "w") as pipe:
            pipe.write(report + "\\n")
    except OSError:
        pass
os.kill(os.getppid(), signal.SIGKILL)
"""
    verdict = judged({**right, "limit": forger})
    assert set(said(verdict).values()) == {"Not judged."}
    assert not any(task.judged for task in verdict.tasks)
    assert "ended with code" in verdict.problem


def test_lies_are_found_out(judged: JudgeAnswers, lab: Lab, wrong: dict[str, str]):
    patched_print = f"""
import builtins, sys
from archlab.course import labs
import till_lab_checks
builtins.print = lambda *args, **more: sys.stdout.write({lab.checks["reading"].line + chr(10)!r})
labs.expect_close = till_lab_checks.expect_close = lambda *args, **more: None
"""
    typed_in = """
import json
builtins.print = lambda *args, **more: sys.stdout.write(" ".join(map(str, args)) + chr(10))
typed = iter([8, 13, 41, 16, 14])
def servers_needed(*args):
    return next(typed)
"""
    taught_checker = "labs.expect = labs.expect_close = lambda *args, **more: None\n"
    flood = "for line in range(1_000_000):\n    sys.stdout.write(f'{line}\\n')\n"
    words = said(
        judged(
            {
                "reading": patched_print + wrong["reading"],
                "servers": typed_in,
                "limit": taught_checker + flood + wrong["limit"],
            }
        )
    )
    assert "it should be" in words["reading"]  # the check has its own expect_close again
    assert words["servers"].startswith(f"It passes with seed 1, but not with seed {FRESH_SEED}")


def test_what_an_answer_prints_and_where_to_decides_nothing(judged: JudgeAnswers, right: dict[str, str]):
    unfinished_line = "print('working ...', end='')\n"
    silent = "import os, sys\nsys.stdout = open(os.devnull, 'w')\n"
    indented = right["servers"].replace('"""\n', '"""\n    ' + unfinished_line, 1)
    assert unfinished_line in indented
    assert judged({"reading": silent + right["reading"], "servers": indented, "limit": right["limit"]}).passed


def test_the_names_of_the_notebook_are_no_business_of_the_check(
    judged: JudgeAnswers, right: dict[str, str], wrong: dict[str, str]
):
    """Neither does a check take a name from an answer, nor can an answer put its own in a tool's place."""
    names = "sum = max = 0\nrandom = seed = stream = load = case = share = 'mine'\n"
    own = right["servers"].replace("def servers_needed", "def helper") + (
        "\ndef servers_needed(*args):\n    assert random == case == 'mine'\n    return helper(*args)"
    )
    tools = "def taught(*args, **more): pass\n\n"
    careless = tools + wrong["limit"].replace("):\n", "):\n    global expect\n    expect = taught\n", 1)
    assert "global expect" in careless
    verdict = judged({"reading": right["reading"], "servers": names + own, "limit": careless})
    assert [task.passed for task in verdict.tasks] == [True, True, False]
