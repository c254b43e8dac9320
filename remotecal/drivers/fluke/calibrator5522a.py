"""Fluke 5500A, 5502A, 5520A and 5522A calibrators, as sources of resistance.

Source: operators' manuals and programs that drive them; what neither shows is said to be unverified. The
language is not SCPI's: settings carry their unit, and errors are fetched by number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntFlag
from typing import ClassVar, Final

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import ResistanceSource
from remotecal.drivers.codecs import Phrase, phrase
from remotecal.drivers.instrument import Identity
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Action, Flags, Setting
from remotecal.errors import GarbledReply, InstrumentError

PATIENCE: Final = 15.0
"""Seconds after which its output must have settled."""
MOST_FAULTS: Final = 16
"""Elements of its queue of faults."""

_OUTPUT = re.compile(r"\s*(?P<value>[-+.\dE]+)\s*,\s*(?P<unit>\w+)(?:\s*,.*)?", re.IGNORECASE)


class Status(IntFlag):
    """Bits of its status register that matter here."""

    OPERATING = 1
    HIGH_VOLTAGE = 128
    SETTLED = 4096


@dataclass(frozen=True, slots=True)
class OutputInOhms(Phrase):
    """What is set, asked for by `OUT?` (unverified for these models: it is that of a 5730A)."""

    def unwrap(self, reply: str) -> str:
        """Return the resistance.

        Raises:
            GarbledReply: this is no answer.
            InstrumentError: it is set to another quantity.
        """
        found = _OUTPUT.fullmatch(reply)
        if found is None:
            raise GarbledReply(f"{reply!r} does not tell what is set")
        if found["unit"].upper() != "OHM":
            raise InstrumentError(f"it is set to {reply.strip()}, and no resistance")
        return found["value"]

    def wrap(self, value: str) -> str:
        return f"{value},OHM"

    def number(self, value: float) -> str:
        return f"{value:.7E}"


class Fluke5522A(ScpiInstrument, ResistanceSource):
    """Calibrator that simulates a resistance; the current that measures it must be within its limits.

    `FORMAT` erases its calibration, so that no such line is ever sent.
    """

    maker = "Fluke"
    model = "5522A"
    models = "^55(00|02|20|22)A"
    wire: ClassVar[Line] = Line(ending="\n", slowest_reply=3.0)
    queue: ClassVar[bool] = False
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*FORMAT", r"(.*;)?\s*\*?(CAL|PUD)")

    resistance = Setting(
        OutputInOhms("OUT?", order="OUT {value} OHM"), "Ω", span=(0, 1.1e9), accuracy=UNSTATED
    )
    """What it simulates between its terminals; the span is unverified."""

    status = Flags(phrase("ISR?"), Status)
    """What it reports."""

    clear = Action(phrase(None, order="*CLS"))
    """Forget an error, which would keep it from operating."""

    operate = Action(phrase(None, order="OPER"))
    """Put the output on its terminals."""

    stand_by = Action(phrase(None, order="STBY"))
    """Take it from them."""

    safe = (stand_by,)

    def check(self) -> Identity:
        """Make sure the right instrument answers, and empty its queue of faults from before."""
        identity = super().check()
        if faults := self._faults():
            self.noted = tuple(f"a fault from before was in its queue: {fault}" for fault in faults)
        return identity

    def command(self, line: str, takes: float | None = None) -> None:
        """Send a command, and see that it was taken (InstrumentError if not)."""
        self.tell(line)
        if faults := self._faults():
            raise InstrumentError(
                f"{self.name} refused {line!r}: fault {', '.join(faults)}; EXPLAIN? tells what it means"
            )

    def _faults(self) -> list[str]:
        faults: list[str] = []
        while (fault := self.ask("FAULT?").strip()) not in {"0", "+0"} and len(faults) < MOST_FAULTS:
            faults.append(fault)
        return faults

    def start(self) -> None:
        """Put the resistance on its terminals; returns when it has settled.

        Raises:
            InstrumentError: it does not settle.
        """
        self.clear()
        self.operate()
        until = self.clock.now() + PATIENCE
        while Status.SETTLED not in self.status.read():
            if self.clock.now() > until:
                raise InstrumentError(
                    f"{self.name} has not settled in {PATIENCE:g} s: is the current through it within its "
                    "limits?"
                )
            self.clock.sleep(0.5)

    def stop(self) -> None:
        """Leave its terminals open."""
        self.stand_by()
