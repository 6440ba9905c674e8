"""What holds for every test: the same examples on every run, and no race with a clock."""

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
