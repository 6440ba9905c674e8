"""What holds for every test: the same examples on every run, no race with a clock, and who runs what."""

from typing import Any

from hypothesis import Phase, settings
from hypothesis.internal.conjecture import providers
from xdist.scheduler import LoadScopeScheduling

# Examples would also hold numbers out of whichever modules are loaded by then: another order, other examples.
providers._get_local_constants = providers.Constants

# A test that fails is not explained: that can take longer than all tests together.
PHASES = [phase for phase in Phase if phase is not Phase.explain]
settings.register_profile("steady", derandomize=True, deadline=None, phases=PHASES)
settings.load_profile("steady")

APART = ("tests/labs/test_every_lab.py", "tests/browser/test_chapters.py")


class Spread(LoadScopeScheduling):
    """A module stays with one worker, so that what it has set up serves all of its tests. Those that set up nothing for
    one another and take minutes each go to whoever is free.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(APART) else str(super()._split_scope(nodeid))


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """What takes minutes comes first: begun last, it would keep one worker busy while the other has nothing to do."""
    items.sort(key=lambda item: not item.nodeid.startswith(APART))


def pytest_xdist_make_scheduler(config: Any, log: Any) -> Spread:
    """Distribute tests over the workers."""
    return Spread(config, log)
