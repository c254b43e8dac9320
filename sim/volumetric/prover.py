"""A pipe prover behind the meter under test, and its controller, which counts by double chronometry."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

from remotecal.model import Table, Text
from remotecal.sim.certificates import Certified, stated_column
from remotecal.sim.chance import chance
from remotecal.sim.instruments.transmitter import transmitter

if TYPE_CHECKING:
    from remotecal.sim.simulated import Source
    from remotecal.sim.water.rig import Rig

WHOLE = 4.0e-4
"""Expanded uncertainty (k = 2) of the base volume, relative."""
EXPANSION, U_EXPANSION = 51.0e-6, 1.0e-6
"""Cubic expansion of stainless steel in 1/K, with its expanded uncertainty."""
STRETCH, U_STRETCH = 1.2e-10, 0.1e-10
"""D/(E·e) in 1/Pa of a thick pipe, with its expanded uncertainty."""


class PipeProver:
    """The prover, behind the meter under test.

    Args:
        rig: the water and the meter under test.
        rng: draws it.
        base: its base volume in m³, about.
        between: volume of the pipe from the meter to it, in m³.
    """

    RUN_UP = 0.2
    """Share of the base volume that the displacer passes before the first detector."""
    LOSS = 0.2
    """Share of the gauge pressure at the meter that is lost up to the prover."""

    def __init__(self, rig: Rig, rng: Random, base: float, between: float) -> None:
        self._rig, self._between = rig, between
        self.stated = round(base * rng.uniform(0.99, 1.01), 7)
        """What its certificate states of the base volume, in m³."""
        self.off = rng.gauss(0.0, 1.0)
        """By how many standard uncertainties its base volume is more than that."""
        self._base = self.stated * (1.0 + self.off * WHOLE / 2)
        self._expansion = EXPANSION + rng.gauss(0.0, U_EXPANSION / 2)
        self._stretch = STRETCH + rng.gauss(0.0, U_STRETCH / 2)
        self._warmer = rng.uniform(-0.1, 0.1)
        self.leak = 0.0
        """What passes the displacer's seal, in m³/s."""
        self.passes, self.whole_pulses = 0, 0
        self.pulse_time = self.pass_time = 0.0
        self._swept: float | None = None
        self._crossed: list[tuple[float, float]] = []
        self._edges: list[tuple[float, int]] = []
        self._last = (0.0, 0.0, 0.0)
        self._denser = 0.0
        """Density of the water in the pipe when that was."""
        rig.world.watchers.append(self._watch)

    @property
    def temperature(self) -> float:
        """Temperature of the water in it, in °C."""
        return self._rig.temperature + self._warmer

    @property
    def pressure(self) -> float:
        """Gauge pressure in it, in Pa."""
        return (1.0 - self.LOSS) * self._rig.line.pressure

    @property
    def volume(self) -> float:
        """What lies between its detectors now, in m³."""
        steel = 1.0 + self._expansion * (self.temperature - 20.0)
        return self._base * steel * (1.0 + self._stretch * self.pressure)

    def launch(self) -> None:
        """Send the displacer on its way, unless it is under way."""
        if self._swept is None:
            self._swept, self._crossed, self._edges = 0.0, [], []
            self._last = (self._rig.world.time, self._rig.dut.passed, self._rig.dut.cycles)
            self._denser = self._rig.density

    def _watch(self) -> None:
        """Go on with the displacer, and time what falls into the step that has just ended."""
        if self._swept is None:
            return
        (begin, passed, cycles), rig = self._last, self._rig
        self._last = now = (rig.world.time, rig.dut.passed, rig.dut.cycles)
        took = now[0] - begin
        if took <= 0.0:
            return
        grown, self._denser = self._between * (rig.density - self._denser), rig.density
        came = (now[1] - passed) * rig.density - grown
        moved = max(came / rig.water.density(self.temperature, self.pressure) - self.leak * took, 0.0)
        self._cross(begin, took, cycles, now[2] - cycles, moved)
        self._swept += moved
        self._count(begin, took, cycles, now[2] - cycles)

    def _cross(self, begin: float, took: float, cycles: float, more: float, moved: float) -> None:
        """Note when the displacer crosses a detector, and how many cycles the meter had sent by then."""
        swept, run_up = self._swept or 0.0, self.RUN_UP * self.stated
        for place, detector in enumerate((run_up, run_up + self.volume)):
            if len(self._crossed) == place and swept <= detector < swept + moved:
                share = (detector - swept) / moved
                self._crossed.append((begin + share * took, cycles + share * more))

    def _count(self, begin: float, took: float, cycles: float, more: float) -> None:
        """Note the first pulse after each crossing, and end the pass with that after the second."""
        while len(self._edges) < len(self._crossed):
            edge = math.floor(self._crossed[len(self._edges)][1]) + 1
            if cycles + more < edge:
                return
            self._edges.append((begin + (edge - cycles) / more * took, edge))
        if len(self._edges) == 2:
            (first, one), (second, other) = self._edges
            self.whole_pulses, self.pulse_time = other - one, second - first
            self.pass_time = self._crossed[1][0] - self._crossed[0][0]
            self.passes, self._swept = self.passes + 1, None

    def read(self) -> dict[str, Source]:
        """Return what its controller tells."""
        error = chance(self._rig.world.seed, "prover gauge").uniform(-1.0, 1.0)
        return {
            "map_revision": lambda: 1,
            "passes": lambda: self.passes,
            "whole_pulses": lambda: self.whole_pulses,
            "pulse_time": lambda: self.pulse_time,
            "pass_time": lambda: self.pass_time,
            "pressure": transmitter(
                self._rig.world, lambda: self.pressure / 1000.0 + error, "prover pressure"
            ),
        }

    def certified(self) -> Certified:
        """Return what its certificate states."""

        def one(zh: str, en: str, ref_type: str, unit: str, value: float, u: float) -> tuple[Text, Table]:
            places = max(2 - math.floor(math.log10(u)), 0)
            column = stated_column(ref_type, unit, (f"{value:.{places}f}",), f"{u:.{places}f}")
            return Text(zh=zh, en=en), Table(columns=(column,))

        u = WHOLE * self.stated
        return Certified(
            Text(zh="体积管", en="Pipe prover"),
            (
                one("基准容积", "base volume", "remotecal_baseVolume", "m3", self.stated, u),
                one("体膨胀系数", "expansion", "remotecal_cubicExpansion", "1/K", EXPANSION, U_EXPANSION),
                one("压力膨胀", "stretch", "remotecal_pressureStretch", "1/Pa", STRETCH, U_STRETCH),
            ),
        )
