"""Python's garbage collector during a run: it looks at everything that lives only seldom.

A backlog of many thousand requests is nothing but objects that live. Python looks through all of them for cycles each
time that their number has grown by a quarter, so the cost of a request would grow with the queue: at half a million
requests it looks for three times as long as the simulation runs. What is young is looked at as often as ever.

>>> before = gc.get_threshold()
>>> with seldom_in_full():
...     gc.get_threshold()[2] >= SELDOM
True
>>> gc.get_threshold() == before
True
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 100
"""So many collections of what is not so young come before one of everything. Python's own figure is 10."""


@contextmanager
def seldom_in_full() -> Iterator[None]:
    """Meanwhile let the garbage collector look at everything only seldom. Then all is as it was.

    Who finds it so changes nothing, and puts nothing back: of two runs in two threads, the first ends the change.
    """
    young, middle, full = before = gc.get_threshold()
    if full >= SELDOM:
        yield
        return
    gc.set_threshold(young, middle, SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def none_collected() -> Iterator[None]:
    """Meanwhile collect no garbage. For who counts what runs: an end of somebody's generator would be counted, too."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
