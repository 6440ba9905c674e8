"""Labs that check themselves. A check needs nothing but what this package offers by name.

Labs are written in `solutions/`, see the README there; `labs/` is generated from them.
"""

from archlab.course.labs.expectations import (
    expect,
    expect_at_least,
    expect_at_most,
    expect_close,
    expect_mapping,
    expect_number,
    expect_numbers,
    expect_steps,
    expect_text,
    seed,
    stream,
    unit_hint,
)
from archlab.course.labs.new_process import in_new_process
from archlab.course.labs.task_check import Answer, task_check

__all__ = [
    "Answer",
    "expect",
    "expect_at_least",
    "expect_at_most",
    "expect_close",
    "expect_mapping",
    "expect_number",
    "expect_numbers",
    "expect_steps",
    "expect_text",
    "in_new_process",
    "seed",
    "stream",
    "task_check",
    "unit_hint",
]
