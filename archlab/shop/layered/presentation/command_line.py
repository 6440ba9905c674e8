"""The presentation layer, for people at a terminal: the same use cases, as words.

>>> from archlab.shop.layered import Layered
>>> from archlab.sim import Simulation
>>> shop = Layered(Simulation(seed=1))
>>> terminal = CommandLine(shop.application)
>>> shop.answer(terminal.run("order 7 1x2 3x1"))[:16]
'order 7 is place'
>>> shop.answer(terminal.run("track 8"))
'refused: not_found'
"""

from collections.abc import Sequence

from archlab.shop.domain import Basket, Refusal
from archlab.shop.instance import Steps
from archlab.shop.layered.application import Application

COMMANDS = "show PRODUCT, track ORDER, order ORDER PRODUCTxPIECES ..."


class CommandLine:
    """Reads a line and writes one."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def run(self, line: str) -> Steps[str]:
        """Return what stands on the screen then. Raises `ValueError` for a line that is none of `COMMANDS`."""
        try:
            return (yield from self._run(line.split()))
        except Refusal as refusal:
            return f"refused: {refusal.reason}"

    def _run(self, words: Sequence[str]) -> Steps[str]:
        match words:
            case ["show", product] if product.isdigit():
                page = yield from self.application.browse(int(product))
                return f"{page.product.name}: {_money(page.product.price_cents)}, {page.on_hand} there"
            case ["track", order_id] if order_id.isdigit():
                status = yield from self.application.track_order(int(order_id))
                return f"order {order_id} is {status.state.value}, {_money(status.total_cents)}"
            case ["order", order_id, *pieces] if order_id.isdigit() and pieces:
                order = yield from self.application.place_order(int(order_id), _basket(pieces))
                return f"order {order.id} is {order.state.value}, {_money(order.total_cents)}"
        raise ValueError(f"line is {' '.join(words)!r}; it must be one of: {COMMANDS}")


def _basket(pieces: Sequence[str]) -> Basket:
    """Read "1x2": two pieces of product 1."""
    pairs = [piece.split("x") for piece in pieces]
    if not all(len(pair) == 2 and all(number.isdigit() for number in pair) for pair in pairs):
        raise ValueError(f"pieces are {' '.join(pieces)!r}; each must be PRODUCTxPIECES, such as 1x2")
    return {int(product): int(count) for product, count in pairs}


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
