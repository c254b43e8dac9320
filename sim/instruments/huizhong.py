"""A Huizhong water meter, which answers by frames."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remotecal.drivers.huizhong.frames import HuizhongFlowMeter, Order, answer
from remotecal.sim.simulated_lines import LineSimulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.sim.instruments.meter import Meter
    from remotecal.sim.world import World


def huizhong(
    world: World,
    meter: Meter,
    *,
    name: str = "huizhong",
    address: int = 1,
    order: Order = "high first",
    fault: Callable[[], int] = lambda: 0,
) -> LineSimulated:
    """Return a meter at an address, with a byte that tells faults; it answers for no other address."""

    def told(_: str) -> str:
        return answer(address, order, meter.flow * 3600.0, meter.indicated, world.time / 3600.0, fault())

    asked = rf"\*(?-i:{re.escape(chr(address))}J)"
    return LineSimulated(HuizhongFlowMeter, world, name, commands={asked: told, r"[\s\S]*": lambda _: None})
