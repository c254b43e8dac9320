"""What people read and set for instruments without an interface: whether they were asked, and said that.

An instrument that is read by hand has exchanges like any other. Each must be what somebody answered to a
question that was put for it, and each number that was to be proven by a photo must name one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.drivers.shown import in_dsi, reply_of
from remotecal.errors import EvidenceError, UnitError
from remotecal.journal.events import ON_SITE

if TYPE_CHECKING:
    from remotecal.journal.events import Event, Json
    from remotecal.journal.exchanges import Exchange
    from remotecal.journal.occurrences import Occurrence


@dataclass(slots=True)
class Said:
    """What somebody answered to a line of an instrument's dialogue, and nobody has kept as its reply yet."""

    answer: str = ""
    """The answer, as the dialogue carries it."""
    photo: str = ""
    """SHA-256 of the photo that goes with it."""
    by: str = ""
    """Who gave it."""


class Dialogue:
    """Checks that what was read by hand is what people answered; tells who, and how often.

    Args:
        instruments: names of the instruments that are read by hand.

    Raises:
        EvidenceError: an exchange is nobody's answer.
    """

    def __init__(self, instruments: Collection[str]) -> None:
        self._instruments = instruments
        self._replies: Counter[tuple[str, str]] = Counter()
        """Instrument and who answered for it → how often."""
        self._photos: Counter[tuple[str, str, str]] = Counter()
        """Instrument, line of the dialogue and SHA-256 of a photo → how many replies it proves."""
        self._asked: dict[Json, Event] = {}
        self._said: dict[tuple[str, str], Said] = {}

    @property
    def concerned(self) -> bool:
        return bool(self._instruments)

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event = told.event
        if event.kind == "prompt" and "instrument" in event.data:
            if event.data["instrument"] not in self._instruments:
                raise EvidenceError(
                    f"line {event.seq} asks for {event.data['instrument']}, which nobody reads"
                )
            self._asked[event.seq] = event
        elif event.kind == "answer" and (asked := self._asked.pop(event.data["prompt"], None)) is not None:
            self._take(asked, event)
        for exchange in told.exchanges if self._instruments else ():
            if exchange.instrument in self._instruments:
                self._match(exchange, event.seq)

    def conclude(self) -> str:
        """Return who answered for which instrument, and how often."""
        counted = [f"{name}: {count} by {by}" for (name, by), count in self._replies.items()]
        counted += [
            f"one photo, {photo[:12]}…, stands for {count} readings of {name}"
            for (name, _, photo), count in self._photos.items()
            if count > 1
        ]
        return "; ".join(counted) or "nothing was read"

    def _take(self, asked: Event, event: Event) -> None:
        key = str(asked.data["instrument"]), str(asked.data.get("request"))
        said = self._said.setdefault(key, Said())
        answer = str(event.data["answer"])
        if asked.data["kind"] == "file":
            said.photo = answer
        else:
            said.answer = _carried(answer) if asked.data["kind"] == "number" else answer
            said.by = str(event.data.get("by", ON_SITE))

    def _match(self, exchange: Exchange, line: int) -> None:
        request = exchange.request.decode(errors="replace")
        said = self._said.pop((exchange.instrument, request), Said())
        reply = exchange.reply.decode(errors="replace")
        if not said.answer or reply != reply_of(said.answer, said.photo):
            told = f"{said.answer!r} was answered" if said.answer else "nobody was asked"
            raise EvidenceError(
                f"line {line}: exchange {exchange.number} says that {exchange.instrument}, asked to "
                f"{request}, gave {reply!r}, and {told}"
            )
        self._replies[exchange.instrument, said.by] += 1
        if said.photo:
            self._photos[exchange.instrument, request, said.photo] += 1


def _carried(answer: str) -> str:
    """Return a number with its unit as the dialogue carries it; what is none as it is, for no reply is so."""
    try:
        return in_dsi(answer)
    except UnitError:
        return answer
