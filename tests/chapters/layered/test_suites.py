"""The suites of both cuts pass before a change, look at the same uses, and notice when a rule is broken."""

import pytest

from archlab.chapters.layered.change_requests import versions
from archlab.chapters.layered.cut_sources import CUTS, source
from archlab.chapters.layered.parts import LAYERS, MODULES
from archlab.chapters.layered.suites import SUITES, failing

DOMAIN, STORE = "archlab/shop/domain.py", "archlab/shop/store.py"


@pytest.mark.parametrize("cut", CUTS)
def test_all_tests_pass_before_a_change(cut):
    assert failing(cut, source(cut)) == set()


def test_both_suites_have_as_many_tests_and_some_of_each_part():
    assert len(SUITES["layers"]) == len(SUITES["modules"])
    for cut, parts in (("layers", LAYERS), ("modules", MODULES)):
        starts = [part.replace(" ", "_") for part in parts]
        assert all(any(name.startswith(start) for name in SUITES[cut]) for start in starts)
        assert all(any(name.startswith(start) for start in starts) for name in SUITES[cut])


BROKEN = {
    "a price that is wrong": (DOMAIN, "self.quantity * self.unit_price_cents", "self.quantity"),
    "more sold than there is": (DOMAIN, "if count < 0]", "if count < -9]"),
    "stock that is not looked at when it is taken": (
        STORE,
        "product = ? AND on_hand >= ?",
        "product = ? AND 0 < ?",
    ),
    "money that is taken twice": (STORE, "PaymentState.CAPTURED.value", "PaymentState.AUTHORISED.value"),
    "a message to the wrong customer": (STORE, "(notification.order_id, notification", "(0, notification"),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_shop_is_noticed_in_both_cuts(cut, what):
    path, now, then = BROKEN[what]
    text = source(cut)[path]
    assert text.count(now) == 1
    assert failing(cut, {**source(cut), path: text.replace(now, then)})


def test_a_field_on_the_way_fails_more_tests_of_layers_than_of_modules():
    counts = {cut: len(failing(cut, versions(cut, "gift")[1])) for cut in CUTS}
    assert counts["layers"] > counts["modules"] > 0
