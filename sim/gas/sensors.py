"""Gauges and thermometers of gas benches, wired up with their certificates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from remotecal.model import Text
from remotecal.sim.certificates import Certified
from remotecal.sim.instruments.keller import keller
from remotecal.sim.instruments.thermometers import MilliK, probe
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.world import World


def gauge(world: World, known: Calibrated, pressure: Callable[[], float], name: str, serial: str) -> Wired:
    """Return a transmitter of absolute pressure that shows a `pressure` in Pa with its error."""
    shown = keller(world, lambda: known.indicated(pressure()) / 1e5, name=name)
    told = Certified(
        Text(zh="绝压变送器", en="Absolute pressure transmitter"),
        ((Text(zh="绝压", en="absolute pressure"), known),),
    )
    return Wired(shown, "serial", serial, {"unit": 1, "absolute": True}, told)


def thermometer(
    world: World, known: Calibrated, temperature: Callable[[], float], name: str, serial: str
) -> Wired:
    """Return a readout with one probe in what has this `temperature` in °C."""
    readout = MilliK(world, {1: probe(world, known, temperature, name)}, serial=serial, name=name)
    told = Certified(
        Text(zh="铂电阻测温仪", en="Platinum resistance thermometer"),
        ((Text(zh="温度", en="temperature"), known),),
    )
    return Wired(readout, "serial", serial, {"channel": 1, "largest_resistance": 115}, told)


def room_sensors(known: Mapping[str, Calibrated]) -> tuple[Calibrated, Calibrated, Calibrated]:
    """Return what is certified of the transmitter in the room, in the order that `stands.ambient` takes."""
    return known["barometer"], known["air_thermometer"], known["hygrometer"]
