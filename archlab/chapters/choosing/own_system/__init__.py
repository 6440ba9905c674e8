"""Your own system: a description of at most 30 lines becomes a running model with limit, faults and bill."""

from archlab.chapters.choosing.own_system.description import Description, FaultLine
from archlab.chapters.choosing.own_system.errors import DescriptionError
from archlab.chapters.choosing.own_system.examples import EXAMPLES, SOCIAL_NETWORK, THUMBNAILS, WEB_SHOP
from archlab.chapters.choosing.own_system.system import System, describe
from archlab.chapters.choosing.own_system.words import WORDS, words

__all__ = [
    "EXAMPLES",
    "SOCIAL_NETWORK",
    "THUMBNAILS",
    "WEB_SHOP",
    "WORDS",
    "Description",
    "DescriptionError",
    "FaultLine",
    "System",
    "describe",
    "words",
]
