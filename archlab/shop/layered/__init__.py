"""The shop in layers: presentation, application, business and data access."""

from archlab.shop.layered.application import Application
from archlab.shop.layered.architecture import Layered
from archlab.shop.layered.business import Rules
from archlab.shop.layered.config import PROGRAMS, LayeredConfig
from archlab.shop.layered.data_access import KeyValueData, MemoryData, SqliteData
from archlab.shop.layered.presentation import CommandLine, JsonApi

__all__ = [
    "PROGRAMS",
    "Application",
    "CommandLine",
    "JsonApi",
    "KeyValueData",
    "Layered",
    "LayeredConfig",
    "MemoryData",
    "Rules",
    "SqliteData",
]
