"""The replay: one recorded incident, moment by moment, on the topology."""

from archlab.course.replay.replay import Replay, replay

__all__ = ["Replay", "replay"]
