"""A patch is made as git makes it, and one that does not fit is refused."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.shop.code.patches import patched

OLD = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n"
NEW = "zero\none\ntwo\nthree\nfour\nfive\nsix\n7\neight\nnine\n"


def diff(folder, old, new):
    """What git writes of the difference, in the form in which patches are kept."""
    for side, text in (("a", old), ("b", new)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / "shop.py").write_text(text, encoding="utf-8")
    command = ["git", "diff", "--no-index", "--no-color", "--no-ext-diff", "a/shop.py", "b/shop.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle here")
@pytest.mark.parametrize(("old", "new"), [(OLD, NEW), (NEW, OLD), (OLD, OLD[4:]), (OLD, f"{OLD}eleven\n")])
def test_a_patch_that_git_wrote_gives_what_git_saw(tmp_path, old, new):
    text = diff(tmp_path, old, new).replace("a/b/", "a/").replace("b/b/", "b/")
    assert patched({"shop.py": old}, text) == {"shop.py": new}


lines = st.lists(st.sampled_from(["one", "two", "", "  three", "-four", "+five", "@six"]), min_size=1)


@given(above=lines, below=lines)
def test_a_piece_is_found_wherever_it_has_moved(above, below):
    patch = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n before\n-the old line\n+the new line\n after\n"
    around = ("\n".join(above) + "\n", "\n".join(below) + "\n")
    old = f"{around[0]}before\nthe old line\nafter\n{around[1]}"
    assert patched({"x": old}, patch) == {"x": old.replace("the old line", "the new line")}


def test_a_new_file_is_made_and_one_that_is_there_is_not_overwritten():
    patch = "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+x = 1\n+\n"
    assert patched({"a.py": "a\n"}, patch) == {"a.py": "a\n", "new.py": "x = 1\n\n"}
    with pytest.raises(ValueError, match=r"a new file new\.py"):
        patched({"new.py": "x = 2\n"}, patch)


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"x": "before\nafter\n"}, "has them 0 times: before / the old line / after"),
        ({"x": "before\nthe old line\nafter\n" * 2}, "has them 2 times"),
        ({"x": "not before\nthe old line\nafter\n"}, "has them 0 times"),
        ({"y": "before\nthe old line\nafter\n"}, "the file x"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(sources, message):
    patch = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n before\n-the old line\n+the new line\n after\n"
    with pytest.raises(ValueError, match=message):
        patched(sources, patch)


def test_a_text_that_is_no_patch_is_refused():
    with pytest.raises(ValueError, match="it must name a file"):
        patched({}, "hello")
