"""The rules of chapter 06, gathered: each stands beside the experiment that it judges.

>>> from archlab.course.claims import Chapter
>>> len(Chapter("cqrs", RULES).claims)
3
"""

from archlab.chapters.cqrs import consistent, optimized, separate

RULES = (
    separate.separate_models,
    optimized.optimized_independently,
    consistent.eventually_consistent,
)
"""In the order of the chapter's sections."""
