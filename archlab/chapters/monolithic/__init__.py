"""The experiments on the monolithic shop: what chapter 01 measures, a module for each kind of question.

Each is a function of a seed and of the parameters that matter, so that you can change them and see what
happens. Functions that take `seed` return plain figures, for `replicate` and `sweep`; the others return a tidy
frame.
"""
