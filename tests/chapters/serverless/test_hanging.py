"""A dependency that hangs: what is billed, what is in use and who is lost agree with arithmetic."""

import pytest

from archlab.chapters.serverless import hanging
from archlab.course.style import contrast


@pytest.fixture(scope="module")
def found():
    return hanging.outages(seed=1)


@pytest.fixture(scope="module")
def table(found):
    return hanging.table(found)


def test_without_a_time_out_the_account_is_used_up_after_200_seconds(found):
    rows = found["functions, limit 900 s"].at_work
    full_s = rows.time_s[rows.at_work == 1000].min() - hanging.HANGS_AT_S
    assert full_s == pytest.approx(1000 / 5, rel=0.1)


def test_the_bill_is_each_environment_for_its_whole_time_limit(found, table):
    by_hand = 1000 * 900 * 0.5 * 0.0000166667
    assert table.usd["functions, limit 900 s"] == pytest.approx(by_hand, rel=0.05)
    calls = (found["functions, limit 30 s"].during().kind == "asking").sum()
    assert table.usd["functions, limit 30 s"] == pytest.approx(calls * 30 * 0.5 * 0.0000166667, rel=0.1)


def test_a_short_limit_holds_as_many_as_come_in_it(table):
    assert table.most_at_work["functions, limit 30 s"] == pytest.approx(5 * 30, rel=0.3)


def test_requests_that_ask_nobody_are_lost_where_all_is_in_use_and_with_a_time_out_nowhere(table):
    lost = table.alone_lost_percent
    assert lost["functions, limit 900 s"] == pytest.approx(100 * (300 - 200) / 300, abs=6)
    assert lost["server"] == pytest.approx(100 * (300 - 40) / 300, abs=6)  # 200 threads, 5 a second
    assert lost["functions, limit 30 s"] == lost["functions, time-out 1 s"] == 0
    assert lost["server, time-out 1 s"] < 0.5


def test_a_server_costs_the_same_whatever_hangs(table):
    assert table.times_the_usual_bill["server"] == 1
    assert table.times_the_usual_bill["functions, time-out 1 s"] < 2


def test_when_nothing_hangs_long_the_bill_is_the_usual_one():
    short = hanging.outage("functions", seed=1, time_out_s=0.2, hangs_s=1.0, after_s=60.0)
    assert short.usd == pytest.approx(hanging.usual_usd("functions", 91.0), rel=0.1)


def test_the_figure_tells_all_designs_apart(found):
    looks = hanging.line_looks(found)
    assert len({(look.colour, look.dash) for look in looks.values()}) == 5
    assert all(contrast(look.colour, "white") > 3 for look in looks.values())
    assert "highest" in hanging.figure(found, "They wait").alt


def test_another_place_is_refused():
    with pytest.raises(ValueError, match="where"):
        hanging.outage("moon", seed=1)
