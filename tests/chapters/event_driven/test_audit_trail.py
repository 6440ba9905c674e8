"""What an auditor gets to know from events, from a table of states, and from triggers; and what flips the verdict."""

import pytest

from archlab.chapters.event_driven import audit_trail
from archlab.chapters.event_driven.history import Trade, play, wishes
from archlab.chapters.event_driven.kept_as_events import as_events
from archlab.course.claims.limit import Limit
from archlab.course.claims.verdict import Outcome

NOTHING_REFUSED = Trade(declined=0.0, pieces=10_000, cancelled=0.0)


@pytest.fixture(scope="module")
def answers():
    return audit_trail.interviews(range(3)).set_index("question")


@pytest.fixture(scope="module")
def figures():
    return audit_trail.audited(range(10), trade=Trade(days=5))


def test_ten_questions_are_asked(answers):
    assert len(answers) == len(audit_trail.QUESTIONS) == 10


def test_events_fail_at_what_went_past_the_program_and_at_looks(answers):
    assert set(answers.index[answers.events == "never"]) == {
        "Which prices were set past the program?",
        "Who of the staff looked at orders?",
    }
    assert set(answers.events) == {"always", "never"}


def test_triggers_fail_at_what_was_refused_and_at_looks(answers):
    assert set(answers.index[answers.triggers_told == "never"]) == {
        "Which orders found too few pieces?",
        "Whose card was declined?",
        "Who of the staff looked at orders?",
    }
    assert set(answers.triggers_told) == {"always", "never"}


def test_triggers_and_a_table_of_refusals_fail_at_looks_alone(answers):
    assert set(answers.index[answers.refusals == "never"]) == {"Who of the staff looked at orders?"}
    assert set(answers.refusals) == {"always", "never"}


def test_triggers_that_are_told_nothing_cannot_say_who_and_why(answers):
    told, untold = answers.triggers_told == "always", answers.triggers == "always"
    assert set(answers.index[told & ~untold]) == {
        "Who had set that price, and when?",
        "Why did pieces leave the shelf unsold?",
        "Who cancelled this order, and why?",
    }


def test_a_table_of_states_knows_the_past_only_where_nothing_changed_since(answers):
    assert answers.states["Who cancelled this order, and why?"] == "always"
    assert answers.states["How many pieces of it were there?"] == "never"
    assert answers.states["What did this product cost then?"] == "sometimes"


@pytest.mark.parametrize("seed", range(2))
def test_triggers_miss_the_refused_attempts_and_events_those_past_the_program(seed):
    history = audit_trail.history_of(seed)
    tried = [one for one in history.happened if one.wish.kind != "look"]
    missing = audit_trail.missing_percent(seed)
    refused = sum(not one.is_done for one in tried)
    assert missing["triggers_told"] == pytest.approx(100 * refused / len(tried))
    assert missing["events"] == pytest.approx(100 * history.count("by_hand") / len(tried))
    assert missing["states"] > missing["triggers"] == missing["triggers_told"] > missing["refusals"] == 0


def test_the_audit_trail_is_complete_up_to_a_share_of_changes_past_the_program(figures):
    verdict = audit_trail.complete_audit_trail(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert 2 < verdict.flips_at < 20
    assert "a table of refused attempts miss none" in verdict.words
    worse = figures | {"missing_with_refusals_percent": 1.0}
    assert "a table of refused attempts miss some" in audit_trail.complete_audit_trail(**worse).words


def test_beyond_the_limit_events_miss_more_than_triggers_and_short_of_it_fewer(figures):
    limit = figures["missing_in_triggers_percent"].per_seed[0]
    few, many = (audit_trail.missing_percent(0, by_hand=limit / 100 * times) for times in (0.3, 3))
    assert few["events"] < few["triggers_told"]
    assert many["events"] > many["triggers_told"]


def test_it_does_not_hold_when_nothing_is_refused():
    figures = audit_trail.audited([0], trade=NOTHING_REFUSED)
    assert figures["missing_in_triggers_percent"] == 0
    assert audit_trail.complete_audit_trail(**figures).outcome is Outcome.DOES_NOT_HOLD


def test_it_does_not_hold_when_events_miss_an_attempt_of_the_program():
    verdict = audit_trail.complete_audit_trail(
        missing_in_states_percent=20.0,
        missing_in_triggers_percent=Limit("up to", [8.0]),
        missing_with_refusals_percent=0.0,
        missing_in_events_percent=0.1,
    )
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_a_trigger_stops_an_update_its_owner_goes_around_it_and_a_digest_kept_elsewhere_shows_it():
    assert audit_trail.tampering() == {
        "refused_by_trigger": True,
        "changed_without_trigger": True,
        "seen_in_digest": True,
    }


def test_a_history_without_a_cancelled_order_cannot_be_asked_about():
    with pytest.raises(ValueError, match="history has no cancelled order"):
        audit_trail.interview(1, trade=NOTHING_REFUSED)


def test_appending_does_not_change_the_digest_of_what_was_there_before():
    history = play(wishes(Trade(days=2), seed=1))
    store = as_events(history)
    part = type(history)(
        history.catalogue, history.opening, history.happened[:20], history.listed, history.shelf
    )
    start = as_events(part)
    assert audit_trail.digest(start) == audit_trail.digest(store, up_to=start.head)
    assert audit_trail.digest(start) != audit_trail.digest(store)
