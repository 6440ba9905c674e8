"""The rules of chapter 02, gathered: each stands beside the experiment that it judges.

>>> from archlab.course.claims import Chapter
>>> len(Chapter("microservices", RULES).claims)
31
"""

from archlab.chapters.microservices import (
    code,
    communication,
    consistency,
    deployment,
    discovery,
    discovery_sides,
    diversity,
    failure,
    gateway,
    gateway_balancing,
    gateway_limits,
    gateway_tokens,
    isolation,
    latency,
    mesh,
    operations,
    people,
    protocols,
    scaling,
    storm,
)

LATENCY = (latency.network_latency, protocols.synchronous_rest, protocols.synchronous_grpc)
SCALING = (scaling.independent_scaling, scaling.scalability)
FAILURE = (failure.isolation, isolation.isolation_pays, storm.distributed_system_complexity)
CONSISTENCY = (
    consistency.decentralized_data,
    consistency.consistency_challenges,
    communication.message_queues,
    communication.event_streaming,
)
MESH_DISCOVERY = (
    mesh.istio,
    mesh.linkerd,
    discovery_sides.client_side,
    discovery_sides.server_side,
    discovery.consul,
    discovery.eureka,
    discovery.etcd,
)
GATEWAY = (
    gateway.single_entry,
    gateway.request_routing,
    gateway_tokens.authentication_authorization,
    gateway_limits.rate_limiting,
    gateway_balancing.load_balancing,
)
PEOPLE = (
    code.service_independence,
    diversity.technology_diversity,
    deployment.independent_deployment,
    code.technology_flexibility,
    people.team_autonomy,
    code.increased_complexity,
    operations.operational_overhead,
)
RULES = (*LATENCY, *SCALING, *FAILURE, *CONSISTENCY, *MESH_DISCOVERY, *GATEWAY, *PEOPLE)
"""In the order of the chapter's sections."""
