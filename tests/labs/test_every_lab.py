"""Every lab keeps to the form, and its checks accept every right answer and refuse every wrong one."""

from dataclasses import replace
from pathlib import Path

import pytest

from archlab.course.labs.anatomy import faults, free_names
from archlab.course.labs.answers import Answer, parse_answers, read_answers, read_once
from archlab.course.labs.kernel import Ran
from archlab.course.labs.lab import CHECK, Lab, all_labs, read_lab, solution_paths
from archlab.course.labs.trial import Attempt, Trial, margins, surprises, try_all
from archlab.course.labs.unsolved import stubs

EXAMPLE = Path(__file__).parent / "example"
SOLUTIONS = [*solution_paths(EXAMPLE), *solution_paths()]
SEEDS = (1, 604)  # the usual seed, and one that stands for all the others

every_lab = pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)


@every_lab
def test_a_lab_keeps_to_the_form(solution: Path):
    assert faults(read_lab(solution), read_answers(solution)) == []


@every_lab
def test_the_checks_accept_what_is_right_and_refuse_what_is_wrong(solution: Path):
    lab, answers = read_lab(solution), read_answers(solution)
    trials = try_all(lab, stubs(solution), answers, SEEDS, read_once(solution))
    assert surprises(trials) == []
    assert len(trials) == len(SEEDS) * (2 * len(lab.checks) + len(answers))


def test_no_two_labs_share_a_grade_id():
    ids = [grade_id for lab in all_labs().values() for grade_id in lab.grade_ids]
    assert len(ids) == len(set(ids))


RIGHT = Trial(Attempt("right", "t", "another style", ""), 1, Ran("ok", line="t: passed"))


@pytest.mark.parametrize(
    ("kind", "ran", "words"),
    [
        ("right", Ran("ok", line="t: passed"), []),
        ("right", Ran("error", "AssertionError", "too few"), ["refused (right: another style): too few"]),
        ("right", Ran("ok", line="whatever an answer prints"), []),
        ("solution", Ran("died"), ["refused (solution: another style): died"]),
        ("wrong", Ran("error", "AssertionError", "too few"), []),
        ("wrong", Ran("ok", line="t: passed"), ["accepted (wrong: another style)"]),
        ("stub", Ran("error", "NotImplementedError"), []),
        (
            "stub",
            Ran("error", "NameError", "x"),
            ["the stub should end with NotImplementedError, not NameError: x"],
        ),
        ("stub", Ran("ok", line="t: passed"), ["accepted (stub: another style)"]),
    ],
)
def test_a_check_that_lets_a_wrong_answer_through_or_refuses_a_right_one_is_named(
    kind: str, ran: Ran, words: list[str]
):
    trial = replace(RIGHT, ran=ran, attempt=replace(RIGHT.attempt, kind=kind))
    assert surprises([trial]) == [f"task t, seed 1: {word}" for word in words]


def test_the_authors_are_told_how_near_to_a_tolerance_right_and_wrong_answers_come():
    said = "the p99 in ms is 120; it should be 100, within 5 %"
    trials = [
        replace(RIGHT, ran=Ran("ok", line="used 0.400")),
        replace(RIGHT, ran=Ran("ok", line="used 0.620")),
        replace(
            RIGHT,
            ran=Ran("error", "AssertionError", said),
            attempt=replace(RIGHT.attempt, kind="wrong"),
        ),
    ]
    assert margins(trials) == [
        "t: right answers use up to 62% of what is allowed; the nearest wrong figure is 3.3 times a tolerance off"
    ]


def without(lab: Lab, cell_id: str) -> Lab:
    return replace(lab, cells=tuple(cell for cell in lab.cells if cell.cell.id != cell_id))


def with_check(lab: Lab, old: str, new: str) -> Lab:
    def changed(source: str) -> str:
        return source.replace(old, new)

    cells = [
        replace(cell, cell=replace(cell.cell, source=changed(cell.cell.source)))
        if cell.role == CHECK
        else cell
        for cell in lab.cells
    ]
    return replace(lab, cells=tuple(cells))


def test_what_an_author_forgot_is_said(lab: Lab, answers: list[Answer]):
    def said(lab: Lab, answers: list[Answer]) -> str:
        return "\n".join(faults(lab, answers))

    assert said(lab, answers) == ""
    assert "has 0 answer cells; it must have 1" in said(without(lab, "servers-answer"), answers)
    assert "fewer than 2 folded hints" in said(without(lab, "servers-task"), answers)
    assert "recorded wrong answers; it needs 3" in said(lab, [a for a in answers if a.right])
    assert "of another style; it needs 1" in said(lab, [a for a in answers if not a.right])
    assert "uses till_lab_checks without" in said(with_check(lab, "import till_lab_checks", ""), answers)
    assert "its check gives random a meaning in the notebook" in said(
        with_check(lab, "import till_lab_checks", "import till_lab_checks\nrandom = 4"), answers
    )
    assert "which is no task" in said(lab, [*answers, Answer("tills", True, "", "")])
    unrun = replace(lab, cells=tuple(replace(cell, line="") for cell in lab.cells))
    assert "does not say that the task is passed" in said(unrun, answers)
    wrong_number = replace(lab, name="91_till")
    assert "should be '91_reading'" in said(wrong_number, answers)
    twice = replace(lab, cells=lab.cells + lab.cells[1:2])
    assert "a grade id occurs twice: 90_setup" in said(twice, answers)


def test_names_that_a_check_makes_itself_are_its_own():
    source = "import math as m\nfor x in range(3):\n    def f(y):\n        return [z + y for z in (x, m.pi)]\nanswer(f)"
    assert free_names(source) == ["answer"]


@pytest.mark.parametrize("text", ["[[wrong]]\ntask = 'a'\ncode = 'x'", "[[maybe]]\ntask = 'a'"])
def test_answers_of_another_form_are_refused(text: str):
    with pytest.raises(ValueError, match=r"answers\.toml"):
        parse_answers(text)
