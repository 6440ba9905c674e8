"""The objective that every shop of this chapter is bought for, and what it lets functions do with: little memory.

Of the pages and of the orders, 99 of 100 are answered well within a time. All architectures are measured by the same
times. Servers use the room that they leave by being busy, functions by being small: what computes costs as much with
any memory, only slower, but what waits costs less with less. So the least memory that keeps the times is the cheapest.

Here it is looked for with a warm function that nobody disturbs; `archlab.chapters.choosing.against_load` runs it. Small
functions are slower in reality than their share of a processor says (`archlab.sim.functions.memory`): that errs in
favour of functions.

>>> least_memory_mb(), least_memory_mb(page_s=0.1)
(256, 512)
"""

from __future__ import annotations

from collections.abc import Sequence

from archlab.shop.config import BROWSE_CPU_S, ORDER_CPU_S, PROVIDER_S
from archlab.sim.functions.memory import computing_s
from archlab.sim.validation import require_positive

PAGE_P99_S = 0.5
"""As `archlab.chapters.serverless.bills` has it: a page that takes longer is felt as slow."""
ORDER_P99_S = 2.0
"""As long as a customer waits who has decided to buy; the provider alone takes 0.4 s for one order in a hundred."""
SUCCEED = 0.99
MEMORIES_MB = (256, 512, 1024, 1769)
"""That are tried. A function may have 128, too; but a program with a database's driver hardly fits in there."""
P99 = 99.0


def least_memory_mb(
    page_s: float = PAGE_P99_S, order_s: float = ORDER_P99_S, memories_mb: Sequence[int] = MEMORIES_MB
) -> int:
    """Return the least memory of a function with which 99 of 100 pages and orders keep their times.

    Of an order it adds up the slowest of a hundred of what it computes and of what the provider takes, which together
    are slower than 99 of 100 orders: it errs on the large side. Queries are left out; they take half a millisecond.

    Raises `ValueError` when a time is not positive, or too short for any memory.
    """
    require_positive("page_s", page_s)
    require_positive("order_s", order_s)
    for memory_mb in memories_mb:
        page_p99_s = computing_s(BROWSE_CPU_S.percentile(P99), memory_mb)
        order_p99_s = computing_s(ORDER_CPU_S.percentile(P99), memory_mb) + PROVIDER_S.percentile(P99)
        if page_p99_s <= page_s and order_p99_s <= order_s:
            return memory_mb
    raise ValueError(f"page_s is {page_s!r} and order_s {order_s!r}; no function is that quick")
