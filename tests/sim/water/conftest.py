"""A water rig on a virtual clock."""

import pytest

from remotecal.sim.water.outfit import outfit
from remotecal.sim.water.rig import Rig


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
