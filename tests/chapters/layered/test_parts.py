"""What is counted agrees with git, which compares files on a disk and knows nothing of our count."""

import ast
import subprocess

import pytest

from archlab.chapters.layered.change_requests import REQUESTS, versions
from archlab.chapters.layered.cut_sources import CUTS, source
from archlab.chapters.layered.parts import (
    KERNEL,
    LAYERS,
    MODULES,
    NO_PART,
    OWNERS,
    differing,
    part_of,
    places,
    touched_places,
)

CASES = [(cut, request) for request in REQUESTS for cut in CUTS]


def written(folder, sources):
    """Each file as Python writes it, without docstrings, on a disk. This is a count of its own: no place is cut out."""
    for path, text in sources.items():
        tree = ast.parse(text)
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [one for one in body if not _is_text(one)]
        lines = [line for line in ast.unparse(tree).splitlines() if line.strip()]
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _is_text(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def by_git(folder, cut, request):
    """What `git diff --numstat` says: file -> lines added and removed."""
    before, after = versions(cut, request)
    written(folder / "a", before)
    written(folder / "b", after)
    command = ["git", "diff", "--no-index", "--numstat", "--no-renames", "--minimal", "-z", "a", "b"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    words = [word for word in said.replace("\t", "\0").split("\0") if word]
    rows = [words[k : k + 4] for k in range(0, len(words), 4)]
    return {new.removeprefix("b/"): (int(added), int(removed)) for added, removed, _, new in rows}


@pytest.mark.parametrize(("cut", "request_"), CASES)
def test_files_and_lines_are_those_that_git_finds(tmp_path, cut, request_):
    found = touched_places(cut, request_).groupby("file")[["added", "removed"]].sum()
    git = by_git(tmp_path, cut, request_)
    assert set(found.index) == set(git)
    for file, (added, removed) in git.items():
        ours = found.loc[file]
        assert ours.added - ours.removed == added - removed
        assert added <= ours.added <= 1.1 * added + 1  # git looks longer for lines that can stay


@pytest.mark.parametrize("cut", CUTS)
def test_every_place_of_a_cut_has_a_part(cut):
    known = {*(LAYERS if cut == "layers" else (*MODULES, KERNEL)), *NO_PART}
    found = {part_of(cut, file, place) for file, text in source(cut).items() for place in places(text)}
    assert found == known


def test_what_is_shared_has_the_same_places_in_both_cuts():
    shared = set(source("layers")) & set(source("modules"))
    assert {path.rpartition("/")[2] for path in shared} == {"domain.py", "store.py", "database.py"}
    assert all(source("layers")[path] == source("modules")[path] for path in shared)


def test_a_name_that_a_module_owns_is_there_before_or_after_some_change():
    texts = [text for request in REQUESTS for text in versions("modules", request)[1].values()]
    there = {place.partition(".")[0] for text in texts for place in places(text)}
    assert {name for names in OWNERS.values() for name in names} <= there


def test_a_name_that_no_module_owns_but_should_would_be_the_kernels():
    assert part_of("modules", "archlab/shop/domain.py", "Basket") == KERNEL
    assert part_of("modules", "archlab/shop/store.py", "OrderRepository.status") == "orders"
    assert part_of("layers", "archlab/shop/store.py", "OrderRepository.status") == "data access"
    assert part_of("layers", "archlab/shop/store.py", "OrderStatus") == "business"


def test_explanations_and_line_breaks_do_not_count_and_altered_lines_count_twice():
    before = {"a.py": "class C:\n    x: int = 1\n\n    def f(self):\n        return (1, 2)\n"}
    after = {
        "a.py": '"""More."""\nclass C:\n    """Told."""\n    x: int = 2\n\n    def f(self):\n        return (1,\n 2)\n'
    }
    found = differing(before, after)
    assert found[["place", "is_function", "added", "removed"]].to_numpy().tolist() == [["C", False, 1, 1]]


def test_what_is_no_python_is_refused():
    with pytest.raises(ValueError, match="text is no Python"):
        differing({"a.py": ""}, {"a.py": "def"})


def test_a_function_with_a_new_name_has_that_line_changed_and_no_other():
    body = "\n    x = 1\n    return x\n"
    found = differing({"a.py": f"def f():{body}"}, {"a.py": f"def g():{body}"})
    assert found[["place", "added", "removed"]].to_numpy().tolist() == [["f", 0, 1], ["g", 1, 0]]
