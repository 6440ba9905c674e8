"""Messaging: a queue that forgets what was dealt with, a log that remembers, a stream rented by the shard."""

from archlab.sim.messaging.batches import BatchPolicy, BatchWork
from archlab.sim.messaging.broker import Broker
from archlab.sim.messaging.consumer import Consumer
from archlab.sim.messaging.consumer_group import ConsumerGroup
from archlab.sim.messaging.coordinated_group import CoordinatedGroup, GroupMember
from archlab.sim.messaging.coordinator import Coordination
from archlab.sim.messaging.credit import Credit
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.messaging.message import Message
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.messaging.resource_alarm import ResourceAlarm
from archlab.sim.messaging.shard import Shard, ShardLimits, ShardRecord, ThroughputExceeded
from archlab.sim.messaging.shard_reader import EnhancedFanOut, Polling
from archlab.sim.messaging.shard_stream import ShardStream

__all__ = [
    "BatchPolicy",
    "BatchWork",
    "Broker",
    "Consumer",
    "ConsumerGroup",
    "CoordinatedGroup",
    "Coordination",
    "Credit",
    "EnhancedFanOut",
    "EventLog",
    "GroupMember",
    "Message",
    "MessageQueue",
    "Polling",
    "Record",
    "ResourceAlarm",
    "Shard",
    "ShardLimits",
    "ShardRecord",
    "ShardStream",
    "ThroughputExceeded",
]
