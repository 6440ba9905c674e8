"""A learner's random.py or simpy.py stands for no library: not for the commands, and not for a notebook in the lab."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

import archlab
from runner.commands import NO_FILES_IN_THE_WAY, PROGRAM
from runner.environment import ROOT

NAMES = (
    "archlab",
    "json",
    "numpy",
    "os",
    "pandas",
    "queue",
    "random",
    "simpy",
    "statistics",
    "tempfile",
    "types",
)
WHERE_FROM = """
import joblib, numpy, pandas, queue, random, simpy, statistics, types, archlab, helpers
modules = (numpy, pandas, queue, random, simpy, statistics, types, archlab)
joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(number) for number in (-1, -2))
print([module.__name__ for module in modules if hasattr(module, "of_a_learner")], helpers.of_a_learner, "sys" in dir())
"""


@pytest.fixture
def in_the_way(tmp_path: Path) -> Path:
    """A folder with files that are named like libraries, and one that a notebook may well import."""
    for name in (*NAMES, "helpers"):
        (tmp_path / f"{name}.py").write_text("of_a_learner = True\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def course(in_the_way: Path) -> Path:
    """What run.py needs to say its commands, with a learner's files beside it."""
    for name in ("runner", "archlab/course"):
        shutil.copytree(ROOT / name, in_the_way / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "archlab" / "__init__.py", in_the_way / "archlab")
    shutil.copy(ROOT / "run.py", in_the_way)
    return in_the_way


@pytest.mark.parametrize("options", [[], ["-P"], ["-E", "-S"]])
def test_a_file_beside_run_py_does_not_stand_for_pythons_own(course: Path, options: list[str]):
    command = [sys.executable, *options, "run.py", "--help"]
    ended = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "python run.py lab" in ended.stdout


def test_a_file_where_a_command_is_run_does_not_stand_for_a_library(in_the_way: Path):
    command = [sys.executable, str(PROGRAM), "archlab.course.labs.check", "--help"]
    variables = {**os.environ, **NO_FILES_IN_THE_WAY}
    ended = subprocess.run(
        command, cwd=in_the_way, env=variables, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "usage: run.py check" in ended.stdout


@pytest.fixture
def told(in_the_way: Path) -> Iterator[str]:
    """What a cell prints in a kernel as `run.py lab` starts it, in a folder with files in the way."""
    manager = KernelManager(
        kernel_name="python3",
        kernel_spec_manager=KernelSpecManager(
            kernel_dirs=[str(ROOT / "lab_settings" / "kernels")], ensure_native_kernel=False
        ),
    )
    manager.start_kernel(cwd=str(in_the_way))
    client = manager.blocking_client()
    client.start_channels()
    said: list[str] = []
    try:
        client.wait_for_ready(timeout=300)
        client.execute_interactive(
            WHERE_FROM, timeout=300, output_hook=lambda message: said.append(json.dumps(message["content"]))
        )
        yield "".join(said)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_notebook_in_the_lab_gets_the_libraries_and_its_own_other_files(told: str):
    assert "[] True False" in told


def test_the_kernel_is_started_with_the_python_of_the_environment():
    spec = json.loads((ROOT / "lab_settings/kernels/python3/kernel.json").read_text(encoding="utf-8"))
    assert spec["argv"][0] == "python"
    assert spec["env"] == NO_FILES_IN_THE_WAY


def test_where_a_notebook_is_opened_otherwise_the_file_is_named(
    in_the_way: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(in_the_way)
    monkeypatch.syspath_prepend("")
    monkeypatch.delitem(sys.modules, "simpy", raising=False)
    with pytest.raises(
        ImportError, match=r"Your file .*simpy\.py has the name of the library simpy.*another name"
    ):
        archlab.refuse_files_named_like(("simpy",))


def test_libraries_from_where_they_belong_are_no_matter():
    archlab.refuse_files_named_like(archlab.LIBRARIES)
