"""What was bought by the law keeps the objective when it is run, and a shop that is too full does not."""

import numpy as np
import pytest

from archlab.chapters.choosing.buying import law_per_s
from archlab.chapters.choosing.cost_against_load import cost
from archlab.chapters.choosing.forms import ARCHITECTURES, FORMS
from archlab.chapters.choosing.in_time import Served, in_time_percent, keeps, served, together
from archlab.shop.serverless import ServerlessConfig

CASES = [(1.0, 60.0), (30.0, 10.0), (200.0, 2.0)]


@pytest.mark.parametrize(("rate_per_s", "measured_s"), CASES)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_bought_for_a_load_keeps_the_objective_there(name, rate_per_s, measured_s):
    offer = cost(name, rate_per_s).offer
    assert keeps(served(offer.form, offer.config, rate_per_s, seeds=[1], measured_s=measured_s))


def test_a_shop_that_is_asked_for_more_than_the_law_allows_does_not():
    offer = cost("monolithic", 100.0).offer
    full_per_s = law_per_s(offer.form, offer.config)
    assert not keeps(served(offer.form, offer.config, 1.3 * full_per_s, seeds=[1], measured_s=4.0))


def test_functions_without_a_pool_give_in_before_those_with_one():
    """They open as many sessions as come, and sessions slow one another in the database."""
    kept = {}
    for key in ("serverless", "serverless, pool"):
        form = FORMS[key]
        config = form.smallest(1)
        assert isinstance(config, ServerlessConfig)
        kept[key] = keeps(served(form, config, 0.9 * law_per_s(form, config), seeds=[1], measured_s=3.0))
    assert kept == {"serverless": False, "serverless, pool": True}


def test_who_gets_no_answer_is_late():
    what = Served({}, {"browse": np.array([0.1, np.inf, 0.2, 0.6])}, (1.0,))
    assert in_time_percent(what) == {"browse": 50.0}


def test_runs_are_put_together_request_by_request():
    one = {kind: np.array([0.1]) for kind in ("browse", "place_order", "track_order")}
    both = together([Served(one, one, (2.0,)), Served(one, one, (4.0,))])
    assert both.per_s == (2.0, 4.0)
    assert both.done_s["place_order"].tolist() == [0.1, 0.1]
