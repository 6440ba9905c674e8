"""Task 3 of lab 04: what the made-up database does, and how a look is judged."""

import pytest

from archlab.chapters.layered import lab_cache
from archlab.chapters.layered.lab_cache import Copy, Page, Rows, Way, uncached
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation


def made(reads=(), writes=(), cached=uncached, oldest_s=1.0):
    sim = Simulation(seed=1)
    rows = Rows(sim, reads, writes)
    return sim, rows, Copy(sim, rows, cached, oldest_s)


def test_a_query_sees_the_row_of_its_moment_and_not_of_its_answer():
    sim, rows, copy = made(reads=[Way(0.1, 0.5)], writes=[Way(0.2, 0.1)])
    sim.start(copy.look(1))
    sim.start(copy.change(1))
    sim.run(until=2.0)
    assert copy.looks[0].page == Page(1, lab_cache.FIRST_PRICE_CENTS)
    assert rows.price_cents(1) == copy.written[0].price_cents


@pytest.mark.parametrize(("ends", "committed"), [("lost", True), ("fails", False)])
def test_a_writer_that_hears_of_a_failure_does_not_know_what_it_means(ends, committed):
    sim, _, copy = made(writes=[Way(ends=ends)])
    sim.start(copy.change(1))
    sim.run(until=1.0)
    (written,) = copy.written
    assert (written.failed, written.committed) == (True, committed)


def for_ever(sim, rows, oldest_s):
    pages = {}

    def read(product):
        if product not in pages:
            pages[product] = yield from rows.read(product)
        return pages[product]

    return read, rows.write


def test_a_price_that_was_replaced_before_the_allowed_age_is_too_old():
    sim, rows, mine = made(cached=for_ever)
    other = Copy(sim, rows, uncached, 1.0)

    def lived():
        yield from mine.look(1)
        yield from other.change(1)
        yield sim.timeout(0.9)
        yield from mine.look(1)
        assert not mine.too_old()
        yield sim.timeout(0.2)
        yield from mine.look(1)

    sim.run(until=sim.start(lived()))
    ((look, age_s),) = mine.too_old()
    assert look is mine.looks[-1]
    assert age_s == pytest.approx(1.1, abs=0.02)
    assert not mine.before_own_write()


def test_a_look_that_does_not_show_an_own_write_is_found_at_once():
    sim, _, copy = made(cached=for_ever)

    def lived():
        yield from copy.look(1)
        yield from copy.change(1)
        yield sim.timeout(0.001)
        yield from copy.look(1)

    sim.run(until=sim.start(lived()))
    ((look, write),) = copy.before_own_write()
    assert look.began_s > write.ended_s


def test_a_page_that_no_query_has_found_is_refused():
    def invented(sim, rows, oldest_s):
        def read(product):
            yield sim.timeout(0)
            return Page(product, 1)

        return read, rows.write

    sim, _, copy = made(cached=invented)
    with pytest.raises(AssertionError, match="no query of this copy has found"):
        sim.run(until=sim.start(copy.look(1)))


def test_a_price_that_never_was_in_the_rows_is_named():
    _, rows, _ = made()
    with pytest.raises(AssertionError, match=r"1001.*a price that is not in the rows"):
        rows.replaced_s(Page(1, 1001))


def test_the_fewest_queries_counted_by_hand():
    _, _, copy = made(oldest_s=1.0)
    copy.looks = [lab_cache.Look(1, at_s, at_s, None) for at_s in (0.0, 0.5, 1.0, 1.2, 1.5, 2.1, 5.0)]
    copy.written = [lab_cache.Written(1, 1.3, 1001, True, False)]
    # at 0; at 1.2, as the first one is too old; at 1.5, as a write has ended; at 5
    assert copy.fewest_queries() == 4
    assert copy.fewest_queries(own_writes=False) == 3


def test_two_copies_share_no_memory():
    shared = {}

    def sharing(sim, rows, oldest_s):
        def read(product):
            if product not in shared:
                shared[product] = yield from rows.read(product)
            return shared[product]

        return read, rows.write

    first, second = lab_cache.day(sharing, seed=1, oldest_s=100.0, seconds=5.0)
    assert set(first.queried) == set(second.queried) != set()


def test_failures_reach_those_who_look():
    sim, rows, _ = made(reads=[Way(ends="fails")])

    def lived():
        with pytest.raises(Failure):
            yield from rows.read(1)

    sim.run(until=sim.start(lived()))
