"""What is around every check: it helps with the usual slips, and leaves one line."""

import io
import sys
from collections.abc import Iterator
from types import MappingProxyType

import pytest

from archlab.chapters.choosing import lab_checks as choosing_checks
from archlab.course.labs import Answer, expect, task_check
from archlab.course.labs.expectations import SEED_VARIABLE
from archlab.shop.config import ShopConfig
from archlab.shop.monolithic import MonolithConfig
from archlab.sim import Simulation


@task_check
def doubling(double: Answer) -> str:
    """Try it with two numbers."""
    expect(double(2) == 4, f"twice 2 is not {double(2)!r}")
    return f"twice 3 is\n{double(3)}"


@task_check
def ordering(place: Answer) -> str:
    """Let a generator run in a simulation."""
    sim = Simulation(seed=1)
    sim.run(until=sim.start(place(sim)))
    return f"placed at {sim.now:g} s"


def test_a_right_answer_leaves_one_line_with_the_task_and_the_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for number in ("1", "8"):
        monkeypatch.setenv(SEED_VARIABLE, number)
        doubling(lambda x: 2 * x)
    assert capsys.readouterr().out.splitlines() == [
        "doubling: passed with seed 1. twice 3 is 6",
        "doubling: passed with seed 8. twice 3 is 6",
    ]


def test_a_wrong_answer_raises_what_the_check_says():
    with pytest.raises(AssertionError, match="twice 2 is not 3"):
        doubling(lambda x: x + 1)


def test_an_answer_without_a_return_is_asked_for_one():
    def double(x: int) -> None:
        x *= 2

    with pytest.raises(AssertionError, match="double returns nothing: is there a return"):
        doubling(double)


def test_none_that_was_returned_on_purpose_is_judged_by_the_check():
    def double(x: int) -> None:
        return None

    with pytest.raises(AssertionError, match="twice 2 is not None"):
        doubling(double)


def test_a_method_that_was_not_called_is_named():
    with pytest.raises(AssertionError, match="not called: put"):
        doubling(lambda x: str(2 * x).strip)


def test_an_answer_may_be_any_thing_that_can_be_called():
    class Doubler:
        def __call__(self, x: int) -> int:
            return 2 * x

    doubling(Doubler())
    doubling((2).__mul__)
    with pytest.raises(AssertionError, match="must be a function"):
        doubling(4)


def test_yield_from_before_an_event_is_explained():
    def place(sim: Simulation) -> Iterator[object]:
        yield from sim.timeout(1)  # type: ignore[misc]

    with pytest.raises(AssertionError, match=r"stands before an event \(.*\): write `yield` without `from`"):
        ordering(place)


def test_yield_before_steps_is_explained():
    def steps(sim: Simulation) -> Iterator[object]:
        yield sim.timeout(1)

    def place(sim: Simulation) -> Iterator[object]:
        yield steps(sim)

    with pytest.raises(AssertionError, match="write `yield from` there"):
        ordering(place)


def test_other_errors_of_an_answer_stay_what_they_are():
    with pytest.raises(ZeroDivisionError):
        doubling(lambda x: x / 0)
    with pytest.raises(TypeError):
        doubling(lambda: 4)
    with pytest.raises(NotImplementedError):
        doubling(unsolved)


def unsolved(x: int) -> int:
    raise NotImplementedError("replace this line by your answer")


def test_an_output_that_an_answer_has_closed_costs_nothing(monkeypatch: pytest.MonkeyPatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    doubling(lambda x: 2 * x)


LENT = MappingProxyType({"share": 0.02})
_RETURNED = 0


@task_check
def lending(lost: Answer) -> str:
    """Know a constant by name."""
    expect(lost() == LENT["share"], f"{lost()!r} is not {LENT['share']}")
    return "as it was lent"


def test_an_answer_that_gives_a_constant_of_the_check_another_value_is_told_so_each_time():
    def lost() -> float:
        globals()["LENT"] = {"share": 0.5}
        return 0.5

    for _ in range(2):
        with pytest.raises(AssertionError, match="your answer changes LENT: leave it as it is"):
            lending(lost)
    assert LENT == {"share": 0.02}


def test_what_steps_of_an_answer_change_is_put_back_when_the_check_says_no_for_another_reason():
    """Steps run inside the check, after the call of the answer has returned them."""

    def steps(sim: Simulation):
        globals()["LENT"] = {"share": 0.5}
        yield sim.timeout(-1)

    with pytest.raises(ValueError, match="delay"):
        ordering(steps)
    assert LENT == {"share": 0.02}


def test_a_name_that_begins_with_an_underscore_is_watched_as_well():
    def lost() -> float:
        globals()["_RETURNED"] = 5
        return 0.02

    with pytest.raises(AssertionError, match="your answer changes _RETURNED"):
        lending(lost)
    assert _RETURNED == 0


def test_an_answer_that_changes_a_scenario_of_the_check_is_told_so(monkeypatch: pytest.MonkeyPatch):
    from archlab.chapters.microservices import lab as busy_season
    from archlab.chapters.microservices import lab_checks

    def page_guards() -> object:
        busy_season.LOST = 0.0
        return None

    with pytest.raises(AssertionError, match=r"your answer changes busy_season\.LOST"):
        lab_checks.storm(page_guards)
    assert busy_season.LOST == 0.02


@pytest.mark.parametrize(
    ("of", "name", "words"),
    [
        (MonolithConfig, "rented", r"MonolithConfig\.rented"),
        (MonolithConfig, "capacity_per_s", r"MonolithConfig\.capacity_per_s"),
        (ShopConfig, "capacity_per_s", r"ShopConfig\.capacity_per_s"),
        (ShopConfig, "cpu_s", r"ShopConfig\.cpu_s"),
    ],
)
def test_an_answer_that_gives_shops_another_method_is_told_so_and_it_is_put_back(
    of: type, name: str, words: str
):
    """Also where the class has it from another one."""
    before, own = getattr(of, name), name in vars(of)

    def start_up(brief: object, seed: int) -> object:
        setattr(of, name, lambda self, *others: {})
        return None

    with pytest.raises(AssertionError, match=rf"your answer changes \S*{words}: leave it as it is"):
        choosing_checks.start_up(start_up)
    assert getattr(of, name) is before
    assert (name in vars(of)) is own


def test_an_error_in_a_cell_is_said_with_its_line():
    names: dict[str, Answer] = {}
    source = "def double(x):\n    wanted = {}\n    return wanted['x']\n"
    exec(compile(source, "/folder/ipykernel_12/34.py", "exec"), names)
    with pytest.raises(AssertionError, match="KeyError: 'x', in your cell, line 3"):
        doubling(names["double"])


def test_an_error_in_a_step_of_the_simulation_is_said_with_its_line():
    names: dict[str, Answer] = {}
    source = "def place(sim):\n    yield sim.timeout(1)\n    yield sim.timeout(1 / 0)\n"
    exec(compile(source, "/folder/ipykernel_12/34.py", "exec"), names)
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero, in your cell, line 3"):
        ordering(names["place"])


def test_an_error_of_the_check_itself_stays_what_it_is():
    with pytest.raises(TypeError):
        doubling(lambda x, y: x)
