"""Instruments that stand on many benches, wired up with what their certificates are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.model import Text
from remotecal.sim.certificates import Certified
from remotecal.sim.instruments.balance import SicsBalance
from remotecal.sim.instruments.counter import UniversalCounter
from remotecal.sim.instruments.multimeter import Multimeter
from remotecal.sim.instruments.thermometers import AmbientTransmitter, MilliK, probe
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.gate import Gate
    from remotecal.sim.instruments.weighing import Platform
    from remotecal.sim.surroundings import Air
    from remotecal.sim.world import World


def ambient(
    world: World, air: Air, barometer: Calibrated, air_thermometer: Calibrated, hygrometer: Calibrated
) -> Wired:
    """Return a PTU300 in the hall; corrections in Pa, °C and %."""
    transmitter = AmbientTransmitter(world, air, barometer, air_thermometer, hygrometer, serial="E4420011")
    certified = Certified(
        Text(zh="温湿度大气压变送器", en="Pressure, temperature and humidity transmitter"),
        (
            (Text(zh="气压", en="air pressure"), barometer),
            (Text(zh="气温", en="air temperature"), air_thermometer),
            (Text(zh="相对湿度", en="relative humidity"), hygrometer),
        ),
    )
    return Wired(transmitter, "serial", "E4420011", certified=certified)


def thermometer(
    world: World,
    calibration: Calibrated,
    temperature: Callable[[], float],
    name: str,
    *,
    serial: str = "21-P2460",
) -> Wired:
    """Return a milliK with one probe, in what has this `temperature` in °C; see `thermometers.probe`."""
    readout = MilliK(world, {1: probe(world, calibration, temperature, name)}, serial=serial)
    certified = Certified(
        Text(zh="铂电阻测温仪", en="Platinum resistance thermometer"),
        ((Text(zh="温度", en="temperature"), calibration),),
    )
    return Wired(readout, "serial", serial, {"channel": 1, "largest_resistance": 115}, certified)


def balance(world: World, platform: Platform) -> Wired:
    """Return a platform's balance."""
    serial = "B512874411"
    certified = Certified(
        Text(zh="电子秤", en="Weighing platform"),
        ((Text(zh="质量", en="mass"), platform.spec.calibration),),
    )
    return Wired(SicsBalance(world, platform, serial=serial), "serial", serial, certified=certified)


def counter(
    world: World,
    pulses: Callable[[], float],
    gate: Gate,
    *,
    timebase_error: float,
    serial: str = "MY50001234",
) -> Wired:
    """Return a 53230A; arguments as `UniversalCounter`."""
    simulated = UniversalCounter(world, pulses, gate, serial=serial, timebase_error=timebase_error)
    return Wired(simulated, "socket", serial)


def multimeter(world: World, current: Callable[[], float], ammeter: Calibrated) -> Wired:
    """Return a 34461A that reads a `current` in A; corrections in mA."""
    serial = "MY60012345"
    certified = Certified(
        Text(zh="数字多用表", en="Digital multimeter"),
        ((Text(zh="直流电流", en="direct current"), ammeter),),
    )
    return Wired(Multimeter(world, current, ammeter, serial=serial), "socket", serial, certified=certified)
