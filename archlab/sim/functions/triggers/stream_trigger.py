"""A stream that invokes a function: a reader for each shard hands over its records, batch after batch, in order.

After AWS Lambda with Kinesis: one batch of a shard at a time (parallelization factor 1), so what is behind a batch that
fails waits. What happens to that batch is said by a `BatchPolicy` (`archlab.sim.messaging.batches`), by default that it
is tried again until its records are too old. A function that is throttled or down is asked for again, and that is no
try; a batch for which that lasts until its first record is too old counts as one try that failed.

What this leaves out: the batch window, several batches of a shard at a time, and that the handler says how far it came.

>>> from archlab.sim import Function, ShardStream, Simulation
>>> from archlab.sim.messaging import Polling
>>> sim = Simulation(seed=1)
>>> def count(invocation):
...     yield sim.timeout(0.1)
...     print([record.value for record in invocation.payload], "at", round(sim.now, 2))
>>> clicks = ShardStream(sim, "clicks", append_s=0.01)
>>> report = Function(sim, "report", count, init_s=0.2, keep_alive_s=600)
>>> trigger = StreamTrigger(report, clicks, reading=Polling(first_s=0.5))
>>> _ = clicks.append("Ann", "click 1"), clicks.append("Bo", "click 2")
>>> sim.run(until=3)
['click 1', 'click 2'] at 0.8
>>> trigger.lag, trigger.iterator_age_s
(0, 0.0)
"""

from __future__ import annotations

from collections.abc import Generator
from math import inf
from typing import Any

from simpy.events import Event

from archlab.sim.core.calendar import require_same_sim
from archlab.sim.functions.function import Function
from archlab.sim.functions.triggers.invoking import has_run, until_it_runs
from archlab.sim.messaging.batches import BatchPolicy
from archlab.sim.messaging.consumer_group import Reset
from archlab.sim.messaging.shard import ShardRecord
from archlab.sim.messaging.shard_reader import EnhancedFanOut, Polling
from archlab.sim.messaging.shard_stream import ShardStream
from archlab.sim.validation import require_instance


class StreamTrigger:
    """Hands the records of `stream` to `function`; the payload is a list of `ShardRecord` of one shard.

    Args:
        policy: what happens to a batch that fails. None: AWS's defaults.
        reading: how records get here. None: by polling once a second, as Lambda does.
        reset: where to begin: "latest" or "earliest".

    `application` holds the readers. `batches` counts invocations that ran, `failed` those of them that failed.
    Raises `ValueError` or `TypeError` when an argument is not allowed.
    """

    def __init__(
        self,
        function: Function,
        stream: ShardStream,
        policy: BatchPolicy | None = None,
        reading: Polling | EnhancedFanOut | None = None,
        reset: Reset = "latest",
    ) -> None:
        require_instance("function", function, Function, "a Function")
        require_instance("stream", stream, ShardStream, "a ShardStream")
        require_same_sim(function.sim, "stream", stream)
        self.function, self.stream = function, stream
        self.batches = self.failed = 0
        name = f"{function.name} reads {stream.name}"
        self.application = stream.subscribe(name, self._invoke, reading, policy, reset, by_batch=True)
        self._random = function.sim.stream(name)

    def _invoke(self, records: list[ShardRecord]) -> Generator[Event, Any, None]:
        max_age_s = self.application.policy.max_age_s
        oldest_s = min(self.stream.retention_s, inf if max_age_s is None else max_age_s)
        until_s = records[0].appended_s + oldest_s
        invocation = yield from until_it_runs(self.function, records, self._random, until_s)
        self.batches += has_run(invocation)
        if not invocation.ok:
            self.failed += has_run(invocation)
            yield invocation  # raises its failure

    @property
    def lag(self) -> int:
        """Records that are not dealt with, those at work included."""
        return self.application.lag

    @property
    def iterator_age_s(self) -> float:
        """How old the oldest record is that is not dealt with, in seconds; 0 when there is none."""
        return self.application.iterator_age_s

    @property
    def given_up(self) -> list[ShardRecord]:
        """Records at the policy's destination."""
        return self.application.given_up
