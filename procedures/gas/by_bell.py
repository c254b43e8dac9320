"""The bell prover as a procedure has it: filled, found tight, at rest, and sinking while a repeat lasts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from remotecal.drivers.capabilities import BellProver, FlowSource, PressureGauge, Thermometer, Valve
from remotecal.errors import RunError
from remotecal.procedures import Artefact, Observed, Procedure, Run, Stability
from remotecal.procedures.library.gas.bell import BELL_EXPANSION, FACTS, LEAK, TightBell
from remotecal.procedures.library.gas.bell_parameters import OfBell

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantities import BoundReading

SPEED: Final = 100.0
"""Of the blower, in %."""
LONGEST: Final = 1800.0
"""Seconds after which a bell that is not filled is given up."""


class ByBell(Procedure):
    """A calibration by a bell prover, of whatever its gas passes."""

    bell: Artefact
    """The bell with its scale."""
    rig: BellProver
    blower: FlowSource
    """What lifts the bell."""
    bell_gauge: PressureGauge
    """Absolute pressure under the bell."""
    bell_thermometers: tuple[Thermometer, ...]
    """Under the bell."""

    keeps: ClassVar[Mapping[str, type[Observed]]] = {LEAK: TightBell}
    facts: ClassVar[Mapping[str, str]] = dict(FACTS.values())

    @property
    @abstractmethod
    def of_bell(self) -> OfBell:
        """The parameters, as far as the bell needs them."""

    def stands_by(self) -> Sequence[str]:
        return (*super().stands_by(), LEAK)

    def characteristics(self) -> Mapping[str, str]:
        return {**super().characteristics(), **self.facts}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), BELL_EXPANSION: "1/K"}

    def certified(self) -> Sequence[str]:
        return (*super().certified(), "bell")

    def see_tight(self, run: Run) -> None:
        """See that the filled, shut bell does not sink, but as its gas's pressure and temperature have it."""
        self.fill(run)
        watched = (
            self.bell_gauge.pressure,
            self.rig.height,
            *(each.temperature for each in self.bell_thermometers),
        )
        before = run.read(*watched)
        run.wait(self.of_bell.leak_time)
        pressure, height, *warm = zip(before, run.read(*watched), strict=True)
        temperatures = tuple(one for row in zip(*warm, strict=True) for one in row)
        seen = TightBell(pressure=pressure, height=height, temperatures=temperatures)
        told = self.of_bell
        run.observe(LEAK, seen, leak=seen.rate(told), allowed=told.leak, unit="mm/s")
        if refusal := seen.unfit(told):
            raise RunError(refusal)

    def fill(self, run: Run) -> None:
        """Lift the bell, shut it, and wait until the gas under it is at rest."""
        self.rig.outlet.set(Valve.SHUT)
        begun = run.clock.now()
        while (height := self._height(run)) < self.of_bell.upper:
            if run.clock.now() - begun > LONGEST:
                raise RunError(
                    f"the blower does not lift the bell beyond {height:.0f} mm, and "
                    f"{self.of_bell.upper:g} mm are wanted: look at the blower and the bell's valves"
                )
            self.blower.speed.set(SPEED)
            self.blower.start()
            self.rig.filling.set(Valve.OPEN)
            run.wait(1.0)
        self.rig.filling.set(Valve.SHUT)
        self.blower.stop()
        told = self.of_bell
        run.settle(
            *(
                Stability(
                    each.temperature,
                    duration=30.0,
                    slope=told.settled_temperature,
                    every=5.0,
                    timeout=told.settling,
                )
                for each in self.bell_thermometers
            )
        )

    def sink(self, run: Run, duration: float, watched: Sequence[BoundReading]) -> list[tuple[Measured, ...]]:
        """Read quantities together until the bell has sunk far enough and the time is up.

        Raises:
            RunError: the bell comes to its lowest height before that.
        """
        told, begun = self.of_bell, run.clock.now()
        top, rows = self._height(run), [run.read(*watched)]
        while True:
            took, height = run.clock.now() - begun, self._height(run)
            sunk = top - height
            if took >= duration and sunk >= told.stroke:
                rows.append(run.read(*watched))
                return rows
            if height < told.lower:
                raise RunError(
                    f"the bell stands at {height:.0f} mm after {took:.0f} s, and may sink to {told.lower:g} "
                    "mm: it is too small for so long a repeat, or for so many pulses, at this flow"
                )
            rest = max(duration - took, (told.stroke - sunk) * took / sunk if sunk > 0 else 1.0)
            run.wait(min(max(rest / 5, 1.0), 30.0))
            rows.append(run.read(*watched))

    def _height(self, run: Run) -> float:
        (read,) = run.read(self.rig.height)
        return read.to("mm").value
