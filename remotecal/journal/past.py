"""What a journal says of a run so far, as far as going on with it needs that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.journal.exchanges import kept_exchanges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remotecal.journal.events import Event, Json


class Past:
    """What stood in a journal when it was opened to go on (`JournalBroken`: it keeps what is no exchange)."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.last: Event | None = None
        """The last event."""
        self.kinds: set[str] = set()
        """Kinds of the events."""
        self.instruments: list[Event] = []
        """The events that tell an instrument."""
        self.observed: list[tuple[Json, Json]] = []
        """Point and number of the repeats that were observed."""
        self.adjusted: Json = None
        """What was set where the devices were adjusted; nothing where that was not possible."""
        self.named: dict[str, set[tuple[str, str]]] = {}
        """SHA-256 of the files it names → what each is said to show, and by whom."""
        self.exchanges = 0
        """Number of the last exchange."""
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        self.last = event
        self.kinds.add(event.kind)
        if event.kind == "instrument":
            self.instruments.append(event)
        elif event.kind == "observation":
            self.observed.append((event.data.get("point"), event.data.get("repeat")))
        elif event.kind == "adjust":
            self.adjusted = event.data.get("set")
        elif event.kind == "file":
            note_named(self.named, event.data)
        for exchange in kept_exchanges(event):
            self.exchanges = exchange.number


def note_named(named: dict[str, set[tuple[str, str]]], data: Mapping[str, Json]) -> None:
    """Take note of what an event says of a file."""
    said = str(data.get("about")), str(data.get("by"))
    named.setdefault(str(data.get("sha256")), set()).add(said)
