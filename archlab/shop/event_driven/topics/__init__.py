"""Topics: what carries the events from those who publish to those who subscribe, in the kinds that brokers offer."""

from collections.abc import Callable

from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.topics.log import LogTopic
from archlab.shop.event_driven.topics.queue import Exchange
from archlab.shop.event_driven.topics.shards import ShardsTopic
from archlab.shop.event_driven.topics.topic import Handle, Topic
from archlab.sim.simulation import Simulation

__all__ = ["Exchange", "Handle", "LogTopic", "ShardsTopic", "Topic", "open_topic"]


def open_topic(sim: Simulation, config: EventDrivenConfig) -> Topic:
    """Return the topic that the configuration asks for."""
    kinds: dict[str, Callable[[Simulation, EventDrivenConfig], Topic]] = {
        "log": LogTopic,
        "queue": Exchange,
        "shards": ShardsTopic,
    }
    return kinds[config.topic](sim, config)
