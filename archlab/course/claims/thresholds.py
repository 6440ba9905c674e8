"""Thresholds that several chapters share: how much more is noticed, and how much slower is too slow.

A threshold of one experiment stands beside that experiment. These are here so that every chapter means the same.

>>> NOTICEABLE_PERCENT, MUCH_SLOWER
(10.0, 2.0)
"""

NOTICEABLE_PERCENT = 10.0
"""Less than a tenth more time or money hides in the noise of a usual day."""

MUCH_SLOWER = 2.0
"""Twice the p99: what customers should not have to bear from something that is not their doing."""
