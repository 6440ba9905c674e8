"""The check of task 3 of lab 04: a cache that stays right under writes.

>>> from archlab.chapters.layered.lab_cache import uncached
>>> cached(uncached)  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: 40 customers look at a page at the same moment...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archlab.chapters.layered import lab_cache
from archlab.course.labs import Answer, expect, expect_at_most, stream, task_check
from archlab.sim.simulation import Simulation

ROOM = 1.35
"""A day may take so many times the fewest queries. Right answers of three styles take up to 1.08; one that forgets
after half of the time takes about 1.8."""
RUSH = 40
LOOK_EVERY_S = 0.01
SHORT_S, LONG_S = (1.5, 1.9), (2.7, 3.0)
"""How old a page may be. Not as in the lab's text, and not always about the same."""


@task_check
def cached(cached: Answer) -> str:
    """Try what goes wrong seldom in made-up cases, and the queries on two days."""
    random = stream("cached")
    for case in (
        _rush,
        _lost_in_a_rush,
        _slow_fill,
        _slow_write,
        _between,
        _elsewhere,
        _lost_write,
        _two_writes,
        _failing,
        _old_pages,
        _told,
    ):
        case(_Try(cached, float(random.uniform(*SHORT_S)), random))
    shares = list[str]()
    for limits in (SHORT_S, LONG_S):
        oldest_s = float(random.uniform(*limits))
        for copy in lab_cache.day(cached, int(random.integers(2**31)), oldest_s):
            shares.append(_expect_day(copy))
    return f"no page is too old, and {', '.join(shares)} of the looks need no query"


class _Try:
    """A made-up case: two copies, the ways of their queries and writes, and what happens when."""

    def __init__(self, cached: Answer, oldest_s: float, random: Any) -> None:
        self.cached, self.oldest_s, self.random = cached, oldest_s, random

    def run(
        self,
        reads: list[lab_cache.Way],
        writes: list[lab_cache.Way],
        *happens: tuple[float, Callable[[lab_cache.Copy, lab_cache.Copy], lab_cache.Steps]],
    ) -> tuple[lab_cache.Copy, lab_cache.Copy]:
        """Let each of `happens` begin at its time, and wait until all has ended, and longer."""
        sim = Simulation(int(self.random.integers(2**31)))
        rows = lab_cache.Rows(sim, reads, writes)
        copies = (
            lab_cache.Copy(sim, rows, self.cached, self.oldest_s),
            lab_cache.Copy(sim, rows, self.cached, self.oldest_s),
        )

        def later(
            at_s: float, what: Callable[[lab_cache.Copy, lab_cache.Copy], lab_cache.Steps]
        ) -> lab_cache.Steps:
            yield sim.timeout(at_s)
            yield from what(*copies)

        for at_s, what in happens:
            sim.start(later(at_s, what))
        sim.run(until=30.0)
        return copies


def _look(product: int = 1) -> Callable[[lab_cache.Copy, lab_cache.Copy], lab_cache.Steps]:
    return lambda mine, _: mine.look(product)


def _change(product: int = 1) -> Callable[[lab_cache.Copy, lab_cache.Copy], lab_cache.Steps]:
    return lambda mine, _: mine.change(product)


def _change_elsewhere(mine: lab_cache.Copy, other: lab_cache.Copy) -> lab_cache.Steps:
    return other.change(1)


def _watching(mine: lab_cache.Copy, other: lab_cache.Copy) -> lab_cache.Steps:
    """Look again and again."""
    for _ in range(int(2.5 * mine.oldest_s / LOOK_EVERY_S)):
        yield from mine.look(1)
        yield mine.sim.timeout(LOOK_EVERY_S)


def _expect_right(copy: lab_cache.Copy, case: str) -> None:
    """Everything ends, nothing is too old, and own writes are seen."""
    expect(
        not copy.unanswered,
        f"{case}: {copy.unanswered} looks or writes have never ended. Who waits for what?",
    )
    for look, age_s in copy.too_old()[:1]:
        expect(
            False,
            f"{case}: at {look.ended_s:.3f} s a page shows a price that was replaced {age_s:.3f} s before; "
            f"{copy.oldest_s:.3f} s are allowed. When does the time of an entry begin?",
        )
    for look, write in copy.before_own_write()[:1]:
        expect(
            False,
            f"{case}: a look at {look.began_s:.3f} s shows the price from before the own write that ended at "
            f"{write.ended_s:.3f} s. Where does the old page come from?",
        )
    for write in copy.written:
        expect(
            write.failed or write.committed, f"{case}: a write ended well, and the price is not in the rows"
        )


def _expect_failed(copy: lab_cache.Copy, case: str) -> None:
    told = [write.failed for write in copy.written]
    expect(told == [True], f"{case}: the database raised a Failure, and the writer was not told")


def _rush(one: _Try) -> None:
    slow = lab_cache.Way(back_s=0.2)
    looks = [(0.001 * number, _look()) for number in range(RUSH)]
    other = (0.1, _look(2))
    mine, _ = one.run([slow], [], *looks, other)
    case = f"{RUSH} customers look at a page at the same moment, and it is in no cache"
    _expect_right(mine, case)
    queries = mine.queried.count(1)
    expect(
        queries == 1, f"{case}: {queries} queries are sent; one is enough for all. Who could wait for whom?"
    )
    ended_s = next(look.ended_s for look in mine.looks if look.product == 2)
    expect(ended_s < 0.15, f"{case}: somebody who looks at another page waits until {ended_s:.2f} s, too")


def _lost_in_a_rush(one: _Try) -> None:
    """A hot entry is lost by a write, and by its age."""
    looks = [(0.5 + 0.0001 * number, _look()) for number in range(RUSH)]
    mine, _ = one.run(
        [lab_cache.Way(), lab_cache.Way(back_s=0.2)], [], (0.0, _look()), (0.1, _change()), *looks
    )
    case = f"a page is lost by a write, and {RUSH} customers look at it"
    _expect_right(mine, case)
    expect(len(mine.queried) <= 2, f"{case}: {len(mine.queried)} queries are sent in all; two are enough")
    late_s = one.oldest_s + 0.1
    looks = [(late_s + 0.0001 * number, _look()) for number in range(RUSH)]
    mine, _ = one.run([lab_cache.Way(), lab_cache.Way(back_s=0.2)], [], (0.0, _look()), *looks)
    case = f"a page has become {late_s:.2f} s old, and {RUSH} customers look at it"
    _expect_right(mine, case)
    expect(len(mine.queried) <= 2, f"{case}: {len(mine.queried)} queries are sent in all; two are enough")


def _slow_fill(one: _Try) -> None:
    slow_s = float(one.random.uniform(0.3, 0.6))
    after = [(at_s, _look()) for at_s in (0.1, 0.2, slow_s + 0.05, slow_s + 0.1, slow_s + 0.3)]
    for ends, words in (("well", "written"), ("lost", "written, with a Failure,")):
        reads, writes = [lab_cache.Way(back_s=slow_s)], [lab_cache.Way(0.01, 0.01, ends)]
        mine, _ = one.run(reads, writes, (0.0, _look()), (0.02, _change()), *after)
        _expect_right(mine, f"a query takes {slow_s:.2f} s, and the price is {words} meanwhile")


def _slow_write(one: _Try) -> None:
    """A query begins while a write is on its way to its commit, and arrives after the write has ended."""
    slow_s = float(one.random.uniform(0.3, 0.6))
    looks = [(at_s, _look()) for at_s in (0.05, 0.15, slow_s + 0.1, slow_s + 0.2)]
    for ends in ("well", "lost"):
        writes = [lab_cache.Way(0.1, 0.01, ends)]
        mine, _ = one.run([lab_cache.Way(back_s=slow_s)], writes, (0.0, _change()), *looks)
        _expect_right(mine, f"a query of {slow_s:.2f} s begins while a write is under way")


def _between(one: _Try) -> None:
    """Look all the time before, while and after a write is on its way, which is slow to commit, or to answer."""
    for there_s, back_s in ((0.3, 0.01), (0.01, 0.3)):
        looks = [(0.01 * number, _look()) for number in range(80)]
        mine, _ = one.run([], [lab_cache.Way(there_s, back_s)], (0.105, _change()), *looks)
        _expect_right(
            mine, f"a write takes {there_s:.2f} s to its commit and {back_s:.2f} s more to its answer"
        )


def _elsewhere(one: _Try) -> None:
    """Another copy writes right after a query has seen the row. Nobody tells this one."""
    for back_s in (0.005, float(one.random.uniform(0.3, 0.6))):
        mine, _ = one.run(
            [lab_cache.Way(back_s=back_s)],
            [lab_cache.Way(0.001, 0.001)],
            (0.0, _watching),
            (0.006, _change_elsewhere),
        )
        _expect_right(mine, f"another copy writes while a query of {back_s:.2f} s is under way")


def _lost_write(one: _Try) -> None:
    for ends in ("lost", "fails"):
        looks = [(0.05 * number, _look()) for number in range(12)]
        mine, _ = one.run([], [lab_cache.Way(0.02, 0.02, ends)], (0.12, _change()), *looks)
        case = "a write is committed, and its answer is lost" if ends == "lost" else "a write fails"
        _expect_right(mine, case)
        _expect_failed(mine, case)


def _two_writes(one: _Try) -> None:
    """Two own writes at the same time: the one that commits first is answered last."""
    looks = [(0.05 * number, _look()) for number in range(16)]
    ways = [lab_cache.Way(0.01, 0.3), lab_cache.Way(0.03, 0.01)]
    mine, _ = one.run([], ways, (0.11, _change()), (0.12, _change()), *looks)
    _expect_right(mine, "two writes are under way at the same time")


def _failing(one: _Try) -> None:
    fails, many = lab_cache.Way(back_s=0.05, ends="fails"), RUSH
    looks = [(0.001 * number, _look()) for number in range(many)]
    later = [(at_s, _look()) for at_s in (0.1, 1.0)]
    mine, _ = one.run([fails] * 5, [], *looks[:5], (0.9, _look(2)), (1.0, _look()))
    _expect_right(mine, "several queries fail")
    mine, _ = one.run([fails], [], *looks, *later)
    case = f"{many} customers wait for a query that fails, and the next one would not"
    _expect_right(mine, case)
    missing = [look for look in mine.looks if look.began_s > 0.09 and look.page is None]
    expect(not missing, f"{case}: a look that begins later still ends with a Failure. What was kept?")
    queries = len(mine.queried)
    expect(queries <= 3, f"{case}: {queries} queries are sent. Do all who waited ask for themselves?")


def _old_pages(one: _Try) -> None:
    """Queries fail when an old page would be at hand."""
    ways = [lab_cache.Way(), *[lab_cache.Way(ends="fails")] * 2]
    mine, _ = one.run(ways, [], (0.0, _look()), (0.1, _change()), (0.2, _look()))
    _expect_right(mine, "a query fails after a write")
    mine, _ = one.run(ways, [], (0.0, _look()), (0.1, _change_elsewhere), (one.oldest_s + 0.2, _look()))
    _expect_right(mine, "a query fails when the page at hand is too old")


def _told(one: _Try) -> None:
    """A write goes well. Whatever is asked after it is no business of the writer's."""
    mine, _ = one.run([lab_cache.Way(ends="fails")], [], (0.0, _change()), (0.5, _look()))
    case = "a write goes well, and the query after it fails"
    _expect_right(mine, case)
    told = [write.failed for write in mine.written]
    expect(told == [False], f"{case}: the writer is told of a Failure. Whose is it?")


def _expect_day(copy: lab_cache.Copy) -> str:
    """Nothing is wrong, and queries are few; return the share of looks without one."""
    begun = copy.unanswered
    copy.begun -= begun  # some are under way when the day ends
    _expect_right(copy, "on a day")
    queries, fewest = len(copy.queried), copy.fewest_queries()
    share = f"{1 - queries / len(copy.looks):.1%}"
    expect_at_most(
        queries,
        ROOM * fewest,
        f"on a day {share} of {len(copy.looks)} looks need no query: {queries} queries are sent; {fewest} are enough "
        f"when no page may be older than {copy.oldest_s:.2f} s. What is forgotten too early?",
    )
    least = copy.fewest_queries(own_writes=False)
    expect(
        queries >= least / ROOM,
        f"on a day {queries} queries are sent, and {least} are needed: where do pages come from?",
    )
    return share
