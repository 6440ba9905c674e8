"""An alarm: something that has a time on the calendar, but may happen before, as a deadline or a customer's patience.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> answer = sim.deadline(Station(sim, "web").serve(1.0), timeout_s=30.0)
>>> sim.run()
>>> answer.ok, sim.now  # the alarm at 30 s is void, and keeps nobody waiting
(True, 1.0)
"""

from typing import Any

from simpy.events import PENDING

from archlab.sim.core.events import LeanEvent


class Alarm(LeanEvent):
    """An event that has a time on the calendar, but may happen before. Then its entry no longer counts."""

    env: Any  # a calendar

    def due(self) -> None:
        """Do what is to be done when the time has come and the event has not happened."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Count no more: what the alarm was for has happened. It must still have its entry."""
        self._value = None
        self.env.count_void(1)


def ring(alarm: Alarm) -> None:
    """The action of an alarm's entry: its time has come."""
    if alarm._value is PENDING:
        alarm.due()
    else:
        alarm.env._void -= 1  # it was counted when its event happened; now its entry is gone
