"""`labs/` is made from `solutions/` with nbgrader, and keeps nothing that only the teacher may see."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

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


@pytest.mark.parametrize("solution", solution_paths(), ids=lambda path: path.stem)
def test_a_lab_of_the_course_is_what_its_solution_makes_of_it(solution: Path):
    lab = lab_path(solution)
    assert lab.exists(), "run: python run.py labs"
    assert lab.read_text(encoding="utf-8") == generate(solution), (
        f"{lab.relative_to(ROOT)} is not what `python run.py labs` makes of its solution. "
        "If you solved it there, keep your copy elsewhere."
    )


def test_there_is_no_lab_without_a_solution():
    labs = {path.relative_to(ROOT / LABS) for path in (ROOT / LABS).glob("*/*.ipynb")}
    assert labs == {path.relative_to(ROOT / SOLUTIONS) for path in solution_paths()}


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
