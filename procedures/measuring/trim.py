"""Bringing an indication to a value by a setting, from one side and without going past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from remotecal.errors import NotStable, RunError

if TYPE_CHECKING:
    from remotecal.drivers.quantities import BoundSetting
    from remotecal.procedures import Run, Stability

SHARE = 0.9
"""Share of what is missing that the next step goes, so that it does not go past."""

TRIES = 12
"""Steps after which a value counts as out of reach."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Trim:
    """How an indication is brought to values by a setting, of the same unit or the like.

    The setting is told the value first, and then what is missing, step by step. If the indication went past
    on its way, it is taken back `back` before the value and comes again from the same side, as the device's
    hysteresis asks for, and the journal says so.
    """

    setting: BoundSetting
    """What is set."""
    held: Stability
    """The indication, and when it counts as steady."""
    _: KW_ONLY
    within: float
    """How near the value it must come, in the indication's unit."""
    past: float
    """How far it may be past the value and not count as passed, in that unit."""
    back: float
    """How far before the value it begins anew, in that unit."""
    shift: float = 0.0
    """What the setting has more than the indication, in that unit, such as the air's pressure."""
    arrived: Callable[[], bool] = _always
    """Tells whether what acts on the setting says that it is done."""

    def to(self, run: Run, value: float, *, rising: bool) -> int:
        """Bring the indication to a value in its unit; return how often it went past.

        Args:
            run: waits, reads, and keeps what happened.
            value: where to.
            rising: whether it comes from below.

        Raises:
            NotStable: the indication does not come to rest.
            RunError: the value can't be reached; or the run must stop.
        """
        sign, unit = 1.0 if rising else -1.0, self._unit
        told, passed = value, 0
        for _ in range(TRIES):
            farthest, found = self._go(run, told, sign)
            excess = sign * (farthest - value)
            if excess > self.past:
                passed += 1
                run.note("went past", quantity=self.held.quantity.source, value=value, to=farthest, unit=unit)
                told -= sign * excess
                self._go(run, value - sign * self.back, -sign)
            elif abs(found - value) <= self.within:
                return passed
            else:
                told += SHARE * (value - found)
        raise RunError(
            f"{self.held.quantity.source} can't be brought to {value:g} {unit}: after {TRIES} steps it is "
            f"{found:g} {unit}: look for leaks, and for what holds the setting back"
        )

    def _go(self, run: Run, told: float, sign: float) -> tuple[float, float]:
        """Set, and wait until it is steady; return how far it went, and where it came to rest."""
        self.setting.set(told + self.shift, self._unit)
        held, readings = self.held, []
        began = due = run.clock.now()
        while True:
            (reading,) = run.read(held.quantity)
            readings.append(reading)
            judgement = held.judge(readings)
            if judgement.stable and self.arrived():
                return max((one.value for one in readings), key=lambda value: sign * value), judgement.mean
            if run.clock.now() - began >= held.timeout:
                raise NotStable(
                    f"{held.quantity.source} was told {told:g} {self._unit} and is not steady there after "
                    f"{held.timeout:.0f} s: {held.compare(judgement)}: look for leaks and a control loop "
                    "that hunts, or allow more time"
                )
            due += held.every
            run.wait(due - run.clock.now())

    @property
    def _unit(self) -> str:
        return self.held.quantity.declaration.unit
