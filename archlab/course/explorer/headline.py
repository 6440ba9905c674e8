"""The headline figures of a run, for the table under the picture.

>>> from archlab.sim import Deterministic, Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> def browse(request):
...     yield web.serve(0.3)
>>> sim.open_load(Deterministic(rate_per_s=2), browse)
>>> headline(sim.measure(duration_s=60))["busiest_part"]
'web 59.5 %'
"""

import numpy as np

from archlab.course.quantity import number
from archlab.shop.day import ShopResult
from archlab.sim.result import Result


def result_of(answer: Result | ShopResult) -> Result:
    """Return the kit's result in an answer.

    Raises:
        ValueError: when the answer is neither a `Result` nor a `ShopResult`.
    """
    result = answer.result if isinstance(answer, ShopResult) else answer
    if not isinstance(result, Result):
        raise ValueError(
            f"the model's answer is a {type(answer).__name__}; this view needs a Result or a ShopResult"
        )
    return result


def headline(answer: Result | ShopResult) -> dict[str, float | str]:
    """Return share completed, throughput, percentiles, busiest part, longest queue; of a shop its bill, too.

    Latencies are NaN while a part is saturated, as in `Result.summary`: they would only tell how long you ran.
    """
    result = result_of(answer)
    outcomes = result.requests["outcome"].to_numpy(dtype=object)
    ok = outcomes == "ok"
    latencies_ms = 1000 * result.requests["latency_s"].to_numpy(dtype=float)[ok]
    steady = len(latencies_ms) > 0 and not result.saturated
    p50, p95, p99 = np.percentile(latencies_ms, (50, 95, 99)) if steady else (np.nan,) * 3
    figures: dict[str, float | str] = {
        "completed_percent": 100 * float(ok.mean()) if len(ok) else np.nan,
        "throughput_per_s": result.throughput_per_s(),
        "p50_ms": float(p50),
        "p95_ms": float(p95),
        "p99_ms": float(p99),
        "busiest_part": _busiest(result),
        "longest_queue": float(result.samples["queue_length"].max()),
    }
    if isinstance(answer, ShopResult):
        figures["bill_usd_per_hour"] = answer.price_per_hour_usd
    return figures


def _busiest(result: Result) -> str:
    if len(result.parts) == 0:
        return "none"
    utilisation = result.parts["utilisation"]
    words = f"{utilisation.idxmax()} {number(100 * float(utilisation.max()))} %"
    return f"{words} (saturated)" if result.saturated else words
