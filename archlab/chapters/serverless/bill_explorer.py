"""Explorer: the bill. Load, work, waiting, memory and what is provisioned, against servers that carry the same load.

By formula: a request's mean run, Erlang's B formula for what spills over the environments kept ready, and M/M/c for the
servers. An even load; initialisation, which adds a thousandth from one request a second on, is left out.

>>> here = explored(load_per_s=20, cpu_ms=20, waiting_ms=80, memory_mb=512, provisioned=0)
>>> round(here.functions_usd, 3), here.servers_usd
(0.104, 0.096)
"""

from dataclasses import dataclass
from math import nan
from typing import ClassVar

import numpy as np

from archlab.chapters.serverless.bills import Work, bears_per_s, servers_usd_per_h
from archlab.chapters.serverless.load_shapes import HOUR_S, STEADY
from archlab.course.explorer import Curve, Panel, Reading
from archlab.sim.billing import Usage, in_provisioned, on_demand, provisioned, total_usd
from archlab.sim.distributions import Values
from archlab.sim.theory import erlang_b
from archlab.sim.validation import require_whole

POINTS = 60


@dataclass(frozen=True)
class Explored:
    """What a load costs in an hour, on functions and on servers; and both for all loads up to twice as much."""

    loads_per_s: Values
    functions: Values
    servers: Values
    functions_usd: float
    servers_usd: float
    spilled_percent: float


def functions_usd_per_h(load_per_s: float, run_s: float, memory_mb: int, ready: int) -> float:
    """Return what an hour of functions costs, so many of which are kept ready; others run on demand."""
    require_whole("ready", ready, at_least=0)
    requests, spilled = load_per_s * HOUR_S, _spilled(load_per_s * run_s, ready)
    usage = on_demand(requests * spilled, run_s, memory_mb) + in_provisioned(
        requests * (1 - spilled), run_s, memory_mb
    )
    return total_usd(usage + (provisioned(ready, HOUR_S, memory_mb) if ready else Usage()))


def _spilled(offered: float, ready: int) -> float:
    return erlang_b(ready, offered) if ready else 1.0


def explored(load_per_s: int, cpu_ms: int, waiting_ms: int, memory_mb: int, provisioned: int) -> Explored:
    """Return the bills of a load. Raises `ValueError` when no server meets the objective with this work."""
    work = Work(cpu_ms / 1000, waiting_ms / 1000)
    run_s = work.run_s(memory_mb)
    if bears_per_s(1, work) == 0:
        raise ValueError(f"cpu_ms is {cpu_ms}; with {waiting_ms} ms of waiting it misses half a second")
    loads = np.linspace(2 * load_per_s / POINTS, 2 * load_per_s, POINTS)
    functions = [functions_usd_per_h(float(load), run_s, memory_mb, provisioned) for load in loads]
    servers = [servers_usd_per_h(STEADY, float(load), work) for load in loads]
    return Explored(
        loads,
        np.array(functions),
        np.array(servers),
        functions_usd_per_h(load_per_s, run_s, memory_mb, provisioned),
        servers_usd_per_h(STEADY, load_per_s, work),
        100 * _spilled(load_per_s * run_s, provisioned),
    )


@dataclass(frozen=True)
class Bills:
    """Both bills against the load, and the load up to which functions are cheaper, if it is on the picture."""

    panels: ClassVar = (Panel("Load [requests/s]", "USD/h"),)

    def read(self, answer: Explored) -> Reading:
        curves = (
            Curve(0, "functions", answer.loads_per_s, answer.functions),
            Curve(0, "servers", answer.loads_per_s, answer.servers),
        )
        dearer = np.flatnonzero(answer.functions > answer.servers)
        cheaper = np.flatnonzero(answer.functions <= answer.servers)
        crosses = dearer.size and cheaper.size and cheaper[0] < dearer[-1]
        figures: dict[str, float | str] = {
            "functions_usd_per_hour": answer.functions_usd,
            "servers_usd_per_hour": answer.servers_usd,
            "on_demand_percent": answer.spilled_percent,
            "functions_cheaper_up_to_per_s": float(answer.loads_per_s[cheaper[-1]]) if crosses else nan,
        }
        return Reading(curves, figures)
