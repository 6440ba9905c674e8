"""Each request is really made in both cuts: the changed program does the new thing, and what it always did."""

import os
import subprocess
import sys

import pytest

from archlab.chapters.layered.change_requests import REQUESTS, SHARED_ONLY, require_request, versions
from archlab.chapters.layered.cut_sources import CHANGES, CUTS, PACKAGE
from archlab.chapters.layered.new_behaviour import NEW, does, usual

CASES = [(cut, request) for request in REQUESTS for cut in CUTS]


@pytest.mark.parametrize(("cut", "request_"), CASES)
def test_the_changed_program_does_what_it_did_not_do_before(cut, request_):
    assert [does(cut, sources, request_) for sources in versions(cut, request_)] == [False, True]


@pytest.mark.parametrize(("cut", "request_"), CASES)
def test_the_changed_program_still_does_what_it_always_did(cut, request_):
    before, after = (usual(cut, sources) for sources in versions(cut, request_))
    assert before == after


@pytest.mark.parametrize(("cut", "request_"), CASES)
def test_a_change_does_not_do_what_another_request_asks_for(cut, request_):
    _, after = versions(cut, request_)
    others = [other for other in NEW if other != request_]
    assert [other for other in others if does(cut, after, other)] == []


def test_half_of_the_requests_are_about_the_domain_and_each_has_a_reason():
    assert sum(request.is_technical for request in REQUESTS.values()) * 2 == len(REQUESTS) == len(NEW)
    assert all(request.why for request in REQUESTS.values())


def test_there_is_no_patch_that_no_request_uses():
    for cut in CUTS:
        own = {path.stem for path in (CHANGES / cut).glob("*.patch")}
        assert own == set(REQUESTS) - SHARED_ONLY
    assert {path.stem for path in (CHANGES / "shared").glob("*.patch")} == set(REQUESTS) - {"csv"}


@pytest.mark.parametrize("cut", CUTS)
def test_the_changed_program_also_runs_from_files_on_a_disk(cut, tmp_path):
    """An independent way to run it: a copy of the shop's folders with the change, and Python's own imports."""
    _, after = versions(cut, "gift")
    _copy(tmp_path)
    for path, text in after.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    program = f"""
import archlab
assert archlab.__file__.startswith({str(tmp_path)!r})
from archlab.chapters.layered.cuts.in_{cut} import build
from archlab.shop.domain import Product
from archlab.sim import Simulation
shop = build(Simulation(seed=1), [Product(1, "tea", 450)], stock=5)
shop.line("order 7 1x2 gift With love")
print(shop.line("track 7"))
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "order 7 is placed, 9.00, gift: With love\n", done.stderr[-2000:]


def _copy(folder):
    """A copy of the package, without the wiring of the layered shop that needs the other kinds of rows."""
    for file in PACKAGE.rglob("*.py"):
        path = folder / file.relative_to(PACKAGE.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "archlab/shop/layered/__init__.py").write_text("", encoding="utf-8")
    data = PACKAGE.parent / "data"
    if data.exists():
        (folder / "data").symlink_to(data)


def test_a_request_that_is_none_is_refused():
    with pytest.raises(ValueError, match="request is 'colour'; it must be one of weight, gift"):
        require_request("colour")
    with pytest.raises(ValueError, match="request is 'colour'"):
        does("layers", {}, "colour")
