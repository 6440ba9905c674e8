"""The tests of the parts of both cuts, as a shop has them before a change: each part alone, on stand-ins of the others.

Both cuts have the same uses tested: a page, an order, its tracking, each way to say no, and the settling. The layers
have tests of each layer, the modules of each module. `failing` runs all of them on a changed source; those that fail
must be written anew, or the change is wrong.

A stand-in answers the calls of today, and an answer is compared as a whole. Laxer tests would fail less in both cuts.

>>> from archlab.chapters.layered.change_requests import versions
>>> [sorted(failing("modules", source)) for source in versions("modules", "weight")]
[[], ['catalogue_page_as_json', 'catalogue_page_at_the_terminal']]
"""

from collections.abc import Callable, Mapping

from archlab.chapters.layered.cut_sources import Cut, Load, require_cut, running
from archlab.chapters.layered.suite_of_layers import TESTS as OF_LAYERS
from archlab.chapters.layered.suite_of_modules import TESTS as OF_MODULES
from archlab.shop.code.patches import Sources

SUITES: Mapping[Cut, Mapping[str, Callable[[Load], None]]] = {"layers": OF_LAYERS, "modules": OF_MODULES}


def failing(cut: Cut, sources: Sources) -> set[str]:
    """Return the names of the tests that fail on these sources.

    Raises:
        ValueError: when there is no such cut.
    """
    require_cut(cut)
    with running(sources) as load:
        return {name for name, test in SUITES[cut].items() if not _passes(test, load)}


def _passes(test: Callable[[Load], None], load: Load) -> bool:
    try:
        test(load)
    except Exception:  # a test fails by whatever it raises
        return False
    return True
