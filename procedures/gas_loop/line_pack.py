"""What is stored in a pipe of the loop: by how much more gas is there at the end of a repeat.

    m = V·(ρ_end - ρ_start + ρ·(Δp/p - Δt/T))

Density is the mean of those at both ends of the pipe, by what is read there first and last in a repeat; Δp
and Δt are what that may miss.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas_equations import GasState
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen


class InLoop(Protocol):
    """The repeats at a point, as a pipe needs them."""

    parameters: LoopParameters
    inputs: list[Input]

    def characteristic(self, symbol: str, name: str, unit: str) -> Input:
        """Return a fact of the bench and make it an input."""
        ...

    def density_at(self, key: str, seen: LoopSeen, reading: int) -> float:
        """Return the density in kg/m³ at a place by one reading there in a repeat."""
        ...


class StoredGas:
    """A pipe between two places; its inputs are added to those of the repeats.

    Args:
        repeats: at a point.
        key: what its inputs are told apart by.
        fact: of the bench, its volume in m³.
        ends: the keys of the places at either end.
    """

    def __init__(
        self, repeats: InLoop, key: str, fact: str, ends: tuple[Sequence[str], Sequence[str]]
    ) -> None:
        self._repeats, self._key, self._ends = repeats, key, ends
        told = repeats.parameters
        repeats.characteristic(f"V_{key}", fact, "m3")
        repeats.inputs += [
            Input.from_limits(f"Δp_{key}", 0.0, "Pa", told.pack_pressure, source=ORDER),
            Input.from_limits(f"Δt_{key}", 0.0, "K", told.pack_temperature, source=ORDER),
        ]

    def stored(self, seen: LoopSeen, x: Numbers, there: GasState) -> Number:
        """Return by how many kilograms more gas is in it at the end of a repeat.

        Args:
            seen: what the repeat yielded.
            x: the inputs of the model.
            there: about the gas in it.
        """
        t, p, density = (estimate(one) for one in (there.t, there.pressure, there.density))
        doubt = x[f"Δp_{self._key}"] / p - x[f"Δt_{self._key}"] / (t + 273.15)
        stored: Number = x[f"V_{self._key}"] * (self._denser(seen) + density * doubt)
        return stored

    def _denser(self, seen: LoopSeen) -> float:
        """Return how much denser the gas became, in kg/m³."""
        first, last = (
            statistics.fmean(
                statistics.fmean(self._repeats.density_at(key, seen, reading) for key in end)
                for end in self._ends
            )
            for reading in (0, -1)
        )
        return last - first
