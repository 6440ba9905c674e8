"""Memory buys speed: AWS's rule."""

import pytest

from archlab.data import load
from archlab.sim.functions import computing_s, processors
from archlab.sim.functions.memory import MB_PER_PROCESSOR

FACTS = load("lambda").set_index(["setting", "what"])["value"]


def test_one_processor_comes_with_the_memory_of_the_documentation():
    assert FACTS["memory", "memory that comes with one virtual processor"] == MB_PER_PROCESSOR
    assert processors(MB_PER_PROCESSOR) == 1.0


def test_computing_takes_a_constant_number_of_gigabyte_seconds_up_to_one_processor():
    costs = [memory_mb * computing_s(1.0, memory_mb) for memory_mb in (128, 512, 1024, MB_PER_PROCESSOR)]
    assert costs == pytest.approx([MB_PER_PROCESSOR] * 4)
    assert 4096 * computing_s(1.0, 4096) > 2 * MB_PER_PROCESSOR


def test_more_threads_than_processors_are_no_faster():
    assert computing_s(1.0, 2 * MB_PER_PROCESSOR, threads=2) == 0.5
    assert computing_s(1.0, 2 * MB_PER_PROCESSOR, threads=8) == 0.5
