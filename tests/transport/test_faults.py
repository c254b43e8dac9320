"""Whatever is killed, stopped or full: the journal arrives whole, nothing is done twice, the rig is safe."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from disk_faults import OF_A_HUB, UNMOUNTABLE, Disk, FileSizeLimit, FullFileSystem
from processes import Processes, call, call_process, processes, wait_until
from tiny_bench import Tiny

from remotecal.errors import StoreFull
from remotecal.hub.founding import found, settings_text
from remotecal.hub.settings import HubFolder
from remotecal.store import Store

POINTS = 6
KILLED_IN = {1, 3, POINTS}
STANDSTILL = 20.0
"""Seconds; a client gives a server up that answered no ping for 10 to 15."""


@pytest.fixture
def both(tmp_path: Path, folder: HubFolder, tiny: Tiny) -> Iterator[Processes]:
    with processes(tmp_path, folder, tiny, POINTS) as running:
        yield running


def test_the_broker_is_killed_five_times(both: Processes) -> None:
    run = both.order()
    for _ in range(5):
        both.gate.wait()
        both.kill_broker()
        both.gate.release.release()
    both.gate.let_go()
    both.check_whole(run, POINTS)


def test_the_broker_stands_still(both: Processes) -> None:
    run = both.order()
    both.gate.wait()
    os.kill(both.broker, signal.SIGSTOP)
    try:
        both.gate.let_go()
        wait_until(lambda: both.kinds(run)[-1] == "finish")
        threading.Event().wait(STANDSTILL)
        row = both.row(run)
        assert row is None or row.committed < len(both.kinds(run))
    finally:
        os.kill(both.broker, signal.SIGCONT)
    began = time.monotonic()
    both.check_whole(run, POINTS)
    print(f"all there {time.monotonic() - began:.1f} s after a standstill of {STANDSTILL:g} s")
    assert "lost its connection" in (both.path / "station.log").read_text()


def test_the_station_is_killed(both: Processes) -> None:
    """In the first, a middle and the last point."""
    run = both.order()
    for point in range(1, POINTS + 1):
        both.gate.wait()
        if point in KILLED_IN:
            both.kill("station")
            both.gate.release.release()
            both.start("station")
            both.gate.wait()
        both.gate.release.release()
    both.gate.let_go()
    both.check_whole(run, POINTS)
    assert both.kinds(run).count("resume") == len(KILLED_IN)


def test_the_station_is_killed_and_the_order_says_make_safe(both: Processes) -> None:
    run = both.order("--after-crash", "make_safe")
    both.gate.wait()
    both.tiny.world.level = 7.0
    both.kill("station")
    both.gate.let_go()
    both.start("station")
    both.wait_for_state(run, "aborted")
    wait_until(lambda: both.kinds(run)[-2:] == ["abort", "safe"])
    assert both.tiny.world.level == 0
    assert "observation" not in both.kinds(run)


def test_the_hub_is_killed(both: Processes) -> None:
    run = both.order()
    both.gate.wait()
    broker = both.broker
    both.kill("hub")
    both.gate.let_go()
    wait_until(lambda: both.kinds(run)[-1] == "finish")
    both.start("hub")
    assert both.broker == broker, "it was taken over, so nobody had to connect anew"
    both.check_whole(run, POINTS)


def test_hub_and_station_are_killed_again_and_again(both: Processes) -> None:
    run = both.order()
    for _ in range(2):
        both.gate.wait()
        both.kill("hub")
        both.kill("station")
        both.gate.release.release()
        both.start("hub")
        both.start("station")
    both.gate.let_go()
    both.check_whole(run, POINTS)


@pytest.fixture(
    params=[
        pytest.param(FullFileSystem, marks=pytest.mark.skipif(bool(UNMOUNTABLE), reason=UNMOUNTABLE)),
        pytest.param(
            FileSizeLimit, marks=pytest.mark.skipif(not UNMOUNTABLE, reason="a full disk is at hand")
        ),
    ]
)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with request.param(tmp_path / "station").mounted() as made:
        yield made


def test_the_stations_disk_is_full(disk: Disk, both: Processes) -> None:
    run = both.order()
    both.gate.wait()
    disk.fill(both.running["station"].pid)
    both.gate.let_go()
    with Store(both.folder.database) as store:
        wait_until(lambda: (order := store.orders.find(run)) and order.reason)
        order = store.orders.find(run)
        assert order is not None
        assert "can't be written" in order.reason
        assert "make room, then resume" in order.reason
    assert both.tiny.world.level == 0, "the rig was made safe without a disk"
    if isinstance(disk, FullFileSystem):
        later = both.refused_order()
        with Store(both.folder.database) as store:
            wait_until(lambda: (order := store.orders.find(later)) and order.state == "refused")
            order = store.orders.find(later)
            assert order is not None
            assert "No space left" in order.reason
    disk.make_room()
    both.kill("station")
    both.start("station")
    both.check_whole(run, POINTS)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[FullFileSystem]:
    """A small file system, on which the hub of this test is."""
    with FullFileSystem(tmp_path / "hub", OF_A_HUB).mounted() as made:
        yield made


@pytest.mark.skipif(bool(UNMOUNTABLE), reason=UNMOUNTABLE)
def test_the_hubs_disk_is_full(small: FullFileSystem, both: Processes) -> None:
    run = both.order()
    both.gate.wait()
    both.gate.release.release()
    both.gate.wait()
    small.fill(both.running["hub"].pid)
    both.gate.let_go()
    wait_until(lambda: both.kinds(run)[-1] == "finish")
    wait_until(lambda: "is full: make room there" in (both.path / "hub.log").read_text())
    assert "Traceback" not in (both.path / "hub.log").read_text()
    small.make_room()
    both.check_whole(run, POINTS)
    assert both.running["hub"].poll() is None, "nobody had to start it again"


@pytest.mark.skipif(bool(UNMOUNTABLE), reason=UNMOUNTABLE)
def test_a_hub_that_is_started_on_a_full_disk_says_that_it_is_full(tmp_path: Path) -> None:
    with FullFileSystem(tmp_path / "disk", "4m").mounted() as small:
        folder = found(tmp_path / "disk" / "hub", settings_text("W", "host"))
        small.fill(os.getpid())
        with pytest.raises(StoreFull, match="is full: make room there"), Store(folder.database) as store:
            store.stations.find("here")
        small.make_room()
        with Store(folder.database) as store:
            assert store.stations.find("here") is None


def test_a_lost_link_makes_safe_where_the_order_says_so(both: Processes) -> None:
    run = both.order("--link-lost", "make_safe", "--link-lost-after", "4")
    both.gate.wait()
    both.kill("hub")
    os.kill(both.broker, signal.SIGSTOP)
    wait_until(lambda: both.kinds(run)[-2:] == ["abort", "safe"])
    os.kill(both.broker, signal.SIGCONT)
    assert both.tiny.world.level == 0
    both.gate.let_go()
    both.start("hub")
    both.wait_for_state(run, "aborted")


def test_commands_on_the_command_line(both: Processes, tmp_path: Path) -> None:
    """Two of them as processes of their own; the others here, where all is loaded already."""
    run = both.order()
    both.gate.wait()
    hub = ["--hub", both.folder.path]
    wait_until(lambda: both.row(run) is not None)
    assert run in call_process("runs", *hub)
    assert "here" in call("hub", "stations", *hub)
    call("runs", *hub, "pause", run[:6])
    assert f"{run}: paused" in call_process("station", "state", "--station", both.station)
    call("station", "go-on", "--station", both.station)
    both.gate.let_go()
    call("watch", run, *hub)
    both.check_whole(run, POINTS)
    written = call("runs", *hub, "certificate", run, "--out", tmp_path / "out").split()
    assert [Path(path).name for path in written] == [
        "journal.jsonl",
        "certificate.xml",
        "certificate.pdf",
        "record.json",
    ]
    assert "remotely" in (tmp_path / "out" / "certificate.xml").read_text()
    assert "claim" in call("hub", "audit", *hub)
    assert call("hub", "read", "station://here/gauge", "value", *hub) == "gauge.value 0 V\n"
