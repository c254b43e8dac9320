"""A virtual clock shared by processes."""

import subprocess
import sys

import pytest

from remotecal.clock import VirtualClock
from remotecal.errors import BenchError, LinkLost
from remotecal.sim.clock_server import ClockServer, RemoteClock


@pytest.fixture
def server(serve, clock):
    return serve(ClockServer, clock)


@pytest.fixture
def remote(server):
    clock = RemoteClock(server.address)
    yield clock
    clock.close()


def test_both_see_the_same_time_to_the_last_bit(clock, remote):
    clock.sleep(1.234567)
    assert remote.now() == clock.now()
    remote.sleep(12.5)
    remote.advance(0.25)
    assert remote.now() == clock.now()
    assert remote.now() == pytest.approx(1_790_000_000.0 + 1.234567 + 12.75, abs=1e-6)


def test_recurring_actions_run_as_with_a_virtual_clock(remote):
    def instants(clock):
        seen = []
        start = clock.now()
        recurring = clock.every(2.0, lambda: seen.append(round(clock.now() - start, 6)))
        clock.sleep(3.0)
        clock.advance(4.5)
        clock.sleep(2.0)
        recurring.cancel()
        clock.sleep(10.0)
        return seen

    assert instants(remote) == instants(VirtualClock(0.0)) == [2.0, 7.5, 9.5]


def test_the_clock_outlives_who_used_it(server, clock):
    script = (
        "import os, sys; from remotecal.sim.clock_server import RemoteClock;"
        "c = RemoteClock(sys.argv[1]); c.sleep(100); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, server.address], check=False, timeout=60)
    assert clock.now() == 1_790_000_100.0
    after = RemoteClock(server.address)
    assert after.now() == clock.now()
    after.close()


def test_wrong_addresses_and_dead_clocks_are_said(server, remote):
    for address in ("tcp://127.0.0.1:5", "virtual+tcp://127.0.0.1", "clock"):
        with pytest.raises(BenchError, match="virtual"):
            RemoteClock(address)
    server.close()
    with pytest.raises(LinkLost, match="virtual clock"):
        remote.now()
    with pytest.raises(LinkLost, match="virtual clock"):
        RemoteClock(server.address)
    server.close = lambda: None
