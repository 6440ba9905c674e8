"""Cold starts on AWS Lambda against the load: 20 measured points, and what a simple model says about them.

N. Mahmoudi and H. Khazaei sent Poisson arrivals of 20 rates, from one request in nine minutes to one a second, to one
function on AWS Lambda, and counted cold starts and environments (*SimFaaS*, CLOSER 2021; `data/lambda_cold_starts.csv`,
measured in 2020). Their function took 1.981 s on average on a warm environment and 2.304 s with a cold start; Lambda
then kept an idle environment for 10 minutes.

The model is those three numbers and two rules: a request goes to the newest environment that idles, and to a new one if
there is none. Nothing is fitted to the 20 points. The difference of the two run times is the initialisation, and run
times are exponential, as in the authors' own simulator. With ten times the default number of requests it
misses the measured probability by 13 to 14 % on average and the environments by 3.3 %; theirs, by 12.2 % and 3.1 %. No
model could come much below 10 % but by luck, since that is the standard error of the measurement itself. With the
default number, the model's own noise, about 9 % a point at the highest rates, adds a point at most seeds.

Today's Lambda keeps environments for a shorter time, so the table would look different: give `keep_alive_s`.

>>> rare = model(rate_per_s=0.00186, requests=4000)
>>> round(rare["probability_cold"], 1), round(rare["instances"], 1)
(0.3, 0.7)
>>> model(rate_per_s=0.00186, requests=4000, keep_alive_s=360.0)["probability_cold"] > 0.5
True
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.data import load
from archlab.sim.distributions import Distribution, Exponential
from archlab.sim.functions.function import Function
from archlab.sim.functions.invocation import Invocation
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole

WARM_S = 1.981
"""How long the function took on a warm environment, on average."""
COLD_S = 2.304
"""The same with a cold start."""
KEEP_ALIVE_S = 600.0
"""How long AWS Lambda kept an idle environment when this was measured."""
RARE_PER_S = 0.01
"""Below this rate of requests each fiftieth or more is cold."""
WARM_UP = 5
"""So many times the keep-alive passes first and is not measured."""


def model(
    rate_per_s: float,
    requests: int,
    keep_alive_s: float | Distribution = KEEP_ALIVE_S,
    run_s: float | Distribution | None = None,
    seed: int = 1,
) -> dict[str, float]:
    """Send about `requests` Poisson arrivals at one rate. `run_s`: how long the function runs; None: as measured.

    Returns `probability_cold` and the mean number of `instances`, idle ones included. The first is the share of the
    time with no idle environment, which is what Poisson arrivals see; `share_cold` is the share of cold starts counted.
    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("rate_per_s", rate_per_s)
    require_whole("requests", requests, at_least=100)
    sim = Simulation(seed=seed)
    draw_run_s = sim.durations("run", "run_s", Exponential(WARM_S) if run_s is None else run_s)

    def handler(_: Invocation) -> Generator[Event, Any, None]:
        yield sim.timeout(draw_run_s())

    init_s = COLD_S - WARM_S
    function = Function(sim, "function", handler, init_s, keep_alive_s, time_limit_s=None)
    sim.start(_arrivals(function, rate_per_s))
    sim.run(until=WARM_UP * KEEP_ALIVE_S)
    before = _sums(function)
    sim.run(until=sim.now + requests / rate_per_s)
    spent = {what: total - before[what] for what, total in _sums(function).items()}
    return {
        "probability_cold": spent["none_free_s"] / spent["time_s"],
        "instances": spent["instance_s"] / spent["time_s"],
        "share_cold": spent["cold"] / spent["invocations"],
    }


def compared(
    requests: int = 45_000, keep_alive_s: float | Distribution = KEEP_ALIVE_S, seed: int = 1
) -> pd.DataFrame:
    """Run the model at the 20 measured rates: a row a rate, the measured columns and those of the model.

    `requests` are sent at each rate above `RARE_PER_S`. Below it so many are cold that a fifth of that will do.

    Columns: `rate_per_s`, `measured_cold`, `standard_error`, `model_cold`, `measured_instances`, `model_instances`.
    """
    table = load("lambda_cold_starts")
    runs = in_parallel(
        joblib.delayed(model)(rate, requests if rate > RARE_PER_S else requests // 5, keep_alive_s, seed=seed)
        for rate in table["requests_per_s"].tolist()
    )
    return pd.DataFrame(
        {
            "rate_per_s": table["requests_per_s"],
            "measured_cold": table["probability_cold"],
            "standard_error": table["standard_error"],
            "model_cold": [run["probability_cold"] for run in runs],
            "measured_instances": table["instances"],
            "model_instances": [run["instances"] for run in runs],
        }
    )


def mean_errors(table: pd.DataFrame) -> tuple[float, float]:
    """Return by what share the model misses the measured points, on average: cold starts, and instances."""
    cold = (table["model_cold"] / table["measured_cold"] - 1).abs().mean()
    instances = (table["model_instances"] / table["measured_instances"] - 1).abs().mean()
    return float(cold), float(instances)


def _arrivals(function: Function, rate_per_s: float) -> Generator[Event, Any, None]:
    sim = function.sim
    draw_gap_s = sim.durations("gaps", "rate_per_s", Exponential(1 / rate_per_s))
    while True:
        yield sim.timeout(draw_gap_s())
        function.invoke()


def _sums(function: Function) -> dict[str, float]:
    return {
        "time_s": function.sim.now,
        "none_free_s": function.none_free_s,
        "instance_s": function.instance_s,
        "cold": function.cold,
        "invocations": function.invocations,
    }
