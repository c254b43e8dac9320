"""The kept exchanges of a run, and links on which its instruments answer from them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from remotecal.drivers.links import modbus
from remotecal.errors import (
    BenchError,
    EvidenceError,
    JournalBroken,
    LinkError,
    RemotecalError,
)
from remotecal.journal.contents import Files
from remotecal.journal.events import bytes_of, seconds
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.events import Event


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question to an instrument and its answer, as kept."""

    number: int
    instrument: str
    at: float
    """When it was over, in seconds since 1970, UTC."""
    request: bytes
    reply: bytes
    """The reply; empty where it stands in a file."""
    file: str = ""
    """SHA-256 of the file the reply stands in; "" where it stands in the journal."""


class NeverAsked(LinkError):
    """The driver asks what was not asked then: it is set up otherwise, or is another version."""


class KeptLink:
    """A link that answers with kept replies; see `remotecal.drivers.links.Link`."""

    def __init__(self, name: str, exchanges: Sequence[Exchange], files: Files) -> None:
        self.address = "the journal"
        self.name = name
        self.on_reopen: Callable[[], None] | None = None
        self.suspect = False
        self.number = 0
        """The exchange that is to be read again."""
        self.used: set[int] = set()
        """Exchanges that answered since `number` was set."""
        self._exchanges, self._files = exchanges, files
        self._places = {exchange.number: place for place, exchange in enumerate(exchanges)}

    def at(self, number: int) -> None:
        """Turn to an exchange."""
        self.number = number
        self.used = set()

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        for exchange in self._nearest():
            reply = self._reply(exchange) if exchange.request == request else _part(request, exchange)
            if reply is not None:
                self.used.add(exchange.number)
                return reply
        raise NeverAsked(f"{self.name} was never asked {request!r} near exchange {self.number}")

    def _reply(self, exchange: Exchange) -> bytes:
        return self._files.content(exchange.file) if exchange.file else exchange.reply

    def tell(self, request: bytes) -> None:
        self.ask(request)

    def cancel(self) -> None:
        """There is never anything to wait for."""

    def close(self) -> None:
        """There is nothing to close."""

    def _nearest(self) -> Iterator[Exchange]:
        """Yield the exchanges: the one asked for, those after it in the same scan, those before it."""
        at = self._places.get(self.number)
        if at is not None:
            yield from self._exchanges[at : at + LONGEST_SCAN]
            yield from reversed(self._exchanges[max(0, at - LONGEST_SCAN) : at])


LONGEST_SCAN = 20
"""Exchanges that one reading may take."""


def _part(request: bytes, exchange: Exchange) -> bytes | None:
    """Return the reply to a Modbus read from that to a wider one; None if it isn't one."""
    if request[:2] != exchange.request[:2] or exchange.file:
        return None
    try:
        wanted, asked = modbus.Request.decode(request[1:]), modbus.Request.decode(exchange.request[1:])
        values = modbus.understand(asked, exchange.reply[1:], "the instrument")
    except (RemotecalError, IndexError, ValueError):
        return None
    begin = wanted.start - asked.start
    if not 0 <= begin <= begin + wanted.count <= len(values):
        return None
    return request[:1] + modbus.reply(wanted, values[begin : begin + wanted.count])


def on_kept_link(
    event: Event, exchanges: Sequence[Exchange], drivers: Collection[str] = (), files: Files | None = None
) -> Instrument:
    """Return the instrument an event tells, on a link that answers with kept exchanges.

    Raises:
        Unable: its driver is not at hand.
    """
    from remotecal.drivers.catalogue import driver

    name, settings = str(event.data["name"]), event.data.get("settings", {})
    try:
        stated = settings if isinstance(settings, Mapping) else {}
        make = driver(str(event.data["driver"]), drivers).as_stated(stated)
        link = KeptLink(name, exchanges, files or Files())
        instrument = cast("Callable[..., Instrument]", make)(link, name=name, **stated)
    except BenchError as error:
        raise Unable(f"the driver of {name} is not at hand: {error}") from error
    except TypeError as error:
        raise EvidenceError(f"line {event.seq}: {name} can't be set up as it says: {error}") from error
    instrument.pauses = ()  # what was kept does not change by waiting
    return instrument


def kept_exchanges(event: Event) -> Iterator[Exchange]:
    """Yield the exchanges an event keeps; none where it is of another kind."""
    batch = event.data.get("exchanges", ()) if event.kind == "replies" else ()
    for entry in batch if isinstance(batch, Sequence) else ():
        if not isinstance(entry, Mapping) or not isinstance(number := entry.get("number"), int):
            raise JournalBroken(f"line {event.seq} keeps something that is no exchange")
        reply = entry.get("reply")
        file = reply.get("file") if isinstance(reply, Mapping) else None
        yield Exchange(
            number,
            str(entry.get("instrument")),
            seconds(str(entry.get("at"))),
            bytes_of(entry.get("request")),
            b"" if isinstance(file, str) else bytes_of(reply),
            file if isinstance(file, str) else "",
        )


NOT_UNDERSTOOD = (RemotecalError, ValueError, LookupError, TypeError, ArithmeticError, struct.error)
"""What a driver raises at a reply that no link would have let through."""
