"""What Segment's services gave: one partner that hangs does not hold up the deliveries to all others.

Each delivery goes to one of 140 partners. One partner answers no more: each delivery to it holds a worker until the
time-outs of all attempts are over. Three forms have the same workers:

- *one queue*: any worker takes any delivery, as before the services;
- *a queue each*: a service with a worker of its own for each partner, as with them;
- *limited*: one program and one pool, and no partner may hold more than so many workers at a time. Those that wait for
  this hold no worker, and their queue has no limit. After its move Segment queued by partner and customer, in one
  program (its "Centrifuge").

So isolation needs a queue for each partner, and not a program for each. What the model leaves out: a crash. A program
that dies takes all deliveries with it, for as long as its restart takes; a service takes one in 140. That is what was
really lost, and the limit does not help there.

With one queue the law says when all workers are gone: those who work and those who hang are as many as there are. The
more a partner can hold, and the fewer there are, the sooner: `full_from_percent`.

>>> round(full_from_percent(), 1)
31.9
>>> late_percent(seed=1, form="limited", duration_s=5) < 1
True
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import partial

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.chapters.choosing.cases.case import figure_of
from archlab.course.figures import comparison, label_numbers
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number, percent
from archlab.course.style import LAB, Size, variants
from archlab.sim.distributions import Exponential
from archlab.sim.experiment import sweep
from archlab.sim.load import Request
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Poisson

FORMS = ("one queue", "a queue each", "limited")
DELIVERY_S = 0.1
"""Mean of one delivery: the median call of the shop's payment provider. An assumption."""
HELD_S = 30.0
"""By a delivery to the partner that hangs: three attempts of ten seconds. An assumption."""
BUSY = 0.5
"""Of the workers, while all partners answer. Services must have much to spare, since each must bear its own peak."""
LIMIT = 7
"""Workers that one partner may hold: a twentieth of all. An assumption."""
LATE_S = 1.0
DURATION_S = 5.0
WARM_UP_S = 20.0
"""In that time the one queue fills: 70 workers are free, and five a second are caught."""


def partners() -> int:
    """Return how many there are, as published; with a worker for each."""
    return int(figure_of("segment", "services before"))


def full_from_percent(held_s: float = HELD_S, delivery_s: float = DELIVERY_S) -> float:
    """Return how busy workers may be at most, in per cent, so that one partner that hangs does not catch all of them.

    With n partners, equally popular, each delivery holds a worker for ((n - 1) d + h) / n instead of d.
    """
    require_positive("held_s", held_s)
    require_positive("delivery_s", delivery_s)
    return 100 * delivery_s * partners() / ((partners() - 1) * delivery_s + held_s)


def late_percent(seed: int, form: str, held_s: float = HELD_S, duration_s: float = DURATION_S) -> float:
    """Return how many of the deliveries to the partners that answer took over `LATE_S`, or did not come, in per cent.

    The partner hangs from the beginning.
    """
    require_one_of("form", form, FORMS)
    require_positive("held_s", held_s)
    sim = Simulation(seed)
    count = partners()
    pool = [Station(sim, "workers", capacity=count)]
    own = [
        Station(sim, f"of partner {k}", capacity=1 if form == "a queue each" else LIMIT) for k in range(count)
    ]
    next_s = sim.draws("delivery", Exponential(DELIVERY_S))
    whom = sim.stream("partner")
    hung: set[int] = set()

    def deliver(request: Request) -> Generator[Event, None, None]:
        partner = int(whom.integers(count))
        if partner == 0:
            hung.add(request.id)
        work_s = held_s if partner == 0 else next_s()
        if form == "a queue each":
            yield own[partner].serve(work_s)
        elif form == "one queue":
            yield pool[0].serve(work_s)
        else:
            with own[partner].hold() as place:
                yield place
                yield pool[0].serve(work_s)

    sim.open_load(Poisson(BUSY * count / DELIVERY_S), deliver)
    requests = sim.measure(duration_s, WARM_UP_S).requests
    others = requests[~requests.id.isin(hung)]
    took_s = np.where(others.latency_s.isna(), sim.now - others.arrived_s, others.latency_s)
    return float(100 * (took_s > LATE_S).mean())


def compared(seeds: Iterable[int] = range(10), duration_s: float = 5.0) -> pd.DataFrame:
    """Return a row a form: `form` and `late_percent`, of the deliveries to all other partners, with its interval."""
    model = partial(_late, duration_s=duration_s)
    return sweep(model, {"form": list(FORMS)}, list(seeds))


def _late(seed: int, form: str, duration_s: float) -> dict[str, float]:
    return {"late_percent": late_percent(seed, form, duration_s=duration_s)}


def crash_hits_percent() -> dict[str, float]:
    """Return the share of the deliveries that the crash of one program holds up, until it runs again, in per cent."""
    return {"a program each": 100 / partners(), "one program": 100.0}


def figure(table: pd.DataFrame, size: Size = LAB) -> Picture:
    """Draw a frame of `compared`."""
    shown = table.assign(late_percent_low=table.late_percent_low.clip(lower=0))
    late = label_numbers(shown, "late_percent", by="form")
    limited = percent(float(shown.set_index("form").late_percent["limited"]) / 100)
    title = (
        f"One partner hangs: with one queue {late['one queue']} % of the deliveries to all others are late, "
        f"with a limit in one program {limited}"
    )
    forms = variants("microservices", FORMS)
    label = f"Deliveries to other partners that take over {number(LATE_S)} s [%]"
    return comparison(shown, title, "late_percent", by="form", bar_looks=forms, label=label, size=size)
