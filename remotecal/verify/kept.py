"""Links on which the instruments of a run answer from its kept exchanges."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from remotecal.drivers.links import modbus
from remotecal.errors import (
    BenchError,
    EvidenceError,
    NeverAsked,
    RemotecalError,
)
from remotecal.journal.contents import Files
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.events import Event
    from remotecal.journal.exchanges import Exchange


class KeptLink:
    """A link that answers with kept replies; see `remotecal.drivers.links.Link`.

    It holds the exchanges that a reading may take, as they come: `keep` adds one, and `pass_over` lets go of
    those that no later reading takes.
    """

    def __init__(self, name: str, files: Files) -> None:
        self.address = "the journal"
        self.name = name
        self.on_reopen: Callable[[], None] | None = None
        self.suspect = False
        self.number = 0
        """The exchange that is to be read again."""
        self.used: set[int] = set()
        """Exchanges that answered since `number` was set."""
        self._files = files
        self.exchanges: list[Exchange] = []
        """Those that are held, in their order."""
        self._places: dict[int, int] = {}

    def keep(self, exchange: Exchange) -> None:
        """Add the next exchange."""
        self._places[exchange.number] = len(self.exchanges)
        self.exchanges.append(exchange)

    def pass_over(self) -> None:
        """Let go of what stands too far back for a reading of what comes next."""
        if len(self.exchanges) <= LONGEST_SCAN:
            return
        self.exchanges = self.exchanges[-LONGEST_SCAN:]
        self._places = {exchange.number: place for place, exchange in enumerate(self.exchanges)}

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
            yield from self.exchanges[at : at + LONGEST_SCAN]
            yield from reversed(self.exchanges[max(0, at - LONGEST_SCAN) : at])


LONGEST_SCAN = 20
"""Exchanges that one reading may take."""


def _part(request: bytes, exchange: Exchange) -> bytes | None:
    """Return the reply to a Modbus read from that to a wider one; None if it isn't one."""
    if request[:2] != exchange.request[:2] or exchange.file:
        return None
    try:
        wanted, asked = modbus.Request.decode(request[1:]), modbus.Request.decode(exchange.request[1:])
        if asked.function in modbus.REGISTER_READS and exchange.reply[2] == modbus.WIDE * asked.count:
            return _wide_part(wanted, asked, exchange.reply)
        values = modbus.understand(asked, exchange.reply[1:], "the instrument")
    except (RemotecalError, IndexError, ValueError):
        return None
    begin = wanted.start - asked.start
    if not 0 <= begin <= begin + wanted.count <= len(values):
        return None
    return request[:1] + modbus.reply(wanted, values[begin : begin + wanted.count])


def _wide_part(wanted: modbus.Request, asked: modbus.Request, reply: bytes) -> bytes | None:
    """Return the part of a reply whose addresses hold 32 bits each; None if it isn't in it."""
    begin = wanted.start - asked.start
    if not 0 <= begin <= begin + wanted.count <= asked.count or len(reply) != 3 + reply[2]:
        return None
    data = reply[3 + modbus.WIDE * begin :][: modbus.WIDE * wanted.count]
    return reply[:2] + bytes((len(data),)) + data


def on_kept_link(event: Event, link: KeptLink, drivers: Collection[str] = ()) -> Instrument:
    """Return the instrument an event tells, on a link that answers with kept exchanges.

    Raises:
        Unable: its driver is not at hand.
    """
    from remotecal.drivers.catalogue import driver

    name, settings = str(event.data["name"]), event.data.get("settings", {})
    try:
        stated = settings if isinstance(settings, Mapping) else {}
        make = driver(str(event.data["driver"]), drivers).as_stated(stated)
        instrument = cast("Callable[..., Instrument]", make)(link, name=name, **stated)
    except BenchError as error:
        raise Unable(f"the driver of {name} is not at hand: {error}") from error
    except TypeError as error:
        raise EvidenceError(f"line {event.seq}: {name} can't be set up as it says: {error}") from error
    instrument.pauses = ()  # what was kept does not change by waiting
    instrument.heeds = bool(event.data.get("spoiled_by"))
    return instrument


NOT_UNDERSTOOD = (RemotecalError, ValueError, LookupError, TypeError, ArithmeticError, struct.error)
"""What a driver raises at a reply that no link would have let through."""
