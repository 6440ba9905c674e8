"""The rules of chapter 04, gathered: each stands beside the experiment that it judges.

>>> from archlab.course.claims import Chapter
>>> len(Chapter("layered", RULES).claims)
11
"""

from archlab.chapters.layered import (
    application_layer,
    business_layer,
    chatty,
    data_access_layer,
    field_through_layers,
    maintainable,
    presentation_layer,
    separation,
    testable,
    understandable,
    unnecessary,
)

RULES = (
    application_layer.application_layer,
    business_layer.business_layer,
    presentation_layer.presentation_layer,
    data_access_layer.data_access_layer,
    chatty.performance_overhead,
    separation.clear_separation,
    maintainable.maintainable,
    field_through_layers.tight_coupling,
    understandable.easy_to_understand,
    unnecessary.unnecessary,
    testable.can_be_tested,
)
"""In the order of the chapter's sections."""
