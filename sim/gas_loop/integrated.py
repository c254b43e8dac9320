"""A meter with pressure and temperature built in: it counts what passes it, and makes of that base volume."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from remotecal.fluids.base_conditions import BaseConditions
from remotecal.procedures.parameters import In
from remotecal.sim.assembly import BenchOptions
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from random import Random

    from remotecal.sim.gas_loop.gas import TrueGas


class IntegratedOptions(BenchOptions):
    """What can be chosen of a meter with pressure and temperature built in."""

    device_off: Annotated[float, In("kPa")] = 0.0
    """What that one's pressure is off: a gauge sensor on a day with another atmosphere."""
    computes: Literal["", "ideal"] = ""
    """How it computes compressibility, if not as it should."""
    damping: Annotated[float, In("s", at_least=0, at_most=300)] = 0.0
    """Time constant of the filter that its pressure and temperature go through."""
    pressure_step: Annotated[float, In("Pa", at_least=0)] = 1.0
    """Smallest step of the pressure it shows."""
    temperature_step: Annotated[float, In("K", at_least=0)] = 0.01
    """Smallest step of the temperature it shows."""
    volume_step: Annotated[float, In("m3", at_least=0)] = 0.0
    """Smallest step of its volumes."""

    def resolutions(self) -> dict[str, float]:
        """Return what an order says of its steps and its filter, where it has them."""
        every = {
            "total_resolution": self.volume_step,
            "base_resolution": self.volume_step,
            "pressure_resolution": self.pressure_step,
            "temperature_resolution": self.temperature_step,
            "damping": self.damping,
        }
        return {name: value for name, value in every.items() if value}


@dataclass(frozen=True, slots=True)
class IntegratedSpec:
    """What is true of such a device beside its meter."""

    gain: float
    """Of its pressure sensor, relative."""
    offset: float
    """Of its pressure sensor, in Pa."""
    warm: float
    """Error of its thermometer, in K."""
    ideal: bool
    """Whether it knows no compressibility, whatever it should."""
    base: BaseConditions
    damping: float
    """Time constant of its filter, in s."""
    steps: tuple[float, float, float]
    """In which it shows pressure in Pa, temperature in K and volumes in m³; 0 for none."""

    @classmethod
    def draw(cls, rng: Random, chosen: IntegratedOptions) -> IntegratedSpec:
        """Draw a device that does well, but for what is chosen of it."""
        return cls(
            rng.gauss(0.0, 3e-4),
            1000.0 * chosen.device_off + rng.gauss(0.0, 50.0),
            rng.gauss(0.0, 0.1),
            chosen.computes == "ideal",
            BaseConditions(20.0),
            chosen.damping,
            (chosen.pressure_step, chosen.temperature_step, chosen.volume_step),
        )

    def shown(self, pressure: float, celsius: float) -> tuple[float, float]:
        """Return what it shows of a pressure in Pa and a temperature in °C."""
        return pressure * (1.0 + self.gain) + self.offset, celsius + self.warm


class IntegratedMeter:
    """Such a device; `follow` it step by step.

    Args:
        spec: what is true of it.
        filling: the gas that is programmed, which is the loop's.
    """

    NEAR = 1e-4, 0.02
    """Change of the pressure, as a share, and of the temperature, in K, from which its Z is computed anew."""

    disturbed = 0.0

    def __init__(self, spec: IntegratedSpec, filling: TrueGas) -> None:
        self.spec, self._filling = spec, filling
        self._felt = 101_325.0, 20.0
        """Pressure and temperature behind the filter."""
        self._counted = self._made = 0.0
        self.z_base = self._compression(spec.base.t, spec.base.p)
        self.z, self._at = self.z_base, self._felt

    def _compression(self, celsius: float, pressure: float) -> float:
        if self.spec.ideal:
            return 1.0
        return estimate(self._filling.equation.state(self._filling.gas, celsius, pressure).z)

    @property
    def pressure(self) -> float:
        """What it shows, in Pa."""
        return _in_steps(self._felt[0], self.spec.steps[0])

    @property
    def temperature(self) -> float:
        """What it shows, in °C."""
        return _in_steps(self._felt[1], self.spec.steps[1])

    @property
    def measured(self) -> float:
        """Volume that it shows, in m³."""
        return _whole_steps(self._counted, self.spec.steps[2])

    @property
    def converted(self) -> float:
        """Volume at base conditions that it shows, in m³."""
        return _whole_steps(self._made, self.spec.steps[2])

    @property
    def base(self) -> tuple[float, float]:
        """Base temperature in °C and pressure in Pa."""
        return self.spec.base.t, self.spec.base.p

    @property
    def factor(self) -> float:
        """The conversion factor that it uses."""
        t_b, p_b = self.base
        pressure, celsius = self._felt
        warm = (t_b + 273.15) / (celsius + 273.15)
        return pressure / p_b * warm * self.z_base / self.z

    def follow(self, took: float, indicated: float, pressure: float, celsius: float) -> None:
        """Go on by `took` seconds, in which its meter came to `indicated` m³, at Pa and °C."""
        share = -math.expm1(-took / self.spec.damping) if self.spec.damping else 1.0
        seen = self.spec.shown(pressure, celsius)
        felt = tuple(old + share * (new - old) for old, new in zip(self._felt, seen, strict=True))
        self._felt = felt[0], felt[1]
        pressure, warm = self._at
        if abs(felt[0] / pressure - 1.0) > self.NEAR[0] or abs(felt[1] - warm) > self.NEAR[1]:
            self.z = self._compression(felt[1], felt[0])
            self._at = self._felt
        self._made += (indicated - self._counted) * self.factor
        self._counted = indicated


def _in_steps(value: float, step: float) -> float:
    """Return what is shown of a value, to the nearest step."""
    return step * round(value / step) if step else value


def _whole_steps(total: float, step: float) -> float:
    """Return what a register shows of a total: the steps that are full."""
    return step * math.floor(total / step) if step else total
