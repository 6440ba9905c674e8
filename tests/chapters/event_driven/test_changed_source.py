"""The new functions are real: a copy of the package with them does what it should, and all that it did before."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archlab.chapters.event_driven import changed_source
from archlab.shop.code.patches import patched

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SHOPS = tuple(changed_source.FOLDERS)


def copy(folder, function):
    """A copy of the package with a function in all shops, and the tests to let run there."""
    changed_source.write(folder, function)
    shutil.copy(ROOT / "pyproject.toml", folder)
    tests = folder / "tests"
    tests.mkdir()
    shutil.copy(HERE / "in_the_changed_shops.py", tests / "test_changed_shops.py")
    shutil.copy(ROOT / "tests" / "shop" / "test_every_architecture.py", tests)
    return folder


RUN = """
import json, os, sys, pytest
codes = []
for folder, *arguments in json.loads(sys.argv[1]):
    for name in [name for name in sys.modules if name.partition(".")[0] in ("archlab", "tests")]:
        del sys.modules[name]
    os.chdir(folder)
    sys.path.insert(0, folder)
    codes.append(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--import-mode=importlib", *arguments]))
    import archlab
    assert archlab.__file__.startswith(folder)
print(json.dumps(codes))
"""
"""Lets pytest run in one folder after the other, each time on the package that is there."""


def run(jobs):
    """Let pytest run in another process: each job a folder, and pytest's arguments."""
    command = [sys.executable, "-c", RUN, json.dumps(jobs)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


CONTRACT = "paid_for_and_read_back or refused_order_leaves or money_and_stock_add_up_after_a_quiet_day or picture_shows"
SOME = "not (copies or calls or memory or stream or grpc or tailing or dual or shards)"
"""The tests of the contract, and its cases, that run in a copy: enough that a broken shop would be found."""

NEW, ALL = "tests/test_changed_shops.py", "tests"
WHAT = {
    "fraud": (ALL, f"test_changed_shops or ({CONTRACT}) and {SOME}"),
    "fraud_before_stock": (NEW, "events and not (fourth and queues)"),
    "fraud_in_orders": (NEW, "(limit or fourth) and (monolithic or log)"),
}
"""A function -> the tests to let run in a copy with it: where they are, and which."""

ABSENT = {
    "monolithic": {"fraud_before_stock"},
    "microservices": {"fraud_before_stock"},
    "event_driven": set(),
}
"""Where the check comes first anyway."""


BROKEN = "a shop that is broken"


def broken(folder):
    """A copy whose monolith lets a customer's fourth order pass."""
    copy(folder, "fraud_in_orders")
    rule = folder / "archlab/shop/monolithic/screened.py"
    text = rule.read_text(encoding="utf-8")
    assert "100_000, 3," in text
    rule.write_text(text.replace("100_000, 3,", "100_000, 4,"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """What pytest says of each copy: its code, 0 when all tests passed, and all that it wrote."""
    root = tmp_path_factory.mktemp("copies")
    jobs = {one: (str(copy(root / one, one)), where, "-k", which) for one, (where, which) in WHAT.items()}
    jobs[BROKEN] = (str(broken(root / "broken")), NEW, "-k", "fourth and monolithic")
    process = run(list(jobs.values()))
    assert process.returncode == 0, process.stderr[-3000:]
    return dict(zip(jobs, json.loads(process.stdout.splitlines()[-1]), strict=True)), process.stdout


@pytest.mark.parametrize("function", WHAT)
def test_the_changed_shops_do_what_is_new_and_what_they_did_before(done, function):
    codes, written = done
    assert codes[function] == 0, written[-5000:]


def test_a_changed_shop_that_is_broken_is_found(done):
    codes, written = done
    assert codes[BROKEN] == 1
    assert "test_the_fourth_order_of_a_customer" in written


@pytest.mark.parametrize("shop", SHOPS)
def test_each_change_is_made_of_the_source_of_today_and_touches_it(shop):
    versions = changed_source.versions(shop)
    assert set(versions) == set(changed_source.FUNCTIONS) - ABSENT[shop]
    assert set(changed_source.source(shop)) <= set(versions["loyalty"][0])
    for before, after in versions.values():
        assert {path for path in after if before.get(path) != after[path]}
        assert set(before) <= set(after)


@pytest.mark.parametrize("shop", SHOPS)
def test_a_patch_that_no_longer_fits_says_where(shop):
    source = {path: text.replace("import", "import  ") for path, text in changed_source.source(shop).items()}
    with pytest.raises(ValueError, match="does not fit"):
        patched(source, changed_source.patch(shop, "loyalty"))


def test_an_unknown_shop_is_refused():
    with pytest.raises(ValueError, match="shop is 'shoes'"):
        changed_source.source("shoes")
