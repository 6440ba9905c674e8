"""Changes of an event's form, really replayed, beside the published table."""

import pytest

from archlab.chapters.event_driven import event_versions
from archlab.chapters.event_driven.event_versions import BREAKS, CHANGES, MODES, RIGHT, WRONG
from archlab.shop.events.upcasting import Upcast, Upcasts


@pytest.fixture(scope="module")
def tried():
    return event_versions.versions().set_index("change")


@pytest.mark.parametrize("mode", MODES)
def test_a_replay_breaks_where_the_published_table_forbids_the_change(tried, mode):
    assert tried[mode].tolist() == tried[f"published_{mode}"].tolist()


def test_both_answers_occur_in_every_mode(tried):
    assert all(tried[mode].nunique() == 2 for mode in MODES)


def test_two_changes_spoil_a_rebuild_without_an_error(tried):
    assert set(tried.index[tried.rebuild == WRONG]) == {
        "rename a field, with a default",
        "the same field in another unit",
    }
    assert tried.published_FULL["the same field in another unit"]


def test_an_upcast_lifts_all_but_what_was_never_written_down(tried):
    assert set(tried.index[tried.lifted != RIGHT]) == {"split a field in two"}
    assert tried.rebuild["split a field in two"] == BREAKS


def test_the_split_is_wrong_for_the_customer_with_two_given_names_alone(monkeypatch):
    (split,) = (change for change in CHANGES if change.words == "split a field in two")
    others = [fact for fact in event_versions.FACTS if fact["first"] != "Ana María"]
    monkeypatch.setattr(event_versions, "FACTS", others)
    store = event_versions.written(event_versions.FIRST)
    upcasts = Upcasts([Upcast(event_versions.TYPE, 1, split.upcast)])
    assert event_versions.rebuilt(store, split.second, event_versions.FIRST, upcasts) == RIGHT


def test_steps_that_pass_one_by_one_break_the_rebuild_of_the_oldest_events():
    chains = event_versions.chains()
    assert set(chains.first_step) | set(chains.second_step) == {RIGHT}
    assert set(chains.rebuild) == {BREAKS}


def test_a_transitive_mode_allows_the_same_changes_and_checks_more_versions():
    table = event_versions.load("schema_compatibility").set_index(["setting", "what"]).value
    for mode, versions in (("BACKWARD", "last"), ("BACKWARD_TRANSITIVE", "all")):
        assert table[mode, "versions that a new one is checked against"] == versions
    allowed = [table[mode, "changes that it allows"] for mode in ("BACKWARD", "BACKWARD_TRANSITIVE")]
    assert allowed[0] == allowed[1]
