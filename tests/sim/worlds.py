"""A world on a virtual clock, and what is served of it."""

import pytest

from remotecal.clock import VirtualClock
from remotecal.sim.memory import MemoryLink
from remotecal.sim.world import World

START = 1_790_000_000.0


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture
def world(clock):
    return World(clock, 1)


@pytest.fixture
def open_as(clock):
    """Open a simulated instrument by its driver, without a wire."""

    def open_driver(driver, simulated, **options):
        instrument = driver(MemoryLink(simulated), clock=clock, **options)
        instrument.check()
        return instrument

    return open_driver


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
