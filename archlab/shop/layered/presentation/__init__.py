"""The presentation layer: what comes in and goes out."""

from archlab.shop.layered.presentation.command_line import CommandLine
from archlab.shop.layered.presentation.json_api import JsonApi

__all__ = ["CommandLine", "JsonApi"]
