"""The checks of the example lab. Each gets a learner's answer, and nothing else of the notebook."""

from collections.abc import Iterator

from simpy.events import Event

from archlab.course.labs import Answer, expect, expect_close, expect_numbers, seed, stream, task_check
from archlab.sim import Exponential, Poisson, Request, Result, Simulation, Station
from archlab.sim.theory import erlang_c


def day(rate_per_s: float, service_s: float, capacity: int, queue_limit: int, **times: float) -> Result:
    """Let customers pay at a row of tills."""
    sim = Simulation(seed())
    till = Station(sim, "till", capacity, queue_limit)
    service = sim.draws("service", Exponential(service_s))

    def pay(request: Request) -> Iterator[Event]:
        yield till.serve(service())

    sim.open_load(Poisson(rate_per_s), pay)
    return sim.measure(**times)


@task_check
def reading(reading: Answer) -> str:
    """Compare what a learner reads off a full day with its rows."""
    result = day(14, 0.2, capacity=2, queue_limit=15, duration_s=200)
    done = result.requests["outcome"] == "ok"
    p99_ms, lost = expect_numbers(reading(result), 2, "reading")
    expect_close(p99_ms, 1000 * result.requests["latency_s"][done].quantile(0.99), "the p99 in milliseconds")
    expect_close(lost, 1 - done.mean(), "the share that did not complete")
    return f"p99 {p99_ms:.0f} ms, {lost:.1%} did not complete"


@task_check
def servers(servers_needed: Answer) -> str:
    """Compare the number of tills with Erlang C."""
    random, given = stream("servers"), []
    for wait_share in (0.5, 0.1, 0.01, 0.2, 0.05):
        load = float(random.uniform(1.2, 30))
        servers = servers_needed(load / 0.3, 0.3, wait_share)
        case = f"{servers} servers for a load of {load:.1f}"
        expect(isinstance(servers, int) and servers > load, f"{case}: the queue grows for ever")
        share = erlang_c(servers, load)
        expect(share <= wait_share, f"{case}: {share:.1%} must wait, at most {wait_share:.0%} may")
        fewer_are_too_few = servers - 1 <= load or erlang_c(servers - 1, load) > wait_share
        expect(fewer_are_too_few, f"{case}: one fewer would do")
        given.append(servers)
    return f"tills needed: {given}"


@task_check
def limit(queue_limit: Answer) -> str:
    """Try a limit of the queue in a crowd."""
    random = stream("limit")
    capacity, service_s = int(random.integers(2, 6)), float(random.uniform(0.05, 0.5))
    limit = queue_limit(capacity, service_s, 20 * service_s)
    times_s = {"duration_s": 1500 * service_s, "warmup_s": 100 * service_s}
    result = day(1.5 * capacity / service_s, service_s, capacity, limit, **times_s)
    times, busy = result.latency_s(99) / service_s, result.parts.utilisation["till"]
    expect(times <= 20, f"a limit of {limit}: the p99 is {times:.1f} service times, at most 20 are allowed")
    expect(busy >= 0.95, f"a limit of {limit}: the tills are busy for {busy:.0%} of the time only")
    return f"{capacity} tills of {service_s:.3f} s keep their promise"
