"""How fast a platform starts environments: a stock that may be started at once, and a rate at which it fills up again.

AWS Lambda has changed its rule. Since November 2023 each function may start 1,000 environments in 10 seconds; what is
not used is not saved beyond that. Before, all functions of an account in a region shared 3,000 at once (in the largest
regions) and 500 more each minute (*Lambda function scaling*, AWS Lambda Developer Guide, 2022 and 2026;
`data/lambda.csv`). Both are token buckets, of which each new environment takes a token.

What this leaves out: today's rule is also 10,000 requests a second in 10 seconds, and ten requests a second for each
unit of concurrency. So functions that take less than 100 ms are throttled earlier in the cloud than here. The old rule
was about running functions, so that an environment that had gone could be started anew; here it takes a new token.

>>> TODAY.environments / TODAY.per_s, BEFORE_2023.environments, round(BEFORE_2023.per_s * 60)
(10.0, 3000, 500)
"""

from __future__ import annotations

from dataclasses import dataclass

from archlab.sim.validation import require_flag, require_positive, require_whole


@dataclass(frozen=True)
class ScalingRate:
    """A limit on new environments.

    Args:
        environments: so many may be started at once.
        per_s: so many more each second after that, until there are `environments` again.
        is_shared: whether all functions of the account share it. If not, each has its own.

    Raises `ValueError` or `TypeError` when an argument is not allowed.
    """

    environments: int
    per_s: float
    is_shared: bool = False

    def __post_init__(self) -> None:
        require_whole("environments", self.environments, at_least=1)
        require_positive("per_s", self.per_s)
        require_flag("is_shared", self.is_shared)


TODAY = ScalingRate(environments=1000, per_s=100.0)
"""AWS Lambda since November 2023: 1,000 in 10 s for each function."""
BEFORE_2023 = ScalingRate(environments=3000, per_s=500 / 60, is_shared=True)
"""AWS Lambda before, in its largest regions: 3,000, then 500 a minute for the whole account."""
