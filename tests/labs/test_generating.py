"""`labs/` is made from `solutions/` with nbgrader, and keeps nothing that only the teacher may see."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.utils import compute_checksum, is_solution

from archlab.course.labs import generate as generating
from archlab.course.labs.generate import renew, was_worked_in
from archlab.course.labs.lab import LABS, ROOT, SOLUTIONS, Lab, solution_paths
from archlab.course.labs.unsolved import generate, lab_path, stubs


@pytest.fixture
def own_solution(tmp_path: Path, example: Path) -> Path:
    shutil.copytree(example / SOLUTIONS, tmp_path / SOLUTIONS)
    return tmp_path / SOLUTIONS / "90_till" / "90_till_lab.ipynb"


def cells(text: str, cell_type: str) -> dict[str, nbformat.NotebookNode]:
    notebook = nbformat.reads(text, as_version=4)
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == cell_type}


def parts(text: str) -> dict[str, tuple[str, str, object]]:
    """What a lab says, cell by cell: without what running and saving it leaves behind."""
    found = nbformat.reads(text, as_version=4).cells
    return {cell.id: (cell.cell_type, cell.source, cell.metadata.get("nbgrader")) for cell in found}


def was_used(text: str) -> bool:
    """Whether somebody has run cells of a lab, or answered in it."""
    found = nbformat.reads(text, as_version=4).cells
    ran = any(cell.get("execution_count") for cell in found)
    return ran or any(
        cell.metadata.nbgrader.checksum != compute_checksum(cell) for cell in found if is_solution(cell)
    )


def locked(text: str) -> dict[str, tuple[str, str, object]]:
    """The parts that a learner cannot write in."""
    cells = nbformat.reads(text, as_version=4).cells
    kept = [cell.id for cell in cells if cell.metadata.get("editable") is False]
    return {name: part for name, part in parts(text).items() if name in kept}


def is_the_lab(text: str, wanted: str) -> bool:
    """Whether a lab is what was generated, though a learner may have opened, run and solved it since."""
    if text == wanted:
        return True
    if not was_used(text):
        return parts(text) == parts(wanted)
    return locked(wanted).items() <= parts(text).items()


@pytest.mark.parametrize("solution", solution_paths(), ids=lambda path: path.stem)
def test_a_lab_of_the_course_is_what_its_solution_makes_of_it(solution: Path):
    lab = lab_path(solution)
    assert lab.exists(), "run: python run.py labs"
    assert is_the_lab(lab.read_text(encoding="utf-8"), generate(solution)), (
        f"{lab.relative_to(ROOT)} is not what `python run.py labs` makes of its solution."
    )


def test_a_lab_that_was_solved_in_place_is_still_the_lab(
    generated: str, fill: Callable[..., Any], right: dict[str, str]
):
    solved = fill(right)
    solved["cells"][1] |= {"execution_count": 1}
    solved["cells"].insert(
        2, {"cell_type": "code", "id": "mine", "source": "1", "metadata": {}, "outputs": []}
    )
    solved["cells"][2]["execution_count"] = None
    assert is_the_lab(json.dumps(solved), generated)


def test_a_lab_that_was_only_opened_and_saved_is_still_the_lab(generated: str):
    saved = json.loads(generated)
    saved["metadata"]["language_info"] = {"name": "python", "version": "3.99"}
    assert is_the_lab(json.dumps(saved), generated)


@pytest.mark.parametrize(
    ("cell", "used"), [("servers-check", True), ("servers-check", False), ("servers-task", False)]
)
def test_a_lab_with_an_old_check_or_text_is_not_the_lab(generated: str, cell: str, used: bool):
    old = json.loads(generated)
    by_name = {one["id"]: one for one in old["cells"]}
    by_name[cell]["source"] = "# as it was before"
    by_name["setup"]["execution_count"] = 1 if used else None
    assert not is_the_lab(json.dumps(old), generated)


def test_there_is_no_lab_without_a_solution():
    labs = {
        path
        for folder in (ROOT / LABS).iterdir()
        for path in [folder / f"{folder.name}_lab.ipynb"]
        if path.exists()
    }
    assert labs == {lab_path(path) for path in solution_paths()}


@pytest.mark.parametrize("count", ["0", "many"])
def test_checks_are_tried_with_one_seed_at_least(
    count: str, own_solution: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit):
        generating.main(["--try", count], own_solution.parents[2])
    assert f"--try: it is {count!r}; it must be a whole number, 1 or more" in capsys.readouterr().err
    assert not lab_path(own_solution).exists()


def test_a_learner_gets_the_signature_the_docstring_and_the_placeholder(solution: Path, lab: Lab):
    for task, source in stubs(solution).items():
        first_line = lab.answers[task].cell.source.splitlines()[0]
        assert source.startswith(first_line)
        assert '"""' in source
        assert "SOLUTION" not in source
        assert source.rstrip().endswith('    raise NotImplementedError("replace this line by your answer")')


def test_a_lab_has_no_outputs_and_no_counts(generated: str):
    assert all((c.outputs, c.execution_count) == ([], None) for c in cells(generated, "code").values())


def test_frame_and_checks_are_locked_and_answers_can_be_written_in(generated: str):
    code = cells(generated, "code")
    assert code["setup"].metadata.editable is False
    assert code["servers-check"].metadata.deletable is False
    assert "editable" not in code["servers-answer"].metadata
    assert code["servers-answer"].metadata.deletable is False


def test_each_cell_keeps_the_id_it_is_found_by(generated: str, lab: Lab):
    assert [cell["id"] for cell in json.loads(generated)["cells"]] == [cell.cell.id for cell in lab.cells]


def test_a_lab_is_written_once_and_then_left_alone(own_solution: Path):
    assert [renew(own_solution), renew(own_solution)] == ["written", "unchanged"]
    assert [path.name for path in lab_path(own_solution).parent.iterdir()] == ["90_till_lab.ipynb"]


def test_an_old_lab_without_answers_is_written_anew(own_solution: Path):
    renew(own_solution)
    own_solution.write_text(own_solution.read_text(encoding="utf-8").replace("The shop has", "A shop has"))
    assert renew(own_solution) == "written"


def test_a_lab_with_a_learners_answers_in_it_is_kept(own_solution: Path, capsys: pytest.CaptureFixture[str]):
    renew(own_solution)
    lab = lab_path(own_solution)
    lab.write_text(lab.read_text(encoding="utf-8").replace("raise NotImplementedError", "return 1 #"))
    assert was_worked_in(lab)
    assert renew(own_solution) == "kept"
    assert generating.main([], own_solution.parents[2]) == 1
    assert "--force" in capsys.readouterr().err
    assert generating.main(["--force"], own_solution.parents[2]) == 0
    assert not was_worked_in(lab)


def test_an_author_is_told_what_a_lab_lacks_before_anything_is_tried(
    own_solution: Path, capsys: pytest.CaptureFixture[str]
):
    own_solution.with_name("answers.toml").unlink()
    assert generating.main(["--try", "1"], own_solution.parents[2]) == 1
    said = capsys.readouterr().out
    assert "90_till, task servers: it has 0 recorded wrong answers; it needs 3" in said
    assert "1 labs tried with 1 seeds: 6 shortcomings." in said
    assert not lab_path(own_solution).exists()
