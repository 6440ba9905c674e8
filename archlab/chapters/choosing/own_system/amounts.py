"""Amounts: a number with its unit, as it stands in a line. A number without a unit is refused, not guessed.

>>> from archlab.chapters.choosing.own_system.lines import Line
>>> line = Line(1, "web 5 ms")
>>> seconds(line, "5 ms", "the work"), rate_per_s(line, "90 per minute")
(0.005, 1.5)
>>> seconds(line, "5", "the work")
Traceback (most recent call last):
ValueError: line 1, 'web 5 ms': the work is '5'; allowed: a number above 0 with us, ms, s or min, such as 5 ms
"""

import re

from archlab.chapters.choosing.own_system.lines import Line
from archlab.sim.distributions import Constant, Distribution, Exponential, Lognormal

NUMBER = r"-?\d+(?:\.\d+)?"
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
PER_SECOND = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
TIME = re.compile(rf"({NUMBER}) ?({'|'.join(SECONDS)})(?!\w)")
RATE = re.compile(rf"({NUMBER}) per ({'|'.join(PER_SECOND)})")
TIME_WORDS = {
    "us": "µs|microseconds?",
    "ms": "msecs?|millis|milliseconds?",
    "s": "secs?|seconds?",
    "min": "minutes?",
}
"""Unit -> what others write for it."""
WORK = re.compile(rf"(?P<exactly>exactly )?(?P<usual>{TIME.pattern})(?: \(p99 (?P<p99>{TIME.pattern})\))?")


def seconds(line: Line, text: str, what: str, least_s: float | None = None) -> float:
    """Return a time in seconds. It must be above 0, or not below `least_s` when that is given."""
    found = TIME.fullmatch(text.strip())
    value = float(found[1]) * SECONDS[found[2]] if found else -1.0
    if not found or (value <= 0 if least_s is None else value < least_s):
        from_ = "above 0" if least_s is None else f"not below {least_s:g}"
        line.refuse(
            f"{what} is {text.strip()!r}",
            hint_for_time(text) or f"allowed: a number {from_} with {_listed(SECONDS)}, such as 5 ms",
        )
    return value


def rate_per_s(line: Line, text: str) -> float:
    """Return a rate in requests a second."""
    found = RATE.fullmatch(text.strip())
    if not found or float(found[1]) <= 0:
        line.refuse(
            f"the load is {text.strip()!r}",
            f"allowed: a number above 0 per {_listed(PER_SECOND)}, such as 120 per second",
        )
    return float(found[1]) / PER_SECOND[found[2]]


def percent(line: Line, text: str, what: str) -> float:
    """Return a share, over 0 and at most 1, of a text like `20 %`."""
    found = re.fullmatch(rf"({NUMBER}) ?%", text.strip())
    if not found or not 0 < float(found[1]) <= 100:
        line.refuse(
            f"{what} is {text.strip()!r}", "allowed: a number above 0 and at most 100 with %, such as 20 %"
        )
    return float(found[1]) / 100


def whole(line: Line, text: str, what: str, at_least: int = 1) -> int:
    """Return a whole number, `at_least` or more."""
    if not re.fullmatch(NUMBER, text) or float(text) != int(float(text)) or int(float(text)) < at_least:
        line.refuse(f"{what} is {text}", f"allowed: a whole number, {at_least} or more")
    return int(float(text))


def work(line: Line, text: str, what: str) -> Distribution:
    """Return how long a piece of work takes.

    `5 ms` is a mean, and times are exponential: many short ones, a few long ones. `exactly 5 ms` is always the same.
    `5 ms (p99 40 ms)` is a median and what 99 of 100 do not exceed, and times are lognormal.
    """
    found = WORK.fullmatch(text.strip())
    if not found:
        allowed = "allowed: a time, such as 5 ms, exactly 5 ms or 5 ms (p99 40 ms)"
        line.refuse(f"{what} is {text.strip()!r}", hint_for_time(text) or allowed)
    usual_s = seconds(line, found["usual"], what)
    if found["p99"] is None:
        return Constant(usual_s) if found["exactly"] else Exponential(usual_s)
    p99_s = seconds(line, found["p99"], f"the p99 of {what}")
    if found["exactly"] or p99_s < usual_s:
        line.refuse(
            f"{what} is {text.strip()!r}", "allowed: a p99 that is not below the median, without 'exactly'"
        )
    return Lognormal.from_median_p99(usual_s, p99_s)


def time_in(text: str) -> str:
    """Return the time that a text says, with a unit of a description; empty when it says none.

    >>> time_in("for 20 seconds"), time_in("20 %")
    ('20 s', '')
    """
    found = re.fullmatch(rf"(?:for |of )?({NUMBER}) ?(\S+)", text.strip())
    if not found or float(found[1]) <= 0:
        return ""
    others = (unit for unit, words in TIME_WORDS.items() if re.fullmatch(words, found[2], re.I))
    unit = found[2] if found[2] in SECONDS else next(others, "")
    return f"{found[1]} {unit}" if unit else ""


def hint_for_time(text: str) -> str:
    """Return what to write instead of a time in other words; empty when there is no hint."""
    time = time_in(text)
    return f"write {time}" if time and not TIME.fullmatch(text.strip()) else ""


def _listed(units: dict[str, float]) -> str:
    *most, last = units
    return f"{', '.join(most)} or {last}"
