"""Two presentation layers on one application layer."""

import json

import pytest

from archlab.shop.layered import CommandLine, JsonApi, Layered, LayeredConfig
from archlab.sim import Simulation


@pytest.fixture
def shop():
    return Layered(Simulation(seed=1), LayeredConfig(storage="memory"))


def asked(shop, **body):
    return json.loads(shop.answer(JsonApi(shop.application).handle(json.dumps(body))))


def typed(shop, line):
    return shop.answer(CommandLine(shop.application).run(line))


def test_an_order_of_the_one_is_seen_by_the_other(shop):
    placed = asked(shop, use_case="place_order", order_id=7, basket={"1": 2})
    price = asked(shop, use_case="browse", product=1)["price_cents"]
    assert placed == {"order_id": 7, "state": "placed", "total_cents": 2 * price}
    assert typed(shop, "track 7") == f"order 7 is placed, {2 * price // 100}.{2 * price % 100:02d}"
    assert typed(shop, "order 8 1x1").startswith("order 8 is placed")
    assert asked(shop, use_case="track_order", order_id=8)["payment"] == "authorised"


def test_a_refusal_is_an_answer(shop):
    assert asked(shop, use_case="browse", product=0) == {"refused": "not_found"}
    assert typed(shop, "show 0") == "refused: not_found"


@pytest.mark.parametrize(
    ("body", "said"),
    [({"use_case": "dance"}, "use_case is 'dance'"), ({"use_case": "browse"}, "browse needs 'product'")],
)
def test_a_request_that_cannot_be_is_refused_with_what_is_allowed(shop, body, said):
    with pytest.raises(ValueError, match=said):
        asked(shop, **body)


@pytest.mark.parametrize("line", ["", "dance", "show tea", "order 7", "order 7 1-2", "order 7 1x2 3"])
def test_a_line_that_cannot_be_is_refused_with_what_is_allowed(shop, line):
    with pytest.raises(ValueError, match=r"must be"):
        typed(shop, line)


@pytest.mark.parametrize("pieces", ["1.5", "true", '" 1"', "null", "1e1"])
def test_pieces_that_are_no_whole_number_are_refused_and_nothing_is_ordered(pieces):
    shop = Layered(Simulation(seed=1))
    request = f'{{"use_case": "place_order", "order_id": 7, "basket": {{"1": {pieces}}}}}'
    with pytest.raises(ValueError, match="whole numbers"):
        shop.answer(JsonApi(shop.application).handle(request))
    assert len(shop.rows("orders")) == 0
