"""The entry points of two clouds and a container: events as the clouds document them in, the same rows out."""

import ast
from pathlib import Path

import pytest

import archlab.shop.serverless.providers as providers
from tests.shop.serverless.clouds import DEPLOYMENTS

BASKET = {"1": 2, "3": 1}
TOTAL_CENTS = 2 * 450 + 2500


@pytest.fixture(params=DEPLOYMENTS)
def deployed(request, tmp_path):
    return DEPLOYMENTS[request.param](tmp_path)


def test_an_order_is_placed_told_of_settled_and_read_back(deployed):
    status, body = deployed.place(7, BASKET)
    assert (status, body["state"], body["total_cents"]) == (201, "placed", TOTAL_CENTS)
    deployed.deliver()
    deployed.settle()
    assert deployed.track(7) == (
        200,
        {"order_id": 7, "state": "placed", "total_cents": TOTAL_CENTS, "payment": "captured"},
    )
    assert deployed.browse(1) == (200, {"product": 1, "name": "tea", "on_hand": 3})
    assert deployed.payments.taken == {1}


@pytest.fixture(scope="module")
def rows_of_each(tmp_path_factory):
    """The rows after the same acts, everywhere."""
    return {name: busy_day(kind(tmp_path_factory.mktemp(name))) for name, kind in DEPLOYMENTS.items()}


def busy_day(deployed):
    deployed.place(7, BASKET)
    deployed.place(7, BASKET)
    deployed.place(8, {"2": 9})
    deployed.payments.declines = True
    deployed.place(9, {"2": 1})
    deployed.payments.declines = False
    deployed.place(10, {"2": 5})
    deployed.messages *= 2
    deployed.deliver()
    deployed.upload(3, bytes(1000))
    deployed.settle()
    return deployed.rows()


def test_the_same_day_leaves_the_same_rows_in_every_cloud(rows_of_each):
    first, *others = rows_of_each.values()
    assert all(rows == first for rows in others)
    assert [(order, state) for order, state, _ in first["orders"]] == [
        (7, "placed"),
        (8, "cancelled"),
        (9, "cancelled"),
        (10, "placed"),
    ]
    assert first["stock"] == [(1, 5, 3), (2, 5, 0), (3, 5, 4)]
    assert [row[1:] for row in first["payments"]] == [
        (7, TOTAL_CENTS, 1, "captured"),
        (10, 6000, 2, "captured"),
    ]
    assert [order for _, order, _ in first["notifications"]] == [7, 10]
    assert first["pictures"] == [(3, "small/3", 10)]


@pytest.mark.parametrize("where", ["reserve_stock", "take_payment", "queue"])
def test_an_order_that_failed_half_way_is_finished_when_it_is_sent_again(deployed, where):
    deployed.fails_at = where
    if where == "queue" or not hasattr(deployed, "main"):
        with pytest.raises((RuntimeError, ConnectionError)):
            deployed.place(7, BASKET)
        assert deployed.track(7)[1]["state"] == "pending"
    assert deployed.place(7, BASKET)[1]["state"] == "placed"
    assert len(deployed.rows()["payments"]) == len(deployed.payments.holds) == 1
    assert deployed.browse(1)[1]["on_hand"] == 3


def test_a_message_that_fails_comes_again_and_the_others_do_not(deployed):
    deployed.place(7, BASKET)
    poison = type(deployed.messages[0])
    bad = "no order" if poison is str else b"no order"
    deployed.messages.append(bad)
    deployed.deliver()
    assert deployed.messages == [bad]
    assert len(deployed.rows()["notifications"]) == 1


def test_what_is_refused_has_a_status_that_says_so(deployed):
    assert deployed.browse(99)[0] == deployed.track(99)[0] == 404
    assert deployed.place(7, {"99": 1})[0] == 404
    assert deployed.place(8, {"1": 9})[0] == 409
    assert deployed.place(8, {"1": 1})[1]["state"] == "cancelled"


def test_a_body_may_come_in_base64(tmp_path):
    for name in ("cloud_a", "adapter_a"):
        deployed = DEPLOYMENTS[name](tmp_path / name)
        assert deployed.place(7, BASKET, encoded=True)[0] == 201


def test_a_small_picture_is_stored_beside_the_large_one(deployed):
    deployed.upload(3, bytes(range(200)))
    assert deployed.small_picture(3) == bytes([0, 100])


NAMES_OF_CLOUDS = {
    "boto3",
    "sqs",
    "s3",
    "aws_lambda",
    "publisher",
    "storage",
    "cloud_event",
    "channel",
    "environ",
}


def test_the_portable_functions_and_the_books_name_no_cloud():
    folder = Path(providers.__file__).parent
    for module in ("books", "portable"):
        tree = ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not names & NAMES_OF_CLOUDS
        assert not any(
            name.rsplit(".", 1)[-1].startswith(("cloud_", "container", "adapter_")) for name in imported
        )
