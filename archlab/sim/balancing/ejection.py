"""Ejection: leave out for a while a server that fails again and again. What all kinds of it have in common.

Each caller judges by the answers it got itself: nobody asks the server how it is. Two kinds are built:
`archlab.sim.balancing.outlier_detection` as in Envoy and Istio, and `archlab.sim.balancing.failure_accrual` as in
Linkerd.

>>> from archlab.sim import Simulation
>>> from archlab.sim.balancing.failure_accrual import FailureAccrual
>>> from archlab.sim.balancing.outlier_detection import OutlierDetection
>>> [issubclass(kind, Ejection) for kind in (OutlierDetection, FailureAccrual)]
[True, True]
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Named(Protocol):
    """Anything with a name, such as a station."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class Ejection(ABC):
    """Knows which servers are left out now, from the outcomes it is told of.

    `ejections` lists each ejection as (time in s, name of the server).
    """

    def __init__(self) -> None:
        self.ejections: list[tuple[float, str]] = []

    @abstractmethod
    def filter(self, candidates: Sequence[T]) -> list[T]:
        """Return those of all `candidates` that may get a request now. It may be none."""

    def started(self, target: Named) -> None:  # noqa: B027 - most kinds need not know
        """Note that a request to `target` is under way."""

    @abstractmethod
    def record(self, target: Named, ok: bool) -> None:
        """Note how a request to `target` ended."""
