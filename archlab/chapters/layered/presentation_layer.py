"""The presentation layer: two of them on one application layer, used in the same way, must leave the same rows.

The same random uses are sent as JSON and typed as commands, each to a shop of its own with the same chances. Rows and
refusals are compared, and decisions are counted in the source (`archlab.chapters.layered.concerns`). Then requests that
are no good: what reads them decides about them, and the two need not agree.

What this leaves out: pages, and people who type what a program would never send, beyond the few in `ODD`.

>>> compare(seed=1, count=30)["differing_rows"]
0
>>> int((odd().json != odd().command).sum())
0
"""

import json
from typing import Any

import joblib
import pandas as pd

from archlab.chapters.layered.concerns import REFUSALS, concerns
from archlab.chapters.layered.histories import (
    USES,
    Use,
    history,
    kinds_of_outcome,
    outcome,
    rows_of,
    small_shop,
)
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.layered.presentation import CommandLine, JsonApi
from archlab.sim.parallel import in_parallel

ODD = ("2", "0", "-1", "1.5", "1e1", "true", "")
"""Numbers of pieces as somebody may send them. The first is a good one."""


def as_request(use: Use) -> str:
    """Write a use as JSON."""
    body: dict[str, Any] = {"use_case": use.kind}
    if use.kind == "browse":
        return json.dumps(body | {"product": use.product})
    body |= {"order_id": use.order_id}
    return json.dumps(body | ({"basket": dict(use.basket)} if use.kind == "place_order" else {}))


def as_command(use: Use) -> str:
    """Write a use as a command."""
    if use.kind == "browse":
        return f"show {use.product}"
    if use.kind == "track_order":
        return f"track {use.order_id}"
    return f"order {use.order_id} " + " ".join(f"{product}x{count}" for product, count in use.basket.items())


def refusal_in(text: str) -> str:
    """Return the reason for which an answer of either kind refuses; "" when it does not."""
    if text.startswith("{"):
        return str(json.loads(text).get("refused", ""))
    return text.removeprefix("refused: ") if text.startswith("refused: ") else ""


def compare(seed: int = 1, count: int = USES) -> dict[str, int]:
    """Return of so many uses, in both ways: uses, refused, kinds_of_refusal, differing_refusals, differing_rows."""
    by_json, by_command = small_shop(seed), small_shop(seed)
    api, terminal = JsonApi(by_json.application), CommandLine(by_command.application)
    uses = history(count, seed)
    sent = [refusal_in(by_json.answer(api.handle(as_request(use)))) for use in uses]
    typed = [refusal_in(by_command.answer(terminal.run(as_command(use)))) for use in uses]
    here, there = rows_of(by_json), rows_of(by_command)
    return {
        "uses": count,
        "refused": sum(map(bool, sent)),
        "kinds_of_refusal": len(kinds_of_outcome([one for one in sent if one])),
        "differing_refusals": sum(a != b for a, b in zip(sent, typed, strict=True)),
        "differing_rows": sum(len(set(here[table]) ^ set(there[table])) for table in here),
    }


def odd() -> pd.DataFrame:
    """Return what comes of an order with each of `ODD` as the number of pieces: columns pieces, json, command.

    "ordered 1": an order of one piece was placed. "not read": the presentation layer, or what stands beneath, says that
    such a request cannot be.
    """
    rows = []
    for pieces in ODD:
        value = pieces if not pieces.strip() else json.loads(pieces)
        request = json.dumps({"use_case": "place_order", "order_id": 7, "basket": {"1": value}})
        rows.append(
            (
                pieces,
                _ordered(JsonApi, "handle", request),
                _ordered(CommandLine, "run", f"order 7 1x{pieces}"),
            )
        )
    return pd.DataFrame(rows, columns=["pieces", "json", "command"])


def _ordered(presentation: Any, method: str, text: str) -> str:
    shop = small_shop(declined=0.0)
    try:
        outcome(shop, getattr(presentation(shop.application), method)(text))
    except ValueError:
        return "not read"
    lines = shop.rows("order_lines")
    return f"ordered {lines.quantity.sum()}" if len(lines) else "refused"


# The claim ---------------------------------------------------------------------------------------------------


def presentation_figures(seeds: tuple[int, ...] = tuple(range(1, 11))) -> dict[str, float]:
    """Return the figures of `presentation_layer`, by their names."""
    found = pd.DataFrame(in_parallel(joblib.delayed(compare)(seed) for seed in seeds))
    here = concerns("layered, all kinds").query("part == 'presentation'")
    return {
        "differing_rows": OverSeeds(found.differing_rows),
        "differing_refusals": OverSeeds(found.differing_refusals),
        "refused": OverSeeds(found.refused),
        "shop_decisions": int(here[here.kind.isin([*REFUSALS, "condition in SQL"])]["count"].sum()),
    }


SAYS = {
    "differing_rows": "rows that differ after the same uses by JSON and by commands",
    "differing_refusals": "uses that one refuses and the other does not, or for another reason",
    "refused": f"uses that both refuse, of {USES}",
    "shop_decisions": "decisions about the shop in the source of the presentation layer",
}


@settles("layers.presentation-layer", evidence=Evidence.MEASURED, says=SAYS)
def presentation_layer(
    differing_rows: float,
    differing_refusals: float,
    refused: float,
    shop_decisions: float,
) -> Verdict:
    """Holds when it is no more than a user interface or an API: two of them on the same application layer leave the
    same rows and refuse the same, refusals occur, and its source decides nothing about the shop. What can be read
    at all is decided there.
    """
    same = differing_rows == 0 and differing_refusals == 0
    return holds_if(same and refused > 0 and shop_decisions == 0)
