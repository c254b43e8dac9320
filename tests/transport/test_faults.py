"""Whatever is killed, stopped or full: the journal arrives whole, nothing is done twice, the rig is safe."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Processes, call, processes, wait_until
from tiny_bench import Tiny

from remotecal.store import Store
from remotecal.transport.settings import HubFolder

POINTS = 6


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
        row = both.row(run)
        assert row is None or row.committed < len(both.kinds(run))
    finally:
        os.kill(both.broker, signal.SIGCONT)
    both.check_whole(run, POINTS)


@pytest.mark.parametrize("point", [1, 3, POINTS])
def test_the_station_is_killed(both: Processes, point: int) -> None:
    run = both.order()
    for _ in range(point - 1):
        both.gate.wait()
        both.gate.release.release()
    both.gate.wait()
    both.kill("station")
    both.gate.let_go()
    both.start("station")
    both.check_whole(run, POINTS)
    assert both.kinds(run).count("resume") == 1


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


def test_the_stations_disk_is_full(both: Processes) -> None:
    run = both.order()
    both.gate.wait()
    both.fill_disk("station", 12_000)
    both.gate.let_go()
    with Store(both.folder.database) as store:
        wait_until(lambda: (order := store.orders.find(run)) and order.reason)
        order = store.orders.find(run)
        assert order is not None
        assert "can't be written" in order.reason
        assert "make room, then resume" in order.reason
    assert both.tiny.world.level == 0, "the rig was made safe without a disk"
    both.kill("station")
    both.start("station")
    both.check_whole(run, POINTS)


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
    run = both.order()
    both.gate.wait()
    hub = ["--hub", both.folder.path]
    wait_until(lambda: both.row(run) is not None)
    assert run in call("runs", *hub)
    assert "here" in call("hub", "stations", *hub)
    call("runs", *hub, "pause", run[:6])
    assert '"paused"' in call("station", "state", "--station", both.station)
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
    assert call("hub", "read", "here", "Tiny bench/gauge.value", *hub) == "gauge.value 0 V\n"
