"""Receipts: what the customers were told. The shop's rows must agree with it, so the shop does not keep it.

>>> receipts = Receipts()
>>> receipts.started(7); receipts.started(8); receipts.acknowledge(7); receipts.ended(7)
>>> receipts.acknowledged, receipts.in_flight
([7], {8})
"""

from dataclasses import dataclass, field


@dataclass
class Receipts:
    """The orders that customers sent, by order id, and those they were told are placed."""

    acknowledged: list[int] = field(default_factory=list)
    in_flight: set[int] = field(default_factory=set)

    def started(self, order_id: int) -> None:
        """Note that a customer sent this order."""
        self.in_flight.add(order_id)

    def acknowledge(self, order_id: int) -> None:
        """Note that the customer was told: your order is placed."""
        self.acknowledged.append(order_id)

    def ended(self, order_id: int) -> None:
        """Note that nothing works on this order any more, whatever came of it."""
        self.in_flight.discard(order_id)
