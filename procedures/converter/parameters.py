"""What the calibration of a volume converter is told."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from remotecal.fluids.base_conditions import BaseConditions
from remotecal.procedures import In, Parameters
from remotecal.procedures.library.converter.methods import MethodName, Programmed

FEWEST_LEVELS = 3
"""Of pressure: with fewer an error that falls as 1/p can't be told from one in proportion to p."""


class ConverterParameters(Parameters):
    """What the calibration of a volume converter is told."""

    pressures: Annotated[tuple[float, ...], In("Pa", above=0)]
    """Absolute pressures, ascending; each is come to from below and from above at every temperature."""
    temperatures: Annotated[tuple[float, ...], In("°C", at_least=-60, at_most=120)]
    """Temperatures of the well, in the order to measure."""
    pulses_per_volume: Annotated[float, In("1/m3", above=0)]
    """Pulses per m³ that are programmed into the converter."""
    pulses: Annotated[int, In("1", at_least=1)] = 5000
    """Pulses of each packet, exactly."""
    frequency: Annotated[float, In("Hz", above=0)] = 50.0
    """At which they come; what an input takes is the device's own."""
    method: MethodName
    """By which it is programmed to compute compressibility; it is judged by no other."""
    compared_with: MethodName | None = None
    """Another method, whose factor is stated beside; what they differ by is no error of the device."""
    composition: dict[str, float] = Field(default_factory=dict)
    """Mole fractions that are programmed, by the components' names, where a method takes them."""
    calorific_value: Annotated[float | None, In("MJ/m3", above=0)] = None
    """Superior calorific value that is programmed for SGERG-88 (25 °C; 0 °C, 101.325 kPa)."""
    relative_density: Annotated[float | None, In("1", above=0)] = None
    """Relative density that is programmed, likewise (0 °C, 101.325 kPa)."""
    carbon_dioxide: Annotated[float, In("1", at_least=0, at_most=0.3)] = 0.0
    """Mole fraction of CO₂ that is programmed, likewise."""
    hydrogen: Annotated[float, In("1", at_least=0, at_most=0.1)] = 0.0
    """Mole fraction of H₂ that is programmed, likewise."""
    base_pressure: Annotated[float, In("Pa", at_least=90e3, at_most=110e3)] = 101_325.0
    """Pressure of the base conditions."""
    base_temperature: Annotated[float, In("°C", at_least=-10, at_most=40)] = 20.0
    """Temperature of the base conditions; 20 °C in China, 15 °C or 0 °C in Europe."""
    sensor: Literal["absolute", "gauge"] = "absolute"
    """What its pressure sensor is: for absolute pressure, or a gauge to which it adds a fixed atmosphere."""
    standard_kind: Literal["absolute", "gauge"] = "absolute"
    """What the controller counts; to gauge pressure the barometer's is added."""
    filter_time: Annotated[float, In("s", at_least=0, at_most=300)] = 30.0
    """Time constant of the converter's low-pass filter (unverified); twelve are waited after each step."""
    soak: Annotated[float, In("s", at_least=0, at_most=36_000)] = 1800.0
    """How long the converter's sensor stays in the well once that is steady, before it is looked at."""
    soak_time: Annotated[float, In("s", at_least=0, at_most=3600)] = 120.0
    """Time constant with which its body comes to the well's temperature (unverified): what may still be
    missing is as much as the largest drift makes in it."""
    temperature_drift: Annotated[float, In("K/s", above=0)] = 1e-4
    """How fast the reference and the converter's own temperature may change then."""
    steady_temperature: Annotated[float, In("s", at_least=20)] = 180.0
    """How long they must be so."""
    dwell: Annotated[float, In("s", at_least=0)] = 30.0
    """Shortest stay at a pressure before it is measured."""
    steady: Annotated[float, In("%", above=0, at_most=1)] = 0.02
    """How much the pressure may change within 10 s and count as steady, in % of the highest one."""
    off: Annotated[float, In("%", above=0, at_most=5)] = 0.1
    """How far it may be from its set point, in % of the highest one."""
    slew: Annotated[float | None, In("Pa/s", above=0)] = None
    """Fastest change of pressure; as the bench allows, if not given."""
    readings: Annotated[int, In("1", at_least=2, at_most=200)] = 10
    """Readings while a packet comes in."""
    settling: Annotated[float, In("s", at_least=1)] = 5.0
    """How long after a packet its totals are complete."""
    measured_resolution: Annotated[float | None, In("m3", above=0)] = None
    """Smallest step of the volume by pulses; what one pulse stands for, if not given."""
    base_resolution: Annotated[float, In("m3", above=0)] = 0.01
    """Smallest step of the volume at base conditions."""
    pressure_resolution: Annotated[float, In("Pa", at_least=0)] = 1.0
    """Smallest step of the pressure it shows."""
    temperature_resolution: Annotated[float, In("K", at_least=0)] = 0.01
    """Smallest step of the temperature it shows."""
    permissible: Annotated[float, In("%", above=0)] = 0.5
    """Permissible error of the whole, without the meter: of EN 12405-1 at reference conditions (unverified);
    1 at rated ones."""
    permissible_pressure: Annotated[float, In("%", above=0)] = 0.2
    """Permissible error of the pressure, likewise (unverified); 0.5 at rated conditions."""
    permissible_temperature: Annotated[float, In("%", above=0)] = 0.1
    """Permissible error of the temperature, of kelvins, likewise (unverified); 0.2 at rated conditions."""
    permissible_calculator: Annotated[float, In("%", above=0)] = 0.2
    """Permissible error of the calculator, likewise (unverified); 0.3 at rated conditions."""
    norm: str = "EN 12405-1"
    """The document it is held against."""
    rule: Literal["verification", "guard band U", "simple acceptance"] = "verification"
    """Decision rule of the statements of conformity."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor of the expanded uncertainties, where it shall be exactly this, such as 2; the coverage
    probability then follows from it."""

    @model_validator(mode="after")
    def _grid_can_be_made(self) -> Self:
        if len(self.pressures) < FEWEST_LEVELS or any(b <= a for a, b in pairwise(self.pressures)):
            raise ValueError(f"pressures are {FEWEST_LEVELS} or more in ascending order")
        if not self.temperatures or len(set(self.temperatures)) < len(self.temperatures):
            raise ValueError("temperatures must be given, each once")
        return self

    @property
    def base(self) -> BaseConditions:
        """The base conditions."""
        return BaseConditions(self.base_temperature, self.base_pressure)

    @property
    def top(self) -> float:
        """The highest pressure, in Pa."""
        return self.pressures[-1]

    @property
    def step(self) -> float:
        """Smallest step of the volume by pulses, in m³."""
        return 1 / self.pulses_per_volume if self.measured_resolution is None else self.measured_resolution

    @property
    def steps(self) -> dict[str, tuple[float, str]]:
        """What it shows → the smallest step of that, and its unit."""
        return {
            "measured_volume": (self.step, "m3"),
            "base_volume": (self.base_resolution, "m3"),
            "pressure": (self.pressure_resolution, "Pa"),
            "temperature": (self.temperature_resolution, "K"),
        }

    @property
    def packet(self) -> float:
        """Volume in m³ that a packet stands for."""
        return self.pulses / self.pulses_per_volume

    @property
    def duration(self) -> float:
        """How long a packet takes, in s."""
        return self.pulses / self.frequency

    @property
    def programmed(self) -> Programmed:
        """What of the gas is programmed."""
        simple = (self.calorific_value, self.relative_density, self.carbon_dioxide, self.hydrogen)
        return Programmed(self.composition, *simple)
