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

TIGHT = Limits(cell_s=6, notebook_s=120, memory_bytes=2 * GIB)
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


def test_an_answer_that_ends_the_kernel_costs_its_task_and_those_after_it(
    judged: JudgeAnswers, right: dict[str, str]
):
    verdict = judged({**right, "servers": "import os\ndef servers_needed(*args):\n    os._exit(0)"})
    assert [task.passed for task in verdict.tasks] == [True, False, False]
    assert verdict.tasks[1].said.startswith("The kernel died in the check")
    assert verdict.tasks[2].said.startswith("Not judged")


def test_a_loop_is_interrupted_one_that_ignores_this_is_killed_and_what_comes_after_is_not_judged(
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
    words = said(judged({"reading": "while True:\n    pass", "servers": stubborn, "limit": right["limit"]}))
    assert "Your cell above it took too long" in words["reading"]
    assert words["servers"] == "The check took too long and was stopped."
    assert words["limit"].startswith("Not judged")


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
    assert "ended with code" in verdict.problem


def test_lies_are_found_out(judged: JudgeAnswers, lab: Lab, wrong: dict[str, str]):
    patched_print = f"""
import builtins, sys
from archlab.course import labs
builtins.print = lambda *args, **more: sys.stdout.write({lab.checks["reading"].line + chr(10)!r})
labs.expect_close = lambda *args, **more: None
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
