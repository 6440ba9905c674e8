"""What holds for every test: the same examples on every run, and no race with a clock."""

from hypothesis import Phase, settings
from hypothesis.internal.conjecture import providers

# Examples would also hold numbers out of whichever modules are loaded by then: another order, other examples.
providers._get_local_constants = providers.Constants

# A test that fails is not explained: that can take longer than all tests together.
PHASES = [phase for phase in Phase if phase is not Phase.explain]
settings.register_profile("steady", derandomize=True, deadline=None, phases=PHASES)
settings.load_profile("steady")
