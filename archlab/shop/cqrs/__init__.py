"""The shop with separate models for commands and for questions (CQRS)."""

from archlab.shop.cqrs.architecture import Cqrs
from archlab.shop.cqrs.commit_log import CommitLog
from archlab.shop.cqrs.config import JOINED_QUERIES, KINDS, PROGRAMS, CqrsConfig
from archlab.shop.cqrs.normalised import Normalised, open_write_model
from archlab.shop.cqrs.projector import Projector
from archlab.shop.cqrs.questions import Question
from archlab.shop.cqrs.read_models import READ_MODELS, Views
from archlab.shop.cqrs.read_side import ReadSide, View
from archlab.shop.cqrs.replica import Replica
from archlab.shop.cqrs.staleness import Staleness
from archlab.shop.cqrs.write_side import News, WriteSide

__all__ = [
    "JOINED_QUERIES",
    "KINDS",
    "PROGRAMS",
    "READ_MODELS",
    "CommitLog",
    "Cqrs",
    "CqrsConfig",
    "News",
    "Normalised",
    "Projector",
    "Question",
    "ReadSide",
    "Replica",
    "Staleness",
    "View",
    "Views",
    "WriteSide",
    "open_write_model",
]
