"""A rule that is really moved into a use case is broken by the one that cannot call its steps."""

import pytest

from archlab.chapters.layered import application_layer, concerns, moved_rule
from archlab.chapters.layered.application_layer import OF_A_BATCH, WAYS, broken
from archlab.course.claims.rule import Evidence
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
    assert application_layer.of_declined(found, "batch") == {"placed_percent": 0, "stopped_percent": 100}
    assert found["stopped_by_schema"] == broken(False, "batch", storage="sqlite")["declined"] > 0


def test_there_is_no_decision_in_this_layer_and_most_steps():
    counted = application_layer.decisions().set_index("layer")
    assert counted.decisions["application"] == 0
    assert counted.steps.idxmax() == "application"


@pytest.mark.parametrize("way", WAYS)
def test_as_many_orders_are_declined_wherever_the_rule_stands(way):
    """So the share of them is not moved by what is counted."""
    kept, moved = broken(False, way), broken(True, way)
    assert kept["declined_orders"] == moved["declined_orders"] > 0
    assert (
        kept["placed"] + kept["declined_orders"]
        == moved["placed"] + moved["declined_orders"] - moved["broken"]
    )


def test_a_batch_places_all_declined_orders_and_the_others_none(figures):
    assert figures["placed_by_batch_percent"].per_seed == (100,) * 10
    assert figures["placed_by_place_order_percent"] == figures["placed_by_reorder_percent"] == 0
    assert figures["placed_beneath_percent"] == figures["placed_on_sqlite_percent"] == 0


def test_the_verdict_is_by_construction_and_says_what_comes_of_a_batch(figures):
    rule = application_layer.application_layer
    verdict = rule(**figures)
    assert rule.evidence is Evidence.BY_CONSTRUCTION
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.is_stable
    assert "no decision does" in verdict.words
    assert "places 100 % of the declined orders (in SQLite 0 %" in verdict.words


def test_an_author_who_copies_the_rule_changes_what_comes_of_a_batch(monkeypatch):
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
    assert "places 0 % of the declined orders" in application_layer.application_layer(**figures).words


def test_steps_that_stand_elsewhere_and_decisions_that_stand_here_are_seen(monkeypatch):
    for path, code, outcome, words in (
        (moved_rule.RULES, "changes.commit()", Outcome.DOES_NOT_HOLD, "of the steps stand here"),
        (moved_rule.USE_CASES, "raise OutOfStock('no')", Outcome.HOLDS, "2 decisions do"),
    ):
        files = dict(concerns.sources("layered"))
        files[path] += f"\n\ndef quickly(changes):\n    {code}\n    {code}\n"
        with monkeypatch.context() as patch:
            patch.setattr(concerns, "sources", lambda shop, files=files: files)
            figures = application_layer.application_figures(seeds=(1,))
        verdict = application_layer.application_layer(**figures)
        assert verdict.outcome is outcome
        assert words in verdict.words


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


def test_the_figure_tells_all_shares_of_declined_orders(figures):
    alt = application_layer.figure(figures, "A title").alt
    assert "Declined orders that are placed [%]" in alt
    assert "a batch, which goes round it 100, that batch, rows in SQLite 0" in alt
