"""The business layer: the rules."""

from archlab.shop.layered.business.rules import Rules

__all__ = ["Rules"]
