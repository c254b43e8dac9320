"""What can be chosen of a bench for volume converters."""

from __future__ import annotations

from typing import Annotated, Literal

from remotecal.procedures.parameters import In
from remotecal.sim.assembly import BenchOptions

Method = Literal["AGA8 DETAIL", "GERG-2008", "SGERG-88", "ideal"]


class ConverterOptions(BenchOptions):
    """What can be chosen of a converter bench."""

    maker: Literal["EK280", "UNIFLO 1200"] = "EK280"
    """Whose converter it is."""
    pressures: Annotated[tuple[float, ...], In("kPa", above=0)] = (200.0, 400.0, 600.0, 800.0, 1000.0)
    """Absolute pressures of its range that are calibrated, ascending."""
    temperatures: Annotated[tuple[float, ...], In("°C", at_least=-25, at_most=70)] = (-5.0, 20.0, 50.0)
    """Temperatures it is calibrated at."""
    pulses_per_volume: Annotated[float, In("1/m3", above=0)] = 10.0
    """Pulses of the meter it counts."""
    method: Method = "AGA8 DETAIL"
    """How it says that it computes compressibility."""
    computes: Literal["", "AGA8 DETAIL", "GERG-2008", "SGERG-88", "ideal"] = ""
    """How it does, where that is not what it says."""
    digits: Annotated[int, In("1", at_least=0, at_most=9)] = 0
    """Significant digits to which it rounds C; 0 for none."""
    filter: Annotated[float, In("s", at_least=0, at_most=300)] = 30.0
    """Time constant of the low-pass filter of its pressure and temperature."""
    soak: Annotated[float, In("s", at_least=0, at_most=3600)] = 120.0
    """Time constant with which its sensor comes to the well's temperature."""
    atmosphere: Annotated[float, In("kPa", at_least=0, at_most=120)] = 0.0
    """What it adds to a gauge sensor; 0 for a sensor of absolute pressure."""
    alarm_above: Annotated[float, In("kPa", at_least=0)] = 0.0
    """Pressure from which it has an alarm and counts with a substitute value; 0 for none."""
