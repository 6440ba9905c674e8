"""What a change can reach is tested after it, and nothing else need be."""

from pathlib import Path

import pytest

from runner import checks
from runner.reach import NothingToCompareWith, changed_files, new_files, reached
from tests.setup.checkout import commit_all, needs_git
from tests.setup.test_checks import FakeEnvironment

CODE_CELL = '{"cells": [{"cell_type": "code", "source": [%s]}]}'
SOURCES = {
    "archlab/__init__.py": "",
    "archlab/sim/__init__.py": "",
    "archlab/sim/queue.py": "LONG = 3",
    "archlab/sim/network.py": "import simpy",
    "archlab/shop.py": "def bought():\n    from archlab.sim.queue import LONG\n    return LONG",
    "archlab/rent.py": 'from archlab.data import load\nPRICES = load("prices")',
    "archlab/near.py": "from .sim import network",
    "tests/conftest.py": "",
    "tests/sim/test_queue.py": "from archlab.sim import queue",
    "tests/sim/test_network.py": "import archlab.sim.network",
    "tests/test_shop.py": "from archlab import shop",
    "tests/test_data.py": "",
    "tests/setup/test_readme.py": "",
    "data/prices.csv": "item,price_usd",
    "README.md": "# A course",
    "pyproject.toml": "[project]",
    "solutions/01_x/01_x_lab.ipynb": CODE_CELL % '"from archlab import rent"',
    "notebooks/01_x.ipynb": CODE_CELL % '"%load_ext x\\n", "from archlab import shop"',
}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_who_imports_a_module_through_another_is_reached_wherever_the_import_stands(course: Path):
    assert reached(course, ["archlab/sim/queue.py"]) == {
        "archlab/sim/queue.py",
        "archlab/shop.py",
        "tests/sim/test_queue.py",
        "tests/test_shop.py",
        "notebooks/01_x.ipynb",
    }


def test_a_relative_import_is_one_too(course: Path):
    found = reached(course, ["archlab/sim/network.py"])
    assert found == {"archlab/sim/network.py", "archlab/near.py", "tests/sim/test_network.py"}


def test_a_package_reaches_whoever_imports_something_in_it(course: Path):
    found = reached(course, ["archlab/sim/__init__.py"])
    assert found is not None
    assert found >= {"archlab/shop.py", "tests/sim/test_network.py", "notebooks/01_x.ipynb"}
    assert "archlab/rent.py" not in found


def test_a_table_reaches_who_names_it(course: Path):
    found = reached(course, ["data/prices.csv"])
    assert found == {
        "data/prices.csv",
        "archlab/rent.py",
        "solutions/01_x/01_x_lab.ipynb",
        "tests/test_data.py",
    }


def test_a_conftest_reaches_all_tests_beneath_it(course: Path):
    found = reached(course, ["tests/conftest.py"])
    assert found is not None
    assert {name for name in found if "test_" in name} == {name for name in SOURCES if "test_" in name}


def test_a_file_that_is_gone_reaches_who_imported_it(course: Path):
    (course / "archlab/sim/queue.py").unlink()
    assert reached(course, ["archlab/sim/queue.py"]) == {
        "archlab/shop.py",
        "tests/sim/test_queue.py",
        "tests/test_shop.py",
        "notebooks/01_x.ipynb",
    }


def test_a_page_reaches_the_tests_of_the_set_up_and_pins_reach_everything(course: Path):
    assert reached(course, ["README.md"]) == {"README.md", "tests/setup/test_readme.py"}
    assert reached(course, ["README.md", "pyproject.toml"]) is None


@needs_git
def test_only_what_changed_files_reach_is_run(course: Path, capsys):
    commit_all(course)
    assert (changed_files(course), new_files(course)) == ([], [])
    (course / "archlab/sim/network.py").write_text("import simpy, math")
    (course / "tests/sim/test_new.py").write_text("")
    environment = FakeEnvironment(course, [0] * 5)
    assert checks.check_everything(environment, ["--changed"]) == 0
    assert environment.called == ["ruff", "ruff", "mypy", "runner.import_contracts", "pytest"]
    said = capsys.readouterr().out
    assert "2 changed files can reach 4." in said
    assert "tests/sim/test_network.py" in said
    assert "test_queue" not in said


def test_without_git_it_says_so_and_how_to_check_all(course: Path, capsys):
    with pytest.raises(NothingToCompareWith):
        changed_files(course)
    assert checks.check_everything(FakeEnvironment(course, []), ["--changed"]) == 2
    assert "Run all checks: python run.py test" in capsys.readouterr().err
