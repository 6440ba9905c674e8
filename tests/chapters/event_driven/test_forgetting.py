"""Forgetting a customer: what still names her after each step, what must not change, and what it costs."""

import pytest

from archlab.chapters.event_driven import forgetting
from archlab.chapters.event_driven.forgetting import CUSTOMERS, FORGETFUL
from archlab.shop.events.order import ORDER_PLACED

ORDERS = 400


@pytest.fixture(scope="module")
def steps():
    return forgetting.still_named(ORDERS).set_index("step")


def test_at_first_she_is_named_in_each_of_her_orders_in_the_projection_and_in_the_remarks(steps):
    hers = ORDERS // CUSTOMERS
    assert steps.loc["nothing done", ["events", "projection"]].tolist() == [hers, hers]
    assert steps.remarks["nothing done"] == hers / 5


def test_a_deleted_key_alone_changes_nothing_for_who_has_the_backup(steps):
    assert steps.rows["her key deleted"] == steps.rows["nothing done"]
    assert steps.events["the backup, too"] == 0


def test_the_projection_holds_her_name_until_it_is_made_again(steps):
    assert steps.projection["the backup, too"] == ORDERS // CUSTOMERS
    assert steps.projection["read table rebuilt"] == 0


def test_what_nobody_took_for_personal_stays(steps):
    assert steps.rows["read table rebuilt"] == steps.remarks["read table rebuilt"] == ORDERS // CUSTOMERS / 5


def test_the_books_stay_the_same(steps):
    assert steps.cents.nunique() == 1
    assert steps.cents.iloc[0] == ORDERS * 2 * 450


def test_others_are_still_named():
    shop = forgetting.kept(ORDERS)
    shop.ring.forget(forgetting.subject(FORGETFUL))
    shop.addresses.rebuild(shop.store)
    other = forgetting.rows_that_name(shop, [shop.ring], customer=FORGETFUL + 1)
    assert other == {"events": ORDERS // CUSTOMERS, "remarks": 0, "projection": ORDERS // CUSTOMERS}


def test_without_encryption_the_events_name_her_in_clear():
    shop = forgetting.kept(ORDERS, sealed=False)
    assert forgetting.rows_that_name(shop, [])["events"] == ORDERS // CUSTOMERS


def test_events_do_not_name_her_in_clear_when_they_are_sealed():
    shop = forgetting.kept(ORDERS)
    texts = [forgetting.event_text(event) for event in shop.store.read_all() if event.type == ORDER_PLACED]
    assert not any("Lovelace" in text for text in texts)


def test_who_loses_the_keys_loses_every_name():
    assert forgetting.unreadable_without_keys(ORDERS) == 1.0


def test_encryption_adds_what_fernet_adds_to_each_order():
    size = forgetting.bytes_per_order(ORDERS)
    assert 1.3 < size["encrypted"] / size["clear"] < 2.5


def test_the_recorded_measurement_says_how_much_longer_it_takes():
    more = forgetting.times_more()
    assert 1 < more["write"].low < more["read"].low
    assert more["read"].n == 10


def test_a_shop_in_which_she_has_no_order_is_named():
    with pytest.raises(ValueError, match="orders is 19"):
        forgetting.still_named(CUSTOMERS - 1)


def test_the_reader_can_measure_anew():
    here = forgetting.measure(orders=20, repeats=1)
    assert here[["kept", "step"]].to_numpy().tolist() == [
        ["clear", "write"],
        ["clear", "read"],
        ["encrypted", "write"],
        ["encrypted", "read"],
    ]
    assert (here.us >= 0).all()
