"""Ten change requests, fixed before any of them was measured: five about the domain, five technical.

A request is *about the domain* when a customer or a seller would word it: a field, a rule, a state. It is *technical*
when nobody outside would notice, or only the form of what comes in and goes out is different. Each is a patch for the
layers and one for the modules; what both do in the files that they share is one patch for both (`changes/shared`). All
start from the shop as it is. Whoever knows both cuts can guess most outcomes, and so could we: the list was kept, but
not drawn by lot, and details that it leaves open (how CSV writes a basket) were settled while the patches were written.

What this leaves out: how often such requests come, and what people need to find the places. And what a customer's
number for a message is: this shop does not keep customers. A shop that must ask for one adds a field on the order, too.

>>> len(REQUESTS), sum(request.is_technical for request in REQUESTS.values())
(10, 5)
>>> before, after = versions("layers", "csv")
>>> sorted(set(after) - set(before))
['archlab/shop/layered/presentation/csv_api.py']
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from archlab.chapters.layered.cut_sources import Cut, patch, require_cut, source
from archlab.shop.code.patches import Sources, patched


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        words: short, for a figure.
        why: why a real shop gets it.
        is_technical: or about the domain.
    """

    words: str
    why: str
    is_technical: bool = False


REQUESTS: Mapping[str, Request] = {
    "weight": Request("a product has a weight", "carriers ask for it, and customers must see it"),
    "gift": Request("an order has a gift message", "the field that every shop adds before Christmas"),
    "most_pieces": Request("at most 10 pieces an order", "resellers empty the stock"),
    "discount": Request("10 % off from 5 pieces", "the simplest sale there is"),
    "cancel": Request("an order can be cancelled", "the law of many countries asks for it"),
    "key_value": Request("all rows in a key-value store", "a licence, a provider or a size changes", True),
    "csv": Request("a channel that speaks CSV", "partners send tables", True),
    "price_format": Request("prices as € 9,00", "the shop opens in another country", True),
    "timed": Request("the time of each query is kept", "somebody asks which query is slow", True),
    "sms": Request("messages go by SMS", "e-mails are not read in time", True),
}
"""Name -> request. The list was written down before the first patch was."""

SHARED_ONLY = frozenset({"most_pieces", "discount", "key_value", "timed", "sms"})
"""Requests that need no more than the files that both cuts share."""


def require_request(request: str) -> None:
    """Raise `ValueError` unless there is such a request."""
    if request not in REQUESTS:
        raise ValueError(f"request is {request!r}; it must be one of {', '.join(REQUESTS)}")


@cache
def versions(cut: Cut, request: str) -> tuple[Sources, Sources]:
    """Return the source of a cut before and after a request.

    Raises:
        ValueError: when there is no such cut or request, or a patch does not fit the source.
    """
    require_cut(cut)
    require_request(request)
    after = dict(before := source(cut))
    for name in (f"shared/{request}", f"{cut}/{request}"):
        if text := patch(name):
            after = patched(after, text)
    return before, after
