"""How a pressure controller lets its pressure out: down a ramp first, and only then to the air.

A step from 20 bar to the air hurts piston gauges, differential cells and whoever stands beside a hose.
So nothing opens a controller of this kind to the air while there is pressure, whoever asks for it.
"""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

from remotecal.drivers.capabilities import PressureController
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.quantities import Action, Choice, Setting
from remotecal.errors import (
    ForbiddenCommand,
    GarbledReply,
    InstrumentError,
    RemotecalError,
    SafeStateNotReached,
)

if TYPE_CHECKING:
    from remotecal.drivers.codecs import TextCodec
    from remotecal.drivers.contents import Content
    from remotecal.drivers.declarations import Declaration, Step

STEP: Final = 1.0
"""Seconds of the fastest ramp that the last step to the air may be worth."""

PATIENCE: Final = 30.0
"""Seconds a ramp may take longer than it should, and an open line to reach the air's pressure."""

LOOK: Final = 0.5
"""Seconds from one look at the pressure to the next."""

MAX_SLEW: Final = 10.0
"""Fastest change of pressure in kPa/s where a bench file says no other."""

AIR: Final = 101.325
"""Pressure of the air in kPa where nobody says better: the standard atmosphere."""


class VentedByRamp(LineInstrument, PressureController):
    """A pressure controller that is never opened to the air under pressure.

    It comes first among a driver's bases. The first step of the driver's safe state is the one that opens
    the line; `vent` takes that step. Where it fails, the others are not taken: the instrument goes on
    controlling, and so bringing the pressure down. Pressures are in kPa, `slew` in kPa/s: `expects` says so,
    and is asked before each pressure, each rate and each opening, for its keys may have changed it.
    """

    max_slew: float
    """Fastest change of pressure on this bench, in kPa/s."""
    air_pressure: float
    """Pressure of the air in kPa, for a controller that indicates absolute pressure."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.permit is not VentedByRamp.permit:
            raise TypeError(f"{cls.__name__} could be opened under pressure: its first base is VentedByRamp")

    @classmethod
    def time_to_be_safe(cls, highest: float, settings: Mapping[str, object]) -> float:
        """Return how long the ramp from the highest pressure takes; 0 where nothing limits that.

        A run's order does then: see `made_safe.check`.
        """
        slew = settings.get("max_slew", MAX_SLEW)
        if math.isinf(highest) or not isinstance(slew, int | float) or slew <= 0:
            return 0.0  # what is no rate is refused when it is opened
        return max(highest - AIR, 0.0) / slew

    def vent(self) -> None:
        """Bring the pressure down to the air's by a ramp, then open to the air; done when this returns.

        Raises:
            InstrumentError: the pressure does not come down; the line is not opened.
        """
        self._let_out(hurry=False)

    def _let_out(self, *, hurry: bool) -> None:
        """Vent; in a `hurry` as fast as this bench allows, whatever the procedure wanted."""
        if hurry:
            self._set_up_again()
        else:
            self.check_setup()
        air = self._air()
        if not self._near(air):
            self.slow_down(hurry=hurry)
            self.setpoint.set(air)
            self.control()
            self._await(lambda: self._near(air), self._longest(air), "the ramp down did not end")
        self.measure()
        opening = self.safe[0]
        self.place(opening if isinstance(opening, Action) else opening.declaration, opening.content)
        self._await(self._opened, PATIENCE, "it was told to open to the air, and did not")

    def permit(self, line: str) -> None:
        """Refuse what must never be sent, and while there is pressure what would open the line to the air.

        Every line passes here, whether a driver made it of its statements or somebody wrote it by hand.

        Raises:
            ForbiddenCommand: it must not be sent; the instrument was told nothing.
            LinkError, InstrumentError: it would open the line, and the pressure could not be read.
        """
        super().permit(line)
        if any(map(self._opens, re.split(r"[;\r\n]", line))):
            self.check_setup()  # 7 of another unit than kPa would look like nothing
            air, now = self._air(), self._pressure()
            if abs(now - air) > STEP * self.max_slew:
                raise ForbiddenCommand(
                    f"{self.name}: {line.splitlines()[0]!r} would open a line at {now:g} kPa to the air at "
                    f"{air:g} kPa: call vent(), which ramps the pressure down first"
                )

    def place(self, declaration: Declaration, content: Content) -> None:
        """Send content to a declaration; a pressure or a rate only while it understands them in kPa.

        Raises:
            WrongInstrument: somebody has set it to another unit; it was told nothing.
        """
        if isinstance(declaration, Setting):
            self.check_setup()
        super().place(declaration, content)

    def _set_up_again(self) -> None:
        """Set it up as the driver expects, whoever changed that meanwhile: it must become safe."""
        for step in self.expects:
            ((content, _, _),) = self.obtain(step.declaration)
            if not step.declaration.agrees(content, step.content):
                self.place(step.declaration, step.content)

    def _opens(self, command: str) -> bool:
        """Tell whether a command opens the line, or might: what can't be told from the one that does."""
        opening = self.safe[0]
        declared = opening if isinstance(opening, Action) else opening.declaration
        codec = cast("TextCodec", declared.wire)
        value = codec.accept(command)
        if value is None:
            # Behind another command of the same line a header may be left out but for its last words.
            header, _, value = command.strip().partition(" ")
            if not value or not _ends(self.filled(str(codec.command(""))).strip(), header):
                return False
        if isinstance(declared, Choice):
            try:
                return declared.decode(value.strip()) is declared.decode(opening.content)
            except GarbledReply:
                return True
        return True

    def slow_down(self, *, hurry: bool = False) -> None:
        """See that the pressure changes no faster than this bench allows; in a `hurry` no slower either."""
        found = self.slew.read().to("kPa/s").value
        if not 0 < found <= self.max_slew or (hurry and found < self.max_slew):
            self.slew.set(self.max_slew, "kPa/s")

    def make_safe(self) -> None:
        """Vent as fast as the bench allows, then take the other steps of the safe state.

        Raises:
            SafeStateNotReached: the pressure does not come down, or another step failed.
        """
        try:
            self._let_out(hurry=True)
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


def _ends(whole: str, header: str) -> bool:
    """Tell whether a header is another's, or its last words: long, short, or something between."""
    words, named = header.lstrip(":").lower().split(":"), whole.lstrip(":").lower().split(":")
    return bool(words[-1]) and all(
        long.startswith(word.rstrip("0123456789"))
        for word, long in zip(words[::-1], named[::-1], strict=False)
    )
