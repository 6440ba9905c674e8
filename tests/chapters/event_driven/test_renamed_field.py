"""A renamed field: with events nobody is told, and who reads strictly is late, who reads tolerantly is wrong."""

import pandas as pd
import pytest

from archlab.chapters.event_driven import renamed_field
from archlab.course.claims.verdict import Outcome
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.domain import Order, Payment
from archlab.shop.microservices import Microservices, MicroservicesConfig
from archlab.shop.microservices.wire import encode, protocol
from archlab.shop.monolithic import Monolith
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson


@pytest.fixture(scope="module")
def table():
    return renamed_field.both_readers()


@pytest.fixture(scope="module")
def figures(table):
    return renamed_field.figures(table)


def at(table, reader, time_s):
    return table[(table.reader == reader) & (table.time_s == time_s)]


NOTICED, LAST = renamed_field.NOTICED_S, renamed_field.NOTICED_S + renamed_field.SETTLE_S - 1


def test_no_customer_is_told_no_whatever_the_reader(table):
    assert table.orders.max() > 20
    assert table.told_no.max() == 0


def test_an_order_is_late_after_more_than_ten_times_as_long_as_usual():
    sim = Simulation(seed=1)
    shop = renamed_field._shop(sim, is_tolerant=False, after_s=1.0)
    sim.open_load(Poisson(renamed_field.RATE_PER_S), shop.handle, ORDERS_ONLY)
    requests = sim.measure(until_s := 20.0).requests
    took_s = pd.Series(shop.finished_s) - requests.set_index("id").arrived_s
    usual_s = took_s[requests.set_index("id").arrived_s > 5].median()
    assert until_s > renamed_field.LATE_S > 10 * usual_s


@pytest.mark.parametrize("noticed_s", [6.0, 30.0])
def test_how_late_it_is_noticed_moves_the_number_of_orders_and_not_their_share(noticed_s):
    frame = renamed_field.renamed(seed=2, noticed_s=noticed_s)
    then = frame[frame.time_s == noticed_s].iloc[0]
    assert then.late == then.orders > 0
    assert frame.late.iloc[-1] == 0


def test_a_field_that_only_the_copy_of_the_stock_needs_is_renamed_without_an_order_being_hit(monkeypatch):
    monkeypatch.setattr(renamed_field, "OLD", "lines")
    monkeypatch.setattr(renamed_field, "NEW", "pieces")
    frame = renamed_field.renamed(seed=1)
    assert frame.orders.max() > 10
    assert (frame.late + frame.wrong).max() == 0


def test_a_strict_reader_delays_all_orders_and_makes_up_for_it_when_it_knows_both_names(table):
    then, end = at(table, "strict", NOTICED), at(table, "strict", LAST)
    assert (then.late == then.orders).all()
    assert (end.late == 0).all()
    assert (table[table.reader == "strict"].wrong == 0).all()


def test_a_tolerant_reader_delays_nobody_and_is_wrong_for_good(table):
    then, end = at(table, "tolerant", NOTICED), at(table, "tolerant", LAST)
    assert (table[table.reader == "tolerant"].late == 0).all()
    assert (then.wrong == then.orders).all()
    assert (end.wrong.to_numpy() >= then.wrong.to_numpy()).all()
    assert (end.wrong < end.orders).all()


def test_what_a_tolerant_reader_did_is_found_by_the_audit_and_by_nothing_else():
    sim = Simulation(seed=1)
    shop = renamed_field._shop(sim, is_tolerant=True, after_s=100.0)
    sim.run(until=renamed_field.DEPLOYED_S)
    for order_id in range(3):
        shop.answer(shop.place_order(order_id, {1: 1}))
    sim.run(until=renamed_field.DEPLOYED_S + 20)
    found = shop.audit()
    assert (found.wrong_amounts, found.orders, found.acknowledged_orders) == (3, 3, 0)
    assert found.money_difference_cents < 0
    assert shop.is_quiet()


def test_before_the_new_version_nothing_is_wrong(monkeypatch):
    monkeypatch.setattr(renamed_field, "DEPLOYED_S", 1e9)
    sim = Simulation(seed=1)
    shop = renamed_field._shop(sim, is_tolerant=False, after_s=1.0)
    shop.answer(shop.place_order(1, {1: 1}))
    sim.run(until=20)
    assert shop.rows("orders").state.tolist() == ["placed"]
    assert shop.audit().ok


def test_the_monolith_fails_at_the_first_order(monkeypatch):
    monkeypatch.setattr(Order, "amount_cents", Order.total_cents, raising=False)
    monkeypatch.delattr(Order, "total_cents")
    shop = Monolith(Simulation(seed=1))
    with pytest.raises(AttributeError, match="total_cents"):
        shop.answer(shop.place_order(1, {1: 1}))
    assert len(shop.rows("orders")) == 0


def test_a_service_that_reads_json_fails_at_the_first_answer(monkeypatch):
    plain = protocol.encode

    def renaming(message, encoding):
        return plain(message, encoding).replace(b'"amount_cents"', b'"total_cents"')

    monkeypatch.setattr(protocol, "encode", renaming)
    config = MicroservicesConfig(protocol="rest", idempotency_keys=True, ordering="saga_with_log")
    shop = Microservices(Simulation(seed=1), config)
    with pytest.raises(ValueError, match=r"data is no Payment in JSON: KeyError\('amount_cents'\)"):
        shop.answer(shop.place_order(1, {1: 1}))
    assert set(shop.rows("orders").state) <= {"pending"}


def test_protocol_buffers_do_not_write_names():
    payment = Payment(order_id=7, amount_cents=450, authorisation=1)
    assert b"amount_cents" in encode(payment, "json")
    assert b"amount_cents" not in encode(payment, "protobuf")


def test_loose_coupling_does_not_hold_and_names_the_fields_to_check(figures):
    verdict = renamed_field.loose_coupling(**figures)
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
    assert verdict.is_stable
    assert f"{figures['fields_that_others_read']} fields" in verdict.words


def test_a_payments_that_knows_both_names_in_time_turns_the_verdict(figures, monkeypatch):
    early = pd.concat(
        renamed_field.renamed(seed, reader, noticed_s=0.01).assign(seed=seed, reader=reader)
        for reader in ("strict", "tolerant")
        for seed in range(3)
    )
    monkeypatch.setattr(renamed_field, "NOTICED_S", early.time_s.max())
    now = figures | {"hit_percent": renamed_field.hit_percent(early)}
    assert renamed_field.loose_coupling(**now).outcome is Outcome.HOLDS


def test_a_shop_whose_components_wait_as_services_do_is_not_loosely_coupled(figures):
    waits = figures | {"pairs_that_wait": figures["pairs_that_wait_in_services"], "hit_percent": 0}
    assert renamed_field.loose_coupling(**waits).outcome is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"reader": "lazy"}, "reader is 'lazy'"),
        ({"noticed_s": 0}, "noticed_s is 0"),
        ({"rate_per_s": -1}, "rate_per_s is -1"),
    ],
)
def test_bad_input_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        renamed_field.renamed(seed=1, **changed)
