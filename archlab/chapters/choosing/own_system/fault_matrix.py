"""The fault matrix: what goes wrong where, which requests fail meanwhile, and how long until all is well again.

A fault begins at `BEGINS_AT_S`. What counts is which of the requests that came while it lasted got a good answer before
their customer left. All is well again when of `IN_A_ROW` requests in a row `WELL_PERCENT` per cent succeed, and of all
later ones, too, as long as one watches. Good answers are what counts: work that was put off (`later`) and waits in a
queue fails nobody here.

>>> from archlab.chapters.choosing.own_system.reading import read
>>> shop = read('''load 100 per second: browse 50 %, look 50 %
... part web: 2 cores
... store database: 1 core
... browse = web 2 ms [database 1 ms]
... look = web 2 ms''')
>>> table = fault_matrix(shop, [FaultLine("database", "crash", 2.0)], seeds=range(2))
>>> table.set_index("kind").ok_percent.round().to_dict()
{'browse': 0.0, 'look': 100.0}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import inf, nan

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.choosing.own_system.description import Description, FaultLine
from archlab.chapters.choosing.own_system.running import Running
from archlab.course.claims.over_seeds import middle
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.statistics import percentile
from archlab.sim.validation import require_one_of, require_positive

BEGINS_AT_S = 2.0
"""Before that the system fills up. An assumption: it is some hundred times as long as a request."""
LASTS_S = 5.0
"""How long the faults of the matrix last that the description does not name."""
WATCH_S = 10.0
"""How long one watches after its end."""
SLOW = 10.0
"""How many times as long a slow copy takes."""
ANSWERS_EVERY_S = 0.5
"""How often one looks whether all have an answer."""
IN_A_ROW, WELL_PERCENT = 100, 99
COLUMNS = [
    "part",
    "fault",
    "kind",
    "ok_percent",
    "ok_percent_low",
    "ok_percent_high",
    "p99_ms",
    "well_after_s",
]


def usual_faults(description: Description, kinds: Iterable[str] = ("crash", "slow")) -> list[FaultLine]:
    """Return what the matrix has by itself: each part that is asked loses one copy, and then has one slow copy.

    Raises:
        ValueError: when one of `kinds` is neither "crash" nor "slow".
    """
    each = {"crash": FaultLine("", "crash", LASTS_S), "slow": FaultLine("", "slow", LASTS_S, SLOW)}
    chosen = list(kinds)
    for kind in chosen:
        require_one_of("kinds", kind, each)
    return [replace(each[kind], part=name) for name in description.asked for kind in chosen]


def outcomes(description: Description, fault: FaultLine, seed: int, watch_s: float = WATCH_S) -> pd.DataFrame:
    """Return a row a request: `kind`, `arrived_s` counted from the begin of the fault, `latency_s`, `ok`."""
    sim = Simulation(seed)
    running = Running(sim, description)
    running.start()
    sim.inject(*running.faults(fault, BEGINS_AT_S))
    end_s = BEGINS_AT_S + fault.lasts_s + watch_s
    sim.run(until=end_s)
    while _unanswered(sim, end_s):  # not for ever: customers leave
        sim.run(until=sim.now + ANSWERS_EVERY_S)
    record = sim.recorder
    came = record.column("arrived_s") < end_s
    kinds = np.array(record.kinds, dtype=object)[record.column("kind")[came].astype(int)]
    ok = record.column("outcome")[came] == record.outcomes.index(OK)
    arrived_s, finished_s = (record.column(name)[came] for name in ("arrived_s", "finished_s"))
    columns = {"arrived_s": arrived_s - BEGINS_AT_S, "latency_s": finished_s - arrived_s, "ok": ok}
    return pd.DataFrame({"kind": kinds, **columns})


def _unanswered(sim: Simulation, end_s: float) -> bool:
    """Whether somebody who came before that time has no answer yet."""
    return bool(np.isnan(sim.recorder.column("finished_s")[sim.recorder.column("arrived_s") < end_s]).any())


def well_after_s(rows: pd.DataFrame, lasts_s: float) -> float:
    """Return how long after the end of a fault all is well again; infinite when it is not as long as one watches.

    >>> good, bad = [True] * 300, [False] * 50 + [True] * 250
    >>> rows = pd.DataFrame({"arrived_s": np.arange(300) / 10, "ok": bad})
    >>> round(well_after_s(rows, lasts_s=2.0), 1), well_after_s(rows.assign(ok=good), lasts_s=2.0)
    (2.9, 0.0)
    """
    later = rows[rows.arrived_s >= lasts_s].sort_values("arrived_s")
    failed = np.cumsum(~later.ok.to_numpy(dtype=bool))
    if len(later) < IN_A_ROW:
        return inf if len(later) and failed[-1] else 0.0
    before = np.concatenate([[0], failed[:-IN_A_ROW]])
    bad = np.flatnonzero(failed[IN_A_ROW - 1 :] - before > IN_A_ROW * (100 - WELL_PERCENT) / 100)
    if not bad.size:
        return 0.0
    if bad[-1] == len(later) - IN_A_ROW:
        return inf
    last_failure = np.flatnonzero(~later.ok.to_numpy(dtype=bool)[: bad[-1] + IN_A_ROW])[-1]
    return float(later.arrived_s.iloc[last_failure] - lasts_s)


def fault_matrix(
    description: Description,
    faults: Sequence[FaultLine] | None = None,
    seeds: Iterable[int] = range(3),
    watch_s: float = WATCH_S,
) -> pd.DataFrame:
    """Return a row a fault and kind of request.

    `part`, `fault` (in words), `kind`; `ok_percent` of the requests that came during the fault, the median of the
    seeds, `ok_percent_low` and `_high`, the least and the greatest of them; `p99_ms` of the good answers among them,
    of all seeds together; `well_after_s`, the median of the seeds, of all kinds together: infinite when it was not
    well while one watched.

    Where a part has several copies, luck decides how soon the balancer looks after one has died: take more seeds.

    Args:
        faults: what goes wrong, one at a time. None: what the description names, and `usual_faults`.
        watch_s: how long one watches after the end of a fault.

    Raises:
        ValueError: when there is no fault or no seed, or a fault names a part that no request asks.
    """
    require_positive("watch_s", watch_s)
    chosen = [*description.faults, *usual_faults(description)] if faults is None else list(faults)
    numbers = list(seeds)
    if not chosen or not numbers:
        raise ValueError(f"faults is {chosen!r}, seeds {numbers!r}; both must have one or more")
    for fault in chosen:
        require_one_of("part", fault.part, description.asked)
    jobs = [(fault, seed) for fault in chosen for seed in numbers]
    found = in_parallel(joblib.delayed(_figures)(description, fault, seed, watch_s) for fault, seed in jobs)
    rows = [
        row
        for number, fault in enumerate(chosen)
        for row in _rows(fault, list(description.shares), found[number * len(numbers) :][: len(numbers)])
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _figures(
    description: Description, fault: FaultLine, seed: int, watch_s: float
) -> tuple[float, pd.DataFrame]:
    """How long until all is well, and the requests that came during the fault."""
    rows = outcomes(description, fault, seed, watch_s)
    during = rows[rows.arrived_s.between(0, fault.lasts_s, inclusive="left")]
    return well_after_s(rows, fault.lasts_s), during


def _rows(
    fault: FaultLine, kinds: list[str], found: list[tuple[float, pd.DataFrame]]
) -> Iterator[tuple[object, ...]]:
    well_s = middle([after_s for after_s, _ in found])
    for kind in kinds:
        runs = [rows[rows.kind == kind] for _, rows in found]
        shares = sorted(100 * float(rows.ok.mean()) for rows in runs if len(rows)) or [nan]
        good_s = np.concatenate([rows.latency_s[rows.ok].to_numpy() for rows in runs])
        p99_ms = 1000 * percentile(good_s, 99) if good_s.size else nan
        yield fault.part, fault.words, kind, middle(shares), shares[0], shares[-1], p99_ms, well_s
