"""Who the instruments of a run said they are: by their kept replies, in every part of the run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.links.by_hand import name_of
from remotecal.errors import EvidenceError
from remotecal.journal.evidence import read_instrument, read_start
from remotecal.runs.session import SAME, moduli
from remotecal.verify.replies import NOT_UNDERSTOOD, Exchange, KeptLink, kept_exchanges, on_kept_link
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from remotecal.bench import CertificateUsed
    from remotecal.drivers.instrument import Identity
    from remotecal.journal.events import Event


def examine_instruments(events: Sequence[Event], drivers: Collection[str] = ()) -> str:
    """Check that each instrument is who its replies say, the same all along, and its certificate's.

    Args:
        events: the journal's.
        drivers: those beside the installed ones that may be used, each as `module:Class`.

    Raises:
        EvidenceError: it is somebody else.
        Unable: a driver is not at hand, or the replies are not.
    """
    start = read_start(events)
    first: dict[str, Event] = {}
    for opened in _parts(events):
        names = [str(event.data["name"]) for event in opened]
        if len(set(names)) < len(names) or (first and set(names) != set(first)):
            raise EvidenceError(f"line {opened[0].seq}: {', '.join(names)} are not the bench's instruments")
        if absent := sorted(set(start.roles.values()) - set(names) - set(start.artefacts)):
            raise EvidenceError(f"line {opened[0].seq}: {', '.join(absent)} took part, and was never opened")
        for event in opened:
            _still_the_same(first.setdefault(str(event.data["name"]), event), event)
    replies = [(event.seq, exchange) for event in events for exchange in kept_exchanges(event)]
    for event in (event for event in events if event.kind == "instrument"):
        _says_so(event, events, replies, drivers)
    for name, event in first.items():
        _certified(
            f"line {event.seq}: {name} says it", str(event.data["serial"]), start.certificates.get(name)
        )
    for name, serial in start.artefacts.items():
        _certified(f"the bench file says that {name}", serial, start.certificates.get(name))
    return "; ".join(f"{name}: {read_instrument(event).identity}" for name, event in first.items())


def _parts(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Yield the instruments opened in each part of a run that came to measuring."""
    opened: list[Event] = []
    measured = False
    for event in events:
        if event.kind == "resume":
            if measured:
                yield opened
            opened, measured = [], False
        elif event.kind == "instrument":
            opened.append(event)
        measured = measured or event.kind in {"point", "observation", "finish"}
    if measured:
        yield opened


def _still_the_same(first: Event, event: Event) -> None:
    for part in SAME:
        if event.data[part] != first.data[part]:
            raise EvidenceError(
                f"line {event.seq}: {event.data['name']} has {part} {event.data[part]!r}, "
                f"in line {first.seq} it was {first.data[part]!r}"
            )


def _says_so(
    event: Event, events: Sequence[Event], replies: Sequence[tuple[int, Exchange]], drivers: Collection[str]
) -> None:
    """Refuse an instrument whose kept replies, when it was opened or asked again, name another."""
    told = read_instrument(event)
    name, claimed = told.name, told.identity
    begin, end = _part_of(event, events)
    own = [(line, one) for line, one in replies if one.instrument == name and begin < line < end]
    instrument = on_kept_link(event, [one for _, one in own], drivers)
    if told.wraps != moduli(type(instrument)):
        raise EvidenceError(f"line {event.seq}: {name} has counters that wrap elsewhere than its driver says")
    if isinstance(instrument, HandInstrument) is not bool(name_of(told.address)):
        hand = "a person" if isinstance(instrument, HandInstrument) else "nobody"
        raise EvidenceError(f"line {event.seq}: {hand} reads {told.driver}, and {name} is at {told.address}")
    link = instrument.link
    assert isinstance(link, KeptLink)  # noqa: S101  it was made with one
    link.at(max((one.number for line, one in own if line < event.seq), default=0))
    try:
        found = instrument.identify()
    except NOT_UNDERSTOOD as error:
        raise Unable(f"line {event.seq}: nothing kept tells who {name} is: {error}") from error
    _compare(found, claimed, f"line {event.seq}: {name}")
    if instrument.models and not re.search(instrument.models, found.model):
        raise EvidenceError(
            f"line {event.seq}: {name} is {found}, which {event.data['driver']} does not serve"
        )
    asked = {one.request for _, one in own if one.number in link.used}
    for one in (one for _, one in own if one.request in asked):
        link.at(one.number)
        try:
            found = instrument.identify()
        except NOT_UNDERSTOOD:
            continue  # a garbled reply names nobody
        _compare(found, claimed, f"exchange {one.number}: {name}")


def _compare(found: Identity, claimed: Identity, place: str) -> None:
    if found != claimed:
        raise EvidenceError(f"{place} says by its reply that it is {found}, the journal that it is {claimed}")


def _part_of(event: Event, events: Sequence[Event]) -> tuple[int, int]:
    """Return the lines between which the part of the run lies in which an instrument was opened."""
    cuts = [other.seq for other in events if other.kind in {"start", "resume"}]
    return (
        max(line for line in cuts if line < event.seq),
        min((line for line in cuts if line > event.seq), default=events[-1].seq + 1),
    )


def _certified(place: str, serial: str, used: CertificateUsed | None) -> None:
    """Refuse what has another serial number than its certificate is for."""
    serials = used.certificate.serials if used else ()
    if used and serial and serials and serial not in serials:
        raise EvidenceError(
            f"{place} is SN {serial}, its certificate {used.certificate.number} is for {', '.join(serials)}"
        )
