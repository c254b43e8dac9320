"""Drivers of volume converters: where a bench says their quantities are, and that these hang together."""

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.converters import placed
from remotecal.drivers.elster.ek280 import ElsterEk280
from remotecal.drivers.flonidan.uniflo1200 import FlonidanUniflo1200, Formula
from remotecal.drivers.keysight.generator33500b import Keysight33500B
from remotecal.errors import BenchError, OutOfSpan, WrongInstrument
from remotecal.sim.instruments.converters import ek280, uniflo1200
from remotecal.sim.instruments.generator import BurstGenerator
from remotecal.sim.memory import MemoryLink
from remotecal.sim.world import World


class Device:
    """What is converted at 4 bar."""

    pressure, temperature, factor, z, z_base = 4e5, 10.0, 4.117, 0.99, 0.998
    measured, converted, disturbed, base = 1234.5, 70_000.125, 0.25, (20.0, 101_325.0)


def over(simulated, **settings):
    driver = simulated.driver.as_stated(settings)
    link = MemoryLink(simulated, "dut", "memory:dut")
    return driver.over(link, name="dut", clock=VirtualClock(), unit=1, **settings)


@pytest.mark.parametrize("make", [ek280, uniflo1200])
def test_a_converter_is_read(make):
    dut = over(make(World(VirtualClock(), 1), Device()))
    read = dut.read(dut.pressure, dut.temperature, dut.factor, dut.measured_volume, dut.base_volume)
    assert [one.value for one in read] == pytest.approx([4.0, 10.0, 4.117, 1234.5, 70_000.125], rel=1e-7)
    assert dut.disturbed_volume.read().value == 0.25
    assert dut.base_pressure.read().to("kPa").value == pytest.approx(101.325)


def test_a_uniflo_tells_its_method():
    simulated = uniflo1200(World(VirtualClock(), 1), Device(), formula=Formula.SGERG_88)
    assert over(simulated).method() == "SGERG-88"
    assert over(ek280(World(VirtualClock(), 1), Device())).method() == ""


def test_registers_that_do_not_hang_together_are_refused():
    """Another order of bytes, and a table in which pressure and temperature are exchanged."""
    world = World(VirtualClock(), 1)
    with pytest.raises(WrongInstrument, match="registers, or in another order of bytes"):
        over(uniflo1200(world, Device()), order="CDAB")
    with pytest.raises(WrongInstrument, match="state them in the bench file"):
        over(ek280(world, Device()), pressure="holding 2 f32", temperature="holding 0 f32")


def test_a_bench_says_where_the_quantities_are():
    driver = ElsterEk280.as_stated({"base_volume": "holding 520 u32 + holding 522 f32", "unit": 1})
    assert driver is ElsterEk280.as_stated({"base_volume": "holding 520 u32 + holding 522 f32"})
    assert [part.number for part in driver.base_volume.wire.parts] == [520, 522]
    assert driver.pressure is ElsterEk280.pressure
    scaled = placed("x", "pressure", "input 7 u16 × 0.01")
    assert (scaled.table, scaled.number, scaled.scale) == ("input", 7, 0.01)


@pytest.mark.parametrize("said", ["500", "coil 3 bit", "holding 5 f16", "holding 5 f32 × 0", "a + b + c"])
def test_what_is_no_place_is_refused(said):
    with pytest.raises(BenchError):
        placed("ElsterEk280", "pressure", said)


def test_addresses_of_a_uniflo_count_bytes():
    """0x80 is the pressure's, 0x88 the factor's, 0x70 the volume at base conditions."""
    numbers = [item.wire.parts[0].number for item in (FlonidanUniflo1200.pressure, FlonidanUniflo1200.factor,
                                                      FlonidanUniflo1200.base_volume)]  # fmt: skip
    assert numbers == [64, 68, 56]


def test_a_packet_has_exactly_so_many_pulses():
    clock = VirtualClock()
    world = World(clock, 1)
    simulated = BurstGenerator(world)
    generator = Keysight33500B.over(MemoryLink(simulated, "g", "memory:g"), name="g", clock=clock)
    generator.send(10_000, 1000.0)
    clock.sleep(4.0)
    with world.present():
        assert simulated.pulses == pytest.approx(4000, abs=1)
    clock.sleep(60.0)
    with world.present():
        assert simulated.pulses == 10_000
    generator.send(5, 10.0)
    clock.sleep(1.0)
    generator.make_safe()
    with world.present():
        assert simulated.pulses == 10_005
        assert not simulated.on
    with pytest.raises(OutOfSpan):
        generator.send(0, 10.0)
