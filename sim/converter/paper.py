"""What is written about a converter bench, and the work order for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Interlock, Safe
from remotecal.model import Text
from remotecal.sim.converter.device import COMPOSITION, SIMPLE, ConverterSpec
from remotecal.sim.converter.outfit import HEIGHT, UNIFORMITY
from remotecal.sim.paper import Job, Paper, characteristic

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.converter.options import ConverterOptions

HOTTEST = 90.0
"""Temperature in °C beyond which a run is stopped."""


def paper(spec: ConverterSpec, options: ConverterOptions, today: date) -> Paper:
    """Return what is written of a bench with this converter."""
    uniformity, height = UNIFORMITY, HEIGHT
    full = spec.full / 1000.0
    return Paper(
        name=f"simulated converter bench, up to {full:g} kPa",
        job=Job("converter.volume_converter", "CONV", _parameters(options), dut(options)),
        characteristics={
            "well_uniformity": characteristic(0.0, "K", uniformity.expanded[0], today),
            "reference_height": characteristic(height.corrections[0], "m", height.expanded[0], today),
        },
        interlocks=(
            Interlock(watch="controller.pressure", above=round(1.1 * full, 6), unit="kPa", every=5.0),
            Interlock(watch="thermometer.temperature", above=HOTTEST, unit="°C", every=5.0),
        ),
        safe=Safe(order=("controller", "well", "generator"), within=120.0),
    )


def _parameters(options: ConverterOptions) -> dict[str, object]:
    told: dict[str, object] = {
        "pressures": [1000.0 * each for each in options.pressures],
        "temperatures": list(options.temperatures),
        "pulses_per_volume": options.pulses_per_volume,
        "method": options.method,
        "filter_time": options.filter,
    }
    if options.method == "SGERG-88":
        told |= SIMPLE
    if options.method != "ideal":
        told |= {"composition": COMPOSITION, "compared_with": "GERG-2008"}
    return told


def dut(options: ConverterOptions) -> dict[str, object]:
    """Return the device as the order names it."""
    return {
        "name": Text(zh="气体体积修正仪", en="Gas volume conversion device"),
        "maker": "Simulated",
        "model": options.maker,
        "serial": "SIM-0001",
        "class_scheme": "EN 12405-1",
        "class_name": "PTZ",
    }


STANDARD: Final = Text(zh="压力控制器", en="Pressure controller")
"""What the controller is called on its certificate."""
