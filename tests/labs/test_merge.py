"""Whatever happened to a notebook, the lab's own checks judge the learner's own answers.

Here the merged steps run in this process, which shows the same and takes no time.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archlab.course.labs.cells import Cell, parse, read_cells
from archlab.course.labs.lab import ANSWER, CHECK, FRAME, ROOT, Lab, LabCell, all_labs, lab_of
from archlab.course.labs.merge import Merged, merge

Notebook = dict[str, Any]
Fill = Callable[[dict[str, str]], Notebook]


def solved(merged: Merged) -> set[str]:
    """The tasks whose check raises nothing."""
    names: dict[str, Any] = {}
    passed = set()
    for step in merged.steps:
        try:
            exec(step.source, names)
        except Exception:
            continue
        if step.role == CHECK:
            passed.add(step.task)
    return passed


def merged_from(lab: Lab, notebook: Notebook) -> Merged:
    return merge(lab, parse(json.dumps(notebook)))


def number(notebook: Notebook, cell_id: str) -> int:
    return next(n for n, cell in enumerate(notebook["cells"]) if cell.get("id") == cell_id)


def code(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], **more}


# What may happen to a notebook ------------------------------------------------------------------------------


def loses_its_cell_ids(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        del cell["id"]


def loses_its_metadata(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def loses_ids_and_metadata(notebook: Notebook) -> None:
    loses_its_cell_ids(notebook)
    loses_its_metadata(notebook)


def has_a_stub_copied_above_an_answer(notebook: Notebook) -> None:
    place = number(notebook, "servers-answer")
    stub = copy.deepcopy(notebook["cells"][place])
    stub |= {"id": "a-new-id", "source": "def servers_needed(*args):\n    raise NotImplementedError"}
    notebook["cells"].insert(place, stub)


def has_all_cells_copied_to_the_end(notebook: Notebook) -> None:
    copies = copy.deepcopy(notebook["cells"])
    for place, cell in enumerate(copies):
        cell["id"] = f"copy{place}"
    notebook["cells"] += copies


def has_an_answer_split_in_two(notebook: Notebook) -> None:
    place = number(notebook, "servers-answer")
    helper = copy.deepcopy(notebook["cells"][place]) | {
        "id": "new",
        "source": "def above(load):\n    return int(load) + 1",
    }
    notebook["cells"][place]["source"] = (
        "def servers_needed(rate_per_s, service_s, wait_share):\n"
        "    servers = above(rate_per_s * service_s)\n"
        "    while erlang_c(servers, rate_per_s * service_s) > wait_share:\n"
        "        servers += 1\n"
        "    return servers"
    )
    notebook["cells"].insert(place, helper)


def has_a_helper_in_a_cell_of_its_own(notebook: Notebook) -> None:
    has_an_answer_split_in_two(notebook)
    notebook["cells"][number(notebook, "new")]["metadata"] = {}


def has_its_tasks_in_another_order(notebook: Notebook) -> None:
    notebook["cells"].reverse()


def has_its_answers_at_the_end(notebook: Notebook) -> None:
    notebook["cells"].sort(key=lambda cell: cell["id"].endswith("-answer"))


def has_an_answer_rewritten_in_a_new_cell(notebook: Notebook) -> None:
    place = number(notebook, "limit-answer")
    notebook["cells"][place] = code(notebook["cells"][place]["source"], id="brand-new")


def has_cells_in_which_an_experiment_failed(notebook: Notebook) -> None:
    notebook["cells"].insert(3, code("1 / 0", id="one"))
    notebook["cells"].append(code("this is no Python", id="two"))


def prints_while_it_works(notebook: Notebook) -> None:
    answer = notebook["cells"][number(notebook, "reading-answer")]
    answer["source"] = answer["source"].replace("### BEGIN SOLUTION", "print('reading', result.arrived)")


HARMLESS = [
    loses_its_cell_ids,
    loses_its_metadata,
    loses_ids_and_metadata,
    has_a_stub_copied_above_an_answer,
    has_all_cells_copied_to_the_end,
    has_an_answer_split_in_two,
    has_a_helper_in_a_cell_of_its_own,
    has_its_tasks_in_another_order,
    has_its_answers_at_the_end,
    has_an_answer_rewritten_in_a_new_cell,
    has_cells_in_which_an_experiment_failed,
    prints_while_it_works,
]


@pytest.mark.parametrize("happens", HARMLESS, ids=lambda f: f.__name__)
def test_a_right_answer_passes_when_the_notebook(happens, lab: Lab, fill: Fill, right: dict[str, str]):
    notebook = fill(right)
    happens(notebook)
    assert solved(merged_from(lab, notebook)) == {"reading", "servers", "limit"}


def has_its_check_deleted(notebook: Notebook) -> None:
    del notebook["cells"][number(notebook, "servers-check")]


def has_its_check_edited(notebook: Notebook) -> None:
    check = notebook["cells"][number(notebook, "servers-check")]
    check["source"] = "print('servers: passed with seed 1. tills needed: [8, 13, 41, 16, 14]')"


def has_its_check_tagged_to_be_skipped(notebook: Notebook) -> None:
    for cell_id in ("servers-answer", "servers-check"):
        cell = notebook["cells"][number(notebook, cell_id)]
        cell["metadata"]["tags"] = ["nbval-skip", "raises-exception", "skip-execution"]


def has_nbvals_marks_in_its_text(notebook: Notebook) -> None:
    for cell_id in ("servers-answer", "servers-check"):
        cell = notebook["cells"][number(notebook, cell_id)]
        cell["source"] = "# NBVAL_SKIP\n# NBVAL_IGNORE_OUTPUT\n" + "".join(cell["source"])


def has_its_check_turned_into_text(notebook: Notebook) -> None:
    notebook["cells"][number(notebook, "servers-check")]["cell_type"] = "markdown"


def is_saved_with_the_output_of_a_solved_one(notebook: Notebook) -> None:
    check = notebook["cells"][number(notebook, "servers-check")]
    text = "servers: passed with seed 1. tills needed: [8, 13, 41, 16, 14]\n"
    check |= {"execution_count": 5, "outputs": [{"output_type": "stream", "name": "stdout", "text": text}]}


def is_saved_without_outputs(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}


USELESS = [
    has_its_check_deleted,
    has_its_check_edited,
    has_its_check_tagged_to_be_skipped,
    has_nbvals_marks_in_its_text,
    has_its_check_turned_into_text,
    is_saved_with_the_output_of_a_solved_one,
    is_saved_without_outputs,
]


@pytest.mark.parametrize("happens", USELESS, ids=lambda f: f.__name__)
def test_a_wrong_answer_does_not_pass_because_the_notebook(
    happens, lab: Lab, fill: Fill, right: dict[str, str], wrong: dict[str, str]
):
    notebook = fill(right | {"servers": wrong["servers"]})
    happens(notebook)
    merged = merged_from(lab, notebook)
    frame = [step.source for step in merged.steps if step.role in (FRAME, CHECK)]
    assert frame == [cell.cell.source for cell in lab.cells if cell.role in (FRAME, CHECK)]
    assert solved(merged) == {"reading", "limit"}


def test_an_answer_that_is_missing_or_was_made_a_text_cell_does_not_pass_and_is_named(
    lab: Lab, fill: Fill, right: dict[str, str]
):
    notebook = fill(right)
    del notebook["cells"][number(notebook, "reading-answer")]
    notebook["cells"][number(notebook, "limit-answer")]["cell_type"] = "markdown"
    merged = merged_from(lab, notebook)
    assert solved(merged) == {"servers"}
    assert "missing" in merged.problems["reading"]
    assert "text cell" in merged.problems["limit"]


def test_a_copied_check_is_run_as_the_learners_own_cell_and_judges_nothing(
    lab: Lab, fill: Fill, wrong: dict[str, str]
):
    notebook = fill(wrong)
    copied = copy.deepcopy(notebook["cells"][number(notebook, "servers-check")])
    notebook["cells"].append(copied | {"id": "copy", "source": "print('passed')"})
    merged = merged_from(lab, notebook)
    assert [step.role for step in merged.steps if step.source == "print('passed')"] == ["extra"]
    assert solved(merged) == set()


def test_a_learners_cell_may_not_name_what_belongs_to_the_checks(lab: Lab, fill: Fill):
    notebook = fill({"servers": "from archlab.chapters.x.lab_servers_known import servers_needed"})
    check = notebook["cells"][number(notebook, "reading-check")]["source"]
    own = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    for source in ("from archlab.chapters.x import lab_checks", check, "lab_checked = known = 1"):
        notebook["cells"].append(own | {"id": f"own-{len(notebook['cells'])}", "source": source})
    sources = {
        role: [s.source for s in merged_from(lab, notebook).steps if s.role == role]
        for role in ("answer", "extra")
    }
    assert sources["answer"][1] == (
        "raise ImportError('lab_servers_known belongs to the checks: solve the task without it')"
    )
    assert sources["extra"] == [
        "raise ImportError('lab_checks belongs to the checks: solve the task without it')",
        "".join(check),
        "lab_checked = known = 1",
    ]


def test_a_lab_is_known_by_its_cells_and_not_by_the_name_of_the_file(lab: Lab, fill: Fill):
    other = Lab("91_shelf", (LabCell(Cell("code", "check_shelf()", "c", "91_shelf_check"), CHECK, "shelf"),))
    labs = {other.name: other, lab.name: lab}
    notebook = fill({})
    assert lab_of(parse(json.dumps(notebook)), labs) is lab
    loses_ids_and_metadata(notebook)
    assert lab_of(parse(json.dumps(notebook)), labs) is lab
    assert lab_of([Cell("code", "check_shelf()", "c", "91_shelf_check")], labs) is other
    assert lab_of([Cell("code", "x = 1", "unknown")], labs) is None


def test_a_chapter_is_no_lab_though_it_has_a_cell_called_setup_too(lab: Lab):
    ids = [cell.cell.id for cell in lab.cells if cell.cell.id]
    chapter = [Cell("code", f"x = {number}", ids[number]) for number in range(2)]
    assert lab_of(chapter, {lab.name: lab}) is None
    assert all(lab_of(read_cells(path), all_labs()) is None for path in (ROOT / "notebooks").glob("*.ipynb"))


CELLS = st.builds(
    Cell,
    kind=st.sampled_from(["code", "markdown", "raw", "", "heading"]),
    source=st.sampled_from(["x = 1", "", "1 / 0"]),
    id=st.sampled_from(["", "setup", "reading-answer", "servers-check", "own"]),
    grade_id=st.sampled_from(["", "90_setup", "90_reading", "90_servers_check", "own"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(submitted=st.lists(CELLS, max_size=12))
def test_the_frame_is_whole_and_in_order_and_no_code_of_the_learner_runs_twice(
    lab: Lab, submitted: list[Cell]
):
    merged = merge(lab, submitted)
    frame = [(cell.role, cell.cell.source) for cell in lab.cells if cell.role in (FRAME, CHECK)]
    assert [(step.role, step.source) for step in merged.steps if step.role in (FRAME, CHECK)] == frame
    learners = [step for step in merged.steps if step.role not in (FRAME, CHECK)]
    assert len(learners) <= sum(cell.kind == "code" for cell in submitted)
    answered = {step.task for step in merged.steps if step.role == ANSWER}
    assert answered | merged.problems.keys() == set(lab.checks)


def test_an_edited_cell_of_the_lab_is_restored_and_named(lab: Lab, fill: Fill, right: dict[str, str]):
    notebook = fill(right)
    notebook["cells"][number(notebook, "setup")]["source"] += "\nimport seaborn"
    notebook["cells"][number(notebook, "servers-check")]["source"] = "pass"
    merged = merged_from(lab, notebook)
    assert [words.split(" was restored")[0] for words in merged.restored] == [
        "The lab's cell setup",
        "The check of servers",
    ]
    assert "seaborn" not in "".join(step.source for step in merged.steps)
    assert merged_from(lab, fill(right)).restored == ()
