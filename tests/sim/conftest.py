"""A rig on a virtual clock, and what is served of it."""

import pytest

from remotecal.clock import VirtualClock
from remotecal.sim.water.outfit import outfit
from remotecal.sim.water.rig import Rig
from remotecal.sim.world import World

START = 1_790_000_000.0


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture
def world(clock):
    return World(clock, 1)


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


@pytest.fixture
def serve():
    """Start servers and close them at the end."""
    servers = []

    def start(kind, *arguments):
        servers.append(kind(*arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
