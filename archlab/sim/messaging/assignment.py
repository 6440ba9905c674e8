"""Assignment: which member of a consumer group reads which partitions. After the assignors of Kafka's consumers.

Partitions and members are numbered from 0; the answer has a list of partitions for each member.

- *Range* gives each member a stretch of each topic's partitions. With few partitions a topic and many topics the first
  members get one more of each topic.
- *Round robin* deals all partitions out in turn.
- *Sticky* lets everybody keep what they have as far as that is even, and deals the rest out.

What this leaves out: members that subscribe to different topics, and racks.

>>> range_assignment([2, 2], members=3)
[[0, 2], [1, 3], []]
>>> round_robin_assignment(4, members=3)
[[0, 3], [1], [2]]
>>> sticky_assignment(4, owned=[[0, 1], []])
[[0, 1], [2, 3]]
"""

from collections.abc import Collection, Sequence

import numpy as np

from archlab.sim.validation import refuse, require_whole


def range_assignment(topics: Sequence[int], members: int) -> list[list[int]]:
    """Share out `topics`, the number of partitions of each; partitions are numbered topic after topic.

    Raises `ValueError` when a number is not a whole one above 0.
    """
    require_whole("members", members, at_least=1)
    shares: list[list[int]] = [[] for _ in range(members)]
    first = 0
    for partitions in topics:
        require_whole("topics", partitions, at_least=1)
        for share, part in zip(
            shares, np.array_split(np.arange(first, first + partitions), members), strict=True
        ):
            share += part.tolist()
        first += partitions
    return shares


def round_robin_assignment(partitions: int, members: int) -> list[list[int]]:
    """Deal out partition 0 to the first member, 1 to the second, and so on.

    Raises `ValueError` when a number is not a whole one above 0.
    """
    require_whole("partitions", partitions, at_least=1)
    require_whole("members", members, at_least=1)
    return [list(range(member, partitions, members)) for member in range(members)]


def sticky_assignment(partitions: int, owned: Sequence[Collection[int]]) -> list[list[int]]:
    """Share out evenly and move as few partitions as possible. `owned` has what each member has now.

    Raises `ValueError` when there is no member, or two have the same partition.
    """
    require_whole("partitions", partitions, at_least=1)
    if not owned:
        refuse(ValueError, "owned", owned, "a list of partitions for each of at least one member")
    if len({number for own in owned for number in own}) < sum(len(own) for own in owned):
        refuse(ValueError, "owned", owned, "lists in which each partition occurs once")
    quotas = _quotas(partitions, [len(own) for own in owned])
    shares = [sorted(own)[:quota] for own, quota in zip(owned, quotas, strict=True)]
    kept = {number for share in shares for number in share}
    free = iter(number for number in range(partitions) if number not in kept)
    for share, quota in zip(shares, quotas, strict=True):
        share += [next(free) for _ in range(quota - len(share))]
    return shares


def _quotas(partitions: int, owned: Sequence[int]) -> list[int]:
    """How many each member gets: they differ by 1 at most, and those who have most now get the larger ones."""
    base, larger = divmod(partitions, len(owned))
    most_first = sorted(range(len(owned)), key=lambda member: -owned[member])
    return [base + (member in most_first[:larger]) for member in range(len(owned))]
