"""Who the instruments of a run said they are: by their kept replies, in every part of the run."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.links.by_hand import name_of
from remotecal.drivers.readings import moduli, spoilers
from remotecal.errors import EvidenceError
from remotecal.journal.contents import Files
from remotecal.journal.evidence import read_instrument
from remotecal.runs.session import SAME
from remotecal.verify.kept import NOT_UNDERSTOOD, KeptLink, on_kept_link
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from remotecal.bench import CertificateUsed
    from remotecal.drivers.instrument import Identity, Instrument
    from remotecal.journal.events import Event
    from remotecal.journal.evidence import Start
    from remotecal.journal.exchanges import Exchange
    from remotecal.journal.occurrences import Occurrence


class Instruments:
    """Checks that each instrument is who its replies say, the same all along, and its certificate's.

    Args:
        start: what the journal begins with.
        drivers: those beside the installed ones that may be used, each as `module:Class`.

    Raises:
        EvidenceError: it is somebody else.
        Unable: a driver is not at hand, or the replies are not.
    """

    concerned = True

    def __init__(self, start: Start, drivers: Collection[str] = ()) -> None:
        self._start, self._drivers = start, drivers
        self._first: dict[str, Event] = {}
        """Name → the event by which it was opened first."""
        self._part = PartOfRun()

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event = told.event
        if event.kind == "resume":
            self._end_part()
        elif event.kind == "instrument":
            self._part.open(event, self._drivers)
        self._part.measured = self._part.measured or event.kind in {"point", "observation", "finish"}
        self._part.keep(told.exchanges)

    def conclude(self) -> str:
        """Return who they are."""
        self._end_part()
        for name, event in self._first.items():
            place, serial = f"line {event.seq}: {name} says it", str(event.data["serial"])
            _certified(place, serial, self._start.certificates.get(name))
        for name, serial in self._start.artefacts.items():
            if (used := self._start.certificates.get(name)) is None:
                raise EvidenceError(
                    f"{name} is an artefact without a certificate, which no bench file can have"
                )
            _certified(f"the bench file says that {name}", serial, used)
        return "; ".join(f"{name}: {read_instrument(event).identity}" for name, event in self._first.items())

    def _end_part(self) -> None:
        """Look at who was opened in a part of the run that came to measuring, and begin the next."""
        opened, first = self._part.opened, self._first
        if self._part.measured:
            names = [str(event.data["name"]) for event in opened]
            if len(set(names)) < len(names) or (first and set(names) != set(first)):
                raise EvidenceError(
                    f"line {_line(opened)}: {', '.join(names)} are not the bench's instruments"
                )
            if absent := sorted(set(self._start.roles.values()) - set(names) - set(self._start.artefacts)):
                raise EvidenceError(
                    f"line {_line(opened)}: {', '.join(absent)} took part, and was never opened"
                )
            if strangers := sorted(self._part.answered - set(names)):
                raise EvidenceError(
                    f"line {_line(opened)}: {', '.join(strangers)} answered, and was never opened"
                )
            for event in opened:
                _still_the_same(first.setdefault(str(event.data["name"]), event), event)
        self._part = PartOfRun()


class PartOfRun:
    """A part of a run, from its beginning or from where it was taken up again."""

    def __init__(self) -> None:
        self.opened: list[Event] = []
        """The instruments opened in it."""
        self.measured = False
        """Whether it came to measuring."""
        self._links: dict[str, KeptLink] = {}
        self._known: dict[str, Known] = {}

    @property
    def answered(self) -> set[str]:
        """Whose replies are kept."""
        return set(self._links)

    def open(self, event: Event, drivers: Collection[str]) -> None:
        """See that the kept replies of an instrument that was opened name it."""
        self.opened.append(event)
        name = str(event.data["name"])
        self._known[name] = _says_so(event, self._link(name), drivers)

    def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Go on to the exchanges of an event, and see that no reply names another instrument."""
        for exchange in exchanges:
            self._link(exchange.instrument).keep(exchange)
        for exchange in exchanges:
            if (known := self._known.get(exchange.instrument)) and exchange.request in known.asked:
                known.ask_again(exchange.number)
        for link in self._links.values():
            link.pass_over()

    def _link(self, name: str) -> KeptLink:
        if name not in self._links:
            self._links[name] = KeptLink(name, Files())
        return self._links[name]


class Known(NamedTuple):
    """An instrument that said who it is."""

    instrument: Instrument
    link: KeptLink
    claimed: Identity
    asked: frozenset[bytes]
    """Requests by which it was asked who it is."""

    def ask_again(self, number: int) -> None:
        """Refuse an exchange by which it is somebody else; a garbled reply names nobody."""
        self.link.at(number)
        try:
            found = self.instrument.identify()
        except NOT_UNDERSTOOD:
            return
        _compare(found, self.claimed, f"exchange {number}: {self.link.name}")


def _line(opened: Sequence[Event]) -> int:
    return opened[0].seq if opened else 1


def _still_the_same(first: Event, event: Event) -> None:
    for part in SAME:
        if event.data[part] != first.data[part]:
            raise EvidenceError(
                f"line {event.seq}: {event.data['name']} has {part} {event.data[part]!r}, "
                f"in line {first.seq} it was {first.data[part]!r}"
            )


def _says_so(event: Event, link: KeptLink, drivers: Collection[str]) -> Known:
    """Return an instrument whose kept replies name it as its event does; refuse one whose replies do not."""
    told = read_instrument(event)
    name, claimed = told.name, told.identity
    instrument = on_kept_link(event, link, drivers)
    if told.wraps != moduli(type(instrument)):
        raise EvidenceError(f"line {event.seq}: {name} has counters that wrap elsewhere than its driver says")
    if told.spoiled_by and told.spoiled_by != spoilers(type(instrument)):
        raise EvidenceError(f"line {event.seq}: {name} has readings that something else spoils by its driver")
    if isinstance(instrument, HandInstrument) is not bool(name_of(told.address)):
        hand = "a person" if isinstance(instrument, HandInstrument) else "nobody"
        raise EvidenceError(f"line {event.seq}: {hand} reads {told.driver}, and {name} is at {told.address}")
    link.at(link.exchanges[-1].number if link.exchanges else 0)
    try:
        found = instrument.identify()
    except NOT_UNDERSTOOD as error:
        raise Unable(f"line {event.seq}: nothing kept tells who {name} is: {error}") from error
    _compare(found, claimed, f"line {event.seq}: {name}")
    if instrument.models and not re.search(instrument.models, found.model):
        raise EvidenceError(
            f"line {event.seq}: {name} is {found}, which {event.data['driver']} does not serve"
        )
    asked = frozenset(one.request for one in link.exchanges if one.number in link.used)
    known = Known(instrument, link, claimed, asked)
    for exchange in link.exchanges:
        if exchange.request in asked:
            known.ask_again(exchange.number)
    return known


def _compare(found: Identity, claimed: Identity, place: str) -> None:
    if found != claimed:
        raise EvidenceError(f"{place} says by its reply that it is {found}, the journal that it is {claimed}")


def _certified(place: str, serial: str, used: CertificateUsed | None) -> None:
    """Refuse what has another serial number than its certificate is for."""
    serials = used.certificate.serials if used else ()
    if used and serial and serials and serial not in serials:
        raise EvidenceError(
            f"{place} is SN {serial}, its certificate {used.certificate.number} is for {', '.join(serials)}"
        )
