"""A rig controller by a table of its registers: evidence, bits in a word, trips, what is refused."""

import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted
from tabled import tabled, text

from remotecal.bench import Bench
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.drivers.capabilities import CollectingRig, Outlet, Valve
from remotecal.drivers.links import modbus
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.drivers.rig.controller import Trip
from remotecal.errors import BenchError, ModbusRefusal, RunAborted, WrongInstrument
from remotecal.journal.events import FILE, read_journal
from remotecal.journal.gathering import read_evidence
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, resume
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.assembly import CLOCK
from remotecal.sim.memory import MemoryLink
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.water.assemblies import GravimetricRig
from remotecal.sim.water.rig_controller import rig_controller
from remotecal.testing import check_twin

NAMES = ("rig-s7-1200", "rig-wago-750")


def by_table(name: str) -> type[GravimetricRig]:
    """Return the water rig with a controller that has the registers of a table."""
    return tabled(GravimetricRig, "rig", name)


@pytest.fixture(params=NAMES)
def plc(request, rig) -> ModbusSimulated:
    return rig_controller(rig).behind(RegisterMap.as_stated({"table": text(request.param)}))


@pytest.fixture
def controller(plc):
    table = plc.driver.stated_table
    return plc.driver.over(MemoryLink(plc), name="rig", clock=plc.world.clock, unit=1, table=table)


def test_twin_and_driver_understand_each_other(plc) -> None:
    check_twin(plc, unready=["map_revision"], table=plc.driver.stated_table)


FEW = {"flows": [20.0], "repeats": 2}


def test_what_a_table_read_is_verified_by_the_table_in_the_journal(tmp_path) -> None:
    """The table stands in the evidence: with another one the numbers can't be read again."""
    clock = SharedClock.begin(tmp_path / "rig" / CLOCK, BEGAN.timestamp())
    with by_table(NAMES[0]).up(tmp_path / "rig", seed=5, clock=clock) as bench:
        order = Order.load(bench.order)
        order = order.model_copy(update={"parameters": {**order.parameters, **FEW}})
        found = find(order.order.procedure)
        execute(order, found, Bench.load(bench.bench), tmp_path / "run", Company(Scripted()), clock)
    record = evaluate(read_evidence(tmp_path / "run"), found)
    events = read_journal(tmp_path / "run" / FILE)
    key = SealKey(Ed25519PrivateKey.generate())
    run = RealRun(tmp_path / "run", events, record, key, CertificateLibrary([tmp_path / "rig"]))
    assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}

    def named_less(events):
        older = text(NAMES[0]).replace('drain = "OPEN"\n', "")
        before, now = (sha256(table.encode()).hexdigest()[:16] for table in (text(NAMES[0]), older))
        for event in events:
            if event.kind == "instrument" and "table" in event.data["settings"]:
                event.data["settings"]["table"] = older
                event.data["firmware"] = event.data["firmware"].replace(before, now)

    assert doubted(run.forged(named_less, tmp_path / "older")) == {}, "of a day when less had to be named"

    def scaled(events):
        for event in events:
            if event.kind == "instrument" and "table" in event.data["settings"]:
                said = event.data["settings"]["table"]
                event.data["settings"]["table"] = said.replace('unit = "kPa"', 'scale = 1.01, unit = "kPa"')

    assert "replies" in doubted(run.forged(scaled, tmp_path / "forged"))


def test_a_run_goes_on_by_no_other_table(tmp_path) -> None:
    clock = SharedClock.begin(tmp_path / "rig" / CLOCK, BEGAN.timestamp())
    with by_table(NAMES[0]).up(tmp_path / "rig", seed=5, clock=clock) as bench:
        order = Order.load(bench.order)
        order = order.model_copy(update={"parameters": {**order.parameters, **FEW}})
        found, control = find(order.order.procedure), Control()

        def abort(progress) -> None:
            if progress.doing == "measure":
                control.abort("a leak", "Li Wei")

        company = Company(Scripted(), (abort,), control)
        with pytest.raises(RunAborted):
            execute(order, found, Bench.load(bench.bench), tmp_path / "run", company, clock)
        said = bench.bench.read_text(encoding="utf-8")
        bench.bench.write_text(said.replace("span = [0, 200]", "span = [0, 201]"), encoding="utf-8")
        with pytest.raises(WrongInstrument, match=r"began with table with SHA-256 \w{16}, unit 1, now it is"):
            resume(tmp_path / "run", Company(Scripted()), clock=clock)
        bench.bench.write_text(said, encoding="utf-8")
        assert resume(tmp_path / "run", Company(Scripted()), clock=clock).complete


def test_a_bit_is_written_and_the_others_of_its_word_stay(controller) -> None:
    assert isinstance(controller, CollectingRig)
    controller.inlet.set(Valve.OPEN)
    controller.diverter.set(Outlet.TANK)
    controller.drain.set(Valve.SHUT)
    assert (controller.inlet.read(), controller.outlet.read()) == (Valve.OPEN, Valve.SHUT)
    assert (controller.diverter.read(), controller.drain.read()) == (Outlet.TANK, Valve.SHUT)
    controller.make_safe()
    assert (controller.inlet.read(), controller.drain.read()) == (Valve.SHUT, Valve.OPEN)


def free(lock) -> bool:
    """Tell whether another thread could take a lock."""
    with ThreadPoolExecutor(1) as another:
        taken = another.submit(lock.acquire, blocking=False).result()
        if taken:
            another.submit(lock.release).result()
    return taken


def test_nothing_else_writes_while_a_bit_is_between_read_and_write(rig) -> None:
    """The heart beats in a thread of its own, perhaps in a bit of the very word a valve stands in."""
    driver = RegisterMap.as_stated({"table": text(NAMES[0])})
    held: list[tuple[int, bool]] = []
    opened: list[RegisterMap] = []

    class Watched(MemoryLink):
        def ask(self, request, timeout=None):
            held.extend((request[1], not free(one._writing)) for one in opened)
            return super().ask(request, timeout)

    link = Watched(rig_controller(rig).behind(driver))
    opened.append(driver.over(link, unit=1, table=driver.stated_table))
    opened[0].inlet.set(Valve.OPEN)
    assert held == [(3, True), (6, True)]


def test_it_trips_by_itself_tells_why_and_is_reset(controller, rig, clock) -> None:
    controller.inlet.set(Valve.OPEN)
    controller.heartbeat.set(1)
    clock.sleep(10.0)
    assert [one.name for one in controller.trips.read()] == ["HEARTBEAT_LOST"]
    assert type(controller).trips.resettable == type(controller).trips.conditions["HEARTBEAT_LOST"]
    assert controller.inlet.read() is Valve.SHUT
    with pytest.raises(ModbusRefusal):
        controller.inlet.set(Valve.OPEN)
    controller.reset()
    assert not controller.trips.read()
    rig.controller.press()
    assert [one.name for one in controller.trips.read()] == [Trip.EMERGENCY_STOP.name]
    rig.controller.press(pressed=False)
    controller.reset()
    assert not controller.trips.read(), "the controller cleared the bit, or it would not see it again"
    controller.inlet.set(Valve.OPEN)
    assert controller.inlet.read() is Valve.OPEN


def test_another_revision_of_the_program_is_refused(rig) -> None:
    driver = RegisterMap.as_stated({"table": text(NAMES[0])})
    plc = rig_controller(rig).behind(driver)
    plc._reads["map_revision"] = lambda: 2
    with pytest.raises(WrongInstrument, match="map_revision is REVISION_D, this driver needs REVISION_C"):
        driver.over(MemoryLink(plc), unit=1, table=driver.stated_table)


def test_other_functions_addresses_and_values_are_refused_by_their_codes(plc) -> None:
    functions = plc.driver.wire.functions
    assert plc.answer(b"\x01" + bytes((7,))) == b"\x01\x87\x01"
    assert plc.answer(b"\x01" + modbus.Request(3, 500, 1).encode()) == b"\x01\x83\x02"
    drain = modbus.Request(6, 0, 1, (0,)) if 1 not in functions else modbus.Request(6, 12288, 1, (7,))
    assert plc.answer(b"\x01" + drain.encode())[1:] in {b"\x86\x03", drain.encode()}


def test_a_bench_names_the_file_beside_it(bench_of, tmp_path) -> None:
    bench = bench_of(GravimetricRig)
    said = bench.bench.read_text(encoding="utf-8")
    (bench.bench.parent / "s7.toml").write_bytes(text(NAMES[0]).replace("\n", "\r\n").encode())
    said = said.replace('"WaterRigController"', '"RegisterMap"')
    said = said.replace(
        "[instruments.rig.settings]\nunit = 1", '[instruments.rig.settings]\ntable = "s7.toml"'
    )
    bench.bench.write_text(said, encoding="utf-8")
    loaded = Bench.load(bench.bench)
    assert loaded.file.instruments["rig"].settings["table"] == text(NAMES[0])
    assert loaded.drivers["rig"].model == "S7-1200, water rig 2"
    (bench.bench.parent / "s7.toml").unlink()
    with pytest.raises(BenchError, match=r"instruments\.rig\.settings\.table: .*s7\.toml can't be read"):
        Bench.load(bench.bench)
