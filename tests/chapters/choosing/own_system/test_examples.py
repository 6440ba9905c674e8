"""The three examples: they can be read, they run, and the published one has the published parts."""

from collections import Counter

import pytest

from archlab.chapters.choosing.own_system import EXAMPLES, SOCIAL_NETWORK, THUMBNAILS, WEB_SHOP, describe
from archlab.chapters.choosing.own_system.description import calls_in
from archlab.chapters.choosing.own_system.lines import MOST_LINES, lines_of
from archlab.data import load

PUBLISHED = {"service": 11, "store": 13, "front end": 2, "jaeger": 1}
"""Containers of the compose file, by kind (Y. Gan et al., ASPLOS 2019): 27."""
PUBLISHED_MIX = {"home": 0.60, "user": 0.30, "compose": 0.10}


@pytest.fixture(scope="module")
def social():
    return describe(SOCIAL_NETWORK)


def kind_of(name):
    if name.startswith("jaeger"):
        return "jaeger"
    if name in ("nginx-thrift", "media-frontend"):
        return "front end"
    return "service" if name.endswith("-service") else "store"


def test_the_social_network_has_the_27_published_containers(social):
    assert Counter(map(kind_of, social.description.parts)) == PUBLISHED
    assert len(social.description.parts) == sum(PUBLISHED.values()) == 27


def test_its_stores_are_those_that_the_description_calls_stores(social):
    stores = {name for name, part in social.description.parts.items() if part.kind == "store"}
    assert stores == {name for name in social.description.parts if kind_of(name) == "store"}


def test_it_has_the_published_mix(social):
    assert dict(social.description.shares) == pytest.approx(PUBLISHED_MIX)


def test_it_says_what_is_assumed(social):
    comments = [line for line in SOCIAL_NETWORK.splitlines() if line.startswith("#")]
    assert sum("assumption" in comment for comment in comments) >= 3


def test_a_container_costs_half_a_machine_of_the_list(social):
    prices = [part.usd_per_h for part in social.description.parts.values()]
    half = load("prices").set_index("item").price_usd["m5.large"] / 2
    assert prices == pytest.approx([half] * len(prices))


def test_five_containers_get_no_request_of_this_mix(social):
    idle = {name for name, part in social.description.parts.items() if part.is_idle}
    assert idle == {
        "media-frontend",
        "jaeger-agent",
        "media-mongodb",
        "media-memcached",
        "url-shorten-memcached",
    }


@pytest.fixture(scope="module")
def crashes(social):
    table = social.fault_matrix(kinds=["crash"], seeds=range(1), watch_s=1.0)
    return table.pivot(index="part", columns="kind", values="ok_percent")


def test_a_request_is_lost_with_any_part_that_it_always_asks(social, crashes):
    for kind, route in social.description.routes.items():
        often = {}
        for _, call, times in calls_in(route):
            often[call.part] = max(often.get(call.part, 0.0), times)
        for part in crashes.index:
            lost = 100 - crashes[kind][part]
            assert lost == pytest.approx(100 * often.get(part, 0.0), abs=9), (kind, part)


def test_most_crashes_take_down_the_writers_and_few_take_down_the_readers(crashes):
    harmed = (crashes < 50).sum()
    assert harmed["compose"] > 3 * harmed["home"]
    assert (crashes < 50).all(axis=1).sum() == 2  # nginx and the storage of posts


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_short_and_answers_nearly_all(name):
    assert len(lines_of(EXAMPLES[name])) <= MOST_LINES
    assert describe(EXAMPLES[name]).run(seed=1, requests=1000).availability() > 0.99


def test_the_small_examples_have_at_most_twelve_lines():
    assert max(len(lines_of(text)) for text in (WEB_SHOP, THUMBNAILS)) <= 12
