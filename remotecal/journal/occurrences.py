"""An event as it is understood: the exchanges it keeps and the values it holds, once for all who ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from remotecal.journal.exchanges import kept_exchanges
from remotecal.journal.values import indicated, unpack

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.waveform import Waveform
    from remotecal.journal.contents import Files
    from remotecal.journal.events import Event
    from remotecal.journal.exchanges import Exchange
    from remotecal.journal.observation import Value


HOLDING = frozenset({"observation", "note"})
"""Events with values that were read; a note has them where the procedure kept some."""


class Occurrence:
    """An event, and what is in it.

    Args:
        event: the event.
        files: what the journal has named so far.
    """

    def __init__(self, event: Event, files: Files) -> None:
        self.event, self._files = event, files

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges it keeps (`JournalBroken`: it keeps something else)."""
        return tuple(kept_exchanges(self.event))

    def kept(self) -> tuple[Exchange, ...]:
        """Return its exchanges, when somebody asks."""
        return self.exchanges

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """The values of an observation, or of what was kept beside them; none in any other event.

        Raises:
            JournalBroken: an observation can't hold what is written.
            EvidenceError: it holds a file that the journal does not name.
        """
        values = self.event.data.get("values") if self.event.kind in HOLDING else None
        return unpack(values, self._files) if isinstance(values, Mapping) else {}

    @cached_property
    def observed(self) -> tuple[tuple[str, Measured | Waveform], ...]:
        """The indications and waveforms among them, each with the name of its value; as `values`."""
        return tuple(indicated(self.values))


def tell(events: Iterable[Event], files: Files) -> Iterator[Occurrence]:
    """Yield a journal's events as they are understood, while `files` follows them."""
    for event in events:
        told = Occurrence(event, files)
        files.follow(event, told.kept)
        yield told
