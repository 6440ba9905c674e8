"""Published results rebuilt with the kit: a module an experiment, which says what was published and where.

`tests/published` holds each against the published figures.
"""
