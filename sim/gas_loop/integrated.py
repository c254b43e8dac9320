"""A meter with pressure and temperature built in: it counts what passes it, and makes of that base volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.fluids.base_conditions import BaseConditions
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from random import Random

    from remotecal.sim.gas_loop.gas import TrueGas


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

    @classmethod
    def draw(cls, rng: Random, offset: float, *, ideal: bool) -> IntegratedSpec:
        """Draw a device that does well, but for an offset in Pa and what it computes."""
        return cls(
            rng.gauss(0.0, 3e-4),
            offset + rng.gauss(0.0, 50.0),
            rng.gauss(0.0, 0.1),
            ideal,
            BaseConditions(20.0),
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
        self.pressure, self.temperature = 101_325.0, 20.0
        self.measured = self.converted = 0.0
        self.z_base = self._compression(spec.base.t, spec.base.p)
        self.z, self._at = self.z_base, (self.pressure, self.temperature)

    def _compression(self, celsius: float, pressure: float) -> float:
        if self.spec.ideal:
            return 1.0
        return estimate(self._filling.equation.state(self._filling.gas, celsius, pressure).z)

    @property
    def base(self) -> tuple[float, float]:
        """Base temperature in °C and pressure in Pa."""
        return self.spec.base.t, self.spec.base.p

    @property
    def factor(self) -> float:
        """The conversion factor that it uses."""
        t_b, p_b = self.base
        warm = (t_b + 273.15) / (self.temperature + 273.15)
        return self.pressure / p_b * warm * self.z_base / self.z

    def follow(self, indicated: float, pressure: float, celsius: float) -> None:
        """Take what its meter has counted by now, in m³, at a pressure in Pa and a temperature in °C."""
        self.pressure, self.temperature = self.spec.shown(pressure, celsius)
        pressure, warm = self._at
        far = (
            abs(self.pressure / pressure - 1.0) > self.NEAR[0] or abs(self.temperature - warm) > self.NEAR[1]
        )
        if far:
            self.z = self._compression(self.temperature, self.pressure)
            self._at = self.pressure, self.temperature
        self.converted += (indicated - self.measured) * self.factor
        self.measured = indicated
