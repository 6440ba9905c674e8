"""Servers and their queues: pools, stations, shared processors, instances that come and go, and what scales them."""

from archlab.sim.servers.autoscaler import HorizontalPodAutoscaler, Policy, ScalingRules, desired_replicas
from archlab.sim.servers.batch_server import BatchServer
from archlab.sim.servers.load_shedding import Shed, SheddingStation
from archlab.sim.servers.pool import Pool
from archlab.sim.servers.processor_sharing import SharedProcessors
from archlab.sim.servers.scalable_pool import ScalablePool
from archlab.sim.servers.station import Station
from archlab.sim.servers.visit import Hold, Visit

__all__ = [
    "BatchServer",
    "Hold",
    "HorizontalPodAutoscaler",
    "Policy",
    "Pool",
    "ScalablePool",
    "ScalingRules",
    "SharedProcessors",
    "Shed",
    "SheddingStation",
    "Station",
    "Visit",
    "desired_replicas",
]
