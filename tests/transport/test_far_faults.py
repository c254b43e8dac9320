"""A site far away, with the real programs: 150 ms each way, 3 % of all packets lost, and a hole of 45 s."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from far_lines import Far, Proxy, Wire, far_by_namespaces, far_by_proxy, namespaces_missing
from processes import Processes, processes, wait_until
from tiny_bench import tiny_bench

from remotecal.cli.processes import free_port
from remotecal.hub.founding import found, settings_text

POINTS = 4
DELAY, JITTER, LOSS = 0.15, 0.02, 0.03
MISSING = namespaces_missing()
HOLE = 45.0
"""Seconds; the broker gives a client up after 20 to 30, a client the broker after 10 to 15."""


def put_up(path: Path, far: Far, stack: ExitStack) -> Processes:
    listen = f"{far.host}:{free_port()}"
    folder = found(
        path / "hub", settings_text("W", far.host, listen=listen, enrolment=f"{far.host}:{free_port()}")
    )
    server = ""
    if isinstance(far.line, Proxy):
        far.line.server, server = listen, far.line.address
    with far.at_the_site():
        tiny = stack.enter_context(tiny_bench(path))
    both = processes(path, folder, tiny, POINTS, prefixes=far.prefixes, server=server)
    return stack.enter_context(both)


@pytest.fixture(
    params=[
        pytest.param(
            far_by_namespaces, id="namespaces", marks=pytest.mark.skipif(bool(MISSING), reason=MISSING)
        ),
        pytest.param(
            far_by_proxy, id="proxy", marks=pytest.mark.skipif(not MISSING, reason="namespaces are at hand")
        ),
    ]
)
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Processes, Far]]:
    with ExitStack() as stack:
        distant = stack.enter_context(request.param(DELAY, JITTER, LOSS))
        yield put_up(tmp_path, distant, stack), distant


def round_trip(both: Processes, far: Far) -> float:
    """Return how long it takes to connect, in seconds."""
    host, port = both.folder.settings.broker.listen.rsplit(":", 1)
    began = time.monotonic()
    with far.at_the_site(), socket.create_connection((host, int(port))):
        return time.monotonic() - began


def test_a_bad_line_with_a_hole(far: tuple[Processes, Far]) -> None:
    """The run begins and reports over the bad line, ends in the hole, and all of it arrives behind it."""
    both, distant = far
    began = time.monotonic()
    run = both.order()
    both.gate.wait()
    print(f"first level set {time.monotonic() - began:.1f} s after the order")
    both.gate.release.release()
    both.gate.wait()
    wait_until(lambda: (row := both.row(run)) and row.committed >= both.kinds(run).index("observation"))
    if isinstance(distant.line, Wire):
        assert round_trip(both, distant) > DELAY
    distant.line.open = False
    both.gate.let_go()
    wait_until(lambda: both.kinds(run)[-1] == "finish")
    row = both.row(run)
    assert row is not None
    assert row.state == "running"
    threading.Event().wait(HOLE)
    assert both.row(run) == row, "nothing came through"
    distant.line.open = True
    began = time.monotonic()
    both.check_whole(run, POINTS)
    assert "lost its connection" in (both.path / "station.log").read_text()
    assert distant.line.lost > 0
    print(f"all there {time.monotonic() - began:.1f} s after a hole of {HOLE:g} s")
    print(f"{distant.line.carried} carried, {distant.line.lost} lost")
