"""A pipe between two meters: what it stores while a repeat lasts passed the one and not the other.

    m = V·(ρ_end - ρ_start + ρ·(Δp/p - Δt/T))

ρ_end and ρ_start are by what is read first and last in a repeat; Δp and Δt are what that may miss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.uncertainty.inputs import Input

if TYPE_CHECKING:
    from remotecal.uncertainty.number import Number, Numbers


class PackParameters(Protocol):
    """What an order tells of a pipe."""

    @property
    def pack_pressure(self) -> float:
        """How well the change of pressure in it is known, ± in Pa."""
        ...

    @property
    def pack_temperature(self) -> float:
        """How well the change of temperature in it is known, ± in K."""
        ...


class Piped(Protocol):
    """The repeats at a point, as a pipe needs them."""

    inputs: list[Input]

    def characteristic(self, symbol: str, name: str, unit: str) -> Input:
        """Return a fact of the bench and make it an input."""
        ...


class Pipe:
    """A pipe; its inputs are added to those of the repeats.

    Args:
        repeats: at a point.
        key: what its inputs are told apart by: `V_`, `Δp_` and `Δt_` stand before it.
        fact: of the bench, its volume in m³.
        told: what the order tells; None where the run knew of no `Δp` and `Δt`: then they are no inputs.
    """

    def __init__(self, repeats: Piped, key: str, fact: str, told: PackParameters | None) -> None:
        self._key = key
        repeats.characteristic(f"V_{key}", fact, "m3")
        if told is not None:
            repeats.inputs += [
                Input.from_limits(f"Δp_{key}", 0.0, "Pa", told.pack_pressure, source=ORDER),
                Input.from_limits(f"Δt_{key}", 0.0, "K", told.pack_temperature, source=ORDER),
            ]

    def stored(self, x: Numbers, denser: float, density: float, t: float, p: float) -> Number:
        """Return by how much more gas is in it at the end of a repeat, in m³ times the unit of the density.

        Args:
            x: the inputs of the model.
            denser: by how much denser the gas became, as it was read.
            density: of it, about, in the same unit.
            t: its temperature in °C, about.
            p: its pressure in Pa, about.
        """
        doubt = x.get(f"Δp_{self._key}", 0.0) / p - x.get(f"Δt_{self._key}", 0.0) / (t + 273.15)
        stored: Number = x[f"V_{self._key}"] * (denser + density * doubt)
        return stored
