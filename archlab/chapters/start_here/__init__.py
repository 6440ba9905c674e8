"""Chapter 00, start here: the toy that it begins with, its explorers, and the single server of its lab."""

from archlab.chapters.start_here.one_server import one_server
from archlab.chapters.start_here.queue_toy import queue_toy

__all__ = ["one_server", "queue_toy"]
