"""The check of task 1 of lab 04: layers that leak no longer, in a program that does what it did.

>>> cleaned(lambda sources: sources)  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: shop.business.orders imports shop.presentation.delivery...
"""

from typing import Any

from archlab.chapters.layered import lab_leak
from archlab.course.labs import Answer, expect, expect_mapping, expect_text, stream, task_check

RULE = ("what delivery costs", "from which amount on it is free")
NEVER_CENTS = 99_999_991
"""The rule is changed to this, at one place at a time. No basket is as dear."""


@task_check
def cleaned(cleaned: Answer) -> str:
    """Let a learner change the program with figures drawn anew, and use it beside the old one, whole and in parts."""
    random, answered = stream("cleaned"), 0
    for _ in range(2):
        figures = lab_leak.figures(random)
        before, use = lab_leak.with_rule(*figures), lab_leak.drawn_use(random, figures[1])
        new = _sources(cleaned(dict(before)))
        _expect_layers(new)
        whole, asked = lab_leak.used(new, use), lab_leak.used(before, use)
        _expect_same(whole, asked, "used through its pages")
        _expect_calls(whole)
        beneath = lab_leak.used(new, use, "application", without=["presentation"])
        case = "without the presentation layer on the disk, used through its use cases"
        _expect_same(beneath, lab_leak.used(before, use, "application"), case)
        _expect_one_rule(before, new, use, dict(zip(RULE, figures, strict=True)))
        _expect_one_comparison(before, new, use, asked)
        answered += len(whole.answers)
    return f"no import and no call goes past a layer, and {answered} answers are the same"


def _sources(given: Any) -> dict[str, str]:
    """A learner's sources as plain texts, all of them in one of the layers."""
    sources = {path: expect_text(text, path) for path, text in expect_mapping(given, "cleaned").items()}
    expect(sources, "cleaned gives an empty dictionary; the sources of the program are wanted")
    for path in sources:
        parts = path.split("/")
        is_known = path.endswith(".py") and parts[0] == "shop" and ".." not in parts
        is_known &= path == "shop/__init__.py" or (len(parts) == 3 and parts[1] in lab_leak.LAYERS)
        expect(
            is_known, f"there is a file {path!r}; each must be in the folder of a layer, as shop/data/rows.py"
        )
    return sources


def _expect_layers(sources: dict[str, str]) -> None:
    try:
        wrong = lab_leak.upwards(sources)
    except (SyntaxError, ValueError) as error:
        raise AssertionError(f"the sources cannot be read as Python: {error}") from error
    expect(not wrong, f"{'; '.join(wrong)}. Who may be used by whom?")


def _expect_same(new: lab_leak.Used, old: lab_leak.Used, case: str) -> None:
    expect(not new.error, f"{case}, the program breaks down: {new.error}")
    for number, (given, wanted) in enumerate(zip(new.answers, old.answers, strict=False), 1):
        expect(given == wanted, f"{case}, answer {number} is {given}; it was {wanted}")
    expect(
        len(new.answers) == len(old.answers),
        f"{case}, it gave {len(new.answers)} answers of {len(old.answers)}",
    )
    expect(
        new.rows == old.rows,
        f"{case}, all answers are as before, and the rows are not: what is written, and committed?",
    )


def _expect_calls(seen: lab_leak.Used) -> None:
    """Each layer calls itself and the next one, and does so."""
    for caller, called in seen.calls:
        expect(
            called != lab_leak.WATCH, f"while it ran, {caller} called sys.setprofile: the check needs that"
        )
        is_allowed = caller == "data" if called == lab_leak.ROWS else lab_leak.is_allowed(caller, called)
        expect(
            is_allowed,
            f"while it ran, {caller} called {called}, whatever the imports say. Which layer is between?",
        )
    for pair in zip(lab_leak.LAYERS, lab_leak.LAYERS[1:], strict=False):
        expect(pair in seen.calls, f"{pair[0]} never calls {pair[1]}: is there a layer that does nothing?")


def _expect_one_rule(
    before: dict[str, str], new: dict[str, str], use: dict[str, Any], figures: dict[str, int]
) -> None:
    """The rule is in the business layer, and a change of it at any one place changes all that depends on it."""
    for what, figure in figures.items():
        places = lab_leak.places(new, figure)
        expect(places, f"{what} stands nowhere as a number: where is the rule about delivery?")
        (old,) = lab_leak.places(before, figure)
        right = lab_leak.used(lab_leak.with_figure(before, old, figure, NEVER_CENTS), use)
        for place in places:
            path, line, _ = place
            is_rule = path.split("/")[1] == "business"
            expect(is_rule, f"{what} stands in {path}, line {line}. In which layer do rules belong?")
            changed = lab_leak.used(lab_leak.with_figure(new, place, figure, NEVER_CENTS), use)
            where = " and ".join(f"{path}, line {line}" for path, line, _ in places)
            expect(
                (changed.answers, changed.rows) == (right.answers, right.rows),
                f"{what} stands in {where}. When it is changed in {path}, line {line}, not all answers follow: "
                "is there another copy of the rule?",
            )


def _expect_one_comparison(
    before: dict[str, str], new: dict[str, str], use: dict[str, Any], asked: lab_leak.Used
) -> None:
    """Whoever turns the comparison in the rule round, at one place, changes all that depends on it."""
    (old,) = (place for place in lab_leak.comparisons(before) if place[0] == lab_leak.RULES)
    right = lab_leak.used(lab_leak.reversed_at(before, old), use)
    for place in lab_leak.comparisons(new):
        turned = lab_leak.used(lab_leak.reversed_at(new, place), use)
        if _is_all(turned, right):
            return _expect_business(place[0])
        expect(
            not _is_part(turned, right, asked),
            f"{place[0]} compares the goods with the amount from which on delivery is free. When that is turned round, "
            "not all answers follow: what else compares?",
        )


def _is_all(turned: lab_leak.Used, right: lab_leak.Used) -> bool:
    return (turned.answers, turned.rows, turned.error) == (right.answers, right.rows, "")


def _is_part(turned: lab_leak.Used, right: lab_leak.Used, asked: lab_leak.Used) -> bool:
    """Whether some answers are turned round, and are then what they should be."""
    if turned.error or len(turned.answers) != len(right.answers):
        return False
    pairs = zip(turned.answers, right.answers, asked.answers, strict=True)
    changed = [given == wanted for given, wanted, old in pairs if given != old]
    return bool(changed) and all(changed)


def _expect_business(path: str) -> None:
    is_rule = path.split("/")[1] == "business"
    expect(is_rule, f"{path} compares the goods with the amount from which on delivery is free: who should?")
