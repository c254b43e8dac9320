"""Thirty meters of one customer at a station far away: one command, two mountings, a proven certificate each,
one report."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

from kept_keys import KeptKeys
from processes import call
from test_lot import lot

from remotecal.certificates import APART, PDF_NAME, XML_NAME
from remotecal.certificates.approval import sign
from remotecal.certificates.dcc import read
from remotecal.certificates.demonstration import write_trust_list
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey, read_public_key
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.trust import read_trust_list
from remotecal.cli.declared import EVERYBODY
from remotecal.cli.demo import KEYS, TRUST, YESTERDAY, DemonstrationLaboratory
from remotecal.cli.demo_remote import STATION, _name, enrol, found_here
from remotecal.cli.processes import free_port, running
from remotecal.clock import AwaitedClock
from remotecal.drivers.shown import DONE
from remotecal.hub.settings import HubFolder
from remotecal.journal.gathering import read_evidence
from remotecal.order import Order
from remotecal.runs.apart import same_part
from remotecal.sim.assembly import CLOCK
from remotecal.sim.water_bench.assemblies import WaterMeterBench
from remotecal.store import Store
from remotecal.verify import verify
from remotecal.verify.journal import recomputed

COUNT, PLACES = 30, 16
"""So many meters on so many places are two mountings, and the second leaves places empty."""
WITHIN = 240.0
"""Seconds that both runs may take."""


def laboratory(stack, folder, bench):
    """Put up a hub and a station; returns the directories of both."""
    hub, station = folder / "hub", folder / "station"
    desk = f"127.0.0.1:{free_port()}"
    found_here(hub, "Lab", desk)
    stack.enter_context(running(folder / "hub.log", "hub", "up", "--hub", hub))
    enrol(STATION, hub, desk, station, bench)
    stack.enter_context(running(folder / "station.log", "station", "up", "--station", station))
    return hub, station


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


def issued(laboratory, draft):
    """Let everybody sign a certificate at home, and return its file."""
    certificate, at = draft.read_bytes(), datetime.now(UTC)
    for duty in DUTIES:
        certificate = sign(certificate, laboratory.keys.signers[duty], at)
    draft.write_bytes(certificate)
    return draft


def proven(out, laboratory, standards):
    """Verify every certificate of a run as its customer does.

    The run is computed again from its journal once, and not for each certificate, which is a part of it.
    """
    laboratory.keys.write(out / KEYS)
    named, today = laboratory.order.laboratory.name, datetime.now(UTC).date()
    write_trust_list(out / TRUST, laboratory.keys, named, laboratory.scope, today)
    trust = read_trust_list(out / TRUST, read_public_key(out / KEYS / "list-issuer.pub.pem"))
    library, evidence = CertificateLibrary([standards]), read_evidence(out)
    whole, folders = recomputed(evidence, None, ""), sorted((out / APART).iterdir())
    for folder in folders:
        assert (folder / PDF_NAME).is_file()
        file = issued(laboratory, folder / XML_NAME)
        part = same_part(whole, read(file.read_bytes()), evidence.order)
        report = verify(file, journal=out, trust=trust, library=library, recompute=lambda _, part=part: part)
        doubts = [check for check in report.checks if check.needed and check.outcome != "passed"]
        assert (report.verdict, doubts) == ("holds", [])
    return len(folders)


def test_one_command_orders_thirty_and_one_report_tells_of_them(tmp_path):
    """At one flow, Q3, twice: the lot is what is shown; meters are taken to all their flows elsewhere."""
    serials = [f"S-{n:02}" for n in range(1, COUNT + 1)]
    places = [f"meter_{n}" for n in range(1, PLACES + 1)]
    said = f'serials = {serials}\nplaces = {places}\nname = "Water meter"\nclass_name = "2"\n'
    paper = tmp_path / "bench"
    clock = AwaitedClock.begin(paper / CLOCK, time.time() - YESTERDAY.total_seconds())
    with WaterMeterBench.up(paper, clock=clock, seed=7, meters=PLACES) as bench, ExitStack() as stack:
        today = datetime.fromtimestamp(clock.now(), UTC)
        ours = DemonstrationLaboratory.found(Order.load(bench.order), bench.scope, today, KeptKeys(EVERYBODY))
        ours.certify_standards(paper, today)
        hub, station = laboratory(stack, tmp_path, bench.bench)
        terms = ["--station", STATION, "--bench", _name(bench.bench)]
        runs = call("order", lot(bench, said), *terms, "--hub", hub).split()
        assert len(runs) == 2
        assert carried_out(hub, runs) == set(runs)
        said = call("runs", "report", *runs, "--out", tmp_path / "report", "--hub", hub)
        for run in runs:
            call("runs", "certificate", run, "--out", tmp_path / run, "--hub", hub)
    ours = replace(ours, keys=replace(ours.keys, station=SealKey.read(station / "journal.key.pem")))
    assert [proven(tmp_path / run, ours, paper) for run in runs] == [PLACES, COUNT - PLACES]
    assert said.startswith(f"{COUNT} certificates: ")
    told = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))["listed"]
    assert [one["serial"] for one in told] == serials
    assert len({one["certificate"] for one in told}) == COUNT
