"""The door to pyaga8, which computes the equations of AGA 8: GERG-2008 (part 2) and DETAIL (part 1).

It takes floats alone; `by_differences` makes them part of measurement models.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from threading import local
from typing import Any

from remotecal.errors import ConfigurationError, ParameterError
from remotecal.fluids.helmholtz import Thermal

_STEPS = 16
"""In so many steps the way from no gas at all to its density is looked at."""
_WIDER = 1.08
"""By which factor denser and denser states are looked at for a liquid."""
_DENSEST = 60e3
"""Denser than any liquid of the components, mol/m³."""

AGA8_GAS_CONSTANTS: Mapping[str, float] = {"Gerg2008": 8.314472, "Detail": 8.31451}
"""Molar gas constant of each equation, J/(mol K)."""


class Aga8Gas:
    """The surface of one of the equations for one composition.

    Args:
        equation: "Gerg2008" or "Detail", as pyaga8 calls them.
        fractions: mole fractions by component; they are normalised.
        molar_mass: of the gas, kg/mol, whatever the equation has: DETAIL's are of 1992.

    Raises:
        ConfigurationError: pyaga8 is not installed.
    """

    def __init__(self, equation: str, fractions: Mapping[str, float], molar_mass: float) -> None:
        total = sum(fractions.values())
        self._composition = _composition({each: one / total for each, one in fractions.items()})
        self._flag = (0,) if equation == "Gerg2008" else ()
        """GERG-2008 wants to be told that it is a gas."""
        self._name = equation
        self.gas_constant = AGA8_GAS_CONSTANTS[equation]
        self.molar_mass = molar_mass
        solver = self._solver()
        solver.calc_molar_mass()
        self._heavier = (solver.mm / 1000.0 / molar_mass) ** 0.5

    def molar_density(self, kelvin: float, pressure: float) -> float:
        """Return the density of the gas in mol/m³."""
        solver = self._solver()
        solver.temperature, solver.pressure = kelvin, pressure / 1000.0
        try:
            solver.calc_density(*self._flag)
        except (ValueError, RuntimeError) as error:
            raise ParameterError(
                f"{self._name} finds no gas at {kelvin:g} K and {pressure:g} Pa ({error}): check the readings"
            ) from None
        return float(solver.d) * 1000.0

    def at(self, kelvin: float, molar_density: float) -> Thermal:
        """Return what else the equation tells there."""
        solver = self._solver()
        solver.temperature, solver.d = kelvin, molar_density / 1000.0
        solver.calc_properties()
        return Thermal(
            # GERG-2008 leaves the solver's own pressure as it was asked for.
            pressure=float(solver.z) * molar_density * self.gas_constant * kelvin,
            dp_dd=float(solver.dp_dd),
            dp_dt=float(solver.dp_dt) * 1000.0,
            cv=float(solver.cv),
            cp=float(solver.cp),
            enthalpy=float(solver.h),
            entropy=float(solver.s),
            sound=float(solver.w) * self._heavier,
        )

    def condenses(self, kelvin: float, pressure: float) -> bool:
        """Tell whether the gas would be a liquid there, as a whole; that some of it drops out is not seen.

        The equations have a density for both, and for what is neither. A gas comes to its own from nothing,
        with the pressure rising all the way, and the liquid has no smaller Gibbs energy.
        """
        density = self.molar_density(kelvin, pressure)
        on_the_way = [self.at(kelvin, density * step / _STEPS) for step in range(1, _STEPS + 1)]
        if min(each.dp_dd for each in on_the_way) <= 0:
            return True
        gas, liquid = on_the_way[-1], self._liquid(kelvin, pressure, density)
        return liquid is not None and liquid.enthalpy - gas.enthalpy < kelvin * (liquid.entropy - gas.entropy)

    def _liquid(self, kelvin: float, pressure: float, density: float) -> Thermal | None:
        """Return the densest state that has a pressure, denser than one in mol/m³; None if there is none.

        Between gas and liquid lie states that no fluid can be in, and some of them have the pressure too.
        """
        found, low = None, density * _WIDER
        while low < _DENSEST:
            high = low * _WIDER
            if self.at(kelvin, low).pressure < pressure <= self.at(kelvin, high).pressure:
                found = (low, high)
            low = high
        return None if found is None else self.at(kelvin, self._between(kelvin, pressure, found))

    def _between(self, kelvin: float, pressure: float, ends: tuple[float, float]) -> float:
        """Return the density in mol/m³ between two that has a pressure, to 1e-9 of itself."""
        low, high = ends
        while high - low > 1e-9 * low:
            middle = (low + high) / 2
            if self.at(kelvin, middle).pressure < pressure:
                low = middle
            else:
                high = middle
        return high

    def _solver(self) -> Any:  # noqa: ANN401  # it has no types
        """Return this thread's solver of the equation, with this composition in it and nothing else."""
        solver = _SOLVERS.of(self._name)
        # DETAIL takes fractions and temperatures that differ by less than 1e-7 for those it had before.
        solver.set_composition(_composition({"helium": 1.0}))
        solver.temperature, solver.d = 200.0, 1.0
        solver.calc_pressure()
        solver.set_composition(self._composition)
        return solver


class _Solvers(local):
    """The solvers of a thread, one for each equation, for as long as it lives.

    To make one of DETAIL takes a hundred times as long as to ask it, and a budget draws thousands of gases.
    """

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def of(self, equation: str) -> Any:  # noqa: ANN401  # it has no types
        if equation not in self._made:
            self._made[equation] = getattr(_pyaga8(), equation)()
        return self._made[equation]


_SOLVERS = _Solvers()


def _composition(fractions: Mapping[str, float]) -> Any:  # noqa: ANN401  # it has no types
    composition = _pyaga8().Composition()
    for component, fraction in fractions.items():
        setattr(composition, component, fraction)
    return composition


@cache
def _pyaga8() -> Any:  # noqa: ANN401  # it has no types
    try:
        return importlib.import_module("pyaga8")
    except ImportError:
        raise ConfigurationError(
            "GERG-2008 and AGA8 DETAIL need pyaga8: `pip install 'remotecal[gas]'`"
        ) from None
