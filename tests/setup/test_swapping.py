"""The old environment waits aside until the new one is whole, and comes back whatever happens to the new one."""

from pathlib import Path

import pytest

from runner import swapping
from runner.problems import SetupProblem
from runner.stamp import Stamp, is_finished
from runner.swapping import put_aside, recover, refuse_foreign, remove, replaced


def put(folder: Path, what: str, *, finished: bool = True) -> Path:
    """A folder of the course's with one file in it, that is named for what it is."""
    folder.mkdir()
    Stamp("5c1e", str(folder), "3.11", finished).write(folder)
    (folder / what).touch()
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return put(tmp_path / ".venv", "old")


@pytest.fixture
def aside(tmp_path: Path) -> Path:
    return tmp_path / ".venv-aside"


def test_the_old_one_is_there_until_the_new_one_is_whole_and_then_gone(old: Path, aside: Path):
    with replaced(old, aside):
        assert (aside / "old").exists()
        assert not old.exists()
        put(old, "new")
    assert (old / "new").exists()
    assert not aside.exists()


@pytest.mark.parametrize("end", [SetupProblem("no network"), KeyboardInterrupt(), OSError("disk full")])
def test_the_old_one_comes_back_when_the_new_one_fails(old: Path, aside: Path, end: BaseException):
    def fail() -> None:
        put(old, "new", finished=False)
        raise end

    with pytest.raises(type(end)), replaced(old, aside):
        fail()
    assert (old / "old").exists()
    assert not (old / "new").exists()
    assert not aside.exists()


def test_after_a_kill_in_the_middle_the_old_one_comes_back_at_the_next_start(old: Path, aside: Path):
    put_aside(old, aside)
    put(old, "new", finished=False)
    recover(old, aside)
    assert (old / "old").exists()
    assert not (old / "new").exists()
    assert not aside.exists()


def test_after_a_kill_when_the_new_one_was_whole_the_old_one_goes(old: Path, aside: Path):
    put_aside(old, aside)
    put(old, "new")
    recover(old, aside)
    assert (old / "new").exists()
    assert not aside.exists()


def test_after_a_kill_while_the_old_one_was_deleted_the_new_one_stays(old: Path, aside: Path):
    put(aside, "older", finished=False)
    recover(old, aside)
    assert (old / "old").exists()
    assert not aside.exists()


def test_a_half_made_one_is_not_kept(tmp_path: Path, aside: Path):
    half = put(tmp_path / ".venv", "half", finished=False)
    with replaced(half, aside):
        assert not half.exists()
        assert not aside.exists()
        put(half, "new")
    assert is_finished(half)


def test_one_that_is_in_use_and_cannot_be_moved_is_untouched_and_says_what_to_close(
    old: Path, aside: Path, monkeypatch
):
    def in_use(self: Path, target: Path) -> None:
        raise PermissionError(13, "The process cannot access the file", str(self))

    monkeypatch.setattr(Path, "rename", in_use)
    with (
        pytest.raises(SetupProblem, match=r"(?s)could not be moved aside.*Close JupyterLab"),
        replaced(old, aside),
    ):
        pytest.fail("a new one was begun")
    assert (old / "old").exists()


def test_what_cannot_be_deleted_is_still_known_as_the_courses_and_deleted_later(old: Path, monkeypatch):
    def in_use(folder: Path) -> None:
        (folder / "made-from.txt").unlink()
        raise PermissionError(13, "The process cannot access the file", str(folder / "old"))

    with monkeypatch.context() as locked:
        locked.setattr(swapping.shutil, "rmtree", in_use)
        with pytest.raises(SetupProblem, match=r"(?s)could not be removed.*Close JupyterLab"):
            remove(old)
    assert not is_finished(old)
    refuse_foreign(old)
    remove(old)
    assert not old.exists()


def test_what_another_tool_put_in_place_is_not_deleted_for_what_is_left_of_ours(tmp_path: Path, aside: Path):
    put(aside, "rest", finished=False)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "work of an afternoon").touch()
    recover(tmp_path / ".venv", aside)
    put(aside, "ours of yesterday")
    with pytest.raises(SetupProblem, match="left as it is"):
        recover(tmp_path / ".venv", aside)
    assert (tmp_path / ".venv" / "work of an afternoon").exists()
    assert is_finished(aside)


def test_an_empty_folder_and_none_at_all_may_be_used(tmp_path: Path):
    refuse_foreign(tmp_path / ".venv")
    (tmp_path / ".venv").mkdir()
    refuse_foreign(tmp_path / ".venv")


def test_one_that_was_half_made_by_the_course_is_known_by_its_stamp(tmp_path: Path):
    refuse_foreign(put(tmp_path / ".venv", "half", finished=False))


def test_a_folder_a_file_and_a_link_of_somebody_elses_are_refused(tmp_path: Path):
    folder, file, link = tmp_path / "folder", tmp_path / "file", tmp_path / "link"
    folder.mkdir()
    (folder / "work of an afternoon").touch()
    file.touch()
    foreign = [folder, file]
    try:
        link.symlink_to(tmp_path / "elsewhere")
        foreign.append(link)
    except OSError:
        pass  # Windows lets only some users make links
    for one in foreign:
        with pytest.raises(SetupProblem, match="left as it is"):
            refuse_foreign(one)
