"""Prime Video's monitoring."""

import pytest

from archlab.chapters.choosing.cases import step_functions as case
from archlab.chapters.choosing.cases.judging import Foretold


def test_a_core_of_functions_costs_its_memory_for_an_hour():
    assert case.computing_usd_per_h() == pytest.approx(0.0000166667 * 1769 / 1024 * 3600)


def test_an_express_workflow_of_a_second_costs_its_start_and_64_mb():
    assert case.express_usd_per_h() == pytest.approx(3600 * 1e-6 + 0.06 * 64 / 1024)


def test_seven_streams_save_what_the_bill_of_both_says():
    functions = 3 * 3600 * 0.000025 + 4 * 0.7 / 7 * case.computing_usd_per_h()
    assert case.saving_percent(7) == pytest.approx(100 * (1 - 0.17 / 7 / functions))


def test_six_streams_on_a_machine_save_what_was_published_and_five_do_not():
    assert float(case.question().limit()) == 6
    assert case.saving_percent(6) > 90 > case.saving_percent(5)


def test_the_verdict_is_a_condition_on_the_streams():
    judgement = case.verdict()
    assert judgement.foretold is Foretold.WHEN
    assert judgement.words == "Yes, when the number of streams that one c5.xlarge carries is at least 6"
    assert judgement.decides == "transitions a second"
    assert judgement.together == (3, 12)


def test_with_a_transition_a_minute_it_would_have_foretold_no_such_saving():
    assert case.verdict(transitions_per_s=1 / 60).foretold is Foretold.NO


def test_the_answer_turns_to_no_below_a_quarter_of_a_transition_a_second():
    turn = case.verdict().sensitivity.no_at.iloc[0]
    assert turn == pytest.approx(0.2444, rel=0.01)
    assert case.verdict(transitions_per_s=0.95 * turn).foretold is Foretold.NO
    assert case.verdict(transitions_per_s=1.05 * turn).foretold is Foretold.WHEN


def test_computing_alone_does_not_save_as_much_on_any_machine():
    assert case.saving_percent(1, transitions_per_s=0) == pytest.approx(
        case.saving_percent(64, transitions_per_s=0)
    )
    assert case.saving_percent(64, transitions_per_s=0) < 50


def test_against_express_workflows_no_number_of_streams_saves_as_much():
    assert max(case.saving_percent(streams, express=True) for streams in range(1, case.MOST_STREAMS + 1)) < 90


def test_a_lonely_stream_with_few_transitions_is_told_to_stay():
    assert case.saving_percent(1, transitions_per_s=1 / 60, busy_percent=17.5) < 0
    assert "it says stay" in case.elsewhere()


def test_the_picture_shows_the_published_saving():
    assert "published: over 90 %: 90" in case.figure().alt


@pytest.mark.parametrize(
    ("name", "value"), [("streams", 0), ("busy_percent", 101), ("transitions_per_s", -1)]
)
def test_what_cannot_be_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        case.saving_percent(**({"streams": 7} | {name: value}))
