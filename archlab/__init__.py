"""System Architecture Patterns: one shop built six times, put under the same load, broken in the same ways.

In layers, each of which imports only from those beneath it: `archlab.chapters`, a package a chapter; `archlab.course`,
what any notebook shows; `archlab.shop`, the shop and its architectures, and beside it `archlab.published`, published
measurements rebuilt; `archlab.sim`, the simulation kit; `archlab.data`, the published figures.
"""
