"""A deployment: the copies that hold a new version are restarted one after the other, and who notices.

>>> from archlab.shop.monolithic import Monolith, MonolithConfig
>>> noticed = restart_in_turn(Monolith, MonolithConfig(), ["shop-1"], seed=1, restart_s=10.0)
>>> noticed["browse_percent"], noticed["interrupted"]
(0.0, 3.0)
"""

from collections.abc import Callable, Sequence

from archlab.shop.architecture import Architecture
from archlab.shop.config import ShopConfig
from archlab.shop.day import KINDS, availability_percent, run_day
from archlab.sim.faults import Crash
from archlab.sim.workload import Poisson

BEGINS_AT_S = 5.0
RATE_PER_S = 60.0
RESTART_S = 30.0
"""How long a new version takes to start. An assumption."""
HURT_PERCENT = 99.0
"""A use case is interrupted when less than this succeeds in some time span. With nothing broken it is 100."""


def restart_in_turn(
    architecture: Callable[..., Architecture],
    config: ShopConfig,
    parts: Sequence[str],
    seed: int,
    restart_s: float = RESTART_S,
    watch_after_s: float = 0.0,
) -> dict[str, float]:
    """Restart these parts, each when those who call it have surely seen that the one before is back.

    Returns for each use case the share that succeeded during the deployment and `watch_after_s` seconds after it
    (`browse_percent` ...), and `interrupted`: how many use cases had less than `HURT_PERCENT`. A restart is a crash
    here; one that first finishes its work and gets no more would lose less, so it errs against deployments.
    """
    step_s = restart_s + config.health_check_s
    faults = [Crash(part, BEGINS_AT_S + i * step_s, restart_s) for i, part in enumerate(parts)]
    end_s = BEGINS_AT_S + (len(faults) - 1) * step_s + restart_s + watch_after_s
    result = run_day(architecture, config, Poisson(RATE_PER_S), seed, end_s + 5, faults=faults).result
    percent = {f"{kind}_percent": availability_percent(result, kind, BEGINS_AT_S, end_s) for kind in KINDS}
    return percent | {"interrupted": float(sum(share < HURT_PERCENT for share in percent.values()))}
