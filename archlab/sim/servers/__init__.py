"""Servers and their queues: one station, a pool of instances that grows and shrinks, and what scales it."""

from archlab.sim.servers.autoscaler import HorizontalPodAutoscaler, Policy, ScalingRules, desired_replicas
from archlab.sim.servers.load_shedding import Shed, SheddingStation
from archlab.sim.servers.scalable_pool import ScalablePool
from archlab.sim.servers.station import Station
from archlab.sim.servers.visit import Hold, Visit

__all__ = [
    "Hold",
    "HorizontalPodAutoscaler",
    "Policy",
    "ScalablePool",
    "ScalingRules",
    "Shed",
    "SheddingStation",
    "Station",
    "Visit",
    "desired_replicas",
]
