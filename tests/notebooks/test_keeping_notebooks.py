"""Running a notebook and keeping its outputs: steady to the byte, and harmless when a cell fails."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from archlab.course import notebooks
from archlab.course.notebooks import NotebookProblem, main, normalise, read, refresh

TABLE_AND_FIGURE = [
    "import sys\nimport matplotlib.pyplot as plt\nimport pandas as pd",
    "print('one')\nprint('two', flush=True)\nprint('three')",
    "pd.DataFrame({'load': [0.5, 0.9], 'p99': [1.2, 9.7]})",
    "figure, axes = plt.subplots()\naxes.plot([0.5, 0.9], [1.2, 9.7]);",
    "object()",
    "import ipywidgets\nipywidgets.IntSlider()",
]


def save(path: Path, sources: list[str]) -> Path:
    cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = save(tmp_path_factory.mktemp("kept") / "chapter.ipynb", TABLE_AND_FIGURE)
    assert refresh(path)
    return path


def code_cells(path: Path) -> list[NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_a_second_run_changes_no_byte(kept: Path):
    first = kept.read_bytes()
    assert not refresh(kept)
    assert kept.read_bytes() == first


def test_a_picture_does_not_name_the_version_that_drew_it(kept: Path):
    picture = base64.b64decode(code_cells(kept)[3].outputs[0].data["image/png"])
    assert picture.startswith(b"\x89PNG")
    assert b"Software" not in picture


def test_what_was_printed_in_one_cell_is_kept_in_one_piece(kept: Path):
    assert [output.text for output in code_cells(kept)[1].outputs] == ["one\ntwo\nthree\n"]


def test_the_cells_are_counted_from_1_without_a_gap(kept: Path):
    assert [cell.execution_count for cell in code_cells(kept)] == [1, 2, 3, 4, 5, 6]


def test_an_objects_address_is_made_the_same(kept: Path):
    assert code_cells(kept)[4].outputs[0].data["text/plain"] == "<object at 0x0>"


def test_no_widget_view_or_state_is_kept_because_nobody_could_show_it(kept: Path):
    text = kept.read_text(encoding="utf-8")
    assert "widget-view" not in text
    assert "widget-state" not in text


def test_the_metadata_name_no_patch_version_and_no_machine(kept: Path):
    metadata = json.loads(kept.read_text(encoding="utf-8"))["metadata"]
    assert metadata.keys() == {"kernelspec", "language_info"}
    assert metadata["kernelspec"]["name"] == "python3"
    assert "version" not in metadata["language_info"]


def test_a_notebook_works_in_its_own_folder(tmp_path: Path):
    path = save(tmp_path / "where.ipynb", ["import os\nos.path.basename(os.getcwd())"])
    refresh(path)
    assert code_cells(path)[0].outputs[0].data["text/plain"] == repr(tmp_path.name)


def test_a_cell_that_raises_is_named_and_the_file_stays_as_it_was(tmp_path: Path, capsys):
    path = save(tmp_path / "broken.ipynb", ["x = 1", "1 / 0"])
    before = path.read_bytes()
    assert main([str(path)]) == 1
    said = capsys.readouterr().err
    assert "broken.ipynb, cell 3 (`1 / 0`): ZeroDivisionError: division by zero" in said
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_cell_that_takes_too_long_is_named(tmp_path: Path):
    path = save(tmp_path / "slow.ipynb", ["import time\ntime.sleep(60)"])
    with pytest.raises(NotebookProblem, match=r"cell 2 .*took longer"):
        refresh(path, cell_timeout_s=1)


def test_a_cell_that_ends_the_kernel_is_named(tmp_path: Path):
    path = save(tmp_path / "dead.ipynb", ["import os\nos._exit(1)"])
    with pytest.raises(NotebookProblem, match=r"cell 2 .*the kernel died"):
        refresh(path)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"cells": 3}', '{"cells": [], "nbformat": 3}'])
def test_a_file_that_is_no_notebook_is_refused_in_words(tmp_path: Path, content: str):
    path = tmp_path / "odd.ipynb"
    path.write_text(content)
    with pytest.raises(NotebookProblem, match=r"odd\.ipynb is not a notebook"):
        read(path)


def test_missing_and_doubled_cell_ids_become_the_same_new_ones_each_time(tmp_path: Path):
    path = save(tmp_path / "ids.ipynb", ["1", "2", "3"])
    content = json.loads(path.read_text())
    del content["cells"][1]["id"]
    content["cells"][3]["id"] = content["cells"][2]["id"]
    path.write_text(json.dumps(content))
    ids = [cell.id for cell in read(path).cells]
    assert len(set(ids)) == 4
    assert ids == [cell.id for cell in read(path).cells]
    assert [ids[0], ids[2]] == [content["cells"][0]["id"], content["cells"][2]["id"]]


def test_metadata_that_labs_need_are_kept_and_passing_ones_dropped():
    cell = new_code_cell("1", metadata={"tags": ["x"], "nbgrader": {"grade": True}, "vscode": {"a": 1}})
    cell.outputs = [new_output("display_data", {notebooks.WIDGET_VIEW: {"model_id": "7"}})]
    (kept_cell,) = normalise(new_notebook(cells=[cell], metadata={"widgets": {}})).cells
    assert kept_cell.metadata == {"tags": ["x"], "nbgrader": {"grade": True}}
    assert kept_cell.outputs == []


def test_a_bar_that_has_gone_away_leaves_nothing_behind():
    cell = new_code_cell("in_parallel(runs)")
    gone = new_output("display_data", {"text/html": "", "text/plain": ""})
    shown = new_output("display_data", {"text/html": "", "text/plain": "40 runs"})
    cell.outputs = [gone, shown, new_output("stream", text="done")]
    normalised = notebooks.normalise(new_notebook(cells=[cell])).cells[0].outputs
    assert [output.output_type for output in normalised] == ["display_data", "stream"]
    assert normalised[0].data["text/plain"] == "40 runs"


def test_a_notebook_inside_the_course_is_named_from_its_folder():
    assert notebooks.shown(notebooks.ROOT / "notebooks" / "x.ipynb") == str(Path("notebooks", "x.ipynb"))


class Unlucky:
    """A client whose kernel cannot start at first."""

    def __init__(self, failures, message):
        self.failures, self.message, self.starts = failures, message, 0

    async def async_execute(self, env):
        self.starts += 1
        if self.starts <= self.failures:
            raise RuntimeError(self.message)
        return "executed"


@pytest.mark.parametrize(
    ("failures", "message", "starts"),
    [
        (2, "Kernel died before replying to kernel_info", 3),
        (9, "Kernel died before replying", 3),
        (9, "No", 1),
    ],
)
def test_a_kernel_that_cannot_start_gets_two_more_chances(failures, message, starts):
    client = Unlucky(failures, message)
    if failures < 3:
        assert notebooks._run(client, {}) == "executed"
    else:
        with pytest.raises(RuntimeError, match=message):
            notebooks._run(client, {})
    assert client.starts == starts


@pytest.fixture(scope="module")
def with_answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A question, its hidden answer, a folded check, and an answer that only its tag marks."""
    cells = [
        new_markdown_cell("> **Predict first.** How much?"),
        new_code_cell("6 * 7", metadata={"jupyter": {"outputs_hidden": True}}),
        new_code_cell("# A check\nassert 6 * 7 == 42", metadata={"jupyter": {"source_hidden": True}}),
        new_code_cell("print('many')", metadata={"tags": ["answer"]}),
        new_code_cell("8 * 8", metadata={"jupyter": {"outputs_hidden": False}}),
    ]
    path = tmp_path_factory.mktemp("answers") / "chapter.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    assert refresh(path)
    return path


def test_hidden_outputs_and_folded_sources_stay_so(with_answers: Path):
    answer, check, tagged, shown = code_cells(with_answers)
    assert answer.metadata == tagged.metadata == {"tags": ["answer"], "jupyter": {"outputs_hidden": True}}
    assert check.metadata == {"jupyter": {"source_hidden": True}}
    assert shown.metadata == {"jupyter": {"outputs_hidden": False}}


def test_a_second_run_of_hidden_answers_changes_no_byte(with_answers: Path):
    first = with_answers.read_bytes()
    assert not refresh(with_answers)
    assert with_answers.read_bytes() == first


def test_an_answer_that_was_run_and_saved_in_jupyterlab_is_hidden_again(with_answers: Path):
    saved = read(with_answers)
    answer, tagged = saved.cells[1], saved.cells[3]
    for cell in (answer, tagged):
        del cell.metadata["jupyter"]
        del cell.outputs[0]
    assert nbformat.writes(normalise(saved)) + "\n" == with_answers.read_text(encoding="utf-8")


def test_what_is_folded_away_begins_with_an_output_that_shows_nothing(with_answers: Path):
    answer, _, tagged, shown = code_cells(with_answers)
    assert [output.get("data") for output in answer.outputs] == [{}, {"text/plain": "42"}]
    assert [output.get("text") for output in tagged.outputs] == [None, "many\n"]
    assert len(shown.outputs) == 1


# nbconvert says that it cannot show what has no content.
@pytest.mark.filterwarnings("ignore:Your element with mimetype")
def test_other_viewers_and_nbval_see_the_answers(with_answers: Path):
    html = HTMLExporter().from_filename(with_answers)[0]
    assert "<pre>42</pre>" in html
    assert "many" in html
    options = ["--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "-q", str(with_answers)]
    command = [sys.executable, "-m", "pytest", *options]
    result = subprocess.run(command, cwd=with_answers.parent, capture_output=True, text=True, check=False)
    assert "4 passed" in result.stdout, result.stdout
