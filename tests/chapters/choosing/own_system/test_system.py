"""The face: a system shows itself, draws itself, and writes a report."""

import pytest

from archlab.chapters.choosing.own_system import EXAMPLES, SOCIAL_NETWORK, THUMBNAILS, WEB_SHOP, describe


@pytest.fixture(scope="module")
def shop():
    return describe(WEB_SHOP)


def test_a_system_shows_its_parts_its_limit_and_its_price(shop):
    shown = shop._repr_mimebundle_()
    assert "<th scope=" in shown["text/html"]
    for text in shown.values():
        assert "full at 232 requests/s, where the cores of web are all busy; 0.288 USD/h" in text
        assert "payment" in text


def test_a_title_with_signs_of_html_harms_nobody():
    system = describe(WEB_SHOP.replace("system a web shop", "system <b>shop</b>"))
    assert "&lt;b&gt;shop" in system._repr_mimebundle_()["text/html"]


def test_a_row_of_parts_says_what_limits_it(shop):
    parts = shop.parts().set_index("part")
    assert parts.full_at_per_s["web"] == shop.limit_per_s
    assert parts.full_at_per_s.isna().to_dict() == {"web": False, "database": False, "payment": True}


def test_the_topology_is_one_that_the_course_draws(shop):
    graph = shop.topology()
    assert list(graph.edges) == [("customers", "web"), ("web", "database"), ("web", "payment")]
    assert [graph.nodes[node]["kind"] for node in graph] == ["client", "process", "database", "external"]
    assert "web (process, 52 % busy) calls database, payment" in shop.topology_figure().alt


def test_a_part_that_is_asked_later_stands_behind_its_queue():
    graph = describe(THUMBNAILS).topology()
    assert ("web", "thumbnails") not in graph.edges
    assert list(graph.successors("queue of thumbnails")) == ["thumbnails"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_can_be_drawn(name):
    system = describe(EXAMPLES[name])
    for picture in (system.topology_figure(), system.capacity_figure(), system.bill_figure()):
        assert len(picture.png) > 10_000


def test_a_large_system_gets_a_picture_in_which_its_names_have_room():
    small, large = (describe(text).topology_figure().figure for text in (WEB_SHOP, SOCIAL_NETWORK))
    assert large.get_figheight() > 2 * small.get_figheight()


def test_titles_are_conclusions_from_the_figures(shop):
    assert shop.capacity_figure().alt.startswith(
        "web cores are full first, at 232 requests/s; the load is 120."
    )
    assert shop.topology_figure().alt.startswith(
        "a web shop: at 120 requests/s web is the busiest part, 52 %"
    )
    assert shop.capacity_figure("Mine").alt.startswith("Mine. ")


def test_a_report_has_what_was_measured(shop):
    load = shop.against_load([50.0], seeds=range(2), requests=200)
    faults = shop.fault_matrix(shop.description.faults, seeds=range(1), watch_s=1.0)
    text = shop.markdown(load, faults)
    for head in (
        "# a web shop",
        "## What to buy next",
        "## Bill",
        "## Latency against load",
        "## What goes wrong",
    ):
        assert head in text
    assert "| payment | outage | buy |" in text
    assert "## Latency against load" not in shop.markdown()
    assert "errs for the system" in shop.markdown()
