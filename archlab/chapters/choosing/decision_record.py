"""A decision record: what was decided, why, on which figures, and which test would confirm it; as Markdown.

The headings are those of MADR 4 (Markdown Architectural Decision Records, adr/madr, 2024): context, drivers, options,
outcome with consequences and confirmation, pros and cons, more information. Every figure in it comes from a decision
(`archlab.chapters.choosing.decide`), with what it rests on. Words that only you can write are marked "TO WRITE".

>>> from datetime import date
>>> from archlab.chapters.choosing.decide import Measured, decide
>>> from archlab.chapters.choosing.needs import Needs
>>> decision = decide(Needs(per_s=60), Measured.nothing())
>>> text = record(decision, "How do we build the shop?", decided_on=date(2026, 11, 28))
>>> text.splitlines()[8]
'# How do we build the shop?'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from math import isfinite
from pathlib import Path

from archlab.chapters.choosing.buying import BUSY_AT_MOST
from archlab.chapters.choosing.decide import Candidate, Decision
from archlab.chapters.choosing.fault_tables import common_faults, mean_kept
from archlab.chapters.choosing.needs import UNKNOWN
from archlab.chapters.choosing.sensitivity import Change, changes_of, need_in_words
from archlab.course.quantity import number
from archlab.sim.validation import require_text, require_texts

TO_WRITE = "TO WRITE"
MOST_CHANGES = 5


def record(
    decision: Decision,
    question: str,
    decided_on: date,
    decision_makers: Sequence[str] = (TO_WRITE,),
    context: str = TO_WRITE,
    chosen: str | None = None,
    because: str = TO_WRITE,
) -> str:
    """Return the decision as a Markdown text.

    Args:
        question: becomes the title.
        decided_on: the date, handed in, so that the same decision gives the same text.
        decision_makers: who decided.
        context: two or three sentences about where you stand.
        chosen: a form; None: the first. Another one than the first is allowed, and the record says so.
        because: why, in a sentence, where it is not the first.

    Raises:
        ValueError: when `question` is empty, nobody decided, or `chosen` is no candidate.
    """
    require_text("question", question.strip())
    require_texts("decision_makers", decision_makers, "names")
    candidate = _candidate(decision, chosen)
    changes = changes_of(decision)
    parts = [
        _front(decided_on, decision_makers),
        f"# {question}",
        f"**Outcome: {candidate.form}; {_cost(candidate)}.**",
        _section("Context and Problem Statement", [context]),
        _section("Decision Drivers", _drivers(decision)),
        _section("Considered Options", [f"* {one.form}" for one in decision.ranking]),
        _section("Decision Outcome", _outcome(decision, candidate, because)),
        _section("Consequences", _consequences(decision, candidate, changes), level=3),
        _section("Confirmation", _confirmation(decision, candidate), level=3),
        _section("Pros and Cons of the Options", _options(decision)),
        _section("More Information", _more(decision)),
    ]
    return "\n\n".join(parts) + "\n"


def save(text: str, path: Path) -> Path:
    """Write a record to a file that is not there yet, and return its path.

    Raises `FileExistsError` when it is: a decision that was made is not overwritten, a new one supersedes it.
    """
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path


def _candidate(decision: Decision, chosen: str | None) -> Candidate:
    if chosen is None:
        return decision.first
    for one in decision.ranking:
        if one.form == chosen:
            return one
    known = "; ".join(one.form for one in decision.ranking)
    raise ValueError(f"chosen is {chosen!r}; it must be one of {known}")


def _front(decided_on: date, decision_makers: Sequence[str]) -> str:
    names = ", ".join(decision_makers)
    fields = ("status: proposed", f"date: {decided_on.isoformat()}", f'decision-makers: "{names}"')
    return "\n".join(("---", *fields, "consulted:", "informed:", "---"))


def _section(title: str, lines: Iterable[str], level: int = 2) -> str:
    return f"{'#' * level} {title}\n\n" + "\n".join(lines)


def _drivers(decision: Decision) -> list[str]:
    told = need_in_words(decision.needs)
    return [f"* {row.need}: {row.answer}" for row in told.itertuples()]


def _cost(one: Candidate) -> str:
    return f"{one.usd_per_h:.2f} USD/h" if isfinite(one.usd_per_h) else "cannot be had at this load"


def _outcome(decision: Decision, chosen: Candidate, because: str) -> list[str]:
    why = (
        f"because {because}"
        if chosen is not decision.first
        else "because it misses fewest needs at the least cost"
    )
    lines = [f'Chosen option: "{chosen.form}", {why}.', "", f"{decision.words}."]
    if not decision.is_met:
        lines.append("No option meets all drivers: one of them must be given up, or the budget raised.")
    return lines


def _consequences(decision: Decision, chosen: Candidate, changes: Sequence[Change]) -> list[str]:
    good = f"* Good, because it costs {_cost(chosen)}, with every station at most {100 * BUSY_AT_MOST:.0f} % busy."
    bad = [f"* Bad, because of this driver it falls short: {missed}." for missed in chosen.missed]
    turns = [f"* Neutral: {change.words}" for change in changes[:MOST_CHANGES]]
    return [good, *bad, *(turns or ["* Neutral: no single answer that was tried would change it."])]


def _confirmation(decision: Decision, chosen: Candidate) -> list[str]:
    needs = decision.needs
    tests = [
        f"a load test at {number(needs.peak_per_s)} requests/s, {number(needs.order_percent)} % of them orders: "
        f"every station at most {100 * BUSY_AT_MOST:.0f} % busy, a bill of {_cost(chosen)} or less",
    ]
    tests += [
        f"with this fault on purpose, {number(needs.keeps_percent)} % of pages and orders succeed: {fault}"
        for fault in needs.faults
    ]
    if needs.lead_h is not None:
        tests.append(
            f"the mean lead time of a month's changes is at most {number(needs.lead_h)} working hours"
        )
    tests.append(f"99 of 100 answers right after an order are at most {number(needs.old_up_to_s)} s old")
    return ["The decision is confirmed when these tests pass, and looked at again when one fails:", ""] + [
        f"{place}. {test}" for place, test in enumerate(tests, start=1)
    ]


def _options(decision: Decision) -> list[str]:
    lines: list[str] = []
    for one in decision.ranking:
        misses = [f"* Bad, because of: {missed}" for missed in one.missed]
        lines += [f"### {one.form}", "", f"* Neutral, because it costs {_cost(one)}{_times(decision, one)}"]
        lines += [*_measured(decision, one), *misses, ""]
    return lines[:-1]


def _times(decision: Decision, one: Candidate) -> str:
    if one is decision.first or not isfinite(one.usd_per_h):
        return ""
    times = one.usd_per_h / decision.first.usd_per_h
    return ", as much as the first" if round(times, 2) == 1 else f", {number(times)} times the first"


def _measured(decision: Decision, one: Candidate) -> list[str]:
    """How old its answers are, and what it kept on average under the faults that all can have."""
    old_s = decision.measured.old_s[one.form]
    age = f"up to {number(old_s)} s old" if old_s else "never old"
    lines = [f"* Neutral, because its answers right after an order are {age}"]
    faults = decision.measured.faults
    common = common_faults(faults)
    if common and one.form in set(faults.form):
        means = mean_kept(faults).set_index("form").loc[one.form]
        pages, orders = (number(float(means[name])) for name in ("pages_percent", "orders_percent"))
        kept = f"{pages} % of the pages and {orders} % of the orders"
        lines.append(
            f"* Neutral, because it keeps {kept}: the mean over the faults that all can have ({len(common)})"
        )
    return lines


def _more(decision: Decision) -> list[str]:
    faults = len(decision.measured.fault_names)
    return [
        f"Costs are by the bottleneck law and `data/prices.csv`. {faults} faults were simulated on the shop of this "
        "course, with ten seeds: your system differs. Not known, and perhaps what decides:",
        "",
        *(f"* {one}" for one in UNKNOWN),
    ]
