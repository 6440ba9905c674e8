"""What one recorded answer has asked for is not done again for the next one. A judge remembers nothing."""

import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from archlab.course.labs.answers import Answer, read_once
from archlab.course.labs.judge import Judge
from archlab.course.labs.lab import Lab, solution_paths
from archlab.course.labs.memo import leave_out, may_change_others, remember
from archlab.course.labs.merge import merge
from archlab.course.labs.trial import TELL, attempts, script

SHOP = "shop_of_this_test"
RUN = f"{SHOP}.run"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module with a run that counts how often it was made."""
    module: Any = ModuleType(SHOP)

    def run(config: Any, seed: int = 1) -> dict[str, Any]:
        module.made += 1
        return {"seed": seed, "p99_ms": [3.0]}

    module.made, module.run = 0, run
    monkeypatch.setitem(sys.modules, SHOP, module)
    remember(RUN)
    return module


def test_the_same_run_is_made_once_and_another_one_anew(shop: Any):
    assert shop.run({"cores": 1}, seed=3) == shop.run({"cores": 1}, seed=3)
    assert shop.made == 1
    shop.run({"cores": 1}, seed=4)
    shop.run({"cores": 2}, seed=3)
    assert shop.made == 3


def test_what_an_answer_does_to_a_result_the_next_one_does_not_see(shop: Any):
    shop.run({})["p99_ms"].append(0.0)
    assert shop.run({}) == {"seed": 1, "p99_ms": [3.0]}


def test_what_cannot_be_written_down_is_run_each_time(shop: Any):
    for _ in range(2):
        shop.run(lambda: None)
    assert shop.made == 2


def test_an_object_of_a_class_of_the_answers_own_is_run_each_time(shop: Any, monkeypatch: pytest.MonkeyPatch):
    class Cheap:
        pass

    Cheap.__module__, Cheap.__qualname__ = "__main__", "Cheap"
    monkeypatch.setattr(sys.modules["__main__"], "Cheap", Cheap, raising=False)
    for _ in range(2):
        shop.run(Cheap())
    assert shop.made == 2


def test_a_memo_that_was_left_out_is_there_again_with_what_it_knew(shop: Any):
    shop.run({})
    leave_out(RUN)
    shop.run({})
    assert shop.made == 2
    remember(RUN)
    remember(RUN)
    shop.run({})
    assert shop.made == 2


@pytest.mark.parametrize(
    "line",
    [
        "lab.LOST = 0",
        "type(config).rented = lambda self: {}",
        "del lab.LOST",
        "lab.PRICES['core'] = 0",
        "setattr(lab, 'LOST', 0)",
        "object.__setattr__(brief, 'load_per_s', 1)",
        "sys.modules.clear()",
        "global lab",
    ],
)
def test_an_answer_that_may_change_what_is_not_its_own_is_known(line: str):
    assert may_change_others(f"def answer(config, brief):\n    {line}")


def test_an_answer_that_works_with_its_own_names_is_none_of_these():
    own = (
        "shops = {}\nfor cores in (1, 2):\n    shops[cores] = lab.lived(cores)\n    total = shops[cores].usd"
    )
    assert not may_change_others(own)


def test_wrong_answers_that_may_change_others_come_last_in_their_task_and_without_memos(
    lab: Lab, answers: list[Answer]
):
    task = next(iter(lab.checks))
    changing = Answer(task, False, "It changes the check.", "lab.LOST = 0")
    tried = attempts(lab, dict.fromkeys(lab.checks, ""), [changing, *answers])
    sources, places = script(lab, tried, [RUN])
    left_out, place = next(n for n, source in enumerate(sources) if "leave_out" in source), places[tried[2]]
    assert tried[2].source == changing.code
    assert all(places[one] < left_out for one in tried if one.task == task and one is not tried[2])
    assert left_out < place < next(n for n in range(left_out, len(sources)) if "remember" in sources[n])
    assert places.keys() == set(tried)
    assert all(sources[places[one]] == lab.checks[one.task].cell.source + TELL for one in tried)


@pytest.mark.parametrize("solution", solution_paths(), ids=lambda path: path.stem)
def test_the_functions_that_a_lab_names_are_there(solution: Any):
    for name in read_once(solution):
        module, _, function = name.rpartition(".")
        assert callable(getattr(import_module(module), function))


def test_a_judge_runs_nothing_of_it(labs: dict[str, Lab], lab: Lab, monkeypatch: pytest.MonkeyPatch):
    judge, asked = Judge(labs), []
    monkeypatch.setattr("archlab.course.labs.judge.run_apart", lambda runs, *rest: asked.extend(runs))
    judge.run(merge(lab, [cell.cell for cell in lab.cells]).steps)
    sources = [source for run in asked for source in run.sources]
    assert sources
    assert not any("labs.memo" in source for source in sources)
