"""How many batches a queue's pollers hand over at the same time: few at first, more while messages wait.

AWS Lambda begins with five batches and adds up to 60 a minute while there are messages, to 1,000 (*Using Lambda with
Amazon SQS*, AWS Lambda Developer Guide, 2022; `data/lambda.csv`). Newer figures are higher. Here they are added one by
one, evenly, and are gone at once when no message waits; AWS does not say how it takes them away.

>>> POLLERS_2022.at_first + POLLERS_2022.per_minute, POLLERS_2022.most
(65.0, 1000)
"""

from __future__ import annotations

from dataclasses import dataclass

from archlab.sim.validation import refuse, require_non_negative, require_whole


@dataclass(frozen=True)
class PollerScaling:
    """A rule for the number of batches at the same time.

    Args:
        at_first: so many.
        per_minute: so many more a minute, while messages wait.
        most: never more.

    Raises `ValueError` when an argument is not allowed.
    """

    at_first: int = 5
    per_minute: float = 60.0
    most: int = 1000

    def __post_init__(self) -> None:
        require_whole("at_first", self.at_first, at_least=1)
        require_non_negative("per_minute", self.per_minute)
        require_whole("most", self.most, at_least=1)
        if self.most < self.at_first:
            refuse(ValueError, "most", self.most, f"at_first, {self.at_first}, or more")


POLLERS_2022 = PollerScaling()
"""AWS Lambda in 2022."""
