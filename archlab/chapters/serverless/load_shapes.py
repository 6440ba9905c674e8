"""Shapes of load: the same requests in a month, spread evenly, in a daily wave, or in spikes.

What is rented by the hour must carry the peak, what is paid for by the request does not see it. So a shape is told by
two things: its peak in times of its mean, and whether the peak can be foreseen: whoever sees it coming can rent more
just in time.

How far real peaks are from the mean differs. All functions of Azure together had 1.55 times their mean in the busiest
hour of two weeks of 2019 (M. Shahrad et al., *Serverless in the Wild*, USENIX ATC 2020, read off figure 4). One shop
swings more than the sum of thousands; the wave's 1.8 and the spikes' 10 are assumptions.

>>> SPIKES.peak_per_s(mean_per_s=6), round(WAVE.peak_per_s(10), 3)
(60.0, 18.0)
>>> SPIKES.arrivals(6).rate_at(0), SPIKES.arrivals(6).rate_at(1800)
(60.0, 0.0)
"""

from collections.abc import Mapping
from dataclasses import dataclass

from archlab.sim.validation import require_flag, require_positive, require_text
from archlab.sim.workload import Arrivals, Bursts, Diurnal, Poisson

HOUR_S, DAY_S = 3600.0, 86_400.0


@dataclass(frozen=True)
class Shape:
    """A shape of load.

    Args:
        peak_to_mean: the highest rate in times of the mean; 1 for an even load.
        is_foreseen: whether it is known early enough to rent machines for it. A foreseen peak is a sine wave over a day
            (`peak_to_mean` at most 2), an unforeseen one a burst in each hour, with nothing between.

    Raises `ValueError` when an argument is not allowed.
    """

    name: str
    peak_to_mean: float
    is_foreseen: bool = True

    def __post_init__(self) -> None:
        require_text("name", self.name)
        require_flag("is_foreseen", self.is_foreseen)
        if not self.peak_to_mean >= 1 or (self.is_foreseen and self.peak_to_mean > 2):
            raise ValueError(
                f"peak_to_mean is {self.peak_to_mean!r}; it must be 1 or more, and at most 2 for a wave"
            )

    def arrivals(self, mean_per_s: float) -> Arrivals:
        """Return a load of this shape: a Poisson process with its rate."""
        if self.is_foreseen and self.peak_to_mean == 1:
            return Poisson(mean_per_s)
        if self.is_foreseen:
            return Diurnal(mean_per_s, self.peak_to_mean)
        return Bursts(0.0, self.peak_per_s(mean_per_s), HOUR_S, self.burst_s)

    def peak_per_s(self, mean_per_s: float) -> float:
        """Return the highest rate."""
        require_positive("mean_per_s", mean_per_s)
        return mean_per_s * self.peak_to_mean

    @property
    def burst_s(self) -> float:
        """How long an unforeseen burst lasts, in each hour."""
        return HOUR_S / self.peak_to_mean


STEADY = Shape("steady", 1.0)
WAVE = Shape("daily wave", 1.8)
SPIKES = Shape("spikes", 10.0, is_foreseen=False)
SHAPES: Mapping[str, Shape] = {shape.name: shape for shape in (STEADY, WAVE, SPIKES)}
