"""What invokes functions when nobody calls them: a queue, a stream, a clock, a new object."""

from archlab.sim.functions.triggers.object_store import NotFound, ObjectStore, StoredObject
from archlab.sim.functions.triggers.poller_scaling import POLLERS_2022, PollerScaling
from archlab.sim.functions.triggers.queue_trigger import QueueTrigger
from archlab.sim.functions.triggers.schedule_trigger import Firing, ScheduleTrigger
from archlab.sim.functions.triggers.stream_trigger import StreamTrigger

__all__ = [
    "POLLERS_2022",
    "Firing",
    "NotFound",
    "ObjectStore",
    "PollerScaling",
    "QueueTrigger",
    "ScheduleTrigger",
    "StoredObject",
    "StreamTrigger",
]
