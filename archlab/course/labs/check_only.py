"""What belongs to checks: modules that hold them, and those with what they know. A learner's cell may not name one.

This stops who copies an import from a check, or looks for the solution in its neighbour. See the README for what no
check can stop.

>>> allowed("servers = 3")
'servers = 3'
>>> allowed("from archlab.chapters.choosing.lab_bounds_known import proof_of as proof")
"raise ImportError('lab_bounds_known belongs to the checks: solve the task without it')"
"""

from __future__ import annotations

import re

OF_CHECKS = re.compile(r"\blab_(?:\w+_)?known\b|\blab_checks?(?:_\w+)?\b")
"""The names of such modules."""


def allowed(source: str) -> str:
    """The code to run for a learner's cell: its own, or an error when it names a module of checks."""
    named = OF_CHECKS.search(source)
    if named is None:
        return source
    words = f"{named[0]} belongs to the checks: solve the task without it"
    return f"raise ImportError({words!r})"
