"""What drives have in common that are told by a control word and tell by a status word."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntFlag
from typing import TYPE_CHECKING, Final

from remotecal.errors import InstrumentError

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument

PATIENCE: Final = 10.0
"""Seconds a drive may take from one state to the next (unverified)."""


def refuse_tripped(drive: Instrument, status: IntFlag, tripped: IntFlag) -> None:
    """Refuse to go on with a drive whose status word tells a trip.

    Raises:
        InstrumentError: it does.
    """
    if status & tripped:
        raise InstrumentError(f"{drive.name} is tripped ({status!r}): see its panel, then reset_fault()")


def await_status(drive: Instrument, read: Callable[[], IntFlag], wanted: IntFlag, tripped: IntFlag) -> None:
    """Wait until a drive's status word, as `read` gives it, says what is wanted.

    Raises:
        InstrumentError: the drive is tripped, or does not get there in `PATIENCE`.
    """
    deadline = drive.clock.now() + PATIENCE
    while wanted not in (status := read()):
        refuse_tripped(drive, status, tripped)
        if drive.clock.now() >= deadline:
            raise InstrumentError(
                f"{drive.name} has not reached {wanted!r} within {PATIENCE:g} s, but is {status!r}: "
                "is it in remote control, with run enabled?"
            )
        drive.clock.sleep(0.1)
