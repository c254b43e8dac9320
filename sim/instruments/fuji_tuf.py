"""A TUF-2000M as it is delivered, which answers lines of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remotecal.drivers.tuf.fuji import Tuf2000MFuji, summed
from remotecal.sim.simulated_lines import LineSimulated

if TYPE_CHECKING:
    from remotecal.sim.instruments.meter import Meter
    from remotecal.sim.world import World


def fuji_tuf(world: World, meter: Meter, *, name: str = "tuf2000m", bore: float = 0.05) -> LineSimulated:
    """Return a meter on a pipe of inner diameter `bore` in m; what it does not know it leaves unanswered."""
    area = math.pi * bore * bore / 4.0
    return LineSimulated(
        Tuf2000MFuji,
        world,
        name,
        reads={
            "flow": lambda: meter.flow * 3600.0,
            "velocity": lambda: meter.flow / area,
            "volume": lambda: meter.indicated,
            "net_volume": lambda: meter.indicated,
        },
        commands={r"(?:W\d+)?PDL": lambda _: summed("UP:72.5,DN:71.9,Q=92")},
    )
