"""Backoff: how long to wait before each retry, and how to keep many clients from retrying at the same moment.

Exponential backoff doubles the wait after each failure, up to a cap. **Jitter** makes it random. With e = min(cap_s,
base_s * 2^n) for the n-th retry (n from 0), the wait is

- none: e;
- full: uniform between 0 and e;
- equal: e / 2, and uniform between 0 and e / 2 on top;
- decorrelated: uniform between base_s and three times the wait before, at most cap_s.

The names and formulas are those of M. Brooker, *Exponential Backoff And Jitter*, AWS Architecture Blog, 2015.

>>> import numpy as np
>>> from itertools import islice
>>> list(islice(Backoff(base_s=0.1, cap_s=0.5, jitter="none").delays(np.random.default_rng(1)), 4))
[0.1, 0.2, 0.4, 0.5]
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

import numpy as np

from archlab.sim.validation import require_at_least, require_instance, require_one_of, require_positive

Jitter = Literal["none", "full", "equal", "decorrelated"]


@dataclass(frozen=True)
class Backoff:
    """A rule for the waits before the first retry, the second, and so on.

    Attributes:
        base_s: the first wait, before jitter.
        cap_s: no wait is longer. By default there is no limit.
        jitter: see above.

    Raises `ValueError` when a number is not positive, `cap_s` is below `base_s` or `jitter` is unknown.
    """

    base_s: float
    cap_s: float = inf
    jitter: Jitter = "full"

    def __post_init__(self) -> None:
        require_positive("base_s", self.base_s)
        require_at_least("cap_s", self.cap_s, self.base_s, "base_s")
        require_one_of("jitter", self.jitter, get_args(Jitter))

    def delays(self, random: np.random.Generator) -> Iterator[float]:
        """Yield the waits of one call, in seconds, for ever. Each call takes its own iterator."""
        require_instance("random", random, np.random.Generator, "a NumPy generator, such as sim.stream(name)")
        return self._decorrelated(random) if self.jitter == "decorrelated" else self._growing(random)

    def _growing(self, random: np.random.Generator) -> Iterator[float]:
        full_s = self.base_s
        while True:
            yield self._spread(full_s, random)
            full_s = min(self.cap_s, 2 * full_s)

    def _spread(self, full_s: float, random: np.random.Generator) -> float:
        if self.jitter == "none":
            return full_s
        fixed_s = full_s / 2 if self.jitter == "equal" else 0.0
        return float(random.uniform(fixed_s, full_s))

    def _decorrelated(self, random: np.random.Generator) -> Iterator[float]:
        before_s = self.base_s
        while True:
            before_s = min(self.cap_s, float(random.uniform(self.base_s, 3 * before_s)))
            yield before_s
