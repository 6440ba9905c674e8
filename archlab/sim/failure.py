"""What can go wrong with a piece of work, as exceptions a handler can catch.

A `Failure` is an outcome, not a bug: it is thrown into the handler that waits, at its `yield`. A handler that does
not catch it ends, and its request is recorded with the failure's `outcome`. Any other exception stops the run.

>>> str(Refused("web"))
'web: refused, the queue is full'
>>> Refused.outcome
'refused'
"""


class Failure(Exception):
    """Work that did not succeed at the part named `part`. `outcome` is the word recorded for it."""

    outcome = "failed"
    what = "failed"

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part

    def __str__(self) -> str:
        return f"{self.part}: {self.what}"


class Refused(Failure):
    """The queue was full: nothing was done."""

    outcome = "refused"
    what = "refused, the queue is full"


class Unavailable(Failure):
    """The part was down when asked: nothing was done."""

    outcome = "unavailable"
    what = "down, the connection was refused"


class Crashed(Failure):
    """The part went down with the work inside: nobody knows how much of it was done."""

    outcome = "crashed"
    what = "crashed with the work inside"


class TimedOut(Failure):
    """No answer in time. The work may still be going on at the far end."""

    outcome = "timed_out"
    what = "no answer in time"
