"""What a simulation stands on: the calendar, tasks, deadlines, events, levels, active faults and random streams."""

from archlab.sim.core.active_faults import ActiveFaults, coming_back, going_down, slowing_down
from archlab.sim.core.alarm import Alarm
from archlab.sim.core.calendar import Calendar, Part
from archlab.sim.core.deadline import Deadline
from archlab.sim.core.effects import Effect
from archlab.sim.core.events import fail_next, fail_now, process_event
from archlab.sim.core.level import Level
from archlab.sim.core.repeating import Repeating
from archlab.sim.core.streams import Streams
from archlab.sim.core.task import Grant, Task

__all__ = [
    "ActiveFaults",
    "Alarm",
    "Calendar",
    "Deadline",
    "Effect",
    "Grant",
    "Level",
    "Part",
    "Repeating",
    "Streams",
    "Task",
    "coming_back",
    "fail_next",
    "fail_now",
    "going_down",
    "process_event",
    "slowing_down",
]
