"""What a station's own key can't make true: each forgery of a journal, and the check that meets it.

The forger chains and signs the journal anew and computes the certificate from it.
"""

from __future__ import annotations

import copy
import inspect
import re
import shutil
import time
import tracemalloc
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from examining import examine_course, examine_reality
from forged import Forgery, RealRun, data, doubted, observation, of_kind, real_run, signed, values
from forged_readings import (
    READINGS,
    another_channel,
    read_a_little_later_by_a_clock_of_this_world,
    readings_left_out,
    reply_absent_and_source_disguised,
    set_up_that_was_told,
    stable_for_longer_than_it_was_read,
    stable_where_it_was_not,
    value_edited,
)
from forged_runs import (
    RUNS,
    end_without_a_safe_state,
    photo_exchanged,
    simulator_by_its_serials,
    unknown_event,
    written_by_an_older_version,
)
from forged_watch import UNPROVEN_WATCH, WATCH
from made import NOW as MADE_NOW
from made import Made

from remotecal.certificates.library import CertificateLibrary
from remotecal.drivers.abb.acs580 import AbbAcs580
from remotecal.errors import EvidenceError, ModbusRefusal
from remotecal.journal.contents import Files
from remotecal.journal.events import FILE, Event, read_journal
from remotecal.journal.evidence import Evidence
from remotecal.journal.exchanges import Exchange
from remotecal.journal.gathering import read_evidence
from remotecal.runs.catalogue import find
from remotecal.sim import instruments
from remotecal.verify import verify
from remotecal.verify.journal import recomputed
from remotecal.verify.kept import KeptLink, on_kept_link
from remotecal.verify.reality import SIMULATED
from remotecal.verify.report import Unable


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealRun:
    """A run on a simulated rig, aborted and resumed, with a photo; made once for all forgeries."""
    return real_run(tmp_path_factory.mktemp("real"))


def test_the_run_itself_holds(real: RealRun, tmp_path: Path) -> None:
    checks = real.forged(lambda events: events, tmp_path / "run")
    said = checks["course of the run"].said
    assert doubted(checks) == {}
    assert re.search(
        r"abort: the run was stopped: a leak \(Li Wei\); taken up again in line \d+ by Zhang", said
    )
    assert "and repeat 2 at 90 %, which had begun, thrown away" in said
    assert checks["answers"].said.startswith("Take a photo of the screw")


FORGERIES = (*READINGS, *RUNS, *WATCH)


@pytest.mark.parametrize(
    ("forgery", "name", "says"), FORGERIES, ids=[forgery.__name__ for forgery, *_ in FORGERIES]
)
def test_a_forged_journal_proves_nothing(
    real: RealRun, tmp_path: Path, forgery: Forgery, name: str, says: str
) -> None:
    found = doubted(real.forged(forgery, tmp_path / "forged"))
    assert name in found
    assert says in found[name].said
    assert found[name].outcome == "failed" or forgery in UNPROVEN


UNPROVEN = {
    reply_absent_and_source_disguised,
    another_channel,
    written_by_an_older_version,
    photo_exchanged,
    read_a_little_later_by_a_clock_of_this_world,
    readings_left_out,
    set_up_that_was_told,
    stable_where_it_was_not,
    stable_for_longer_than_it_was_read,
    *UNPROVEN_WATCH,
}
"""Where an honest reason is thinkable, so that nothing is proven and nobody accused."""


def test_repeats_of_the_very_same_values_are_told(real: RealRun, tmp_path: Path) -> None:
    """Their exchanges may have been copied with them; a coarse instrument may say the same twice."""
    events = copy.deepcopy(list(real.events))
    observation(events)["values"] = values(events, -2)
    *_, one, other = of_kind(events, "observation")
    assert examine_course(events).endswith(f"lines {one.seq}, {other.seq} have the very same values")


@pytest.mark.parametrize(
    ("forgery", "name"),
    [(value_edited, "replies"), (end_without_a_safe_state, "course of the run"), (unknown_event, "events")],
)
def test_the_whole_verification_says_so(made: Made, forgery: Forgery, name: str) -> None:
    """Certificate and journal signed anew by keys on the trust list, all of one cast but for one word."""
    events = [event for event in read_journal(made.journal) if event.kind != "signature"]
    mass_of_made = values(events)["mass"]
    values(events)["mass_after"] = values(events).pop("mass")
    events = forgery(events) or events
    values(events)["mass"] = values(events).pop("mass_after", mass_of_made)
    made.journal.write_bytes(signed(events, made.keys.station))
    made.seal(made.recompute(made.run))
    report = verify(
        made.certificate,
        journal=made.run,
        trust=made.trust(),
        library=CertificateLibrary([made.standards]),
        recompute=made.recompute,
        now=MADE_NOW,
    )
    assert report.verdict == "fails"
    assert [check.name for check in report.failures] == [name]


def test_repeats_that_nobody_could_list_cost_nothing(real: RealRun) -> None:
    """Whoever can write a file can declare them; no key is needed for that."""
    events = copy.deepcopy(list(real.events))
    data(events[0])["points"][0]["repeats"] = 10**6
    tracemalloc.start()
    try:
        with pytest.raises(EvidenceError, match="came where repeat 3 at"):
            examine_course(events)
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()


def test_nobody_waits_for_a_kept_reply_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instrument that says "busy" is asked again after a while; thousands of such replies take hours."""

    def wait(_: float) -> None:
        raise AssertionError("it waits")

    monkeypatch.setattr(time, "sleep", wait)
    opened = {"name": "pump", "driver": "AbbAcs580", "settings": {}}
    busy = Exchange(1, "pump", 0.0, bytes.fromhex("010300030001"), bytes.fromhex("018306"))
    link = KeptLink("pump", Files())
    link.keep(busy)
    pump = on_kept_link(Event(1, "", "instrument", opened, ""), link)
    link.at(1)
    with pytest.raises(ModbusRefusal):
        pump.obtain(AbbAcs580.status)


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("TCPIP::127.0.0.1::5025::SOCKET", True),
        ("TCPIP0::localhost::inst0::INSTR", True),
        ("TCPIP::[::1]::5025::SOCKET", True),
        ("modbus+tcp://127.8.9.10:502", True),
        ("TCPIP::127.1::5025::SOCKET", True),
        ("modbus+tcp://0x7f000001", True),
        ("ASRL/dev/ttyp0::INSTR", True),
        ("modbus+rtu+tcp://[::ffff:127.0.0.1]:502", True),
        ("modbus+ascii+tcp://localhost:4001", True),
        ("modbus+ascii:///dev/pts/0", True),
        ("modbus+rtu+tcp://10.0.0.5:4001", False),
        ("tcpip::0.0.0.0::5025::socket", True),
        ("ASRL/dev/pts/3::INSTR", True),
        ("modbus+rtu:///dev/pts/0", True),
        ("TCPIP::10.0.0.5::5025::SOCKET", False),
        ("TCPIP::balance.example::5025::SOCKET", False),
        ("ASRL/dev/ttyUSB0::INSTR", False),
        ("ASRL/dev/ttyS1::INSTR", False),
        ("GPIB0::7::INSTR", False),
        ("station://site/balance", False),
    ],
)
def test_an_instrument_on_the_station_itself_proves_nothing(real: RealRun, address: str, here: bool) -> None:
    """It may be a simulator; it may be a gateway of which the laboratory must tell."""
    events = copy.deepcopy(list(real.events))
    simulator_by_its_serials(events)
    for event in of_kind(events, "instrument"):
        data(event).update(serial="1", address=address)
    if here:
        with pytest.raises(Unable, match=r"reached on the station itself: ambient at .*a gateway"):
            examine_reality(events, demonstration=False)
    else:
        assert "6 instruments" in examine_reality(events, demonstration=False)
    assert "a demonstration" in examine_reality(events, demonstration=True)


def test_the_simulators_serial_numbers_are_known() -> None:
    told = set()
    for found in iter_modules(instruments.__path__, f"{instruments.__name__}."):
        module = import_module(found.name)
        for kind in vars(module).values():
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                serial = inspect.signature(kind).parameters.get("serial")
                told |= {serial.default} if serial else set()
    assert told - {"X0000000", "0", inspect.Parameter.empty} <= SIMULATED
    written = "".join(path.read_text("utf-8") for path in Path(instruments.__file__).parents[1].rglob("*.py"))
    # Benches number several of a kind by their last digit.
    assert [serial for serial in SIMULATED if serial[:-1] not in written] == []


def test_a_text_that_nobody_has_goes_to_no_other_points(real: RealRun, tmp_path: Path) -> None:
    """Evaluated anew, a run keeps the points of its order: the journal may name a text that never was."""
    events, later = copy.deepcopy(list(real.events)), find("dosing").sha256
    start = data(events[0])
    start["procedure"]["sha256"] = "ab" * 32
    assert recomputed(_evidence(events, real, tmp_path / "same"), None, later).measurements
    for nominal in (point["nominal"] for point in start["points"]):
        nominal.update({name: value * 1.01 for name, value in nominal.items()})
    with pytest.raises(Unable, match=r"the run went to .*, with other nominal values"):
        recomputed(_evidence(events, real, tmp_path / "others"), None, later)


def _evidence(events: list[Event], real: RealRun, folder: Path) -> Evidence:
    folder.mkdir()
    if (real.folder / "files").is_dir():
        shutil.copytree(real.folder / "files", folder / "files")
    (folder / FILE).write_bytes(signed(events, real.key))
    return read_evidence(folder / FILE)
