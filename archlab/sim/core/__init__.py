"""What a simulation stands on: the calendar, tasks, deadlines, events, levels and random streams."""

from archlab.sim.core.calendar import Alarm, Calendar, Part
from archlab.sim.core.deadline import Deadline
from archlab.sim.core.events import fail_next, fail_now, process_event
from archlab.sim.core.level import Level
from archlab.sim.core.repeating import Repeating
from archlab.sim.core.streams import Streams
from archlab.sim.core.task import Grant, Task

__all__ = [
    "Alarm",
    "Calendar",
    "Deadline",
    "Grant",
    "Level",
    "Part",
    "Repeating",
    "Streams",
    "Task",
    "fail_next",
    "fail_now",
    "process_event",
]
