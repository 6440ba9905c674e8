"""Ties and reaches are counted on the source and on events that are read, and the verdict turns with them."""

import pytest

from archlab.chapters.event_driven import changed_source, coupling
from archlab.course.claims.verdict import Outcome
from archlab.shop.event_driven.architecture import EventDriven
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.sim.simulation import Simulation


@pytest.fixture(scope="module")
def changes():
    return coupling.changes().set_index(["function", "shop"])


@pytest.fixture(scope="module")
def figures():
    return coupling.flexibility_figures(coupling.changes())


def test_a_listener_changes_no_existing_program_here_and_one_elsewhere(changes):
    assert changes.programs_changed["loyalty"].to_dict() == {
        "monolithic": 1,
        "microservices": 1,
        "event-driven": 0,
    }


def test_a_check_that_may_come_late_changes_one_program_everywhere_and_one_that_comes_first_two_here(changes):
    assert changes.programs_changed["fraud"].tolist() == [1, 1, 1]
    assert changes.programs_changed["fraud_before_stock"].to_dict() == {"event-driven": 2}
    assert changes.programs_changed["fraud_in_orders"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("function", "parts"),
    [("fraud", {"fraud", "payments"}), ("fraud_before_stock", {"fraud", "inventory", "orders"})],
)
def test_what_has_to_be_released_are_the_parts_whose_source_differs(function, parts):
    found = coupling.places("event_driven", function)
    assert set(found.part) - {coupling.WIRING, coupling.CONTRACT} == parts
    before, after = changed_source.versions("event_driven")[function]
    differing = {path for path in after if before.get(path) != after[path]}
    assert differing == set(found.file)


def test_new_lines_and_changed_lines_add_up_to_all_lines(changes):
    for (function, shop), row in changes.iterrows():
        found = coupling.places(shop.replace("-", "_"), function)
        assert row.lines_new + row.lines_changed == found.added.sum() + found.removed.sum()


def test_the_calls_of_the_services_are_those_of_their_use_cases():
    steps = [step for steps in MicroservicesConfig().use_cases.values() for step in steps]
    used = {(step.caller, step.service, step.operation) for step in steps if step.caller != "gateway"}
    assert coupling.calls("microservices") - used == {("orders", "inventory", "release")}
    assert used <= coupling.calls("microservices")


def test_the_events_that_are_read_are_those_that_components_react_to():
    components = EventDriven(Simulation(seed=1)).components
    reactions = {(name, type_) for name, one in components.items() for type_ in one.reactions}
    found = coupling.words()
    assert set(zip(found.subscriber, found.event, strict=True)) == reactions
    assert all(found.fields.map(len) > 0)


def test_the_ties_move_from_waiting_to_words():
    found = coupling.ties().set_index("a pair counts when")
    assert found["event-driven"].tolist()[:2] == [0, 0]
    assert (found.microservices > 0).all()
    assert found.loc["they must agree on words"].nunique() == 1


@pytest.mark.parametrize("ordering", coupling.ORDERINGS)
def test_the_services_wait_for_as_many_with_queues_between_them_and_with_either_saga(ordering):
    pairs = {frozenset(call[:2]) for call in coupling.calls("microservices", ordering)}
    assert len(pairs) == coupling.ties()["microservices"].iloc[0]


def test_a_component_that_called_another_would_be_found(monkeypatch):
    files = changed_source.source("event_driven")
    path = next(path for path in files if path.endswith("components/orders.py"))
    files[path] += "\n\ndef ask(here):\n    return here.call('payments', 'state_of', 7)\n"
    monkeypatch.setattr(coupling, "source", lambda shop: files)
    assert coupling.calls("event_driven") == {("orders", "payments", "state_of")}
    assert coupling.names("event_driven") == {("orders", "payments")}


def test_flexibility_holds_up_to_half_of_the_functions_that_say_no_first(figures):
    verdict = coupling.flexibility(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.flips_at == 50
    assert "100 % where they may say it late" in verdict.words
    assert "when events carry 1 field more than anybody read (here 1)" in verdict.words


def test_the_listener_needs_a_field_that_nobody_read_before_and_without_it_nothing_is_saved(figures):
    assert coupling.unread() == {"customer"}
    told = figures | {"changed_by_listener": figures["changed_by_listener"] + len(coupling.unread())}
    assert coupling.flexibility(**told).outcome is Outcome.DOES_NOT_HOLD
    assert "field" not in coupling.flexibility(**figures | {"unread_fields": 0}).words


@pytest.mark.parametrize(
    ("changed", "flips_at"),
    [
        ({"changed_by_first_check": 1}, 100),
        ({"changed_by_first_check": 4}, 25),
        ({"changed_by_listener_elsewhere": 2}, 200 / 3),
    ],
)
def test_the_limit_is_where_both_sides_change_as_many_programs(figures, changed, flips_at):
    now = figures | changed
    share = coupling.flexibility(**now).flips_at / 100
    here = (1 - share) * now["changed_by_listener"] + share * now["changed_by_first_check"]
    there = (1 - share) * now["changed_by_listener_elsewhere"] + share * now["changed_by_check_elsewhere"]
    assert share == pytest.approx(flips_at / 100)
    assert here == pytest.approx(there)


def test_a_listener_that_had_to_change_the_publisher_would_turn_the_verdict(monkeypatch):
    def versions(shop):
        found = dict(changed_source.versions(shop))
        before, after = found["loyalty"]
        path = next((path for path in after if path.endswith("components/orders.py")), None)
        if path is not None:
            found["loyalty"] = (before, {**after, path: after[path] + "\nLOYALTY = 'loyalty'\n"})
        return found

    monkeypatch.setattr(coupling, "versions", versions)
    figures = coupling.flexibility_figures(coupling.changes())
    assert coupling.flexibility(**figures).outcome is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("shop", "function", "message"),
    [
        ("event-driven", "fraud", "shop is 'event-driven'; it must be one of monolithic"),
        ("monolithic", "fraud_before_stock", "function is 'fraud_before_stock'; it must be one of loyalty"),
    ],
)
def test_bad_input_is_refused(shop, function, message):
    with pytest.raises(ValueError, match=message):
        coupling.places(shop, function)
    with pytest.raises(ValueError, match=message):
        coupling.reach(shop, function)
