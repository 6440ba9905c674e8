"""Who gets which partitions: everybody's shares are even, and who keeps what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim.messaging.assignment import range_assignment, round_robin_assignment, sticky_assignment


def flat(shares):
    return sorted(number for share in shares for number in share)


@given(topics=st.lists(st.integers(1, 40), min_size=1, max_size=8), members=st.integers(1, 30))
def test_range_gives_each_member_a_stretch_of_each_topic(topics, members):
    shares = range_assignment(topics, members)
    assert flat(shares) == list(range(sum(topics)))
    first = 0
    for partitions in topics:
        sizes = [sum(first <= number < first + partitions for number in share) for share in shares]
        assert sizes == sorted(sizes, reverse=True)  # the first members have one more
        assert sizes[0] - sizes[-1] <= 1
        first += partitions


def test_range_is_as_uneven_as_the_number_of_topics():
    shares = range_assignment([3] * 10, members=2)
    assert [len(share) for share in shares] == [20, 10]


@given(partitions=st.integers(1, 100), members=st.integers(1, 30))
def test_round_robin_deals_out_evenly_one_topic_or_many(partitions, members):
    shares = round_robin_assignment(partitions, members)
    assert flat(shares) == list(range(partitions))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert all(number % members == member for member, share in enumerate(shares) for number in share)


@st.composite
def ownerships(draw):
    partitions, members = draw(st.integers(1, 40)), draw(st.integers(1, 8))
    owner = draw(st.lists(st.integers(-1, members - 1), min_size=partitions, max_size=partitions))
    return partitions, [[n for n in range(partitions) if owner[n] == member] for member in range(members)]


@given(ownerships())
def test_sticky_is_even_and_moves_no_more_than_evenness_needs(case):
    partitions, owned = case
    shares = sticky_assignment(partitions, owned)
    assert flat(shares) == list(range(partitions))
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1
    kept = sum(len(set(share) & set(own)) for share, own in zip(shares, owned, strict=True))
    base, larger = divmod(partitions, len(owned))
    best = sum(min(len(own), base) for own in owned) + min(larger, sum(len(own) > base for own in owned))
    assert kept == best


def test_sticky_leaves_the_survivors_what_they_had():
    before = round_robin_assignment(650, 25)
    after = sticky_assignment(650, before[1:])
    assert all(set(own) <= set(share) for own, share in zip(before[1:], after, strict=True))


@pytest.mark.parametrize(
    ("call", "arguments", "words"),
    [
        (range_assignment, ([3, 0], 2), "topics is 0"),
        (range_assignment, ([3], 0), "members is 0"),
        (round_robin_assignment, (0, 2), "partitions is 0"),
        (round_robin_assignment, (3, 1.5), "members is 1.5"),
        (sticky_assignment, (3, []), r"owned is \[\]"),
        (sticky_assignment, (3, [[1], [1, 2]]), "each partition occurs once"),
    ],
)
def test_bad_input_is_named(call, arguments, words):
    with pytest.raises(ValueError, match=words):
        call(*arguments)
