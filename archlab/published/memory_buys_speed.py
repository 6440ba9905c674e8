"""Memory buys speed: a function gets processor time in proportion to its memory, so more of it may cost nothing.

On AWS Lambda 1,769 MB come with one virtual core, and less memory with so much less of it. For a first invocation that
only computes, the time times the memory should then be constant, and so should its price. The published times of six
runtimes with 128, 512 and 1,024 MB (`data/first_invocations.csv`, August 2026) test that: the work is taken from
1,024 MB, the two others are predicted.

- With 512 MB all six take what is predicted or somewhat more, up to an eighth.
- With 128 MB they take more than predicted, a fifth to a third for five of them. Little memory has a cost besides the
  slower core. A likely one is that memory must be freed and read again; the data do not say.
- Java 25 takes almost three times as long as predicted with 128 MB. The model does not explain it.
- Python takes 2 ms whatever its memory. So that first invocation does not wait for its share of a core, and more memory
  buys nothing. The model would say 17 ms.

So for what computes, little memory is not even cheaper: all six cost more with 128 MB than with 1,024 (`mgb_s`).

The rule holds for work that computes in one thread, up to one core. `run_s` stops there; more memory then costs more
and is no faster. Initialisation is another thing: in the same measurements it takes the same time with each memory,
within 3 %.

>>> round(1000 * run_s(work_s(run_s=0.074, memory_mb=1024), memory_mb=512))
148
>>> compare().loc[(".NET 8", 512)].round(2).to_dict()
{'measured_ms': 164.0, 'predicted_ms': 148.0, 'ratio': 1.11, 'mgb_s': 82.0}
"""

from __future__ import annotations

import pandas as pd

from archlab.data import load
from archlab.sim.billing import memory_gb
from archlab.sim.faults import SlowDown
from archlab.sim.functions.memory import computing_s, processors
from archlab.sim.servers.processor_sharing import SharedProcessors
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_whole

KNOWN_MB = 1024
"""The memory from which the work is taken."""
WAITS = "Python 3.13"
"""The runtime in the table whose first invocation does not compute."""


def core_share(memory_mb: int) -> float:
    """Return the share of one core that one thread gets with this memory: 1 at most."""
    memory_gb(memory_mb)  # it is one that a function may have
    return min(1.0, processors(memory_mb))


def work_s(run_s: float, memory_mb: int) -> float:
    """Return the work in seconds of a whole core when it took so long with this memory."""
    require_non_negative("run_s", run_s)
    return run_s * core_share(memory_mb)


def run_s(work_s: float, memory_mb: int) -> float:
    """Return how long the work takes with this memory."""
    require_non_negative("work_s", work_s)
    core_share(memory_mb)  # it is memory that a function may have
    return computing_s(work_s, memory_mb)


def simulated_s(work_s: float, memory_mb: int, threads: int = 1) -> float:
    """The same as `run_s`, with a processor of the kit that is slowed down to its share.

    `threads`: so many do that work each, at the same time, and share what there is. With more than one it holds up to
    one core: with more memory than that, several threads would get more than this says.
    """
    require_whole("threads", threads, at_least=1)
    sim = Simulation(seed=0)  # there is no luck in it
    core = SharedProcessors(sim, "core")
    sim.inject(SlowDown("core", at_s=0, for_s=None, factor=1 / core_share(memory_mb)))
    sim.run(until=sim.all_of([core.serve(work_s) for _ in range(threads)]))
    return float(sim.now)


def measured() -> pd.DataFrame:
    """Return the published means in milliseconds: a row a runtime, a column a memory."""
    table = load("first_invocations")
    return table[table.unit == "ms"].pivot(index="product", columns="memory_mb", values="value")


def compare() -> pd.DataFrame:
    """Return a row for each runtime and memory: `measured_ms`, `predicted_ms`, their `ratio`, and `mgb_s`.

    `ratio`: measured / predicted; 1 at 1,024 MB, where the work is taken. `mgb_s`: thousandths of a GB-second, what the
    measured time costs.
    """
    frame = measured().stack().rename("measured_ms").to_frame()
    work_ms = measured()[KNOWN_MB] * core_share(KNOWN_MB)
    frame["predicted_ms"] = [run_s(work_ms[name], memory_mb) for name, memory_mb in frame.index]
    frame["ratio"] = frame.measured_ms / frame.predicted_ms
    frame["mgb_s"] = [ms * memory_gb(mb) for (_, mb), ms in frame.measured_ms.items()]
    return frame
