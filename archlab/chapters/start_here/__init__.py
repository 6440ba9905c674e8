"""Chapter 00, start here: the single server that its lab experiments with."""

from archlab.chapters.start_here.one_server import one_server

__all__ = ["one_server"]
