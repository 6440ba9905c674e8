"""Balancing: which of several equal servers gets a request, who is left out for a while, and a mesh that decides."""

from archlab.sim.balancing.ejection import Ejection
from archlab.sim.balancing.failure_accrual import FailureAccrual
from archlab.sim.balancing.mesh import Mesh
from archlab.sim.balancing.mesh_defaults import MESHES, MeshDefaults, mesh_defaults
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.balancing.rules import (
    RULES,
    BalancingRule,
    LeastOutstanding,
    PeakEwma,
    PowerOfTwoChoices,
    RandomChoice,
    RoundRobin,
    balancing_rule,
)

__all__ = [
    "MESHES",
    "RULES",
    "BalancingRule",
    "Ejection",
    "FailureAccrual",
    "LeastOutstanding",
    "Mesh",
    "MeshDefaults",
    "OutlierDetection",
    "PeakEwma",
    "PowerOfTwoChoices",
    "RandomChoice",
    "Replicas",
    "RoundRobin",
    "balancing_rule",
    "mesh_defaults",
]
