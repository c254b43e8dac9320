"""What people read and set for instruments without an interface: whether they were asked, and said that.

An instrument that is read by hand has exchanges like any other. Each must be what somebody answered to a
question that was put for it, and each number that was to be proven by a photo must name one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remotecal.drivers.links.by_hand import name_of
from remotecal.drivers.shown import in_dsi, reply_of
from remotecal.errors import EvidenceError, UnitError
from remotecal.journal.events import ON_SITE
from remotecal.verify.kept import kept_exchanges

if TYPE_CHECKING:
    from remotecal.journal.events import Event, Json
    from remotecal.verify.kept import Exchange


@dataclass(slots=True)
class Said:
    """What somebody answered to a line of an instrument's dialogue, and nobody has kept as its reply yet."""

    answer: str = ""
    """The answer, as the dialogue carries it."""
    photo: str = ""
    """SHA-256 of the photo that goes with it."""
    by: str = ""
    """Who gave it."""


@dataclass(slots=True)
class Dialogue:
    """Follows what people were asked for instruments that are read by hand."""

    instruments: Collection[str]
    """Names of the instruments."""
    replies: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Instrument and who answered for it → how often."""
    photos: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Instrument, line of the dialogue and SHA-256 of a photo → how many replies it proves."""
    _asked: dict[Json, Event] = field(default_factory=dict)
    _said: dict[tuple[str, str], Said] = field(default_factory=dict)

    def follow(self, event: Event) -> None:
        """Go on to the next event (EvidenceError where an exchange is nobody's answer)."""
        if event.kind == "prompt" and "instrument" in event.data:
            if event.data["instrument"] not in self.instruments:
                raise EvidenceError(
                    f"line {event.seq} asks for {event.data['instrument']}, which nobody reads"
                )
            self._asked[event.seq] = event
        elif event.kind == "answer" and (asked := self._asked.pop(event.data["prompt"], None)) is not None:
            self._take(asked, event)
        for exchange in kept_exchanges(event):
            if exchange.instrument in self.instruments:
                self._match(exchange, event.seq)

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
        self.replies[exchange.instrument, said.by] += 1
        if said.photo:
            self.photos[exchange.instrument, request, said.photo] += 1


def _carried(answer: str) -> str:
    """Return a number with its unit as the dialogue carries it; what is none as it is, for no reply is so."""
    try:
        return in_dsi(answer)
    except UnitError:
        return answer


def by_hand(events: Sequence[Event]) -> frozenset[str]:
    """Return the names of the instruments that a run read by hand, which their addresses tell."""
    opened = (event for event in events if event.kind == "instrument")
    return frozenset(str(event.data["name"]) for event in opened if name_of(str(event.data["address"])))


def examine_by_hand(events: Sequence[Event]) -> str:
    """Check that what was read by hand is what people answered; tell who, and how often.

    Raises:
        EvidenceError: an exchange is nobody's answer.
    """
    dialogue = Dialogue(by_hand(events))
    for event in events:
        dialogue.follow(event)
    counted = [f"{name}: {count} by {by}" for (name, by), count in dialogue.replies.items()]
    counted += [
        f"one photo, {photo[:12]}…, stands for {count} readings of {name}"
        for (name, _, photo), count in dialogue.photos.items()
        if count > 1
    ]
    return "; ".join(counted) or "nothing was read"
