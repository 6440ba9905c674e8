"""An argument that cannot be is named, with what can."""

from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from archlab.course.arguments import a_notebook, at_least
from archlab.course.labs import check


@pytest.mark.parametrize("text", ["two", "0", "-1", "1.5", "", "²"])
def test_a_number_must_be_whole_and_large_enough(text: str):
    with pytest.raises(ArgumentTypeError, match="it must be a whole number, 1 or more"):
        at_least(1)(text)
    assert at_least(1)("1") == 1


def test_a_folder_with_one_notebook_is_that_notebook(tmp_path: Path):
    (tmp_path / "notes.txt").touch()
    lab = tmp_path / "2026 [a] lab.ipynb"
    lab.touch()
    assert a_notebook(str(tmp_path)) == a_notebook(str(lab)) == lab


@pytest.mark.parametrize(
    ("names", "said"), [([], "no notebook"), (["a.ipynb", "b.ipynb"], r"a\.ipynb, b\.ipynb")]
)
def test_any_other_folder_is_refused_with_what_is_in_it(names: list[str], said: str, tmp_path: Path):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ArgumentTypeError, match=f"is a folder with {said} in it; name one notebook"):
        a_notebook(str(tmp_path))


def test_a_file_that_is_not_there_is_no_lab_that_was_not_passed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        check.main([str(tmp_path / "lab.ipynb")])
    assert ended.value.code == 2
    assert "lab.ipynb is not there" in capsys.readouterr().err
