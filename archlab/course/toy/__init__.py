"""The toy: a queue that lives under the reader's hand, with one slider and nothing to read first."""

from archlab.course.toy.crowd import Moment
from archlab.course.toy.toy import Model, Toy

__all__ = ["Model", "Moment", "Toy"]
