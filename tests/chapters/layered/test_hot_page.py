"""One hot page that expires, and how much a cache must know."""

import numpy as np
import pytest

from archlab.chapters.layered.cached_pages import known_by_size
from archlab.chapters.layered.hot_page import known_needed, queries_at_expiry, queries_at_once, room_needed
from archlab.chapters.layered.stampede import DATABASE_PER_S, QUERY_S


@pytest.mark.parametrize("asked", [20.0, 100.0, 400.0])
def test_a_hot_page_that_expires_sends_a_query_for_each_who_asks_while_it_is_made(asked):
    sent = np.mean([queries_at_expiry(seed, asked, seconds=30.0) for seed in range(3)])
    assert sent == pytest.approx(1 + asked * QUERY_S, rel=0.05)
    assert queries_at_expiry(1, asked, single_flight=True) == 1.0


def test_of_many_at_once_all_ask_or_one_does():
    assert queries_at_once(100) == 100
    assert queries_at_once(100, single_flight=True) == 1


def test_the_cache_must_know_what_the_database_cannot_do():
    room = room_needed(seeds=range(2))
    known = known_by_size(int(room))
    assert known == pytest.approx(known_needed(), abs=0.05)
    assert known_needed(DATABASE_PER_S / 2) == 0.0


@pytest.mark.parametrize(
    "wrong", [lambda: queries_at_expiry(1, 0.0), lambda: queries_at_once(0), lambda: known_needed(0.0)]
)
def test_what_is_not_allowed_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        wrong()
