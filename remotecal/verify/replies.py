"""The kept replies of the instruments, understood once more by the drivers that read them.

An observation tells for each indication the number of the exchange it was read from. The driver is
given a link that answers with what was kept, and must arrive at the same value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from remotecal.drivers.instrument import Instrument
from remotecal.drivers.links import modbus
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading, BoundSetting
from remotecal.errors import (
    BenchError,
    EvidenceError,
    InstrumentError,
    JournalBroken,
    LinkError,
    RemotecalError,
)
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from remotecal.procedures.journal import Event, Json


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question to an instrument and its answer, as kept."""

    number: int
    request: bytes
    reply: bytes


class NeverAsked(LinkError):
    """The driver asks what was not asked then: it is set up otherwise, or is another version."""


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
        at = next((place for place, one in enumerate(self._exchanges) if one.number == self.number), None)
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


def examine_replies(events: Sequence[Event]) -> str:
    """Read every observed indication again from the kept replies; tell how many that were.

    Raises:
        EvidenceError: a reply gives another value.
        Unable: a driver is not at hand or asks in another way now, or no replies were kept.
    """
    instruments = _instruments(events)
    again, alone = 0, 0
    for place, measured in _observed(events):
        if measured.exchange is None:
            alone += 1
            continue
        name, _, quantity = measured.source.partition(".")
        if name not in instruments:
            raise EvidenceError(f"{place}: no instrument {name!r} took part")
        _read_again(instruments[name], quantity, measured, place)
        again += 1
    if not again:
        raise Unable("no observed value names the reply it was read from")
    rest = f"; {alone} values are no single reply's" if alone else ""
    return f"{again} values read again from the instruments' kept replies{rest}"


def _read_again(instrument: Instrument, quantity: str, measured: Measured, place: str) -> None:
    link = instrument.link
    bound = getattr(instrument, quantity, None)
    if not isinstance(link, KeptLink) or not isinstance(bound, BoundReading | BoundSetting):
        raise EvidenceError(f"{place}: {type(instrument).__name__} has no {quantity} to read")
    link.at(measured.exchange or 0)
    try:
        found = bound.read()
    except NeverAsked as error:
        raise Unable(f"{place}: {error}: was the driver another version, or set up otherwise?") from error
    except (LinkError, InstrumentError) as error:
        raise EvidenceError(f"{place}: the kept reply can't be understood: {error}") from error
    if link.number not in link.used or found.to(measured.unit).value != measured.value:
        raise EvidenceError(
            f"{place}: exchange {measured.exchange} says {found.to(measured.unit).value!r} {measured.unit}, "
            f"the observation {measured.value!r}"
        )


def _observed(events: Sequence[Event]) -> Iterator[tuple[str, Measured]]:
    from remotecal.procedures.values import unpack

    for event in events:
        if event.kind == "observation":
            values = event.data.get("values")
            for name, value in unpack(values).items() if isinstance(values, Mapping) else ():
                for one in (
                    value if isinstance(value, tuple) and not isinstance(value, Measured) else (value,)
                ):
                    if isinstance(one, Measured):
                        yield f"line {event.seq}, {name}", one


def _instruments(events: Sequence[Event]) -> dict[str, Instrument]:
    """Return the instruments of a run on links that answer from its journal."""
    from remotecal.drivers.catalogue import driver

    kept: dict[str, list[Exchange]] = {}
    for exchange, name in _exchanges(events):
        kept.setdefault(name, []).append(exchange)
    found = {}
    for event in events:
        if event.kind == "instrument":
            name = str(event.data["name"])
            settings = event.data.get("settings", {})
            try:
                make = cast("Callable[..., Instrument]", driver(str(event.data["driver"])))
                link = KeptLink(name, kept.get(name, ()))
                found[name] = make(link, name=name, **(settings if isinstance(settings, Mapping) else {}))
            except BenchError as error:
                raise Unable(f"the driver of {name} is not at hand: {error}") from error
    return found


def _exchanges(events: Sequence[Event]) -> Iterator[tuple[Exchange, str]]:
    """Yield the kept exchanges with the name of the instrument."""
    for event in events:
        batch = event.data.get("exchanges", ()) if event.kind == "replies" else ()
        for entry in batch if isinstance(batch, Sequence) else ():
            if not isinstance(entry, Mapping) or not isinstance(number := entry.get("number"), int):
                raise JournalBroken(f"line {event.seq} keeps something that is no exchange")
            request, reply = _kept_bytes(entry.get("request")), _kept_bytes(entry.get("reply"))
            yield Exchange(number, request, reply), str(entry.get("instrument"))


def _kept_bytes(written: Json) -> bytes:
    """Return bytes from what a journal shows of them; the inverse of `procedures.journal.shown`."""
    if isinstance(written, Mapping):
        return bytes.fromhex(str(written.get("hex")))
    return str(written).encode("ascii")
