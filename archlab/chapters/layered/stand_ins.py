"""Stand-ins for the parts that a part under test calls: they answer what they were told to, and note the calls.

>>> rules = StandIn(answers={"status": 3})
>>> finish(rules.status(7)), rules.calls
(3, [('status', (7,))])
"""

from collections.abc import Generator, Mapping
from typing import Any

Answer = Generator[Any, Any, Any]


class StandIn:
    """Answers each call with what `answers` has under its name; an exception is raised. Others return None.

    `takes`: method -> how many arguments it takes today. A call with more or fewer is refused, as the part would.
    """

    def __init__(
        self, answers: Mapping[str, Any] | None = None, takes: Mapping[str, int] | None = None
    ) -> None:
        self.answers, self.takes = dict(answers or {}), dict(takes or {})
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        def answer(*arguments: Any, **named: Any) -> Answer:
            if len(arguments) != self.takes.get(name, len(arguments)):
                raise TypeError(f"{name} takes {self.takes[name]} arguments, and has {len(arguments)}")
            self.calls.append((name, arguments))
            yield from ()
            found = self.answers.get(name)
            if isinstance(found, Exception):
                raise found
            return found

        return answer

    @property
    def names(self) -> list[str]:
        """The methods that were called, in order."""
        return [name for name, _ in self.calls]


def finish(steps: Answer, *events: Any) -> Any:
    """Return the answer of steps that wait for as many events as are given: each is what one of them brings."""
    waiting = iter([None, *events])
    try:
        while True:
            steps.send(next(waiting))
    except StopIteration as done:
        return done.value


def refused(steps: Answer, refusal: type[Exception], *events: Any) -> bool:
    """Whether the steps end with this refusal."""
    try:
        finish(steps, *events)
    except refusal:
        return True
    return False
