"""What can go wrong with an invocation besides what goes wrong in its handler.

>>> str(Throttled("pictures")), Throttled.outcome
('pictures: throttled, 429 Too Many Requests', 'throttled')
>>> str(CutOff("report"))
'report: cut off at its time limit'
"""

from archlab.sim.failure import Failure


class Throttled(Failure):
    """No more may run at the same time, or no more may be started so fast: status 429. Nothing was done."""

    outcome = "throttled"
    what = "throttled, 429 Too Many Requests"


class CutOff(Failure):
    """The time limit has ended the function where it stood. What it had done by then is done."""

    outcome = "cut_off"
    what = "cut off at its time limit"
