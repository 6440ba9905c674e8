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


def test_the_parts_alone_say_what_the_description_says_and_give_nothing_away(shop):
    shown = shop.parts_only()._repr_mimebundle_()
    for text in shown.values():
        assert "a web shop: 3 parts, 120 requests/s; 0.288 USD/h" in text
        assert "2 cores, 64 workers, 2 copies" in text
        for secret in ("full", "usy", "232", "51.7", "345"):
            assert secret not in text
            assert secret in "".join(shop._repr_mimebundle_().values())


def test_the_topology_without_load_gives_nothing_away(shop):
    picture = shop.topology_figure(load=False)
    assert picture.alt.startswith("a web shop: who calls whom. ")
    assert "%" not in picture.alt
    written = [text.get_text() for text in picture.figure.axes[0].texts]
    assert {"web", "database", "payment"} <= set(written)
    assert not any("%" in text for text in written)
    assert shop.topology_figure("Mine", load=False).alt.startswith("Mine. ")


def _below(picture):
    """What is written in the figure outside of its panel, but for the title."""
    return [
        text.get_text() for text in picture.figure.texts if text.get_text() != picture.figure.get_suptitle()
    ]


def test_parts_that_nothing_asks_are_explained_below_the_picture_and_only_there(shop):
    network = describe(SOCIAL_NETWORK).topology_figure()
    assert _below(network) == ["White, no arrows: this mix asks nothing of it"]
    assert "This mix asks nothing of media-frontend, jaeger-agent, media-mongodb" in network.alt
    assert _below(shop.topology_figure()) == []
    assert "asks nothing" not in shop.topology_figure().alt


def test_the_words_below_the_picture_lie_in_it_and_on_no_part():
    figure = describe(f"{THUMBNAILS}part old: idle").topology_figure(load=False).figure
    figure.draw_without_rendering()
    words = next(text for text in figure.texts if "asks nothing" in text.get_text()).get_window_extent()
    assert words.y0 > 0
    assert words.y1 < figure.axes[0].get_window_extent().y0
