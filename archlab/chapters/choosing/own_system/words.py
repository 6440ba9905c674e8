"""The words of a description: all of them, in a table of ten rows.

>>> len(words())
10
>>> words().word.iloc[0]
'system'
"""

import pandas as pd

WORDS = (
    ("system", "system a web shop", "The title."),
    (
        "load",
        "load 120 per second: browse 85 %, buy 15 %, patience 2 s",
        "How many requests come, of which kinds, and after how long a customer leaves (10 s unless you say so).",
    ),
    (
        "part, store",
        "part web: 2 cores, 64 workers, 2 copies, m5.large",
        "A program or a store. Cores share their time; servers do one thing after the other. A worker is held for a "
        "whole call. Prices are of a copy. Also: queue 100, timeout 1 s, 2 retries, 0.10 USD per hour, idle.",
    ),
    (
        "outside",
        "outside payment: takes 100 ms (p99 400 ms), timeout 1 s, 2 retries",
        "A service of others. It must have a timeout. 100 ms is its median.",
    ),
    (
        "calls",
        "calls: hop 0.25 ms, timeout 2 s",
        "What holds for all calls, unless the line of a part says otherwise.",
    ),
    (
        "NAME = ...",
        "browse = web 5 ms [database 1 ms]",
        "What a request of this kind asks for. What stands in brackets is called by the part before them. A time is a "
        "mean of exponential ones; exactly 5 ms is always the same; 5 ms (p99 40 ms) is lognormal with that median.",
    ),
    (
        ", and &",
        "web 5 ms [users 1 ms & orders 2 ms, database 1 ms]",
        "One after the other, and at the same time.",
    ),
    (
        "x and for",
        "database 1 ms x 3 for 20 %",
        "Three times in turn, in 20 % of the cases: after a miss of a cache.",
    ),
    (
        "later",
        "later mail 3 ms",
        "Leave a message in the part's queue, and go on. It is worked on after the answer.",
    ),
    (
        "fault",
        "fault web: crash 20 s",
        "What goes wrong with one copy for a while: crash, slow x10, or outage (no message arrives; all copies). "
        "Add all copies to hit all.",
    ),
)
"""The word, an example, and what it means."""


def words() -> pd.DataFrame:
    """Return the table: `word`, `example`, `meaning`."""
    return pd.DataFrame(WORDS, columns=["word", "example", "meaning"])
