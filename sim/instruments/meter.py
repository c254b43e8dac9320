"""A simulated flow meter: what it makes of the volume that passes it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from remotecal.sim.calibrated import Calibrated, interpolate

AT_REST = 1e-6
"""Share of a meter's highest flow below which nothing flows."""

ErrorCurve = Callable[[float], float]
"""Relative error of indication (1) against the flow in m³/s."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An error curve of the usual kind: rising from low flow, gently bent towards the top.

    e(x) = level + rise·(0.05/x − 1) + slope·x + bend·(1 − x)², x the share of the highest flow.
    """

    highest: float
    """Highest flow in m³/s."""
    level: float
    rise: float = 0.0
    slope: float = 0.0
    bend: float = 0.0

    def __call__(self, flow: float) -> float:
        share = flow / self.highest
        if share < 0.005:
            share = 0.005
        rest = 1.0 - share
        return self.level + self.rise * (0.05 / share - 1.0) + self.slope * share + self.bend * rest * rest


@dataclass(frozen=True, slots=True)
class ErrorPoints:
    """An error curve given by points and straight lines between them."""

    flows: tuple[float, ...]
    """Flows in m³/s, ascending."""
    errors: tuple[float, ...]
    """Relative errors (1), one a flow."""

    def __call__(self, flow: float) -> float:
        return interpolate(self.flows, self.errors, flow)


def certified(calibrated: Calibrated) -> ErrorCurve:
    """Return the true error curve of a meter whose certificate states relative corrections.

    The table's points are flows in m³/h. A correction c means true = indicated·(1 + c), so the
    error of indication is 1/(1 + c) − 1.
    """

    def error(flow: float) -> float:
        return 1.0 / (1.0 + calibrated.correction(flow * 3600.0)) - 1.0

    return error


@dataclass(frozen=True, slots=True)
class MeterSpec:
    """What a meter is, before anything has passed it."""

    highest: float
    """Highest flow in m³/s; 20 mA stands for it."""
    pulses: float
    """Nominal pulses per m³ of indicated volume (K factor)."""
    curve: ErrorCurve
    temperature_coefficient: float = 0.0
    """Change of the relative error per kelvin from 20 °C, in 1/K."""
    noise: float = 2.0e-4
    """Standard deviation of the relative error over one minute, white (1)."""
    damping: float = 1.0
    """Time constant of the flow it shows, in s."""
    zero: float = 0.0
    """Flow in m³/s it counts beside what flows, and shows while nothing does."""
    low_cutoff: float = 0.0005
    """Share of the highest flow below which it counts nothing; at 0 it counts its zero at rest, too."""
    output_error: float = 0.0
    """Relative error of the current output's span (1)."""
    density_error: float = 0.0
    """Relative error of the density a Coriolis meter indicates (1)."""
    temperature_error: float = 0.0
    """Error of the temperature it indicates, in K."""


class Meter:
    """A meter in a pipe: `prepare` begins a step, `take` lets a volume pass."""

    __slots__ = (
        "_cutoff",
        "_error",
        "_factor",
        "_noise",
        "_rng",
        "density",
        "flow",
        "indicated",
        "mass",
        "passed",
        "spec",
        "temperature",
    )

    def __init__(self, spec: MeterSpec, rng: Random) -> None:
        self.spec = spec
        self.passed = 0.0
        """Volume that truly passed, in m³ at the meter's temperature and pressure."""
        self.indicated = 0.0
        """Volume the meter has totalled, in m³ (a Coriolis meter that knew the density exactly)."""
        self.mass = 0.0
        """Mass a Coriolis meter has totalled, in kg."""
        self.flow = 0.0
        """Damped indicated flow in m³/s."""
        self.density = 0.0
        """Density of what is in it, in kg/m³."""
        self.temperature = 0.0
        """Temperature of what is in it, in °C."""
        self._rng = rng
        self._noise = spec.noise * math.sqrt(60.0)
        self._cutoff = spec.low_cutoff * spec.highest
        self._factor = 1.0
        self._error = 0.0

    def fill(self, density: float, temperature: float) -> None:
        """Start with a fluid of this state in it."""
        self.density, self.temperature = density, temperature

    def error(self, flow: float, temperature: float) -> float:
        """Return the true relative error of indication at `flow` (m³/s) and `temperature` (°C)."""
        return self.spec.curve(flow) + self.spec.temperature_coefficient * (temperature - 20.0)

    def prepare(self, flow: float, temperature: float, step: float) -> None:
        """Fix the meter's factor for the next `step` seconds about `flow`."""
        self.respond(flow, temperature)
        self._error = self._noise / math.sqrt(step) * self._rng.gauss(0.0, 1.0)

    def respond(self, flow: float, temperature: float) -> None:
        """Take the factor for a flow that has just been changed."""
        self.temperature = temperature
        if flow < max(self._cutoff, AT_REST * self.spec.highest):
            self._factor = 0.0
        else:
            self._factor = 1.0 + self.spec.curve(flow)
            self._factor += self.spec.temperature_coefficient * (temperature - 20.0)
            self._factor += self.spec.zero / flow if self.spec.zero else 0.0

    def take(self, volume: float, duration: float, density: float) -> None:
        """Count `volume` m³ of `density` that passed in `duration` s."""
        self.density = density
        self.passed += volume
        counted = volume * (self._factor + self._error) if self._factor else 0.0
        if self._creeps:
            counted = self.spec.zero * duration
        forward = max(counted, 0.0)  # it counts nothing backwards
        self.indicated += forward
        self.mass += forward * density
        flow = counted / duration
        self.flow = flow + (self.flow - flow) * math.exp(-duration / self.spec.damping)

    @property
    def shown(self) -> float:
        """The flow it shows in m³/s; at rest that is its zero."""
        return self.flow if self._factor or self._creeps else self.flow + self.spec.zero

    @property
    def _creeps(self) -> bool:
        """Whether nothing flows, and it counts its zero."""
        return not self._factor and not self._cutoff

    @property
    def cycles(self) -> float:
        """Pulses sent since it was switched on, with the part of the next one."""
        return self.indicated * self.spec.pulses

    @property
    def counts(self) -> int:
        """Whole pulses sent since it was switched on."""
        return math.floor(self.cycles)

    @property
    def current(self) -> float:
        """Current output in A: 4 mA at no flow, 20 mA at the highest, 3.8 to 20.5 mA at the ends."""
        return self._current(self.flow / self.spec.highest)

    @property
    def mass_current(self) -> float:
        """The same by mass flow: 20 mA at the highest flow of water of 1000 kg/m³."""
        return self._current(self.flow * self.density / 1000.0 / self.spec.highest)

    def _current(self, share: float) -> float:
        shown = 0.004 + 0.016 * (share * (1.0 + self.spec.output_error))
        return min(max(shown, 0.0038), 0.0205)
