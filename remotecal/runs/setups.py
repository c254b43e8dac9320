"""Whether what was read in a repeat was set up, to its end, as its driver reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import GarbledReply, InstrumentError, LinkLost, NoReply
from remotecal.journal.values import readings
from remotecal.procedures.procedure import of_role
from remotecal.runs.watch import MISSES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.observation import Value
    from remotecal.procedures.procedure import Procedure
    from remotecal.procedures.run import Run

NOT_SET_UP: Final = "a device does not tell how it is set up"
"""What is noted of one whose readings are left out for that."""


def spared(procedure: type[Procedure], roles: Mapping[str, str]) -> frozenset[str]:
    """Return who is one of several devices under test and nothing else, if a procedure bears their silence.

    Args:
        procedure: that is carried out.
        roles: role → name of what fills it.
    """
    there = {name for key, name in roles.items() if of_role(key) == procedure.under_test}
    others = {name for key, name in roles.items() if of_role(key) != procedure.under_test}
    return frozenset(there - others) if procedure.bears_silence and len(there) > 1 else frozenset()


def check_setups(
    values: Mapping[str, Value],
    instruments: Mapping[str, Instrument],
    run: Run,
    spared: Collection[str] = (),
) -> dict[str, Value]:
    """See that whatever was read is set up as its driver expects; return what is known to be.

    A reply may be missed, as a limit's may: procedures bear meters that do not always answer.

    Args:
        values: what a repeat yielded.
        instruments: name → instrument.
        run: notes what was missed.
        spared: names of those that the procedure can do without: what was read of one that does not tell is
            left out, as if it had been silent when it was read.

    Raises:
        WrongInstrument: one is set up otherwise.
        LinkError, InstrumentError: one does not tell.
    """
    told = dict(values)
    for name in dict.fromkeys(one.source.rpartition(".")[0] for _, one in readings(values)):
        if (instrument := instruments.get(name)) is None:
            continue
        try:
            _check_setup(instrument, run)
        except (NoReply, LinkLost, GarbledReply, InstrumentError) as failure:
            left = {part: kept for part, value in told.items() if (kept := _without(value, name)) is not None}
            if name not in spared or left.keys() < told.keys():
                raise
            told = left
            run.note(NOT_SET_UP, instrument=name, failure=str(failure))
    return told


def _without(value: Value, name: str) -> Value | None:
    """Return a value without what an instrument gave; None if nothing is left of it."""
    if isinstance(value, Measured):
        return None if value.source.rpartition(".")[0] == name else value
    if isinstance(value, tuple):
        several = (one for one in value if isinstance(one, Measured))
        return tuple(one for one in several if _without(one, name) is not None) or None
    return value


def _check_setup(instrument: Instrument, run: Run) -> None:
    for left in reversed(range(MISSES)):
        try:
            return instrument.check_setup()
        except (NoReply, GarbledReply) as failure:
            if not left:
                raise
            run.note("an instrument is asked again how it is set up", failure=str(failure))
    return None
