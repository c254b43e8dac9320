"""The kept replies of the instruments, understood once more by the drivers that read them.

An observation tells for each indication the number of the exchange it was read from. The driver is
given a link that answers with what was kept, and must arrive at the same value and the same
uncertainty by the maker's limit of error. An exchange belongs to the repeat it was kept in.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, cast

from remotecal.drivers.instrument import Instrument
from remotecal.drivers.links import modbus
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading, BoundSetting
from remotecal.errors import (
    BenchError,
    EvidenceError,
    JournalBroken,
    NeverAsked,
    RemotecalError,
)
from remotecal.journal.events import bytes_of, seconds
from remotecal.journal.values import readings, unpack
from remotecal.verify.report import Unable

if TYPE_CHECKING:
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


class KeptLink:
    """A link that answers with kept replies; see `remotecal.drivers.links.Link`."""

    def __init__(self, name: str, exchanges: Sequence[Exchange]) -> None:
        self.address = "the journal"
        self.name = name
        self.on_reopen: Callable[[], None] | None = None
        self.suspect = False
        self.number = 0
        """The exchange that is to be read again."""
        self.used: set[int] = set()
        """Exchanges that answered since `number` was set."""
        self._exchanges = exchanges
        self._places = {exchange.number: place for place, exchange in enumerate(exchanges)}

    def at(self, number: int) -> None:
        """Turn to an exchange."""
        self.number = number
        self.used = set()

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        for exchange in self._nearest():
            reply = exchange.reply if exchange.request == request else _part(request, exchange)
            if reply is not None:
                self.used.add(exchange.number)
                return reply
        raise NeverAsked(f"{self.name} was never asked {request!r} near exchange {self.number}")

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
    if request[:2] != exchange.request[:2]:
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


def examine_replies(events: Sequence[Event], drivers: Collection[str] = ()) -> str:
    """Read every observed indication again from the kept replies; tell how many that were.

    Args:
        events: the journal's.
        drivers: those beside the installed ones that may be used, each as `module:Class`.

    Raises:
        EvidenceError: a reply gives another value, or is none of the instrument's in this repeat.
        Unable: a driver is not at hand or asks in another way now, or a value names no reply.
    """
    kept = _numbered(events)
    instruments, versions = _instruments(events, kept, drivers), _versions(events)
    again, alone = 0, []
    for event, begins in _observations(events):
        within = range(begins, event.seq)
        for name, measured in observed(event):
            place = f"line {event.seq}, {name}"
            of, _, quantity = measured.source.rpartition(".")
            instrument = instruments.get(of)
            if measured.exchange is None:
                if instrument is not None and _readable(instrument, quantity):
                    raise EvidenceError(f"{place}: {measured.source} names no exchange, but always has one")
                alone.append(f"{place} ({measured.source})")
                continue
            if instrument is None:
                raise EvidenceError(f"{place}: no instrument {of!r} took part")
            _of_this_repeat(kept, measured, of, within, place)
            _read_again(instrument, quantity, measured, place, versions)
            again += 1
        _each_once(event)
    if alone:
        raise Unable(f"{len(alone)} values name no reply they were read from, such as {alone[0]}")
    if not again:
        raise Unable("no observed value names the reply it was read from")
    own = sorted(_own_numbers(events))
    rest = f"; no instrument said {', '.join(own)}" if own else ""
    return f"{again} values read again from the instruments' kept replies{rest}"


Kept = Mapping[int, tuple[int, "Exchange"]]
"""Number of an exchange → the line that keeps it, and the exchange."""


def _numbered(events: Sequence[Event]) -> Kept:
    """Return the exchanges by their numbers, which count from 1 with none left out."""
    kept: dict[int, tuple[int, Exchange]] = {}
    for event in events:
        for exchange in kept_exchanges(event):
            if exchange.number != len(kept) + 1:
                raise EvidenceError(
                    f"line {event.seq}: exchange {exchange.number} stands where {len(kept) + 1} is due"
                )
            kept[exchange.number] = event.seq, exchange
    return kept


def _observations(events: Sequence[Event]) -> Iterator[tuple[Event, int]]:
    """Yield the observations, each with the line behind which its repeat began at the earliest."""
    begins = 1
    for event in events:
        if event.kind == "observation":
            yield event, begins
        if event.kind in {"repeat", "point", "observation", "resume"}:
            begins = event.seq


def _of_this_repeat(kept: Kept, measured: Measured, instrument: str, within: range, place: str) -> None:
    line, exchange = kept.get(measured.exchange or 0, (0, None))
    if exchange is None:
        raise EvidenceError(f"{place}: no exchange {measured.exchange} was kept")
    if exchange.instrument != instrument:
        raise EvidenceError(f"{place}: exchange {measured.exchange} is of {exchange.instrument}")
    if line not in within:
        raise EvidenceError(f"{place}: exchange {measured.exchange}, in line {line}, is of another repeat")


def _each_once(event: Event) -> None:
    """Refuse a series of readings in which one reading stands twice."""
    counted = Counter((name, one.source, one.exchange) for name, one in observed(event))
    for (name, source, exchange), count in counted.items():
        if count > 1:
            raise EvidenceError(
                f"line {event.seq}, {name}: exchange {exchange} stands for several readings of {source}"
            )


def _own_numbers(events: Sequence[Event]) -> set[str]:
    """Return the names of the observed numbers and texts that come from the procedure or a person."""
    names: set[str] = set()
    for event in events:
        values = event.data.get("values") if event.kind == "observation" else None
        if isinstance(values, Mapping):
            names |= {name for name, value in values.items() if isinstance(value, str | int | float)}
    return names


def _versions(events: Sequence[Event]) -> tuple[str, str]:
    """Return the version of remotecal that ran, and the one at hand."""
    software = events[0].data.get("software")
    then = software.get("remotecal") if isinstance(software, Mapping) else None
    return str(then), version("remotecal")


def _readable(instrument: Instrument, quantity: str) -> bool:
    return isinstance(instrument.quantity(quantity), BoundReading | BoundSetting)


def _read_again(
    instrument: Instrument, quantity: str, measured: Measured, place: str, versions: tuple[str, str]
) -> None:
    link = instrument.link
    bound = instrument.quantity(quantity)
    if not isinstance(link, KeptLink) or not isinstance(bound, BoundReading | BoundSetting):
        raise EvidenceError(f"{place}: {type(instrument).__name__} has no {quantity} to read")
    link.at(measured.exchange or 0)
    try:
        found = bound.read().to(measured.unit)
    except NeverAsked as error:
        raise Unable(f"{place}: {error}: was the driver another version, or set up otherwise?") from error
    except NOT_UNDERSTOOD as error:
        raise EvidenceError(f"{place}: the kept reply can't be understood: {error}") from error
    if link.number not in link.used or found.value != measured.value:
        raise EvidenceError(
            f"{place}: exchange {measured.exchange} says {found.value!r} {measured.unit}, "
            f"the observation {measured.value!r}"
        )
    if not _same(found.u, measured.u):
        said = f"{place}: {measured.source} has u = {found.u} {measured.unit}, the observation {measured.u}"
        if versions[0] != versions[1]:  # a driver's limits of error may be put right
            raise Unable(f"{said}; it was read by remotecal {versions[0]}, this is {versions[1]}")
        raise EvidenceError(said)


NOT_UNDERSTOOD = (RemotecalError, ValueError, LookupError, TypeError, ArithmeticError, struct.error)
"""What a driver raises at a reply that no link would have let through."""


def _same(one: float | None, other: float | None) -> bool:
    return one == other or (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9))


def observed(event: Event) -> Iterator[tuple[str, Measured]]:
    """Yield the indications in an observation, each with the name of its value."""
    values = event.data.get("values")
    if isinstance(values, Mapping):
        yield from readings(unpack(values))


def _instruments(events: Sequence[Event], kept: Kept, drivers: Collection[str]) -> dict[str, Instrument]:
    """Return the instruments of a run on links that answer from its journal."""
    by_name: dict[str, list[Exchange]] = {}
    for _, exchange in kept.values():
        by_name.setdefault(exchange.instrument, []).append(exchange)
    opened = {str(event.data["name"]): event for event in events if event.kind == "instrument"}
    return {name: on_kept_link(event, by_name.get(name, ()), drivers) for name, event in opened.items()}


def on_kept_link(event: Event, exchanges: Sequence[Exchange], drivers: Collection[str] = ()) -> Instrument:
    """Return the instrument an event tells, on a link that answers with kept exchanges.

    Raises:
        Unable: its driver is not at hand.
    """
    from remotecal.drivers.catalogue import driver

    name, settings = str(event.data["name"]), event.data.get("settings", {})
    try:
        stated = settings if isinstance(settings, Mapping) else {}
        make = driver(str(event.data["driver"]), drivers).as_stated(stated)
        link = KeptLink(name, exchanges)
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
        yield Exchange(
            number,
            str(entry.get("instrument")),
            seconds(str(entry.get("at"))),
            bytes_of(entry.get("request")),
            bytes_of(entry.get("reply")),
        )
