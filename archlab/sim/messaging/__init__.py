"""Messaging: a queue that forgets what was dealt with, and a log that remembers everything."""

from archlab.sim.messaging.consumer import Consumer
from archlab.sim.messaging.consumer_group import ConsumerGroup
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.messaging.message_queue import Message, MessageQueue

__all__ = ["Consumer", "ConsumerGroup", "EventLog", "Message", "MessageQueue", "Record"]
