"""A lot of meters at a station far away: one command, two mountings, a certificate each, one report."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

from processes import call
from test_lot import PLACES, QUICK, lot

from remotecal.cli.demo_remote import STATION, _name, enrol, found_here
from remotecal.cli.processes import free_port, running
from remotecal.drivers.shown import DONE
from remotecal.hub.settings import HubFolder
from remotecal.sim.water_bench.assemblies import WaterMeterBench
from remotecal.store import Store

WITHIN = 240.0
"""Seconds that both runs may take."""


def laboratory(stack, folder, bench):
    """Put up a hub and a station; returns the hub's directory."""
    hub, station = folder / "hub", folder / "station"
    desk = f"127.0.0.1:{free_port()}"
    found_here(hub, "Lab", desk)
    stack.enter_context(running(folder / "hub.log", "hub", "up", "--hub", hub))
    enrol(STATION, hub, desk, station, bench)
    stack.enter_context(running(folder / "station.log", "station", "up", "--station", station))
    return hub


def carried_out(hub, runs):
    """Answer that the devices are mounted, until every run has its record; returns the runs that asked."""
    answered, end = set(), time.monotonic() + WITHIN
    with Store(HubFolder(hub).database) as store:
        while time.monotonic() < end:
            if all(store.records.find(STATION, run) is not None for run in runs):
                return answered
            for run in runs:
                if run not in answered and store.journals.find(STATION, run) is not None:
                    try:
                        call("runs", "answer", run, DONE, "--hub", hub)
                        answered.add(run)
                    except AssertionError:
                        pass  # nothing is asked yet
            time.sleep(0.1)
    raise AssertionError(f"not carried out within {WITHIN:g} s: {runs}")


def test_one_command_orders_a_lot_and_one_report_tells_of_it(tmp_path):
    with WaterMeterBench.up(tmp_path / "bench", seed=7, meters=2) as bench, ExitStack() as stack:
        places = PLACES.replace(', "meter_3"', "")
        order = lot(bench, f'serials = ["A-1", "A-2", "A-3"]\n{places}')
        hub = laboratory(stack, tmp_path, bench.bench)
        terms = ["--station", STATION, "--bench", _name(bench.bench)]
        runs = call("order", order, *terms, "--hub", hub).split()
        assert len(runs) == 2
        assert carried_out(hub, runs) == set(runs)
        said = call("runs", "report", *runs, "--out", tmp_path / "report", "--hub", hub)
        call("runs", "certificate", runs[0], "--out", tmp_path / "first", "--hub", hub)
    assert said.startswith("3 certificates: ")
    told = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert [one["serial"] for one in told["listed"]] == ["A-1", "A-2", "A-3"]
    assert len(list((tmp_path / "first" / "certificates").glob("*/certificate.pdf"))) == 2
    assert QUICK["repeats"] == 2
