"""Both cuts run from their text, beside the package and apart from each other."""

import sys

import pytest

from archlab.chapters.layered import cut_sources
from archlab.chapters.layered.cut_sources import BUILDERS, CUTS, running, source
from archlab.chapters.layered.new_behaviour import usual
from archlab.shop.domain import Product


def test_both_cuts_are_the_same_shop():
    assert usual("layers", source("layers")) == usual("modules", source("modules"))


def test_the_layers_are_the_layered_shop_of_the_package_but_for_the_other_two_kinds_of_rows():
    for path, text in source("layers").items():
        there = (cut_sources.PACKAGE.parent / path).read_text(encoding="utf-8")
        assert (text == there) != path.endswith("data_access/__init__.py")


@pytest.mark.parametrize("cut", CUTS)
def test_a_running_cut_is_not_the_package_and_leaves_nothing_behind(cut):
    before = set(sys.modules)
    with running(source(cut)) as load:
        assert load(BUILDERS[cut]).build
        assert load("archlab.shop.domain").Product is not Product
        assert load("archlab.shop.store").Product is load("archlab.shop.domain").Product
    assert not {name for name in set(sys.modules) - before if name.startswith("changed_shop")}


def test_what_is_changed_in_the_sources_is_changed_in_the_running_cut_and_nowhere_else():
    changed = dict(source("modules"))
    path = "archlab/shop/domain.py"
    changed[path] = changed[path].replace('reason = "not_found"', 'reason = "gone"')
    with running(changed) as load, running(source("modules")) as other:
        reasons = [here("archlab.shop.domain").NotFound.reason for here in (load, other)]
    assert reasons == ["gone", "not_found"]


def test_a_cut_that_is_none_is_refused():
    with pytest.raises(ValueError, match="cut is 'slices'; it must be one of layers, modules"):
        source("slices")
