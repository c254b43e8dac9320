"""What is stored in a pipe of the loop: by how much more gas is there at the end of a repeat (`Pipe`).

Density is the mean of those at both ends of the pipe, by what is read there first and last in a repeat.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from remotecal.procedures.library.meters.line_pack import Pipe, Piped
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas_equations import GasState
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen


class InLoop(Piped, Protocol):
    """The repeats at a point, as a pipe of the loop needs them."""

    parameters: LoopParameters

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
        self._repeats, self._ends = repeats, ends
        self._pipe = Pipe(repeats, key, fact, repeats.parameters)

    def stored(self, seen: LoopSeen, x: Numbers, there: GasState) -> Number:
        """Return by how many kilograms more gas is in it at the end of a repeat.

        Args:
            seen: what the repeat yielded.
            x: the inputs of the model.
            there: about the gas in it.
        """
        t, p, density = (estimate(one) for one in (there.t, there.pressure, there.density))
        return self._pipe.stored(x, self._denser(seen), density, t, p)

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
