"""Dry air about a room's temperature, by the equation for it, fast enough for a simulator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remotecal.fluids.critical_flow import GAS_CONSTANT
from remotecal.fluids.gas import AIR
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.fluids.gas_viscosity import viscosity
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.sim.instruments.nozzle import TrueNozzle


class DryAir:
    """Its density by a virial coefficient that is taken from the equation of state.

    Args:
        denser: by how much it is truly denser than the equation has it, relative.
        c_star: the same of the critical flow function.
    """

    def __init__(self, *, denser: float = 0.0, c_star: float = 0.0) -> None:
        self._equation = EQUATIONS["Lemmon 2000"]
        self._heavier, self._faster = 1.0 + denser, 1.0 + c_star
        at = [estimate(self._equation.state(AIR, t, 5e4).z) - 1.0 for t in (20.0, 40.0)]
        self._virial = at[0] / 5e4
        self._slope = (at[1] - at[0]) / 5e4 / 20.0
        self._specific = GAS_CONSTANT / estimate(AIR.molar_mass)

    def density(self, t: float, p: float) -> float:
        """Return the true density in kg/m³ at `t` in °C and `p` in Pa."""
        return self._heavier * p / (self._specific * (t + 273.15) * (1.0 + self._b(t) * p))

    def pressure(self, t: float, density: float) -> float:
        """Return the pressure in Pa at which it truly has a density."""
        ideal = density / self._heavier * self._specific * (t + 273.15)
        return ideal / (1.0 - self._b(t) * ideal)

    def passes(self, nozzle: TrueNozzle, t: float, p: float) -> float:
        """Return the mass flow in kg/s that truly passes a choked nozzle, this air at rest ahead of it."""
        c_star = estimate(self._equation.critical_flow(AIR, t, p)) * self._faster
        flux = c_star * p / math.sqrt(self._specific * (t + 273.15))
        per = 4.0 * flux * nozzle.area / math.pi / nozzle.diameter
        per /= estimate(viscosity(self._equation.state(AIR, t, p)))
        discharge = 0.985
        for _ in range(3):
            discharge = nozzle.discharge(per * discharge)
        return flux * nozzle.area * discharge

    def _b(self, t: float) -> float:
        return self._virial + self._slope * (t - 20.0)
