"""The checks of lab 04, one of each task. Each gets a learner's answer, tries it, and says what it saw.

>>> open_layers(lambda trace, rules: {})  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: 0.0% of the time is saved...
"""

from archlab.chapters.layered.lab_check_cache import cached
from archlab.chapters.layered.lab_check_leak import cleaned
from archlab.chapters.layered.lab_check_objective import meet_the_objective
from archlab.chapters.layered.lab_check_orders import orders_page
from archlab.chapters.layered.lab_check_sinkhole import open_layers

__all__ = ["cached", "cleaned", "meet_the_objective", "open_layers", "orders_page"]
