"""Memory buys speed: a function gets a share of the processor in proportion to its memory.

AWS Lambda gives one virtual processor at 1,769 MB (*Quotas*, AWS Lambda Developer Guide; `data/lambda.csv`). With less
memory a thread works at that share of a processor's speed. With more it works at full speed, and further threads use
the rest. So what only computes takes a constant number of GB-seconds, up to 1,769 MB for one thread; what only waits
for others takes as long with any memory.

What this leaves out: with little memory there is a cost besides the slower processor. Measured first calls of .NET take
4.3 times as long with 128 MB as with 512, and not 4 times (`archlab.published.memory_buys_speed`). So real small
functions are slower than these.

>>> processors(1769), processors(10_240) > 5
(1.0, True)
>>> round(computing_s(0.100, memory_mb=512), 3), computing_s(0.100, memory_mb=3538)
(0.346, 0.1)
>>> computing_s(0.100, memory_mb=3538, threads=2)
0.05
"""

from archlab.sim.validation import require_positive, require_seconds, require_whole

MB_PER_PROCESSOR = 1769.0
"""So much memory comes with one whole virtual processor."""


def processors(memory_mb: float) -> float:
    """Return how many virtual processors a function of `memory_mb` has; a fraction of one below 1,769 MB.

    Raises `ValueError` when `memory_mb` is not above 0.
    """
    require_positive("memory_mb", memory_mb)
    return memory_mb / MB_PER_PROCESSOR


def computing_s(cpu_s: float, memory_mb: float, threads: int = 1) -> float:
    """Return how long `cpu_s` seconds of work of one processor take with `memory_mb`, spread evenly over `threads`.

    Raises `ValueError` when an argument is not allowed.
    """
    require_seconds("cpu_s", cpu_s)
    require_whole("threads", threads, at_least=1)
    return cpu_s / min(float(threads), processors(memory_mb))
