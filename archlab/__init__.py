"""System Architecture Patterns: one shop built six times, put under the same load, broken in the same ways.

`archlab.sim` is the simulation kit, `archlab.shop` the shop and its architectures, `archlab.course` what the
notebooks show. Imports go one way: course, shop, sim.
"""
