"""How a pressure controller lets its pressure out: down a ramp first, and only then to the air.

A step from 20 bar to the air hurts piston gauges, differential cells and whoever stands beside a hose.
So nothing opens a controller of this kind to the air while there is pressure, whoever asks for it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from remotecal.drivers.capabilities import PressureController
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.quantities import Action
from remotecal.errors import ForbiddenCommand, InstrumentError, RemotecalError, SafeStateNotReached

if TYPE_CHECKING:
    from remotecal.drivers.contents import Content
    from remotecal.drivers.declarations import Declaration, Step

STEP: Final = 1.0
"""Seconds of the fastest ramp that the last step to the air may be worth."""

PATIENCE: Final = 30.0
"""Seconds a ramp may take longer than it should, and an open line to reach the air's pressure."""

LOOK: Final = 0.5
"""Seconds from one look at the pressure to the next."""

AIR: Final = 101.325
"""Pressure of the air in kPa where nobody says better: the standard atmosphere."""


class VentedByRamp(Instrument, PressureController):
    """A pressure controller that is never opened to the air under pressure.

    It comes first among a driver's bases. The first step of the driver's safe state is the one that opens
    the line; `vent` takes that step. Where it fails, the others are not taken: the instrument goes on
    controlling, and so bringing the pressure down. Pressures are in kPa, `slew` in kPa/s.
    """

    max_slew: float
    """Fastest change of pressure on this bench, in kPa/s."""
    air_pressure: float
    """Pressure of the air in kPa, for a controller that indicates absolute pressure."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.place is not VentedByRamp.place:
            raise TypeError(f"{cls.__name__} could be opened under pressure: its first base is VentedByRamp")

    def vent(self) -> None:
        """Bring the pressure down to the air's by a ramp, then open to the air; done when this returns.

        Raises:
            InstrumentError: the pressure does not come down; the line is not opened.
        """
        air = self._air()
        if not self._near(air):
            self.slow_down()
            self.setpoint.set(air)
            self.control()
            self._await(lambda: self._near(air), self._longest(air), "the ramp down did not end")
        self.measure()
        opening = self.safe[0]
        self.place(opening if isinstance(opening, Action) else opening.declaration, opening.content)
        self._await(self._opened, PATIENCE, "it was told to open to the air, and did not")

    def place(self, declaration: Declaration, content: Content) -> None:
        """Send content to a declaration, but for what would open a line under pressure.

        Raises:
            ForbiddenCommand: it would; nothing was told to the instrument.
        """
        opening = self.safe[0]
        what = opening if isinstance(opening, Action) else opening.declaration
        if declaration is what and content == opening.content:
            air, now = self._air(), self._pressure()
            if abs(now - air) > STEP * self.max_slew:
                raise ForbiddenCommand(
                    f"{self.name}: {declaration!r} would open a line at {now:g} kPa to the air at {air:g} "
                    "kPa: call vent(), which ramps the pressure down first"
                )
        super().place(declaration, content)

    def slow_down(self) -> None:
        """See that the pressure changes no faster than this bench allows."""
        if not 0 < self.slew.read().value <= self.max_slew:
            self.slew.set(self.max_slew)

    def make_safe(self) -> None:
        """Vent, then take the other steps of the safe state.

        Raises:
            SafeStateNotReached: the pressure does not come down, or another step failed.
        """
        try:
            self.vent()
        except RemotecalError as failure:
            raise SafeStateNotReached(f"{self.name} is not known to be safe: {failure}") from failure
        super().make_safe()

    def _take_safe_step(self, step: Step | Action) -> None:
        if step is not self.safe[0]:  # that one was taken by `vent`
            super()._take_safe_step(step)

    def _air(self) -> float:
        """Return the air's pressure as this controller indicates pressures, in kPa."""
        return self.air_pressure if self.is_absolute() else 0.0

    def _pressure(self) -> float:
        return self.pressure.read().to("kPa").value

    def _near(self, air: float) -> bool:
        return abs(self._pressure() - air) <= STEP * self.max_slew

    def _longest(self, air: float) -> float:
        """Return how many seconds a ramp to the air may take from here."""
        slew = self.slew.read().to("kPa/s").value
        return PATIENCE + 1.5 * abs(self._pressure() - air) / slew

    def _await(self, reached: Callable[[], bool], longest: float, what: str) -> None:
        deadline = self.clock.now() + longest
        while not reached():
            if self.clock.now() >= deadline:
                raise InstrumentError(
                    f"{self.name}: {what} within {longest:.0f} s, it is at {self._pressure():g} kPa: look at "
                    "supply, vacuum and line; there may be pressure in it"
                )
            self.clock.sleep(LOOK)

    @abstractmethod
    def _opened(self) -> bool:
        """Tell whether the line is open, and has the air's pressure."""
