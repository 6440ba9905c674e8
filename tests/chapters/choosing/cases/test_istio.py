"""Istio's control plane."""

import pytest

from archlab.chapters.choosing.cases import istio, istio_parts
from archlab.chapters.choosing.cases.judging import Foretold
from archlab.published.availability_chain import Chain, availability
from archlab.sim.teams.delivery import DeliveryModel
from archlab.sim.teams.release_train import LEAD_TIME, deliver


@pytest.fixture(scope="module")
def judgement():
    return istio.verdict()


def test_the_lead_time_is_the_one_that_the_model_of_teams_sums_up():
    model = DeliveryModel(units=4, coordinated_fraction=1.0)
    summary = deliver(model, istio.DAYS, 3).summary(istio.DAYS / 10)
    assert istio.lead_time_h(3, 4, 100.0) == pytest.approx(summary[LEAD_TIME])


def test_released_together_four_programs_take_twice_as_long():
    times = [istio.lead_time_h(seed, 4, 100.0) / istio.lead_time_h(seed, 1, 0.0) for seed in istio.SEEDS]
    assert min(times) > 1.7


def test_the_verdict_is_a_condition_on_changes_that_touch_two_parts(judgement):
    assert judgement.foretold is Foretold.WHEN
    assert 0 < judgement.limit.low < float(judgement.limit) < judgement.limit.high < 20
    assert judgement.decides == "% of a run that grows with the code"


def test_where_a_run_for_all_parts_takes_four_times_as_long_it_would_not_have_foretold_it():
    limit = istio.question(growing_percent=100.0).rough()
    assert float(limit) == float("inf")
    assert istio.sooner_up_to_growing_percent().high < 60


def test_the_rule_says_the_same_of_four_teams():
    """So it is no evidence for Istio in particular."""
    assert float(istio.merges_four_teams_from_percent()) < 10
    assert "cannot say who should keep services" in istio.elsewhere()


def test_needed_together_one_program_is_up_longer_and_one_function_alone_is_down_more():
    down = istio_parts.down_minutes().set_index("what")
    assert down.one["all four needed"] < down.separate["all four needed"]
    assert down.one["one function"] > down.separate["one function"]


def test_the_time_down_is_that_of_a_chain_of_all_causes():
    down = istio_parts.down_minutes(0.001, 0.001).separate.iloc[0]
    assert down == pytest.approx(60 * 730 * (1 - availability(Chain(8, 0.999))), rel=1e-9)


def test_without_causes_that_come_with_a_deployment_one_program_gains_nothing():
    down = istio_parts.down_minutes(deployment_down=0.0).set_index("what")
    assert down.one["all four needed"] == pytest.approx(down.separate["all four needed"])


def test_one_program_needs_fewer_copies_until_the_busiest_part_has_very_many():
    assert istio_parts.copies(2) == (8, 3)
    separate, one = istio_parts.copies(20)
    assert separate == one == 26
    assert istio_parts.copies(40)[0] < istio_parts.copies(40)[1]


def test_the_picture_has_both_designs():
    alt = istio.figure().alt
    assert "four programs from" in alt
    assert "one program from" in alt


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="both_percent"):
        istio.lead_time_h(1, 4, 101.0)
    with pytest.raises(ValueError, match="busiest"):
        istio_parts.copies(1)
    with pytest.raises(ValueError, match="code_down"):
        istio_parts.down_minutes(code_down=2)
