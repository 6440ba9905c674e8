"""The network, with times worked out by hand and losses against their probability."""

import pytest

from archlab.sim import Exponential, Failure, Lossy, Network, Partition, Simulation, Station
from archlab.sim.statistics import proportion_interval


@pytest.fixture
def sim():
    return Simulation(seed=1)


def when(sim, event):
    """Start a task that says when `event` happened and with what value."""

    def waits():
        try:
            value = yield event
        except Failure as failure:
            return type(failure).__name__, failure.part, sim.now
        return value, sim.now

    return sim.start(waits())


def far(station, service_s, effects):
    """Work at the far end, with an effect one can see."""
    yield station.serve(service_s)
    effects.append(station.sim.now)
    return "done"


def sent(sim, network, count, source="a", target="b"):
    """Send messages one after another and count those that arrive."""
    arrived = []
    for _ in range(count):
        network.send(source, target).callbacks.append(arrived.append)
    sim.run()
    return len(arrived)


def test_a_message_takes_the_latency_of_its_link_and_a_call_there_and_back(sim):
    network = Network(sim, latency_s=0.1)
    network.link("shop", "payments", latency_s=2.0)
    payments, effects = Station(sim, "payments"), []
    message = when(sim, network.send("shop", "web"))
    call = when(sim, network.call("shop", "payments", far(payments, 1.0, effects)))
    back = when(sim, network.send("payments", "shop"))
    sim.run()
    assert message.value == (None, 0.1)
    assert effects == [3.0]
    assert call.value == ("done", 5.0)
    assert back.value == (None, 2.0)


def test_bandwidth_sends_one_message_after_the_other_and_each_direction_has_its_own(sim):
    network = Network(sim, latency_s=0.5, bandwidth_bytes_per_s=100)
    first, second = (when(sim, network.send("a", "b", size_bytes=200)) for _ in range(2))
    opposite = when(sim, network.send("b", "a", size_bytes=100))
    sim.run(until=10)
    later = when(sim, network.send("a", "b", size_bytes=100))
    sim.run()
    assert [m.value[1] for m in (first, second, opposite, later)] == [2.5, 4.5, 1.5, 11.5]


def test_a_call_pays_for_the_bytes_of_request_and_response(sim):
    network, far_end = Network(sim, latency_s=0.5, bandwidth_bytes_per_s=100), Station(sim, "b")
    call = when(sim, network.call("a", "b", far(far_end, 1.0, []), request_bytes=100, response_bytes=300))
    sim.run()
    assert call.value == ("done", (0.5 + 1) + 1.0 + (3 + 0.5))


@pytest.mark.parametrize(("source", "target", "ends_s"), [("b", "a", 1 + 4 + 1), ("a", "b", 1 + 1)])
def test_an_answer_waits_behind_other_traffic_in_its_own_direction_only(sim, source, target, ends_s):
    """Something of 4 s goes over the link just before the answer of 1 s does, after work of 1 s."""
    network, far_end = Network(sim, latency_s=0, bandwidth_bytes_per_s=100), Station(sim, "b")
    call = when(sim, network.call("a", "b", far(far_end, 1.0, []), response_bytes=100))
    sim.call_at(1.0 - 1e-9, lambda _: network.send(source, target, size_bytes=400))
    sim.run()
    assert call.value == ("done", pytest.approx(ends_s))


@pytest.mark.parametrize("loss", [0.02, 0.3])
def test_the_share_of_lost_messages_is_the_loss(sim, loss):
    network, count = Network(sim, latency_s=0.1, loss=loss), 20_000
    arrived = sent(sim, network, count)
    assert proportion_interval(count - arrived, count, confidence=0.999).contains(loss)
    assert network.lost == count - arrived


def test_a_lossless_link_loses_nothing_and_a_dead_one_all(sim):
    assert sent(sim, Network(sim, latency_s=0.1, name="good"), 1000) == 1000
    assert sent(sim, Network(sim, latency_s=0.1, loss=1.0, name="dead"), 1000) == 0


def test_a_lost_message_never_arrives_and_a_call_without_timeout_waits_for_ever(sim):
    network, effects = Network(sim, latency_s=0.1, loss=1.0), []
    call = when(sim, network.call("a", "b", far(Station(sim, "b"), 1, effects)))
    sim.run(until=1000)
    assert call.is_alive
    assert effects == []


def test_the_callers_timeout_leaves_the_far_work_running_and_its_effect_happens(sim):
    network, payments, effects = Network(sim, latency_s=0.1), Station(sim, "payments"), []
    call = when(sim, network.call("shop", "payments", far(payments, 2.0, effects), timeout_s=1.0))
    sim.run(until=1.5)
    assert call.value == ("TimedOut", "payments", 1.0)
    assert payments.busy == 1
    sim.run()
    assert effects == [2.1]
    assert payments.completed == 1


def test_when_only_the_answer_is_lost_the_work_was_done_and_the_caller_does_not_know(sim):
    """The two generals: this is why retries charge twice."""
    network, effects = Network(sim, latency_s=0.1), []
    payments = Station(sim, "payments")
    call = when(sim, network.call("shop", "payments", far(payments, 1.0, effects), timeout_s=5))
    sim.inject(Partition(network, ("shop",), ("payments",), at_s=0.5, for_s=10))
    sim.run()
    assert call.value == ("TimedOut", "payments", 5)
    assert effects == [1.1]


def test_a_failure_of_the_far_work_travels_back_as_an_answer(sim):
    network, payments = Network(sim, latency_s=0.1), Station(sim, "payments")
    call = when(sim, network.call("shop", "payments", far(payments, 5, []), timeout_s=60))
    sim.call_at(1.0, lambda _: payments.crash())
    sim.run()
    assert call.value == ("Crashed", "payments", 1.1)
    assert sim.now < 60


def test_any_other_exception_of_the_far_work_stops_the_run(sim):
    def buggy():
        yield sim.timeout(1)
        raise ZeroDivisionError

    network = Network(sim, latency_s=0.1)
    when(sim, network.call("a", "b", buggy()))
    with pytest.raises(ZeroDivisionError):
        sim.run()


def test_a_far_work_that_ends_at_once_is_answered_too(sim):
    def at_once():
        return "yes"
        yield

    network = Network(sim, latency_s=0.25)
    call = when(sim, network.call("a", "b", at_once()))
    sim.run()
    assert call.value == ("yes", 0.5)


def test_a_partition_stops_both_directions_between_its_sides_only_and_heals(sim):
    network, arrived = Network(sim, latency_s=0.1), []
    pairs = [("a", "b"), ("b", "a"), ("a", "c"), ("c", "b"), ("a2", "b")]

    def at(time_s):
        for pair in pairs:
            network.send(*pair).callbacks.append(lambda _, p=pair: arrived.append((*p, time_s)))

    sim.inject(Partition(network, ("a", "a2"), ("b",), at_s=1, for_s=1))
    for time_s in (0.5, 1.5, 2.5):
        sim.call_at(time_s, at, time_s)
    sim.run()
    assert [pair for pair in pairs if (*pair, 1.5) in arrived] == [("a", "c"), ("c", "b")]
    assert [pair for pair in pairs if (*pair, 0.5) in arrived and (*pair, 2.5) in arrived] == pairs
    assert network.lost == 3


def test_a_message_under_way_when_the_partition_begins_still_arrives(sim):
    network = Network(sim, latency_s=1.0)
    under_way = when(sim, network.send("a", "b"))
    sim.inject(Partition(network, ("a",), ("b",), at_s=0.5, for_s=1))
    sim.run()
    assert under_way.value == (None, 1.0)


def test_two_partitions_heal_one_by_one_and_healing_what_is_whole_does_nothing(sim):
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b", "c")
    network.partition(["a"], ["b"])
    network.partition(["a"], ["c"])
    network.heal(["a"], ["b"])
    assert (network.is_cut("a", "b"), network.is_cut("c", "a")) == (False, True)
    network.heal()
    network.heal(["a"], ["c"])
    assert not network.is_cut("a", "c")


def test_of_two_equal_partitions_the_one_that_is_mended_ends(sim):
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b")
    first, second = network.cut(["a"], ["b"]), network.cut(["b"], ["a"])
    network.mend(first)
    network.mend(first)
    assert network.is_cut("a", "b")
    network.mend(second)
    assert not network.is_cut("a", "b")


KNOWN = {
    "by a link": lambda network: network.link("a", "b"),
    "by a message": lambda network: network.send("a", "b"),
    "by their declaration": lambda network: network.nodes("a", "b"),
    "by parts of these names": lambda network: [Station(network.sim, name) for name in ("a", "b")],
}


@pytest.mark.parametrize("how", KNOWN)
def test_a_node_is_known(sim, how):
    network = Network(sim, latency_s=0.1)
    for cut in (network.partition, network.heal):
        with pytest.raises(ValueError, match="one_side names 'a', which is no node of 'network' so far"):
            cut(["a"], ["b"])
    with pytest.raises(ValueError, match="one names 'a', which is no node"):
        network.set_loss("a", "b", 0.5)
    assert (network.loss_of("a", "b"), network.is_cut("a", "b")) == (0, False)
    KNOWN[how](network)
    network.partition(["a"], ["b"])
    network.heal(["b"], ["a"])
    network.set_loss("a", "b", 0.5)
    assert (network.loss_of("b", "a"), network.is_cut("a", "b")) == (0.5, False)


def test_a_misspelt_node_is_compared_with_those_that_are_known(sim):
    network = Network(sim, latency_s=0.1)
    Station(sim, "payments")
    network.send("shop", "web")
    with pytest.raises(ValueError, match=r"other_side names 'payment'.* Did you mean 'payments'"):
        network.partition(["shop"], ["payment"])


def test_to_look_at_a_loss_makes_no_node_known(sim):
    network = Network(sim, latency_s=0.1, loss=0.25)
    assert network.loss_of("a", "b") == 0.25
    with pytest.raises(ValueError, match="one_side names 'a'"):
        network.partition(["a"], ["b"])


def test_a_node_cannot_be_on_both_sides_of_a_partition(sim):
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b", "c")
    with pytest.raises(ValueError, match="other_side names 'b'; it must not be on one_side, too"):
        network.partition(["a", "b"], ["b", "c"])


def test_the_size_that_is_wrong_is_the_one_that_is_named(sim):
    network = Network(sim, latency_s=0.1)
    for name in ("request_bytes", "response_bytes"):
        with pytest.raises(ValueError, match=f"{name} is -1; it must be a number of bytes, 0 or more"):
            network.call("a", "b", far(Station(sim, name), 1, []), **{name: -1})
    assert network.sent == 0


def test_a_partition_that_was_healed_by_hand_ends_quietly(sim):
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b")
    sim.inject(Partition(network, ("a",), ("b",), at_s=1, for_s=5))
    sim.run(until=2)
    network.heal()
    sim.run()
    assert sim.now == 6


def test_a_lossy_link_is_lossy_for_a_while_in_both_directions(sim):
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b")
    sim.inject(Lossy(network, "a", "b", at_s=1, for_s=1, loss=1.0))
    before = [network.loss_of(*pair) for pair in (("a", "b"), ("b", "a"))]
    sim.run(until=1.5)
    during = [network.loss_of(*pair) for pair in (("a", "b"), ("b", "a"), ("a", "c"))]
    sim.run(until=3)
    assert (before, during, network.loss_of("b", "a")) == ([0, 0], [1, 1, 0], 0)


def test_jitter_comes_from_a_stream_of_the_link_and_loss_does_not_change_it():
    def arrivals(loss=0.0, other_traffic=False):
        sim = Simulation(seed=1)
        network, times = Network(sim, latency_s=Exponential(0.1), loss=loss), {}
        for number in range(50):
            if other_traffic:
                network.send("a", "c")
            network.send("a", "b").callbacks.append(lambda _, n=number: times.setdefault(n, sim.now))
        sim.run()
        return times

    calm, lossy = arrivals(), arrivals(loss=0.5)
    assert arrivals(other_traffic=True) == calm
    assert 5 < len(lossy) < 45
    assert all(calm[number] == time_s for number, time_s in lossy.items())
    assert len(set(calm.values())) == 50


def test_under_jitter_messages_overtake_one_another():
    sim = Simulation(seed=1)
    network, order = Network(sim, latency_s=Exponential(0.1)), []
    for number in range(20):
        network.send("a", "b").callbacks.append(lambda _, n=number: order.append(n))
    sim.run()
    assert sorted(order) == list(range(20)) != order


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"latency_s": -1}, "latency_s is -1; it must be a finite number, 0 or more"),
        ({"latency_s": "fast"}, "latency_s is 'fast'"),
        ({"latency_s": 0.1, "loss": 1.5}, "loss is 1.5; it must be between 0 and 1"),
        (
            {"latency_s": 0.1, "bandwidth_bytes_per_s": 0},
            "bandwidth_bytes_per_s is 0; it must be a finite number above 0",
        ),
    ],
)
def test_a_network_says_what_is_allowed(sim, arguments, words):
    with pytest.raises(ValueError, match=words):
        Network(sim, **arguments)
    network = Network(sim, latency_s=0.1)
    with pytest.raises(ValueError, match=words):
        network.link("a", "b", **arguments)


def test_messages_calls_and_partitions_say_what_is_allowed(sim):
    network = Network(sim, latency_s=0.1)
    with pytest.raises(ValueError, match="size_bytes is -1; it must be a number of bytes, 0 or more"):
        network.send("a", "b", size_bytes=-1)
    with pytest.raises(ValueError, match="timeout_s is -1"):
        network.call("a", "b", far(Station(sim, "b"), 1, []), timeout_s=-1)
    with pytest.raises(TypeError, match="work must be a generator"):
        network.call("a", "b", far)
    with pytest.raises(ValueError, match="loss is 2; it must be between 0 and 1"):
        network.set_loss("a", "b", 2)
    with pytest.raises(ValueError, match="one_side is 'shop'; it must be a list of names"):
        network.partition("shop", ["payments"])
    with pytest.raises(ValueError, match=r"other_side is \[\]; it must be a list of names"):
        network.partition(["shop"], [])
    with pytest.raises(ValueError, match="other_side is None; it must be a list of names"):
        network.heal(["shop"])


def test_two_networks_may_not_share_a_name_and_with_it_their_random_numbers():
    sim = Simulation(seed=1)
    Network(sim, latency_s=0.1)
    with pytest.raises(ValueError, match="already the name of a network"):
        Network(sim, latency_s=0.1)
    Network(sim, latency_s=0.1, name="backbone")
