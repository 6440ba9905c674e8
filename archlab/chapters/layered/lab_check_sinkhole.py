"""The check of task 4 of lab 04: which layers may be left out for which calls.

>>> open_layers(lambda trace, rules: {})  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: 0.0% of the time is saved...
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from archlab.chapters.layered import lab_sinkhole
from archlab.course.labs import (
    Answer,
    expect,
    expect_at_least,
    expect_mapping,
    expect_text,
    stream,
    task_check,
)

LEAST = 0.9
"""Of what can be saved without changing anything, so much must be. One layer of one use case that is closed for nothing
costs more than that in most shops; two of them in all."""
REPLAYED = 1500


@task_check
def open_layers(open_layers: Answer) -> str:
    """Let a learner open layers of several shops, and replay calls of other days."""
    random, saved = stream("open_layers"), list[str]()
    plain = [lab_sinkhole.drawn(random) for _ in range(3)]
    layer = str(random.choice(lab_sinkhole.CAN_BE_OPEN))
    shops = [*plain, lab_sinkhole.with_rule_for_all(lab_sinkhole.drawn(random), layer)]
    for shop in shops:
        best = shop.saved(shop.could_be_open())
        opened = _opened(open_layers(shop.trace(random), shop.rules()))
        _expect_same(shop, opened, random)
        share = shop.saved(opened)
        expect_at_least(
            max(share, 1e-9),
            LEAST * best,
            f"{share:.1%} of the time is saved; {best:.1%} could be, without any change of what comes out. "
            "Which layer does nothing for any call of a use case, and is still closed?",
        )
        saved.append(f"{share:.0%}")
    return f"what comes out is the same, and {', '.join(saved)} of the time are saved"


def _opened(given: Any) -> dict[str, set[str]]:
    """A learner's answer with plain texts: use case -> layers to be left out."""
    opened = {}
    for name, layers in expect_mapping(given, "open_layers").items():
        expect(name in lab_sinkhole.USE_CASES, f"{name!r} is no use case; they are {lab_sinkhole.USE_CASES}")
        is_several = isinstance(layers, Iterable) and not isinstance(layers, str)
        expect(is_several, f"for {name!r} there is {layers!r}; a set of layers is wanted")
        opened[name] = {expect_text(layer, f"a layer of {name!r}") for layer in layers}
        other = opened[name] - set(lab_sinkhole.CAN_BE_OPEN)
        expect(
            not other, f"for {name!r} {sorted(other)} are left out; only {lab_sinkhole.CAN_BE_OPEN} can be"
        )
    return opened


def _expect_same(shop: lab_sinkhole.Shop, opened: dict[str, set[str]], random: np.random.Generator) -> None:
    """Calls of other days, and one for each deed, come out as they did through all layers."""
    for call in (*shop.calls(random, REPLAYED), *shop.one_for_each(random)):
        skipped = opened.get(call.use_case, set())
        before, now = shop.replayed(call, ()), shop.replayed(call, skipped)
        for what, old, new in zip(("answer", "rows", "audit"), _parts(before), _parts(now), strict=True):
            expect(
                old == new,
                f"{call.use_case!r} without {' and '.join(sorted(skipped))}: the {what} of a call is {new!r}; through "
                f"all layers it was {old!r}. What does the layer do, for some calls at least?",
            )


def _parts(outcome: lab_sinkhole.Outcome) -> tuple[Any, ...]:
    return outcome.answer, outcome.rows, outcome.audit
