"""Pressure instruments and a readout with 17 probes: their drivers and their twins, over real wires."""

import pytest

from remotecal.bench import Bench
from remotecal.drivers.druck.pace import DruckPace, Slewing, Switch, Vent
from remotecal.drivers.fluke.pressure6270a import Fluke6270A, Mode
from remotecal.drivers.keller.digital import KellerDigital
from remotecal.drivers.keysight.daq970a import KeysightDaq970A
from remotecal.errors import (
    ForbiddenCommand,
    InstrumentError,
    OutOfSpan,
    SafeStateNotReached,
    WrongInstrument,
)
from remotecal.sim.instruments.daq970a import DataAcquisition
from remotecal.sim.instruments.druck import Pace
from remotecal.sim.instruments.fluke_pressure import Controller6270A
from remotecal.sim.instruments.keller import keller
from remotecal.sim.instruments.regulator import Regulator
from remotecal.sim.serving import LineServing, PortServer, RtuServing, SocketServer

AIR = 100.2


@pytest.fixture
def line(world):
    return Regulator(lambda: world.time)


@pytest.fixture
def on_socket(serve, clock):
    """Serve a simulated instrument on a socket and open it there by its driver."""
    opened = []

    def open_it(driver, simulated, **settings):
        server = serve(SocketServer, simulated, LineServing(driver.wire))
        address = f"TCPIP::{server.host}::{server.port}::SOCKET"
        opened.append(driver.open(address, name="it", clock=clock, **settings))
        return opened[-1]

    yield open_it
    for instrument in opened:
        instrument.close()


@pytest.fixture
def on_port(serve, clock):
    """The same on a pseudo-terminal."""
    opened = []

    def open_it(driver, simulated, **settings):
        server = serve(PortServer, simulated, LineServing(driver.wire))
        opened.append(driver.open(f"ASRL{server.device}::INSTR", name="it", clock=clock, **settings))
        return opened[-1]

    yield open_it
    for instrument in opened:
        instrument.close()


def pace(world, line, **settings):
    return Pace(world, line, air=lambda: AIR, **settings)


def opens(request, kind):
    return request.getfixturevalue(f"on_{kind}")


@pytest.mark.parametrize("wire", ["socket", "port"])
def test_pace_goes_to_a_set_point_and_is_made_safe(request, world, line, clock, wire):
    controller = opens(request, wire)(
        DruckPace, pace(world, line), serial="9990001", max_slew=20.0, percent_of_range=0.02
    )
    assert not controller.is_absolute()
    controller.slew.set(10)
    controller.setpoint.set(2.0, "bar")
    controller.control()
    clock.sleep(10)
    assert controller.pressure.read().value == pytest.approx(100, abs=1)
    assert not controller.in_limits()
    clock.sleep(12.5)
    assert controller.in_limits()
    held = controller.pressure.read()
    assert (held.value, held.u) == (pytest.approx(200), pytest.approx(0.0002 * 350 / 3**0.5))
    began = clock.now()
    controller.make_safe()
    assert 9 < clock.now() - began < 15, "20 kPa/s, as the bench allows, though 10 was set"
    assert line.doing == "vent"
    assert line.opened_at == [pytest.approx(0, abs=20)]
    assert line.fastest == 20
    assert controller.output.read() is Switch.OFF
    assert controller.venting.read() == Vent.COMPLETED


def test_pace_that_was_left_at_full_speed_is_slowed_down_before_it_moves(world, line, clock, on_socket):
    twin = pace(world, line)
    with world.present():
        twin._set_point("300")
        twin._switch("ON")
    clock.sleep(5)
    assert line.fastest > 50
    line.fastest = 0.0
    controller = on_socket(DruckPace, twin, max_slew=50.0)
    controller.make_safe()
    assert line.fastest == 50
    assert controller.slew_mode.read() is Slewing.LINEAR
    assert line.opened_at == [pytest.approx(0, abs=50)]


def test_pace_is_not_opened_under_pressure_and_says_why(world, line, clock, on_socket):
    controller = on_socket(DruckPace, pace(world, line), max_slew=5.0)
    controller.setpoint.set(100)
    controller.control()
    clock.sleep(30)
    with pytest.raises(ForbiddenCommand, match="would open a line at 100 kPa to the air at 0 kPa"):
        controller.open_to_air()
    assert line.opened_at == []


def test_pace_that_can_not_bring_the_pressure_down_is_left_shut(world, line, clock, on_socket):
    controller = on_socket(DruckPace, pace(world, line))
    controller.setpoint.set(100)
    controller.control()
    clock.sleep(20)
    with world.present():
        line.hold()
        line.stuck = True
    with pytest.raises(SafeStateNotReached, match="the ramp down did not end within 45 s, it is at 100 kPa"):
        controller.make_safe()
    assert line.opened_at == []


def test_pace_on_an_absolute_range_comes_down_to_the_air(world, line, clock, on_socket):
    controller = on_socket(DruckPace, pace(world, line, range_name="3.50bara"), max_slew=2.0)
    assert controller.is_absolute()
    assert controller.pressure.read().value == pytest.approx(AIR)
    controller.setpoint.set(150)
    controller.control()
    clock.sleep(60)
    assert controller.pressure.read().value == pytest.approx(150)
    controller.vent()
    assert controller.pressure.read().value == pytest.approx(AIR, abs=0.02)
    assert line.opened_at == [pytest.approx(0, abs=2)]


def test_pace_refuses_what_it_does_not_know_and_goes_on(world, line, on_socket):
    controller = on_socket(DruckPace, pace(world, line))
    assert controller.ask("SENS:PRES:CONT?") == ""
    with pytest.raises(InstrumentError, match="-113"):
        controller.command("SOUR:NONSENSE 1")
    with pytest.raises(OutOfSpan, match="on the range in force"):
        controller.setpoint.set(351)
    assert controller.dwell.read().value == 2
    controller.dwell.set(10)
    assert controller.dwell.read().value == 10
    assert [one.value for one in controller.read(controller.supply, controller.barometer)] == [3165, AIR]


def test_pace_in_bar_is_refused(world, line, on_socket):
    twin = pace(world, line)
    twin._held["unit"] = "BAR"
    with pytest.raises(WrongInstrument, match="unit is BAR, this driver needs KILOPASCAL"):
        on_socket(DruckPace, twin)


@pytest.mark.parametrize("wire", ["socket", "port"])
def test_6270a_goes_to_a_set_point_and_is_made_safe(request, world, line, clock, wire):
    controller = opens(request, wire)(
        Fluke6270A, Controller6270A(world, line), full_scale=2000, max_slew=50.0, percent_of_range=0.01
    )
    controller.setpoint.set(700)
    controller.control()
    clock.sleep(10)
    assert controller.pressure.read().value == pytest.approx(500, abs=5)
    assert not controller.in_limits()
    clock.sleep(10)
    assert controller.in_limits()
    assert controller.pressure.read()[:3] == (pytest.approx(700), "kPa", pytest.approx(0.2 / 3**0.5))
    with pytest.raises(ForbiddenCommand):
        controller.mode.set(Mode.VENT)
    controller.make_safe()
    assert controller.mode.read() is Mode.VENT
    assert line.opened_at == [pytest.approx(0, abs=50)]
    assert line.fastest == 50


def test_keller_shows_the_line(world, line, serve, clock):
    twin = keller(world, lambda: line.pressure() / 100.0, unit=3)
    server = serve(PortServer, twin, RtuServing())
    with world.present():
        line.control(250.0, 1000.0)
    clock.sleep(5)
    with KellerDigital.open(
        f"modbus+rtu://{server.device}", unit=3, full_scale=3, percent_of_range=0.05, clock=clock
    ) as gauge:
        pressure, temperature = gauge.read(gauge.pressure, gauge.temperature)
    assert pressure[:3] == (pytest.approx(2.5), "bar", pytest.approx(0.0015 / 3**0.5))
    assert temperature.value == pytest.approx(22.76, abs=1e-4)


@pytest.fixture
def probes(world):
    channels = {100 + n: ("C", lambda n=n: 20.0 + n / 100) for n in range(1, 18)}
    return DataAcquisition(world, channels | {201: ("OHM", lambda: 109.73)})


@pytest.mark.parametrize("wire", ["socket", "port"])
def test_17_probes_are_one_instrument(request, probes, clock, wire):
    readout = opens(request, wire)(KeysightDaq970A, probes, scan="101:117,201")
    began = clock.now()
    *found, ohms = readout.read(
        *(readout.temperature[channel] for channel in range(101, 118)), readout.resistance[201]
    )
    assert clock.now() - began == pytest.approx(18 * 0.4, abs=1e-4), "one sweep"
    assert [one.value for one in found] == pytest.approx([20 + n / 100 for n in range(1, 18)])
    assert ohms.value == 109.73
    with pytest.raises(InstrumentError, match="channel 201 reads in OHM, not in C"):
        readout.temperature[201].read()
    with pytest.raises(InstrumentError, match="channel 301 is 0 times in the sweep"):
        readout.temperature[301].read()


def test_17_probes_are_one_entry_of_a_bench(probes, serve, clock, tmp_path):
    server = serve(SocketServer, probes, LineServing(KeysightDaq970A.wire))
    path = tmp_path / "bench.toml"
    path.write_text(f"""
    [bench]
    name = "Bath"
    [instruments.readout]
    driver = "KeysightDaq970A"
    address = "TCPIP::{server.host}::{server.port}::SOCKET"
    settings = {{ scan = "101:117" }}
    [[interlocks]]
    watch = "readout.temperature[103]"
    above = 60.0
    unit = "°C"
    """)
    with Bench.load(path).open(clock) as opened:
        measured = opened.reading("readout.temperature[117]").read()
    assert (measured.value, measured.source) == (pytest.approx(20.17), "readout.temperature[117]")
