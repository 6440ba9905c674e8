"""picture: makes a small picture of a large one as soon as that arrives in the object store, and notes where it is.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> stored = shop.pictures.put("large/3", size_bytes=2_000_000)
>>> shop.sim.run(until=10)
>>> shop.own_rows("pictures").values.tolist()
[[3, 'small/3', 20000]]
"""

from archlab.shop.instance import Steps
from archlab.shop.serverless.handlers.handler import Handler
from archlab.shop.serverless.platform import Platform
from archlab.shop.store import Statement
from archlab.sim.functions.invocation import Invocation
from archlab.sim.functions.triggers import StoredObject

PICTURES = "CREATE TABLE pictures (product INTEGER PRIMARY KEY, object TEXT NOT NULL, bytes INTEGER NOT NULL)"
LARGE, SMALL = "large/", "small/"
"""Where pictures of products are put, and where the small ones are: two places, or it would start itself for ever."""
SHRINKS = 100
"""A small picture has so many times fewer bytes. An assumption."""


class Picture(Handler):
    """Gets the large picture, computes, puts the small one, and writes a row. Twice does the same as once."""

    name = "picture"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._next_cpu_s = platform.sim.draws("picture cpu", platform.config.picture_cpu_s)

    def run(self, here: Invocation, event: StoredObject) -> Steps[str]:
        """Return the key of the small picture."""
        pictures = self.platform.pictures
        large = yield pictures.get(event.key)
        yield here.compute(self._next_cpu_s())
        product = large.key.removeprefix(LARGE)
        small = yield pictures.put(SMALL + product, large.size_bytes // SHRINKS)
        row = Statement(
            "INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)", (int(product), small.key, small.size_bytes)
        )
        yield from self.write(here, [row])
        return str(small.key)
