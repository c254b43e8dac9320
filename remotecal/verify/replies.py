"""The kept replies of the instruments, understood once more by the drivers that read them.

An observation tells for each indication the number of the exchange it was read from. The driver is
given a link that answers with what was kept, and must arrive at the same value and the same
uncertainty by the maker's limit of error. An exchange belongs to the repeat it was kept in.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeAlias

from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading, BoundSetting, BoundTrace
from remotecal.drivers.waveform import Waveform
from remotecal.errors import EvidenceError, FileMissing
from remotecal.journal.contents import Contents, Files, nowhere
from remotecal.journal.values import readings, unpack, waveforms
from remotecal.verify.kept import (
    NOT_UNDERSTOOD,
    Exchange,
    KeptLink,
    NeverAsked,
    kept_exchanges,
    on_kept_link,
)
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.events import Event, Json


def examine_replies(
    events: Sequence[Event], drivers: Collection[str] = (), contents: Contents = nowhere
) -> str:
    """Read every observed indication again from the kept replies; tell how many that were.

    Args:
        events: the journal's.
        drivers: those beside the installed ones that may be used, each as `module:Class`.
        contents: what reads the files in which large replies stand.

    Raises:
        EvidenceError: a reply gives another value, or is none of the instrument's in this repeat.
        Unable: a driver is not at hand or asks in another way now, or a value names no reply, or a reply
            stands in a file that is not at hand.
    """
    kept, files = _numbered(events), Files(events, contents)
    instruments, versions = _instruments(events, kept, drivers, files), _versions(events)
    again, alone = 0, []
    for event, begins in _observations(events):
        within = range(begins, event.seq)
        for name, measured in observed(event, files):
            place = f"line {event.seq}, {name}"
            of, _, quantity = measured.source.rpartition(".")
            instrument = instruments.get(of)
            if measured.exchange is None:
                if not measured.source:
                    continue  # a waveform of the procedure's own
                if instrument is not None and _readable(instrument, quantity):
                    raise EvidenceError(f"{place}: {measured.source} names no exchange, but always has one")
                alone.append(f"{place} ({measured.source})")
                continue
            if instrument is None:
                raise EvidenceError(f"{place}: no instrument {of!r} took part")
            _of_this_repeat(kept, measured, of, within, place)
            _read_again(instrument, quantity, measured, place, versions)
            again += 1
        _each_once(event, files)
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


def _of_this_repeat(
    kept: Kept, measured: Measured | Waveform, instrument: str, within: range, place: str
) -> None:
    line, exchange = kept.get(measured.exchange or 0, (0, None))
    if exchange is None:
        raise EvidenceError(f"{place}: no exchange {measured.exchange} was kept")
    if exchange.instrument != instrument:
        raise EvidenceError(f"{place}: exchange {measured.exchange} is of {exchange.instrument}")
    if line not in within:
        raise EvidenceError(f"{place}: exchange {measured.exchange}, in line {line}, is of another repeat")


def _each_once(event: Event, files: Files) -> None:
    """Refuse a series of readings in which one reading stands twice."""
    counted = Counter((name, one.source, one.exchange) for name, one in observed(event, files))
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
            names |= {name for name, value in values.items() if _is_own(value)}
    return names


def _is_own(written: Json) -> bool:
    """Tell whether a value is a number, a text, a file or a waveform that no instrument gave."""
    if isinstance(written, Mapping) and isinstance(waveform := written.get("waveform"), Mapping):
        return waveform.get("exchange") is None
    return isinstance(written, str | int | float) or (isinstance(written, Mapping) and "file" in written)


def _versions(events: Sequence[Event]) -> tuple[str, str]:
    """Return the version of remotecal that ran, and the one at hand."""
    software = events[0].data.get("software")
    then = software.get("remotecal") if isinstance(software, Mapping) else None
    return str(then), version("remotecal")


def _readable(instrument: Instrument, quantity: str) -> bool:
    return isinstance(instrument.quantity(quantity), BoundReading | BoundSetting | BoundTrace)


def _read_again(
    instrument: Instrument,
    quantity: str,
    measured: Measured | Waveform,
    place: str,
    versions: tuple[str, str],
) -> None:
    link = instrument.link
    bound = instrument.quantity(quantity)
    right = BoundTrace if isinstance(measured, Waveform) else BoundReading | BoundSetting
    if not isinstance(link, KeptLink) or not isinstance(bound, right):
        raise EvidenceError(f"{place}: {type(instrument).__name__} has no {quantity} to read")
    link.at(measured.exchange or 0)
    try:
        found = bound.read().to(measured.unit)
    except NeverAsked as error:
        raise Unable(f"{place}: {error}: was the driver another version, or set up otherwise?") from error
    except FileMissing as error:
        raise Unable(f"{place}: {error}") from error
    except NOT_UNDERSTOOD as error:
        raise EvidenceError(f"{place}: the kept reply can't be understood: {error}") from error
    told, seen = _told(measured), _told(found)
    if link.number not in link.used or told != seen:
        raise EvidenceError(f"{place}: exchange {measured.exchange} says {seen}, the observation {told}")
    if not _same(found.u, measured.u):
        said = f"{place}: {measured.source} has u = {found.u} {measured.unit}, the observation {measured.u}"
        if versions[0] != versions[1]:  # a driver's limits of error may be put right
            raise Unable(f"{said}; it was read by remotecal {versions[0]}, this is {versions[1]}")
        raise EvidenceError(said)


Uncertainty: TypeAlias = "float | tuple[float, float] | None"


def _same(one: Uncertainty, other: Uncertainty) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return all(math.isclose(*both, rel_tol=1e-9) for both in zip(one, other, strict=True))
    if isinstance(one, float | int) and isinstance(other, float | int):
        return one == other or math.isclose(one, other, rel_tol=1e-9)
    return one is None and other is None


def _told(measured: Measured | Waveform) -> str:
    """Return in words what was read, but for its uncertainty."""
    if isinstance(measured, Measured):
        return f"{measured.value!r} {measured.unit}"
    one = measured
    return (
        f"{one.count} samples {one.sample} behind byte {one.skip} of {one.sha256}: {one.offset!r} + "
        f"{one.scale!r} × {one.unit}, {one.step!r} s apart from {one.begins!r} s"
    )


def observed(event: Event, files: Files) -> Iterator[tuple[str, Measured | Waveform]]:
    """Yield the indications and waveforms in an observation, each with the name of its value.

    Raises:
        EvidenceError: it holds a file that the journal does not name.
    """
    values = event.data.get("values")
    if isinstance(values, Mapping):
        found = unpack(values, files)
        yield from readings(found)
        yield from waveforms(found)


def _instruments(
    events: Sequence[Event], kept: Kept, drivers: Collection[str], files: Files
) -> dict[str, Instrument]:
    """Return the instruments of a run on links that answer from its journal."""
    by_name: dict[str, list[Exchange]] = {}
    for _, exchange in kept.values():
        by_name.setdefault(exchange.instrument, []).append(exchange)
    opened = {str(event.data["name"]): event for event in events if event.kind == "instrument"}
    return {
        name: on_kept_link(event, by_name.get(name, ()), drivers, files) for name, event in opened.items()
    }
