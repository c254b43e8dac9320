"""Whether what was read in a repeat was set up, to its end, as its driver reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.errors import GarbledReply, NoReply
from remotecal.journal.values import readings
from remotecal.runs.watch import MISSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.observation import Value
    from remotecal.procedures.run import Run


def check_setups(values: Mapping[str, Value], instruments: Mapping[str, Instrument], run: Run) -> None:
    """See that whatever was read is set up as its driver expects.

    A reply may be missed, as a limit's may: procedures bear meters that do not always answer.

    Args:
        values: what a repeat yielded.
        instruments: name → instrument.
        run: notes what was missed.

    Raises:
        WrongInstrument: one is set up otherwise.
        LinkError, InstrumentError: one does not tell.
    """
    for name in dict.fromkeys(one.source.rpartition(".")[0] for _, one in readings(values)):
        if instrument := instruments.get(name):
            _check_setup(instrument, run)


def _check_setup(instrument: Instrument, run: Run) -> None:
    for left in reversed(range(MISSES)):
        try:
            return instrument.check_setup()
        except (NoReply, GarbledReply) as failure:
            if not left:
                raise
            run.note("an instrument is asked again how it is set up", failure=str(failure))
    return None
