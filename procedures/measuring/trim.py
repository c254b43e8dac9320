"""Bringing an indication to a value by a setting, from one side and without going past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.errors import NotStable, RunError

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
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
    on its way, it is taken back `back` before the value, within the range, and comes again from the same
    side, as the device's hysteresis asks for, and the journal says so. To an end of the range nothing comes
    from beyond, and nothing goes past on that way.

    What is set follows the indication, so an indication that does not follow what is set, such as that of a
    gauge behind a valve that is shut, would drive it away. So the two may differ by `apart` and no more, and
    nothing is ever set further than that beyond the range. Where a person reads the indication, they are
    asked to wait until it is steady, and read it once.
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
    low: float
    """Lower end of the range that what is connected is made for, in that unit."""
    high: float
    """Upper end of it."""
    apart: float
    """How far the indication may come to rest from what the setting was told, in that unit."""
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
            RunError: the indication does not follow; the value can't be reached; or the run must stop.
        """
        sign, unit = 1.0 if rising else -1.0, self._unit
        anew = min(max(value - sign * self.back, self.low), self.high)
        told, passed = value, 0
        for _ in range(TRIES):
            farthest, found = self._go(run, told, sign)
            excess = sign * (farthest - value)
            if excess > self.past and anew != value:
                passed += 1
                run.note("went past", quantity=self.held.quantity.source, value=value, to=farthest, unit=unit)
                told -= sign * excess
                self._go(run, anew, -sign)
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
        if not self.low - self.apart <= told <= self.high + self.apart:
            raise RunError(
                f"{self.held.quantity.source}: {told:g} {self._unit} would have to be set, and the range is "
                f"{self.low:g} to {self.high:g} {self._unit}; nothing was set: {LOOK_AT}"
            )
        self.setting.set(told + self.shift, self._unit)
        by_hand = isinstance(self.held.quantity.instrument, HandInstrument)
        farthest, found = self._watched(run, told) if by_hand else self._followed(run, told, sign)
        if abs(found - told) > self.apart:
            raise RunError(
                f"{self.held.quantity.source} does not follow: {told:g} {self._unit} were set, and it came "
                f"to rest at {found:g} {self._unit}, more than {self.apart:g} {self._unit} away: {LOOK_AT}"
            )
        return farthest, found

    def _watched(self, run: Run, told: float) -> tuple[float, float]:
        """Have a person wait until it is steady, and read it; of its way there is nothing else to know."""
        began = run.clock.now()
        while not self.arrived():
            self._give_up(run.clock.now() - began, told, "what acts on it has not arrived")
            run.wait(self.held.every)
        run.wait(self.held.duration)
        run.settle(self.held)
        (reading,) = run.read(self.held.quantity)
        return reading.value, reading.value

    def _followed(self, run: Run, told: float, sign: float) -> tuple[float, float]:
        """Read it until it is steady; return the farthest value, and the mean at rest."""
        held = self.held
        readings: list[Measured] = []
        began = due = run.clock.now()
        while True:
            (reading,) = run.read(held.quantity)
            readings.append(reading)
            judgement = held.judge(readings)
            if judgement.stable and self.arrived():
                return max((one.value for one in readings), key=lambda value: sign * value), judgement.mean
            self._give_up(run.clock.now() - began, told, held.compare(judgement))
            due += held.every
            run.wait(due - run.clock.now())

    def _give_up(self, waited: float, told: float, found: str) -> None:
        if waited >= self.held.timeout:
            raise NotStable(
                f"{self.held.quantity.source} was told {told:g} {self._unit} and is not steady there after "
                f"{self.held.timeout:.0f} s: {found}: look for leaks and a control loop that hunts, or allow "
                "more time"
            )

    @property
    def _unit(self) -> str:
        return self.held.quantity.declaration.unit


LOOK_AT = (
    "see whether a valve before what indicates is shut, whether it leaks, and whether both indicate the same "
    "kind of quantity in the unit they are said to; or let them be further apart"
)
"""What to look at where an indication does not follow what is set."""
