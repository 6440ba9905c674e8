"""A rule that is really moved into a use case is broken by the one that cannot call its steps."""

import pytest

from archlab.chapters.layered import application_layer, moved_rule
from archlab.chapters.layered.application_layer import OF_A_BATCH, WAYS, broken
from archlab.course.claims.verdict import Outcome

CHECK = '        authorisation = yield self.provider.authorise(orders[0].id, total, key=f"batch {orders[0].id}")\n'


@pytest.fixture(scope="module")
def figures():
    return application_layer.application_figures()


@pytest.mark.parametrize("way", WAYS)
def test_with_the_rule_in_the_business_layer_nobody_breaks_it(way):
    found = broken(False, way)
    assert found["broken"] == 0
    assert found["declined"] > 0
    assert found["placed"] > 0


def test_with_the_rule_in_a_use_case_only_the_one_that_cannot_call_it_breaks_it():
    found = {way: broken(True, way) for way in WAYS}
    assert [found[way]["broken"] for way in WAYS[:2]] == [0, 0]
    assert found["batch"]["broken"] == OF_A_BATCH * broken(False, "batch")["declined"]


def test_a_schema_that_wants_a_number_stops_what_the_rule_would_have_refused():
    found = broken(True, "batch", storage="sqlite")
    assert found["broken"] == 0
    assert found["stopped_by_schema"] == broken(False, "batch", storage="sqlite")["declined"] > 0


def test_there_is_no_decision_in_this_layer_and_most_steps():
    counted = application_layer.decisions().set_index("layer")
    assert counted.decisions["application"] == 0
    assert counted.steps.idxmax() == "application"


def test_business_logic_holds_for_one_use_case(figures):
    verdict = application_layer.application_layer(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.flips_at == 1
    assert verdict.is_stable


def test_an_author_who_copies_the_rule_turns_the_verdict(monkeypatch):
    real = moved_rule.patched_layers
    copied = CHECK + "        if authorisation is None:\n            raise PaymentDeclined('batch')\n"

    def patched_layers(moved):
        layers = dict(real(moved))
        text = layers[moved_rule.USE_CASES]
        assert CHECK in text
        layers[moved_rule.USE_CASES] = text.replace(CHECK, copied) if moved else text
        return layers

    monkeypatch.setattr(application_layer, "patched_layers", patched_layers)
    figures = application_layer.application_figures(seeds=(1, 2))
    assert application_layer.application_layer(**figures).outcome is Outcome.HOLDS


def test_a_use_case_that_loses_its_own_rule_turns_the_verdict(monkeypatch):
    real = moved_rule.patched_layers

    def patched_layers(moved):
        layers = dict(real(moved))
        text = layers[moved_rule.USE_CASES]
        layers[moved_rule.USE_CASES] = text.replace("if authorisation is None:", "if False:")
        return layers

    monkeypatch.setattr(application_layer, "patched_layers", patched_layers)
    figures = application_layer.application_figures(seeds=(1, 2))
    assert application_layer.application_layer(**figures).outcome is Outcome.DOES_NOT_HOLD


def test_another_use_case_is_refused():
    with pytest.raises(ValueError, match="way"):
        broken(True, "gift")
