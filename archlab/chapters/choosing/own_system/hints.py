"""Hints: what to write instead, for words that many use and a description does not know.

>>> hint_for_property("2 vCPU", ["cores"]), hint_for_property("retries 3", ["retries"])
('write 2 cores', 'write 3 retries')
>>> hint_for_property("2 m5.xlarge", ["cores", "usd"], ["m5.large"])
'write its price, such as 0.192 USD per hour; known are m5.large'
>>> hint_for_share("deadline", "2 s"), hint_for_rate("100 rps")
('did you mean patience 2 s?', 'write 100 per second')
"""

from __future__ import annotations

import re
from collections.abc import Collection

from archlab.chapters.choosing.own_system.amounts import NUMBER, PER_SECOND, TIME, time_in

SAME = {
    "cores": "cores?|v?cpus?|processors?",
    "servers": "servers?",
    "workers": "workers?|threads?|connections?",
    "copies": "cop(?:y|ies)|instances?|replicas?|pods?|nodes?",
    "retries": "retr(?:y|ies)",
}
"""Word of a description -> what others say for it."""
ONES = {"cores": "core", "servers": "server", "workers": "worker", "copies": "copy", "retries": "retry"}
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SIZES = r"(?:nano|micro|small|medium|large|\d*xlarge|metal)"
MACHINE = re.compile(
    rf"(?:{NUMBER} )?(?:[a-z]+\d[\w-]*\.{SIZES}|[a-z]+\d[a-z]*-[a-z]+(?:-\d+)?|standard_\w+)", re.I
)
"""Types of machines as the large clouds name them: m5.xlarge, n2-standard-4, Standard_D2s_v3."""
PRICE = re.compile(rf"(?:\$ ?)?({NUMBER}) ?(?:USD|\$|dollars?)? ?(?:per|an|a|/) ?(?:hour|h)", re.I)
MEMORY = re.compile(rf"(?:memory|ram)?:? ?{NUMBER} ?[GM]i?B?(?: (?:of )?(?:memory|ram))?", re.I)
WAITS = "time-?out|deadline|patience"
KINDS = {
    "part": ("service", "server", "component", "program", "app", "function"),
    "store": ("database", "db", "cache", "storage", "disk"),
    "outside": ("external", "api", "third-party"),
}
"""Word that a line begins with -> what others say for it."""


def hint_for_property(item: str, known: Collection[str], machines: Collection[str] = ()) -> str:
    """Return what to write instead of what stands behind the colon; empty when there is no hint.

    Args:
        known: the names of the properties that the line may have, such as cores, timeout and usd.
        machines: those with a known price.
    """
    if "usd" in known and (hint := _hint_for_machine(item, machines)):
        return hint
    if MEMORY.fullmatch(item):
        return "leave it out: no property says how much memory a part has"
    return _hint_for_comma(item) or _hint_for_count(item, known) or _hint_for_wait(item, known)


def _hint_for_machine(item: str, machines: Collection[str]) -> str:
    """For a machine that has no known price, or is written in capitals, and for a price in other words."""
    if item.lower() in machines:
        return f"write {item.lower()}"
    if MACHINE.fullmatch(item):
        return f"write its price, such as 0.192 USD per hour; known are {', '.join(machines)}"
    price = PRICE.fullmatch(item)
    return f"write {price[1]} USD per hour" if price else ""


def _hint_for_comma(item: str) -> str:
    """For two counts without a comma between them."""
    pieces = re.split(r" (?:and )?(?=\d)", item)
    are_counts = all(re.fullmatch(rf"{NUMBER} [A-Za-z]+", piece) for piece in pieces)
    return f"write {', '.join(pieces)}" if len(pieces) > 1 and are_counts else ""


def _hint_for_count(item: str, known: Collection[str]) -> str:
    """For a count whose word is another one, stands before the number, or is written in letters."""
    digits = f"{NUMBER}|{'|'.join(NUMBERS)}"
    for word, others in ((word, others) for word, others in SAME.items() if word in known):
        before = re.fullmatch(rf"({digits}) ?(?:{others})", item, re.I)
        found = before or re.fullmatch(rf"(?:{others}) ?[:=]? ?({digits})", item, re.I)
        if found:
            letters = found[1].lower()
            count = str(NUMBERS.index(letters) + 1) if letters in NUMBERS else letters
            return f"write {count} {ONES[word] if count == '1' else word}"
    return ""


def _hint_for_wait(item: str, known: Collection[str]) -> str:
    """For a time-out with another name or with its time in front, a queue with another word, a p99 by itself."""
    waits = re.fullmatch(rf"(?:{WAITS}) ?(?:of|[:=])? ?(.+)", item, re.I) or re.fullmatch(
        rf"(.+?) (?:{WAITS})", item, re.I
    )
    if "timeout" in known and waits and (time := time_in(waits[1])):
        return f"write timeout {time}"
    if "queue" in known and (queue := re.fullmatch(rf"queue ?(?:of|[:=]) ?({NUMBER})", item, re.I)):
        return f"write queue {queue[1]}"
    if "takes" in known and (p99 := re.fullmatch(rf"\(?p99 ?({TIME.pattern})\)?", item)):
        return f"write it in brackets behind the time, as in takes 100 ms (p99 {p99[1]})"
    return ""


def hint_for_share(name: str, amount: str) -> str:
    """Return what to write instead of a kind of request with its share in the line of the load; or nothing."""
    if time := time_in(amount):
        return f"did you mean patience {time}?"
    if (turned := re.fullmatch(NUMBER, name)) and (
        kind := re.fullmatch(r"% ?(?:of )?([A-Za-z][\w.-]*)", amount)
    ):
        return f"write {kind[1]} {turned[0]} %"
    if joined := re.fullmatch(rf"([A-Za-z][\w.-]*) ?[:=] ?({NUMBER}) ?%", f"{name} {amount}"):
        return f"write {joined[1]} {joined[2]} %"
    part = re.fullmatch(NUMBER, amount)
    return f"write {name} {100 * float(amount):g} %" if part and 0 < float(amount) < 1 else ""


def hint_for_rate(text: str) -> str:
    """Return what to write instead of a rate with other words; empty when there is no hint."""
    found = re.fullmatch(
        rf"({NUMBER}) ?(?:(?:requests?|req|calls?) ?)?(?:(rps|qps)|(?:per |/ ?)(s|sec|second|min|minute|h|hour|day)s?)",
        text.strip(),
        re.I,
    )
    if not found or float(found[1]) <= 0:
        return ""
    unit = "second" if found[2] else next(one for one in PER_SECOND if one.startswith(found[3].lower()))
    return f"write {found[1]} per {unit}"


def hint_for_word(word: str) -> str:
    """Return the word with which the line should begin; empty when there is no hint."""
    return next((f"did you mean {one!r}?" for one, others in KINDS.items() if word.lower() in others), "")
