"""Two presentation layers leave the same rows, until one of them decides something."""

import pytest

from archlab.chapters.layered import concerns, presentation_layer
from archlab.chapters.layered.histories import Use
from archlab.chapters.layered.presentation_layer import as_command, as_request, compare, odd
from archlab.course.claims.verdict import Outcome
from archlab.shop.layered.presentation import CommandLine


@pytest.fixture(scope="module")
def figures():
    return presentation_layer.presentation_figures()


def test_a_use_is_written_in_both_ways():
    use = Use("place_order", order_id=7, basket={1: 2, 3: 1})
    assert as_command(use) == "order 7 1x2 3x1"
    assert as_request(use) == '{"use_case": "place_order", "order_id": 7, "basket": {"1": 2, "3": 1}}'
    assert (as_command(Use("browse", product=4)), as_command(Use("track_order", order_id=4))) == (
        "show 4",
        "track 4",
    )


def test_two_hundred_uses_in_two_ways_leave_the_same_rows():
    found = compare(seed=11)
    assert (found["differing_rows"], found["differing_refusals"]) == (0, 0)
    assert found["kinds_of_refusal"] == 3
    assert 0 < found["refused"] < found["uses"]


def test_it_holds_for_every_seed(figures):
    verdict = presentation_layer.presentation_layer(**figures)
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.is_stable


def test_what_cannot_be_read_by_one_cannot_be_read_by_the_other():
    found = odd().set_index("pieces")
    assert found.json["2"] == found.command["2"] == "ordered 2"
    assert set(found.drop("2").to_numpy().ravel()) == {"not read"}


class Careful(CommandLine):
    """A command line with a rule of its own: no more than two pieces."""

    def run(self, line):
        return super().run(line.replace("x3", "x2"))


def test_a_presentation_layer_with_a_rule_of_its_own_turns_the_verdict(monkeypatch):
    monkeypatch.setattr(presentation_layer, "CommandLine", Careful)
    figures = presentation_layer.presentation_figures()
    assert min(figures["differing_rows"].per_seed) > 0
    assert presentation_layer.presentation_layer(**figures).outcome is Outcome.DOES_NOT_HOLD


def test_a_decision_about_the_shop_in_its_source_turns_the_verdict(monkeypatch):
    files = dict(concerns.sources("layered, all kinds"))
    files["shop/layered/presentation/json_api.py"] += "\n\ndef ask():\n    raise OutOfStock('not today')\n"
    monkeypatch.setattr(concerns, "sources", lambda shop: files)
    figures = presentation_layer.presentation_figures(seeds=(1,))
    assert figures["shop_decisions"] == 1
    assert presentation_layer.presentation_layer(**figures).outcome is Outcome.DOES_NOT_HOLD
