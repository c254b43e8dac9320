"""A bank of critical nozzles in the loop, behind the check meter: the flow that it lets pass."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Final

from remotecal.sim.instruments.nozzle import TrueNozzle, draw_bank
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.sim.gas_loop.gas import Behaviour, TrueGas

SHARES: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""What the nozzles pass, as shares of the meter's highest flow."""
ROOM: Final = (198.6, 1.18, 1.82e-5)
"""Of a room's air: what a throat of 1 m² draws of it in m³/s, its density in kg/m³, its viscosity in Pa s."""
MARGIN: Final = (0.6, 1.4)
"""How far beyond the Reynolds numbers that the pressures ask for nozzles are certified."""
PLACES: Final = 8
"""At how many of them."""
RECOVERS: Final = (0.93, 0.96)
"""Between what the ratios of pressures lie up to which nozzles with these diffusers are choked."""


@dataclass(frozen=True, slots=True)
class BankSpec:
    """A bank."""

    nozzles: tuple[TrueNozzle, ...]
    c_star: float
    """What is true of C* less what the equation tells, relative."""
    denser: float
    """The same of the density."""


class TrueBank:
    """What nozzles that are open let pass.

    Args:
        spec: of the bank.
        filling: the gas.
    """

    def __init__(self, spec: BankSpec, filling: TrueGas) -> None:
        self.spec, self._filling, self._c_star = spec, filling, 0.0

    def look(self, celsius: float, pressure: float) -> None:
        """Ask the equation of state for C* about a state."""
        found = self._filling.equation.critical_flow(self._filling.gas, celsius, pressure)
        self._c_star = estimate(found) * (1.0 + self.spec.c_star)

    def passes(
        self, standing: int, gas: Behaviour, celsius: float, pressure: float, drawn: float
    ) -> tuple[float, float]:
        """Return the mass flow in kg/s, and the pressure behind the nozzles as a share of that ahead.

        Args:
            standing: which are open, a bit each.
            gas: ahead of them.
            celsius: temperature there.
            pressure: there, in Pa.
            drawn: what the blower draws from behind them, in m³/s as it is there.
        """
        flux = self._c_star * pressure / math.sqrt(gas.specific * (celsius + 273.15))
        open_ones = [each for n, each in enumerate(self.spec.nozzles) if standing >> n & 1]
        mass = sum(flux * each.area * self._discharge(each, flux, gas.viscosity) for each in open_ones)
        volume = mass / gas.at(celsius, pressure)
        if drawn <= 0.0:
            return 0.0, 1.0
        low, high = 0.0, 1.0
        for _ in range(30):
            ratio = (low + high) / 2.0
            let = volume * sum(each.choked(ratio) for each in open_ones) / len(open_ones)
            low, high = (ratio, high) if let > drawn * ratio else (low, ratio)
        share = sum(each.choked(low) for each in open_ones) / len(open_ones)
        return mass * share, low

    @staticmethod
    def _discharge(nozzle: TrueNozzle, flux: float, viscosity: float) -> float:
        per = 4.0 * flux * nozzle.area / (math.pi * nozzle.diameter * viscosity)
        return nozzle.discharge(per * 0.99)


def draw_for(rng: Random, highest: float, filling: TrueGas, pressures: tuple[float, ...]) -> BankSpec:
    """Draw a bank.

    Args:
        rng: what it is drawn by.
        highest: of the meter under test, in m³/h.
        filling: the gas.
        pressures: absolute ones in kPa that the loop is used at.
    """
    lowest, most = (filling.about(20.0, 1000.0 * each(pressures)) for each in (min, max))
    c_star = estimate(filling.equation.critical_flow(filling.gas, 20.0, 1000.0 * max(pressures)))
    draws = c_star * math.sqrt(most.specific * 293.15) * most.z
    ends = [
        margin * gas.density / ROOM[1] * ROOM[2] / gas.viscosity * draws / ROOM[0]
        for margin, gas in zip(MARGIN, (lowest, most), strict=True)
    ]
    shares = tuple(ends[0] * (ends[1] / ends[0]) ** (n / (PLACES - 1)) for n in range(PLACES))
    sized = tuple(share * highest * ROOM[0] / draws for share in SHARES)
    known = filling.equation.range_of(filling.gas, 20.0, 1000.0 * max(pressures))
    return BankSpec(
        tuple(replace(each, recovers=rng.uniform(*RECOVERS)) for each in draw_bank(rng, sized, shares)),
        rng.gauss(0.0, known.u_critical_flow),
        rng.gauss(0.0, known.u_density),
    )
