"""Every simulated instrument on the rig: by its own driver without a wire, and by other people's clients."""

import math

import pytest
import pyvisa
import serial

from remotecal.drivers.abb.acs580 import AbbAcs580, Status
from remotecal.drivers.endress_hauser.promass import Promag53, Promass83
from remotecal.drivers.fluke.hart1529 import Hart1529
from remotecal.drivers.isotech.millik import IsotechMilliK
from remotecal.drivers.keysight.counter53230a import Keysight53230A
from remotecal.drivers.keysight.dmm34461a import Keysight34461A
from remotecal.drivers.mettler.sics import MettlerSics
from remotecal.drivers.siemens.mag6000 import SiemensMag6000
from remotecal.drivers.siemens.usm2 import Counting
from remotecal.drivers.tuf.tuf2000m import Tuf2000M
from remotecal.drivers.vaisala.ptu300 import VaisalaPtu300
from remotecal.errors import InstrumentError, NoReply
from remotecal.sim.instruments.balance import SicsBalance
from remotecal.sim.instruments.counter import UniversalCounter
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.flow_meters import mag6000, promag, promass, tuf2000m
from remotecal.sim.instruments.multimeter import Multimeter
from remotecal.sim.instruments.thermometers import AmbientTransmitter, HartReadout, MilliK, probe
from remotecal.sim.serving import LineServing, PortServer, SocketServer
from remotecal.sim.water.outfit import outfit
from remotecal.sim.water.truth import Truth


@pytest.fixture
def certificates():
    return outfit(1).certificates


def pulse_counter(rig):
    return UniversalCounter(rig.world, lambda: rig.dut.cycles, rig.gate)


def collect(rig, clock, duration):
    with rig.world.present():
        rig.controller.open_drain(opened=False)
        rig.controller.divert(to_tank=True)
    clock.sleep(duration)
    with rig.world.present():
        rig.controller.divert(to_tank=False)
    clock.sleep(1.0)


def test_balance(flowing, clock, open_as):
    balance = open_as(MettlerSics, SicsBalance(flowing.world, flowing.balance))
    assert balance.settled_mass.read().value == pytest.approx(0.0, abs=0.05)
    collect(flowing, clock, 40.0)
    before = clock.now()
    settled = balance.settled_mass.read()
    assert clock.now() - before > 1.0, "waiting for rest takes the rig's time"
    with flowing.world.present():
        assert settled.value == pytest.approx(flowing.tank.mass * 0.99895, rel=2e-4)
    balance.tare()
    assert balance.mass.read().value == pytest.approx(0.0, abs=0.03)
    with pytest.raises(InstrumentError, match="limit"):
        balance.zero()


def test_balance_that_does_not_come_to_rest_says_so(flowing, clock, open_as):
    balance = open_as(MettlerSics, SicsBalance(flowing.world, flowing.balance, patience=10.0))
    with flowing.world.present():
        flowing.controller.open_drain(opened=False)
        flowing.controller.divert(to_tank=True)
    clock.sleep(3.0)
    assert balance.link.ask(b"SI").startswith(b"S D ")
    before = clock.now()
    with pytest.raises(InstrumentError, match="did not come to rest"):
        balance.settled_mass.read()
    assert clock.now() - before == pytest.approx(10.0, abs=0.6)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"si", b"ES"),
        (b"X", b"ES"),
        (b"@", b'I4 A "B512874411"'),
        (b"TA 1.5 kg", b"TA A       1.50 kg"),
        (b"TA 1e2 kg", b"TA L"),
        (b"TAC", b"TAC A"),
    ],
)
def test_balance_dialect(rig, line, reply):
    assert SicsBalance(rig.world, rig.balance).answer(line) == reply


def test_counter_counts_what_passes_while_the_gate_is_open(flowing, clock, open_as):
    simulated = pulse_counter(flowing)
    counter = open_as(Keysight53230A, simulated)
    counter.count_gated()
    with pytest.raises(NoReply):
        counter.gated_pulses.read()
    collect(flowing, clock, 30.0)
    counted = counter.gated_pulses.read().value
    taken = Truth(flowing).collections[-1]
    assert abs(counted - taken.indicated * flowing.dut.spec.pulses) < 1.0
    assert counted == int(counted)


def test_counter_counts_freely_and_measures_frequency(flowing, clock, open_as):
    counter = open_as(Keysight53230A, pulse_counter(flowing))
    counter.count_freely()
    with flowing.world.present():
        before = flowing.dut.counts
    clock.sleep(10.0)
    with flowing.world.present():
        assert counter.running_pulses.read().value == flowing.dut.counts - before
    start = clock.now()
    frequency = counter.frequency.read().value
    assert clock.now() - start == pytest.approx(0.1, abs=1e-5)
    assert frequency == pytest.approx(flowing.line.flow * flowing.dut.spec.pulses, rel=0.01)


def test_counter_dialect(rig, clock):
    counter = pulse_counter(rig)
    assert counter.answer(b"FETC?") is None
    assert counter.answer(b"SYST:ERR?") == b'-230,"Data corrupt or stale"'
    assert counter.answer(b"CONF:TOT:TIM 2000,(@1);:SYST:ERR?") == b'-222,"Data out of range"'
    assert counter.answer(b"NONSENSE") is None
    assert counter.answer(b"syst:err?;*OPC?") == b'-113,"Undefined header";1'
    assert counter.answer(b":CONF:TOT:TIM 5,(@1);:INIT") is None
    assert counter.answer(b"INIT;:SYST:ERR?") == b'-213,"Init ignored"'
    start = clock.now()
    assert counter.answer(b"FETC?;*OPC?") == b"+0.00000000000000E+000;1"
    assert clock.now() - start == pytest.approx(5.0, abs=1e-6)
    assert counter.answer(b"SENS:TOT:GATE:POL?") == b"NEG"
    for _ in range(30):
        counter.answer(b"NONSENSE")
    errors = [counter.answer(b"SYST:ERR?") for _ in range(21)]
    assert errors[19:] == [b'-350,"Queue overflow"', b'+0,"No error"']


def test_a_count_called_off_while_it_is_waited_for_is_an_error(rig, clock):
    counter = pulse_counter(rig)
    counter.answer(b":CONF:TOT:TIM 5,(@1);:INIT")
    rig.world.at(2.0, lambda _: counter._abort())
    assert counter.answer(b"FETC?") is None
    assert counter.answer(b"SYST:ERR?") == b'-230,"Data corrupt or stale"'
    assert clock.now() >= 5.0


def test_multimeter_reads_the_output_of_the_meter(flowing, certificates, clock, open_as):
    meter = open_as(
        Keysight34461A, Multimeter(flowing.world, lambda: flowing.dut.current, certificates["ammeter"])
    )
    start = clock.now()
    current = meter.current.read().value
    assert clock.now() - start == pytest.approx(0.4, abs=1e-6)
    with flowing.world.present():
        assert current == pytest.approx(flowing.dut.current, abs=2e-6)
    assert meter.voltage.read().value == pytest.approx(250 * current, rel=1e-2)
    assert len(meter.ask("CONF:CURR:DC 0.1;:SAMP:COUN 5;:READ?").split(",")) == 5


def test_thermometers(rig, certificates, open_as):
    calibration = certificates["line_thermometer"]
    shown = probe(rig.world, calibration, lambda: rig.temperature, "line")
    hart = open_as(Hart1529, HartReadout(rig.world, {2: shown}), channel=2)
    millik = open_as(IsotechMilliK, MilliK(rig.world, {1: shown}), channel=1, largest_resistance=115)
    for readout in (hart, millik):
        reading = readout.temperature.read().value
        assert reading + calibration.correction(reading) == pytest.approx(rig.temperature, abs=0.003)
    millik.close()
    with pytest.raises(NoReply):
        open_as(Hart1529, HartReadout(rig.world, {2: shown}), channel=3).temperature.read()


def test_ambient_transmitter(rig, certificates, open_as):
    names = ("barometer", "air_thermometer", "hygrometer")
    transmitter = AmbientTransmitter(rig.world, rig.air, *(certificates[name] for name in names))
    assert transmitter.answer(b"SEND").startswith(b"P= ")
    ambient = open_as(VaisalaPtu300, transmitter, serial="E4420011")
    true = (rig.air.pressure(0), rig.air.temperature(0), 100 * rig.air.humidity(0))
    read = (
        ambient.air_pressure.read().value * 100,
        ambient.air_temperature.read().value,
        ambient.humidity.read().value,
    )
    for name, value, reading in zip(names, true, read, strict=True):
        assert reading + certificates[name].correction(value) == pytest.approx(value, abs=0.6)


def test_drive_follows_its_control_word(rig, clock, open_as):
    with rig.world.present():
        for valve in rig.line.valves:
            rig.controller.open_valve(valve, opened=True)
    drive = open_as(AbbAcs580, Drive(rig.world, rig.pump))
    assert Status.SWC_ON_INHIB in drive.status.read()
    drive.link.ask(bytes((1, 6, 0, 0, 0x04, 0x7F)))
    assert not rig.pump.started, "it must have seen the word 0x047E first"
    drive.speed.set(60.0)
    drive.start()
    clock.sleep(30.0)
    assert drive.actual_speed.read().value == pytest.approx(60.0, abs=0.01)
    assert Status.AT_SETPOINT | Status.RDY_REF in drive.status.read()
    with rig.world.present():
        assert rig.line.flow * 3600 > 10
        rig.controller.press()
    assert Status.EXTERNAL_RUN_ENABLE not in drive.status.read()
    clock.sleep(30.0)
    assert drive.actual_speed.read().value == 0.0
    with pytest.raises(InstrumentError, match="run enabled"):
        drive.start()
    rig.controller.press(pressed=False)
    with rig.world.present():
        rig.controller.reset()
    drive.start()
    drive.make_safe()
    assert not rig.pump.started
    rig.faults.set("pump trip")
    with pytest.raises(InstrumentError, match="tripped"):
        drive.start()


@pytest.mark.parametrize("kind", [promag, promass, mag6000, tuf2000m])
def test_flow_meters_show_flow_and_volume(kind, flowing, clock, open_as):
    driver = {promag: Promag53, promass: Promass83, mag6000: SiemensMag6000, tuf2000m: Tuf2000M}[kind]
    simulated = kind(flowing.world, flowing.dut)
    meter = open_as(driver, simulated, unit=simulated.unit)
    assert meter.flow.read().to("m3/h").value == pytest.approx(flowing.line.flow * 3600, rel=0.02)
    first = meter.volume.read().value
    with flowing.world.present():
        before = flowing.dut.indicated
    clock.sleep(100.0)
    with flowing.world.present():
        passed = flowing.dut.indicated - before
    assert meter.volume.read().value - first == pytest.approx(passed, abs=2e-6)


def test_promass_knows_mass_density_and_temperature(flowing, open_as):
    meter = open_as(Promass83, promass(flowing.world, flowing.reference), unit=247)
    spec = flowing.reference.spec
    mass, volume, density, temperature = meter.read(
        meter.total_mass, meter.volume, meter.density, meter.temperature
    )
    assert mass.value / volume.value == pytest.approx(density.value, rel=1e-5)
    assert density.value == pytest.approx(flowing.density * (1 + spec.density_error), rel=1e-6)
    assert temperature.value == pytest.approx(flowing.temperature + spec.temperature_error, abs=1e-4)
    holding = meter.link.ask(bytes((247, 3, 0x07, 0xD6, 0, 2)))
    assert holding[3:] == meter.link.ask(bytes((247, 4, 0x07, 0xD6, 0, 2)))[3:]


def test_mag6000_total_is_reset_and_held(flowing, clock, open_as):
    meter = open_as(SiemensMag6000, mag6000(flowing.world, flowing.dut))
    meter.reset_volume()
    assert meter.volume.read().value == 0.0
    clock.sleep(10.0)
    meter.hold_volume.set(Counting.HELD)
    held = meter.volume.read().value
    assert held > 0
    clock.sleep(10.0)
    assert meter.volume.read().value == held
    meter.hold_volume.set(Counting.RUNNING)
    clock.sleep(10.0)
    assert meter.volume.read().value == pytest.approx(2 * held, rel=0.05)


def test_pyvisa_reads_the_counter_over_a_socket(flowing, serve):
    server = serve(SocketServer, pulse_counter(flowing), LineServing(Keysight53230A.wire))
    manager = pyvisa.ResourceManager("@py")
    counter = manager.open_resource(
        f"TCPIP::{server.host}::{server.port}::SOCKET", read_termination="\n", write_termination="\n"
    )
    assert counter.query("*IDN?").startswith("Keysight Technologies,53230A,")
    assert float(counter.query("MEAS:FREQ? (@1)")) == pytest.approx(
        flowing.line.flow * flowing.dut.spec.pulses, rel=0.01
    )
    counter.close()
    manager.close()


def test_pyserial_reads_the_balance_on_a_pseudo_terminal(rig, serve):
    server = serve(PortServer, SicsBalance(rig.world, rig.balance), LineServing(MettlerSics.wire))
    with serial.Serial(server.device, 9600, timeout=2) as port:
        port.write(b"@\r\nSI\r\n")
        assert port.read_until(b"\r\n") == b'I4 A "B512874411"\r\n'
        assert port.read_until(b"\r\n").startswith(b"S S ")


def test_a_port_can_be_opened_again_with_parity(rig, certificates, serve):
    """As after a run was killed: the pseudo-terminal still has the settings of the first client."""
    names = ("barometer", "air_thermometer", "hygrometer")
    transmitter = AmbientTransmitter(rig.world, rig.air, *(certificates[name] for name in names))
    server = serve(PortServer, transmitter, LineServing(VaisalaPtu300.wire))
    for _ in range(3):
        with serial.Serial(server.device, 4800, serial.SEVENBITS, serial.PARITY_EVEN, timeout=2) as port:
            port.write(b"SEND\r")
            assert port.read_until(b"\r\n").startswith(b"P= ")


@pytest.mark.parametrize("wired", ["socket", "port"])
def test_our_driver_over_the_wire(wired, rig, serve, clock):
    if wired == "socket":
        server = serve(SocketServer, SicsBalance(rig.world, rig.balance), LineServing(MettlerSics.wire))
        address = f"TCPIP::{server.host}::{server.port}::SOCKET"
    else:
        server = serve(PortServer, SicsBalance(rig.world, rig.balance), LineServing(MettlerSics.wire))
        address = f"ASRL{server.device}::INSTR"
    with MettlerSics.open(address, name="balance", clock=clock) as balance:
        assert math.isfinite(balance.settled_mass.read().value)


def test_wire_faults_show(rig, serve, clock):
    simulated = SicsBalance(rig.world, rig.balance)
    server = serve(SocketServer, simulated, LineServing(MettlerSics.wire))
    address = f"TCPIP::{server.host}::{server.port}::SOCKET"
    with MettlerSics.open(address, name="balance", clock=clock) as balance:
        for fault, size in (("late", 0.3), ("cut", 4), ("dead", 0)):
            simulated.faults.set(fault, size, times=1)
            with pytest.raises(NoReply):
                balance.ask("SI", 0.1)
            assert balance.ask("SI").startswith("S S ")
        simulated.faults.set("garbled", times=1)
        garbled = balance.link.ask
        with pytest.raises(Exception, match="SI"):
            garbled(b"SI", 0.1)
        assert balance.ask("SI").startswith("S S ")
        server.drop()
        assert balance.ask("SI").startswith("S S ")
