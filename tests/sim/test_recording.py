"""The record beside a plain list of tuples, and what it costs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import Deterministic, Simulation, Station
from archlab.sim.recording import Recorder

kinds = st.sampled_from(["browse", "place_order", "track_order"])
words = st.sampled_from(["ok", "refused", "sold_out", None])


@given(st.lists(st.tuples(st.floats(0, 1e6), kinds, st.floats(0, 1e3), words), max_size=60))
def test_the_columns_hold_what_was_told(requests):
    recorder = Recorder()
    rows = [recorder.arrive(arrived, kind) for arrived, kind, _, _ in requests]
    for row, (arrived, _, took, word) in reversed(list(zip(rows, requests, strict=True))):
        if word is not None:
            recorder.answer(row, arrived + took, word)
    told = [
        (arrived, arrived + took if word else math.nan, word or "unfinished", kind)
        for arrived, kind, took, word in requests
    ]
    assert rows == list(range(len(requests)))
    assert recorder.inside == sum(word is None for *_, word in requests)
    assert [recorder.kinds[code] for code in recorder.column("kind")] == [row[3] for row in told]
    assert [recorder.outcomes[code] for code in recorder.column("outcome")] == [row[2] for row in told]
    assert recorder.column("arrived_s").tolist() == [row[0] for row in told]
    np.testing.assert_array_equal(recorder.column("finished_s"), [row[1] for row in told])


def test_it_grows_without_losing_a_row():
    recorder, count = Recorder(), 50_000
    for number in range(count):
        recorder.answer(recorder.arrive(number, "browse"), number + 0.5, "ok")
    assert recorder.column("arrived_s").tolist() == list(range(count))
    assert (recorder.column("finished_s") - recorder.column("arrived_s") == 0.5).all()


def test_a_column_is_a_copy():
    recorder = Recorder()
    recorder.arrive(1.0, "browse")
    recorder.column("arrived_s")[0] = 99
    assert recorder.column("arrived_s")[0] == 1.0
    recorder.answer(0, 2.0, "ok")  # an exported buffer would forbid growing, too
    for _ in range(10_000):
        recorder.arrive(2.0, "browse")


def test_a_recorded_request_takes_less_than_64_bytes():
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def handler(request):
        yield web.serve(0.001)

    sim.open_load(Deterministic(500), handler, mix={"browse": 1, "place_order": 1})
    sim.run(until=60)
    recorder = sim.recorder
    assert recorder.rows == pytest.approx(30_000, abs=1)
    assert 18 <= recorder.nbytes / recorder.rows < 24


def test_at_most_256_different_words_and_only_words():
    recorder = Recorder()
    for number in range(256):
        recorder.arrive(0.0, f"kind {number}")
    with pytest.raises(ValueError, match="'one more' is one name too many"):
        recorder.arrive(0.0, "one more")
    with pytest.raises(ValueError, match="'' cannot be recorded"):
        recorder.answer(0, 1.0, "")
    with pytest.raises(ValueError, match="404 cannot be recorded"):
        recorder.answer(0, 1.0, 404)
    with pytest.raises(ValueError, match="'unfinished' is the record's word"):
        recorder.answer(0, 1.0, "unfinished")
