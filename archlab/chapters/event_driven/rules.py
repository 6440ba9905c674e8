"""The rules of chapter 03, gathered: each stands beside the experiment that it judges.

>>> from archlab.course.claims import Chapter
>>> len(Chapter("event-driven", RULES).claims)
15
"""

from archlab.chapters.event_driven import (
    audit_trail,
    coupling,
    decoupled,
    duplicates,
    getting_out,
    kafka,
    kinesis,
    rabbitmq,
    renamed_field,
    replaying,
    resilience,
    scaling,
    storage,
    subscribers,
    time_travel,
)

LATENCY = (rabbitmq.message_broker, kinesis.aws_kinesis)
SCALING = (subscribers.scalable, scaling.scalability)
FAILURE = (
    kafka.distributed_event_streaming,
    getting_out.published,
    duplicates.received,
    resilience.resilient,
)
EVENT_SOURCING = (
    storage.store_all_changes,
    replaying.rebuild_by_replay,
    audit_trail.complete_audit_trail,
    time_travel.time_travel_debugging,
)
COUPLING = (coupling.flexibility, renamed_field.loose_coupling, decoupled.decoupled_communication)
RULES = (*LATENCY, *SCALING, *FAILURE, *EVENT_SOURCING, *COUPLING)
"""In the order of the chapter's sections."""
