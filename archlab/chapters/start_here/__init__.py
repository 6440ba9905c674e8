"""Chapter 00, start here: the toy that it begins with, its explorers, and its single server."""

from archlab.chapters.start_here.one_server import felt_until_s, one_server, waiting_after_opening
from archlab.chapters.start_here.queue_toy import queue_toy

__all__ = ["felt_until_s", "one_server", "queue_toy", "waiting_after_opening"]
