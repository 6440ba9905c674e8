"""The patches move the rule, and what they make is a program that runs."""

import pytest

from archlab.chapters.layered import moved_rule
from archlab.chapters.layered.concerns import sources
from archlab.chapters.layered.histories import history, outcomes, rows_of, small_shop


def test_the_patch_moves_the_rule_and_adds_two_use_cases():
    before, after = moved_rule.patched_layers(False), moved_rule.patched_layers(True)
    for layers, at in ((before, moved_rule.RULES), (after, moved_rule.USE_CASES)):
        assert [path for path, text in layers.items() if "raise PaymentDeclined(" in text] == [at]
        assert "def place_batch" in layers[moved_rule.USE_CASES]
    assert before[moved_rule.RULES] == sources("layered")[moved_rule.RULES]


@pytest.mark.parametrize("moved", [False, True])
def test_the_use_cases_that_were_there_do_what_they_did(moved):
    plain, changed = small_shop(seed=5), small_shop(seed=5)
    changed.application = moved_rule.with_layers(changed, moved_rule.patched_layers(moved))
    uses = history(seed=5)
    assert outcomes(plain, uses) == outcomes(changed, uses)
    assert rows_of(plain) == rows_of(changed)


def test_the_new_use_cases_place_orders():
    shop = small_shop(seed=5, declined=0.0)
    application = moved_rule.with_layers(shop, moved_rule.patched_layers(False))
    shop.answer(application.place_order(1, {1: 2, 3: 1}))
    assert shop.answer(application.reorder(2, 1)).lines == shop.answer(application.rules.placed(2)).lines
    first, second = shop.answer(application.place_batch({3: {4: 1}, 5: {6: 2}}))
    held = shop.rows("ledger").set_index("order_id").amount_cents
    assert held[3] == first.total_cents + second.total_cents
