"""Unnecessary layers: the rule, and the changes of code and mix that turn it."""

import pytest

from archlab.chapters.layered.opened import shop_with
from archlab.chapters.layered.sinkholes import sinkhole_percent, watched
from archlab.chapters.layered.unnecessary import (
    LOOKS,
    MANY_PERCENT,
    figures,
    looks_from,
    mix_with,
    unnecessary,
)
from archlab.course.claims import Outcome
from archlab.shop.architecture import SHOP_MIX


@pytest.fixture(scope="module")
def table():
    return watched()


def test_it_holds_when_most_customers_only_look(table):
    verdict = unnecessary(**figures(table))
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert sinkhole_percent(table, mix_with(verdict.flips_at + 1)) > MANY_PERCENT
    assert sinkhole_percent(table, mix_with(verdict.flips_at - 1)) < MANY_PERCENT


def test_one_rule_about_looking_turns_it():
    assert unnecessary(**figures(watched(shop_with(rule=True)))).outcome is Outcome.DOES_NOT_HOLD


def test_opened_layers_turn_it():
    assert unnecessary(**figures(watched(shop_with("both open")))).outcome is Outcome.DOES_NOT_HOLD


def test_a_shop_in_which_everything_passes_through_has_it_whatever_customers_want(table):
    everything = table.assign(does=table.does & ~table.layer.isin(["application", "business"]))
    assert unnecessary(**figures(everything)).outcome is Outcome.HOLDS


def test_the_usual_mix_is_one_of_those_tried():
    usual = mix_with(100 * sum(SHOP_MIX.shares[kind] for kind in LOOKS))
    assert usual == pytest.approx(dict(SHOP_MIX.shares))


def test_the_limit_is_where_the_share_is_reached(table):
    assert sinkhole_percent(table, mix_with(looks_from(table, 37))) == pytest.approx(37)
