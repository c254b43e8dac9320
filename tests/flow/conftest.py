"""A water rig on a virtual clock."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "sim"))
sys.path.extend(  # of the laboratory with its pages
    str(Path(__file__).parent.parent / folder)
    for folder in ("procedures", "transport", "store", "certificates", "web")
)

from worlds import clock, open_as, serve, world

from remotecal.sim.water.outfit import outfit
from remotecal.sim.water.rig import Rig

__all__ = ["clock", "open_as", "serve", "world"]


@pytest.fixture
def rig(world):
    return Rig(outfit(1).spec, world)


@pytest.fixture
def flowing(rig, clock):
    with rig.world.present():
        for valve in rig.line.valves:
            rig.controller.open_valve(valve, opened=True)
        rig.pump.set_speed(0.7)
        rig.pump.start()
    clock.sleep(60.0)
    return rig
