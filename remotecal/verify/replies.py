"""The kept replies of the instruments, understood once more by the drivers that read them.

An observation tells for each indication the number of the exchange it was read from. The driver is
given a link that answers with what was kept, and must arrive at the same value and the same
uncertainty by the maker's limit of error. An exchange belongs to the repeat it was kept in.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeAlias

from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading, BoundSetting, BoundTrace
from remotecal.drivers.waveform import Waveform
from remotecal.errors import EvidenceError, FileMissing, NeverAsked
from remotecal.journal.contents import File, Files
from remotecal.journal.occurrences import HOLDING
from remotecal.verify.kept import NOT_UNDERSTOOD, KeptLink, on_kept_link
from remotecal.verify.left_out import LeftOut
from remotecal.verify.noted import Noted
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.exchanges import Exchange
    from remotecal.journal.observation import Value
    from remotecal.journal.occurrences import Occurrence


BEGINNINGS = frozenset({"repeat", "point", "observation", "resume"})
"""Events behind which the exchanges of another repeat come at the earliest."""


NOTES = frozenset({"stable", "note"})
"""Events that say of a run what its readings must tell as well (`Noted`)."""


class Replies:
    """Reads every observed indication again from the kept replies; tells how many that were.

    Args:
        software: version of remotecal that ran.
        files: what the journal names.
        drivers: those beside the installed ones that may be used, each as `module:Class`.

    Raises:
        EvidenceError: a reply gives another value, or is none of the instrument's in this repeat.
        Unable: a driver is not at hand or asks in another way now, or a value names no reply, or a reply
            stands in a file that is not at hand, or a series holds fewer readings than were taken for it, or
            a note has no replies.
    """

    concerned = True

    def __init__(self, software: str, files: Files, drivers: Collection[str] = ()) -> None:
        self._versions = software, version("remotecal")
        self._files, self._drivers = files, drivers
        self._instruments: dict[str, Instrument] = {}
        self._links: dict[str, KeptLink] = {}
        self._number = 0
        """Number of the last exchange."""
        self._of_repeat: dict[int, Exchange] = {}
        """Exchanges kept since the repeat began."""
        self._again = self._alone = 0
        self._first_alone = ""
        self._own: set[str] = set()
        self._left_out, self._thin = LeftOut(self._gives), list[str]()
        self._noted, self._untrue = Noted(self._reading), list[str]()

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event = told.event
        if event.kind == "instrument":
            name = str(event.data["name"])
            self._instruments[name] = on_kept_link(event, self._link(name), self._drivers)
        for exchange in told.exchanges:
            self._number += 1
            if exchange.number != self._number:
                raise EvidenceError(
                    f"line {event.seq}: exchange {exchange.number} stands where {self._number} is due"
                )
            self._of_repeat[exchange.number] = exchange
            self._link(exchange.instrument).keep(exchange)
        self._left_out.follow(event)
        if event.kind in NOTES:
            there = {name: (one, self._link(name)) for name, one in self._instruments.items()}
            self._untrue += self._noted.doubts(event, self._of_repeat, there)
        if event.kind in HOLDING:
            self._observation(told)
        if event.kind == "observation":
            self._thin += self._left_out.of(told, self._of_repeat)
        if event.kind in BEGINNINGS:
            self._of_repeat = {}
            self._left_out.begin()
            for link in self._links.values():
                link.pass_over()

    def conclude(self) -> str:
        """Return how many values were read again, and which no instrument said."""
        if self._alone:
            raise Unable(
                f"{self._alone} values name no reply they were read from, such as {self._first_alone}"
            )
        if not self._again:
            raise Unable("no observed value names the reply it was read from")
        if self._thin:
            raise Unable(
                f"readings may have been left out of {len(self._thin)} series: {self._thin[0]}, beyond what "
                "was watched and waited for"
            )
        if self._untrue:
            raise Unable(f"{len(self._untrue)} notes have no replies they rest on: {self._untrue[0]}")
        rest = f"; no instrument said {', '.join(sorted(self._own))}" if self._own else ""
        return f"{self._again} values read again from the instruments' kept replies{rest}"

    def _link(self, instrument: str) -> KeptLink:
        if instrument not in self._links:
            self._links[instrument] = KeptLink(instrument, self._files)
        return self._links[instrument]

    def _observation(self, told: Occurrence) -> None:
        event = told.event
        for name, measured in told.observed:
            place = f"line {event.seq}, {name}"
            of, _, quantity = measured.source.rpartition(".")
            instrument = self._instruments.get(of)
            if measured.exchange is None:
                if not measured.source:
                    continue  # a waveform of the procedure's own
                if instrument is not None and _readable(instrument, quantity):
                    raise EvidenceError(f"{place}: {measured.source} names no exchange, but always has one")
                self._alone += 1
                self._first_alone = self._first_alone or f"{place} ({measured.source})"
                continue
            if instrument is None:
                raise EvidenceError(f"{place}: no instrument {of!r} took part")
            self._of_this_repeat(measured, of, place)
            _read_again(instrument, quantity, measured, place, self._versions)
            self._again += 1
        _each_once(told)
        self._own |= {name for name, value in told.values.items() if _is_own(value)}

    def _gives(self, source: str, number: int) -> bool:
        """Tell whether an exchange gives a reading, as its driver understands it."""
        return self._reading(source, number) is not None

    def _reading(self, source: str, number: int) -> Measured | None:
        """Return the reading that an exchange gives, as its driver understands it; None if it gives none."""
        of, _, quantity = source.rpartition(".")
        instrument, link = self._instruments.get(of), self._link(of)
        bound = None if instrument is None else instrument.quantity(quantity)
        link.at(number)
        if isinstance(bound, BoundReading | BoundSetting):
            with suppress(*NOT_UNDERSTOOD):
                told = bound.read()
                if number in link.used and isinstance(told, Measured):
                    return told
        return None

    def _of_this_repeat(self, measured: Measured | Waveform, instrument: str, place: str) -> None:
        number = measured.exchange or 0
        exchange = self._of_repeat.get(number)
        if exchange is None:
            if 1 <= number <= self._number:
                raise EvidenceError(f"{place}: exchange {number} is of another repeat")
            raise EvidenceError(f"{place}: no exchange {number} was kept until then")
        if exchange.instrument != instrument:
            raise EvidenceError(f"{place}: exchange {number} is of {exchange.instrument}")


def _each_once(told: Occurrence) -> None:
    """Refuse a series of readings in which one reading stands twice."""
    counted = Counter((name, one.source, one.exchange) for name, one in told.observed)
    for (name, source, exchange), count in counted.items():
        if count > 1:
            raise EvidenceError(
                f"line {told.event.seq}, {name}: exchange {exchange} stands for several readings of {source}"
            )


def _is_own(value: Value) -> bool:
    """Tell whether a value is a number, a text, a file or a waveform that no instrument gave."""
    return (
        value.exchange is None if isinstance(value, Waveform) else isinstance(value, str | int | float | File)
    )


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
