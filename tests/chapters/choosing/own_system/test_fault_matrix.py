"""The fault matrix: who suffers from which fault, and how long."""

from math import isinf

import numpy as np
import pandas as pd
import pytest

from archlab.chapters.choosing.own_system import FaultLine, describe
from archlab.chapters.choosing.own_system.fault_matrix import outcomes, usual_faults, well_after_s

TEXT = """load 100 per second: page 70 %, order 30 %, patience 2 s
part web: 2 cores, {workers} workers, {copies} copies
store database: 1 core
outside bank: takes exactly 50 ms, timeout 300 ms
part mail: 1 core
page = web 4 ms
order = web 4 ms [database 4 ms, bank, later mail 2 ms]
fault bank: outage 3 s"""


def system(workers=64, copies=1, rate=100, more=""):
    text = TEXT.format(workers=workers, copies=copies).replace("load 100", f"load {rate}")
    return describe(f"{text}\n{more}")


@pytest.fixture(scope="module")
def table():
    return system().fault_matrix(seeds=range(2)).set_index(["part", "fault", "kind"])


def ok(table, *row):
    return table.ok_percent[row]


def test_it_has_the_faults_of_the_description_and_two_for_each_part(table):
    parts = ("web", "database", "bank", "mail")
    expected = [("bank", "outage")] + [(part, fault) for part in parts for fault in ("crash", "slow x10")]
    assert list(dict.fromkeys(row[:2] for row in table.index)) == expected


def test_a_part_takes_down_those_who_ask_it_and_nobody_else(table):
    assert ok(table, "web", "crash", "page") < 2
    assert ok(table, "web", "crash", "order") < 2
    for fault in (("database", "crash"), ("bank", "crash"), ("bank", "outage")):
        assert ok(table, *fault, "order") < 15
        assert ok(table, *fault, "page") == 100


def test_what_is_asked_later_may_be_down_without_anybody_noticing(table):
    assert ok(table, "mail", "crash", "order") == 100


def test_a_slow_part_may_answer_all_and_late(table):
    slow = table.loc[("web", "slow x10", "page")]
    assert slow.p99_ms > 5 * table.p99_ms["database", "crash", "page"]


def test_a_second_copy_saves_half_until_the_balancer_looks_and_then_all():
    fault = FaultLine("web", "crash", 30.0)
    rows = outcomes(system(copies=2).description, fault, seed=1)
    during = rows[rows.arrived_s.between(0, 30)]
    lost = during[~during.ok]
    assert 0 < lost.arrived_s.max() <= 5.1  # the time between two checks
    before_check = during[during.arrived_s < lost.arrived_s.max()]
    assert before_check.ok.mean() == pytest.approx(0.5, abs=0.1)


def test_all_copies_down_is_all_down():
    rows = outcomes(system(copies=2).description, FaultLine("web", "crash", 5.0, all_copies=True), seed=1)
    assert rows[rows.arrived_s.between(0.1, 4.9)].ok.mean() == 0


def test_few_workers_carry_an_outage_over_to_those_who_do_not_ask_the_part():
    fault = [FaultLine("bank", "outage", 5.0)]
    many, few = (system(workers=n).fault_matrix(fault, seeds=range(2)).set_index("kind") for n in (64, 3))
    assert many.ok_percent["page"] == 100
    assert few.ok_percent["page"] < 60


def test_the_fuller_the_system_the_longer_until_all_is_well():
    fault = [FaultLine("web", "slow", 5.0, 10.0)]
    calm, full = (system(rate=rate).fault_matrix(fault, seeds=range(2)) for rate in (20, 400))
    assert calm.well_after_s.max() == 0
    assert full.well_after_s.min() > 1


def test_a_fault_that_is_not_over_while_one_watches_is_said_to_last():
    table = system(rate=400).fault_matrix([FaultLine("web", "slow", 5.0, 10.0)], seeds=range(1), watch_s=0.5)
    assert isinf(table.well_after_s.iloc[0])
    assert "well again not while watched" in system().fault_matrix_figure(table).alt


def frame(ok):
    return pd.DataFrame({"arrived_s": np.arange(len(ok)) / 100, "ok": ok})


def test_one_failure_in_a_hundred_is_well_and_two_are_not():
    one, two = np.ones(1000, dtype=bool), np.ones(1000, dtype=bool)
    one[[200, 400, 600]] = False
    two[[200, 250]] = False
    assert well_after_s(frame(one), lasts_s=1.0) == 0
    assert well_after_s(frame(two), lasts_s=1.0) == pytest.approx(2.5 - 1.0)


def test_a_failure_at_the_very_end_is_not_over():
    ok = np.ones(1000, dtype=bool)
    ok[[990, 999]] = False
    assert isinf(well_after_s(frame(ok), lasts_s=1.0))


def test_every_request_of_a_fault_is_counted_also_those_without_an_answer_for_long():
    rows = outcomes(system(more="").description, FaultLine("bank", "outage", 3.0), seed=1)
    assert rows.latency_s.notna().all()
    assert len(rows) == pytest.approx(100 * (2 + 3 + 10), rel=0.1)


def test_the_same_seeds_give_the_same_table():
    one, again = (
        system().fault_matrix([FaultLine("database", "crash", 2.0)], seeds=range(2)) for _ in range(2)
    )
    pd.testing.assert_frame_equal(one, again)


def test_the_picture_says_shares_and_title_from_the_table(table):
    picture = system().fault_matrix_figure(table.reset_index())
    assert picture.alt.startswith("2 of 9 faults harm every kind of request: web (crash), web (slow x10).")
    assert "database, crash: page 100, order" in picture.alt


def columns_of(picture):
    return [label.get_text() for label in picture.figure.axes[0].get_xticklabels()]


def test_how_soon_all_is_well_has_a_column_only_where_faults_differ(table):
    frame = table.reset_index()
    at_once, differ = frame.assign(well_after_s=0.0), frame.assign(well_after_s=range(len(frame)))
    said, told = (system().fault_matrix_figure(rows) for rows in (at_once, differ))
    assert columns_of(said) == ["page", "order", "p99,\nslowest kind"]
    assert said.figure.axes[0].get_xlabel() == "After every fault all is well again at once"
    assert columns_of(told) == ["page", "order", "p99,\nslowest kind", "well again\nafter"]
    assert told.figure.axes[0].get_xlabel() == ""


@pytest.mark.parametrize(("after_s", "words"), [(2.5, "after 2.5 s"), (np.inf, "not while watched")])
def test_the_words_instead_of_the_column_say_the_time(table, after_s, words):
    picture = system().fault_matrix_figure(table.reset_index().assign(well_after_s=after_s))
    assert picture.figure.axes[0].get_xlabel() == f"After every fault all is well again {words}"


@pytest.mark.parametrize(("count", "end"), [(2, "web (slow x10)."), (3, "web (slow x10) and 1 more.")])
def test_the_title_names_two_faults_at_most_and_counts_the_others(table, count, end):
    frame = table.reset_index()
    faults = [("web", "crash"), ("web", "slow x10"), ("database", "crash")][:count]
    hit = [row in faults for row in zip(frame.part, frame.fault, strict=True)]
    alt = system().fault_matrix_figure(frame.assign(ok_percent=np.where(hit, 0.0, 100.0))).alt
    assert alt.startswith(f"{count} of 9 faults harm every kind of request: web (crash), {end}")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            FaultLine("desk", "crash", 1.0),
            "part is 'desk'; it must be one of 'web', 'database', 'bank', 'mail'",
        ),
        (FaultLine("mail", "outage", 1.0), "an outage of 'mail', which is asked later"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(fault, words):
    with pytest.raises(ValueError, match=words):
        system().fault_matrix([fault], seeds=range(1))


def test_no_fault_no_seed_and_an_unknown_kind_are_refused():
    with pytest.raises(ValueError, match="both must have one or more"):
        system().fault_matrix([], seeds=range(1))
    with pytest.raises(ValueError, match="both must have one or more"):
        system().fault_matrix(seeds=[])
    with pytest.raises(ValueError, match="kinds is 'burnt'; it must be one of 'crash', 'slow'"):
        usual_faults(system().description, ["burnt"])
    with pytest.raises(ValueError, match="lasts_s is 0; it must be a finite number above 0"):
        FaultLine("web", "crash", 0)
