"""An agent that is stopped in good order decides nothing: its rig is safe, and it goes on by its orders."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Processes, call, processes, wait_until
from tiny_bench import Tiny

from remotecal.bench import Bench
from remotecal.hub.settings import HubFolder
from remotecal.store import Store

POINTS = 3


@pytest.fixture
def both(tmp_path: Path, folder: HubFolder, tiny: Tiny) -> Iterator[Processes]:
    with processes(tmp_path, folder, tiny, POINTS) as running:
        yield running


def reason(both: Processes, order: str) -> str:
    with Store(both.folder.database) as store:
        row = store.orders.find(order)
    assert row is not None
    return row.reason


def test_a_run_is_suspended_and_goes_on(both: Processes) -> None:
    """As `systemctl restart` stops it, and as a terminal does that is closed."""
    run = both.order()
    for number in (signal.SIGTERM, signal.SIGHUP):
        both.gate.wait()
        process = both.running.pop("station")
        process.send_signal(number)
        both.gate.release.release()
        process.communicate()
        assert process.returncode == 0
        assert both.tiny.world.level == 0
        assert both.kinds(run)[-2:] == ["suspend", "safe"]
        both.start("station")
    both.gate.wait()
    both.gate.let_go()
    both.check_whole(run, POINTS)
    kinds = both.kinds(run)
    assert kinds.count("resume") == 2
    assert not {"abort", "control", "failure"} & set(kinds)
    assert not reason(both, run)


def test_a_run_that_is_not_to_be_taken_up_ends_once_the_agent_is_back(both: Processes) -> None:
    run = both.order("--after-crash", "make_safe")
    both.gate.wait()
    process = both.running.pop("station")
    process.terminate()
    both.gate.let_go()
    process.communicate()
    assert both.tiny.world.level == 0
    assert not reason(both, run)
    both.start("station")
    both.wait_for_state(run, "aborted")
    assert "the order says to make safe" in wait_until(lambda: reason(both, run))
    assert "resume" not in both.kinds(run)


def test_a_run_goes_on_once_somebody_else_has_left_its_bench(both: Processes) -> None:
    run = both.order()
    both.gate.wait()
    both.kill("station")
    both.gate.let_go()
    with Bench.load(both.tiny.bench).open():
        both.start("station")
        log = both.path / "station.log"
        wait_until(lambda: f"run {run} goes on once its bench is free" in log.read_text())
        wait_until(
            lambda: "wait until the bench is free" in call("station", "state", "--station", both.station)
        )
        assert "resume" not in both.kinds(run)
    both.check_whole(run, POINTS)
    assert not reason(both, run)


def test_an_order_that_waits_for_consent_goes_on_waiting(both: Processes) -> None:
    both.kill("station")
    with (both.station / "station.toml").open("a") as settings:
        settings.write("\nconsent = true\n")
    both.start("station")
    order = both.order()
    at = ["--station", both.station]
    both.gate.let_go()
    wait_until(lambda: f"The order {order}" in call("station", "state", *at))
    process = both.running.pop("station")
    process.terminate()
    process.communicate()
    assert process.returncode == 0
    assert not reason(both, order)
    both.start("station")
    wait_until(lambda: f"The order {order}" in call("station", "state", *at))
    call("station", "agree", *at)
    both.check_whole(order, POINTS)


def test_a_hub_whose_terminal_is_closed_ends_its_broker_first(both: Processes) -> None:
    """Whatever else arrives meanwhile, as a shell and the kernel both send it."""
    broker = both.broker
    process = both.running.pop("hub")
    for number in (signal.SIGHUP, signal.SIGHUP, signal.SIGTERM):
        process.send_signal(number)
    process.communicate()
    assert not Path(f"/proc/{broker}").exists()
    assert "Traceback" not in (both.path / "hub.log").read_text()
    assert process.returncode == 0
