"""The rules of each chapter: what would make each claim about a pattern true, or not. A module a pattern.

Each module has `RULES`, one `Rule` for each claim of its pattern. The chapter gives them figures; the tests
give them the figures of a changed model, and see every verdict come out the other way.
"""
