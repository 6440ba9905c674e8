"""Which rows of a published benchmark agree with Little's law, and which must not.

A benchmark client that sends its next request as soon as the answer is there always has one request inside.
So requests a second times mean latency should be the number of clients.
"""

import pytest

from archlab.data import load
from archlab.sim.theory import littles_law, littles_law_gap

TOLERANCE = 0.03


def gap(operation, scope):
    """Return by what share the row with 1,000 clients misses Little's law."""
    rows = load("etcd_benchmark").query("clients == 1000 and operation == @operation and scope == @scope")
    (row,) = rows.itertuples()
    return littles_law_gap(row.clients, row.requests_per_s, row.latency_s)


@pytest.mark.parametrize("scope", ["leader only", "all members"])
def test_a_thousand_writing_clients_are_all_inside(scope):
    assert abs(gap("write", scope)) < TOLERANCE


@pytest.mark.parametrize(("scope", "missing"), [("linearizable", 0.22), ("serializable", 0.59)])
def test_of_a_thousand_reading_clients_many_are_not_inside_all_the_time(scope, missing):
    assert gap("read", scope) < -TOLERANCE
    assert gap("read", scope) == pytest.approx(-missing, abs=0.005)


def test_the_numbers_inside_are_those_worked_out_by_hand():
    rows = load("etcd_benchmark").query("clients == 1000")
    inside = [round(littles_law(r.requests_per_s, r.latency_s)) for r in rows.itertuples()]
    assert inside == [976, 1002, 779, 409]
