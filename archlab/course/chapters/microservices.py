"""The rules of chapter 02: what would make each of the 31 claims about microservices true, or not.

They stand in a module for each section of the chapter, beside the functions that read their figures off the frames of
its experiments.

>>> from archlab.course.chapter import Chapter
>>> len(Chapter("microservices", RULES).claims), len(RULES)
(31, 31)
"""

from archlab.course.chapters.microservices_consistency import CONSISTENCY
from archlab.course.chapters.microservices_failure import FAILURE
from archlab.course.chapters.microservices_gateway import GATEWAY
from archlab.course.chapters.microservices_latency import LATENCY
from archlab.course.chapters.microservices_mesh_discovery import MESH_DISCOVERY
from archlab.course.chapters.microservices_people import PEOPLE
from archlab.course.chapters.microservices_scaling import SCALING

RULES = (*LATENCY, *SCALING, *FAILURE, *CONSISTENCY, *MESH_DISCOVERY, *GATEWAY, *PEOPLE)
