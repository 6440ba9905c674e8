"""The rules of chapter 02 about latency and protocols: what would make these three claims true, or not.

>>> network_latency(noticed_from_hop_ms=0.1).words
'Holds when: from 0.1 ms a hop, where a page takes 10 % longer'
>>> synchronous_rest(as_good_up_to_calls=float("-inf")).words
'Does not hold'

The figures come from `archlab.shop.microservices_experiments`: `latency` and `protocols`. The functions at the end find
where a curve of figures crosses a threshold.
"""

import pandas as pd

from archlab.course.chapters.monolithic import NOTICEABLE_PERCENT
from archlab.course.rule import Evidence, settles
from archlab.course.verdict import Verdict, first_holding, holds_from, holds_up_to, last_holding


@settles("cons.network-latency", evidence=Evidence.SIMULATED)
def network_latency(noticed_from_hop_ms: float) -> Verdict:
    """From this hop on, the hops of a page take `NOTICEABLE_PERCENT` of what the monolith takes for all of it."""
    return holds_from(noticed_from_hop_ms, f"ms a hop, where a page takes {NOTICEABLE_PERCENT:.0f} % longer")


@settles("service-communication.synchronous-rest", evidence=Evidence.SIMULATED)
def synchronous_rest(as_good_up_to_calls: float) -> Verdict:
    """Up to so many calls, each answered with 10 kB, gRPC is less than `NOTICEABLE_PERCENT` faster than REST."""
    return holds_up_to(as_good_up_to_calls, "calls in a row with answers of 10 kB")


@settles("service-communication.synchronous-grpc", evidence=Evidence.SIMULATED)
def synchronous_grpc(faster_from_kb: float) -> Verdict:
    """From answers of this size on, ten calls in a row are `NOTICEABLE_PERCENT` faster by gRPC than by REST."""
    return holds_from(faster_from_kb, "kB an answer, with ten calls in a row")


LATENCY = (network_latency, synchronous_rest, synchronous_grpc)


def noticed_from_hop_ms(hops: pd.DataFrame) -> float:
    """Return the hop from which a page is noticeably slower; takes `latency.hops`."""
    return first_holding(hops.hop_ms.tolist(), (hops.page_slower_percent - NOTICEABLE_PERCENT).tolist())


def as_good_up_to_calls(rows: pd.DataFrame) -> float:
    """Return up to how many calls REST is as good; takes `protocols.calls_in_a_row` with one size of answers."""
    return last_holding(rows.calls.tolist(), (NOTICEABLE_PERCENT - rows.saved_percent).tolist())


def faster_from_kb(rows: pd.DataFrame) -> float:
    """Return the size of answers from which gRPC is faster; takes `protocols.calls_in_a_row` for some calls."""
    return first_holding(
        (rows.text_bytes / 1000).tolist(), (rows.saved_percent - NOTICEABLE_PERCENT).tolist()
    )
