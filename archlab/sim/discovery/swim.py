"""SWIM: members of a group find out by gossip who of them is dead.

Every second, each member probes one other, in a random order that it goes through in turn. A member that answers
neither directly (within 500 ms) nor by way of three others until the second is over is a suspect: it is given a time
to object. Each further member whose probe fails confirms the suspicion and shortens that time. When it is over, the
member is dead.

Here the probes of one dead member are drawn, not the whole group's: each of the n - 1 others gets to it at a moment
that is even over its round of n - 1 seconds. The time until somebody probes it is so (n - 1) / n seconds on average.

Rules and defaults are those of HashiCorp, *memberlist* (`DefaultLANConfig`, `suspicion.go`, `state.go`), which Consul
uses. The idea is that of A. Das, I. Gupta and A. Motivala, *SWIM* (2002). Left out: the gossip itself, a few rounds of
200 ms until all know, and that a member in bad health gives others more time. Both make a real death known later.

>>> lan = Swim()
>>> lan.suspicion_s(members=10, confirmations=0), lan.suspicion_s(members=10, confirmations=2)
(24.0, 4.0)
>>> lan.dead_after_s([0.5, 1.5, 2.0], members=10)  # suspect at 1.5 s, confirmed at 2.5 and 3.0 s
5.5
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, log10

import numpy as np

from archlab.sim.validation import require_positive, require_whole


@dataclass(frozen=True)
class Swim:
    """The settings: how often a member probes, and how long a suspect may object.

    The shortest time to object is `suspicion_mult` probes, times log10 of the group's size if that is above 1; the
    longest is `suspicion_max_mult` times that. Raises `ValueError` when a value is not allowed.
    """

    probe_every_s: float = 1.0
    suspicion_mult: int = 4
    suspicion_max_mult: int = 6

    def __post_init__(self) -> None:
        require_positive("probe_every_s", self.probe_every_s)
        require_whole("suspicion_mult", self.suspicion_mult, at_least=1)
        require_whole("suspicion_max_mult", self.suspicion_max_mult, at_least=1)

    def confirmations_wanted(self, members: int) -> int:
        """How many others must confirm for the shortest time to object. A group too small for it: none."""
        wanted = self.suspicion_mult - 2
        return wanted if 0 < wanted <= members - 2 else 0

    def suspicion_s(self, members: int, confirmations: int) -> float:
        """How long a suspect may object, counted from the first suspicion, with so many confirmations so far."""
        shortest_s = self.suspicion_mult * max(1.0, log10(members)) * self.probe_every_s
        wanted = self.confirmations_wanted(members)
        if not wanted:
            return shortest_s
        longest_s = self.suspicion_max_mult * shortest_s
        share = log(min(confirmations, wanted) + 1) / log(wanted + 1)
        return longest_s - share * (longest_s - shortest_s)

    def dead_after_s(self, probes_s: Sequence[float], members: int) -> float:
        """When a member is declared dead, whom the others probe at the times `probes_s` after its death.

        Raises `ValueError` when there is no probe, or `members` is not above their number.
        """
        if not 0 < len(probes_s) < members:
            raise ValueError(
                f"probes_s has {len(probes_s)} times; there must be 1 to {members - 1}, one a member"
            )
        noticed_s = [probe_s + self.probe_every_s for probe_s in sorted(probes_s)]
        dead_s = noticed_s[0] + self.suspicion_s(members, confirmations=0)
        for confirmations, at_s in enumerate(noticed_s[1:], start=1):
            if at_s >= dead_s:
                break
            dead_s = max(at_s, noticed_s[0] + self.suspicion_s(members, confirmations))
        return dead_s

    def draw_s(self, random: np.random.Generator, members: int) -> float:
        """How long after its death a member of a group of this size is declared dead. Random."""
        require_whole("members", members, at_least=2)
        others = members - 1
        return self.dead_after_s(random.uniform(0, others * self.probe_every_s, others).tolist(), members)
