"""The constants of a density meter on line, by least squares through fluids of known density.

    ρ_i = K₀ + K₁·τ + K₂·τ²
    ρ_t = ρ_i·[1 + K₁₈·(t - 20 °C)] + K₁₉·(t - 20 °C)
    ρ = ρ_t·[1 + (K₂₀ₐ + K₂₀ᵦ·p)·p] + (K₂₁ₐ + K₂₁ᵦ·p)·p

Each group follows from the points that differ from those before it by one thing: the fluid, then the
temperature, then the pressure. Periods are in µs, temperatures in °C, pressures from that of the air in bar,
densities in kg/m³.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from remotecal.errors import EvidenceError
from remotecal.procedures.library.density import oscillator
from remotecal.uncertainty.number import Number, estimate

NAMES = ("K0", "K1", "K2", "K18", "K19", "K20A", "K20B", "K21A", "K21B")
"""The constants, as makers name them."""


@dataclass(frozen=True, slots=True)
class FluidState:
    """A fluid in the meter, as it was."""

    density: float
    """What it truly has."""
    period: float
    t: float
    p: float


@dataclass(frozen=True, slots=True)
class LineConstants:
    """The constants of a meter, to the digits they are stated with."""

    k: tuple[float, float, float]
    """K₀, K₁, K₂."""
    warm: tuple[float, float] = (0.0, 0.0)
    """K₁₈ and K₁₉."""
    slope: tuple[float, float] = (0.0, 0.0)
    """K₂₀ₐ and K₂₀ᵦ."""
    shift: tuple[float, float] = (0.0, 0.0)
    """K₂₁ₐ and K₂₁ᵦ."""

    def density(self, period: Number, t: Number, p: Number) -> Number:
        """Return what the meter makes of a period."""
        cold = oscillator.on_line(self.k, period)
        return oscillator.pressed(oscillator.warmed(cold, *self.warm, t), self.slope, self.shift, p)

    def all(self) -> dict[str, float]:
        """Return them by their names."""
        return dict(zip(NAMES, (*self.k, *self.warm, *self.slope, *self.shift), strict=True))


def determine(
    cold: Sequence[FluidState], warm: Sequence[FluidState], pressed: Sequence[FluidState]
) -> LineConstants:
    """Return the constants of a meter; those that no point tells are 0.

    Args:
        cold: fluids near 20 °C, at the pressure of the air.
        warm: at other temperatures, at the pressure of the air.
        pressed: near 20 °C, under pressure; where all are of one pressure there are no K₂₀ᵦ and K₂₁ᵦ.

    Raises:
        EvidenceError: a group has too few points.
    """
    found = LineConstants((0.0, 0.0, 0.0))
    for _ in range(
        ROUNDS
    ):  # the cold points are not quite at 20 °C and 0 bar, so each group needs the others
        found = _again(found, cold, warm, pressed)
    return found


ROUNDS = 8
"""How often all groups are found, each with the others as found before; 3 are enough."""


def scatter(constants: LineConstants, cold: Sequence[FluidState]) -> tuple[float, int]:
    """Return what K₀, K₁ and K₂ leave of fluids, as a standard deviation, and its degrees of freedom.

    Args:
        constants: as they are stated.
        cold: fluids near 20 °C, each once.

    Raises:
        EvidenceError: there are no more fluids than constants.
    """
    dof = len(cold) - 3
    if dof < 1:
        raise EvidenceError(f"{len(cold)} fluids leave nothing that K0, K1 and K2 miss: add some")
    left = (estimate(constants.density(one.period, one.t, one.p)) - one.density for one in cold)
    return math.sqrt(sum(each**2 for each in left) / dof), dof


def _again(
    known: LineConstants,
    cold: Sequence[FluidState],
    warm: Sequence[FluidState],
    pressed: Sequence[FluidState],
) -> LineConstants:
    k = _solved(
        [(1.0, one.period, one.period**2) for one in cold], [_at_20(known, one) for one in cold], "fluids"
    )
    known = LineConstants((k[0], k[1], k[2]), known.warm, known.slope, known.shift)
    if warm:
        told = [(estimate(oscillator.on_line(known.k, one.period)), one.t - 20.0) for one in warm]
        left = [_unpressed(known, one) - i for one, (i, _) in zip(warm, told, strict=True)]
        k18, k19 = _solved([(i * off, off) for i, off in told], left, "temperatures")
        known = LineConstants(known.k, (k18, k19), known.slope, known.shift)
    if pressed:
        several = len({round(one.p, 1) for one in pressed}) > 1
        flat = LineConstants(known.k, known.warm)
        rows, left = [], []
        for one in pressed:
            shown = estimate(flat.density(one.period, one.t, 0.0))
            linear, square = (shown * one.p, one.p), (shown * one.p**2, one.p**2)
            rows.append((*linear, *square) if several else linear)
            left.append(one.density - shown)
        a, b, *more = _solved(rows, left, "pressures")
        c, d = more or (0.0, 0.0)
        known = LineConstants(known.k, known.warm, (a, c), (b, d))
    return known


def _unpressed(known: LineConstants, one: FluidState) -> float:
    """Return the density that a meter would show without its corrections for pressure."""
    (a, b), (c, d) = known.slope, known.shift
    return (one.density - (c + d * one.p) * one.p) / (1.0 + (a + b * one.p) * one.p)


def _at_20(known: LineConstants, one: FluidState) -> float:
    """Return the density that a meter would show without any correction."""
    (k18, k19), off = known.warm, one.t - 20.0
    return (_unpressed(known, one) - k19 * off) / (1.0 + k18 * off)


def _solved(rows: Sequence[tuple[float, ...]], values: Sequence[float], of: str) -> list[float]:
    """Return the coefficients of least squares, columns brought to one size first."""
    import numpy as np

    matrix = np.array(rows, dtype=float)
    size = np.abs(matrix).max(axis=0)
    found, _, rank, _ = np.linalg.lstsq(matrix / size, np.array(values), rcond=1e-12)
    if rank < matrix.shape[1]:
        raise EvidenceError(
            f"{len(rows)} points are too few, or too near each other, for the constants of {of}: add some"
        )
    return [float(one) for one in found / size]


def stated(found: LineConstants) -> LineConstants:
    """Return them as the certificate states them, so that its errors are those of its own digits."""
    k0, k1, k2, *others = (float(told(one)) for one in found.all().values())
    a, b, c, d, e, f = others
    return LineConstants((k0, k1, k2), (a, b), (c, d), (e, f))


def told(value: float) -> str:
    """Return a constant as it is printed: nine digits."""
    return f"{value:.8e}"
