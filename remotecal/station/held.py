"""Until when a bench's standards and facts may be relied on, for the laboratory to know before it orders."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from remotecal.bench_file import Characteristic
from remotecal.errors import RemotecalError
from remotecal.model import Column
from remotecal.transport.check_standards import MOST_VALUES, CheckTold
from remotecal.transport.messages import HeldUntil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from remotecal.bench import Bench
    from remotecal.bench_file import ArtefactEntry, Determined, Entry

REMEMBERED = 1000
"""Certificates that are not read again until their file is another."""


class CertificateTells(NamedTuple):
    """What a certificate says of itself."""

    number: str
    serials: tuple[str, ...]
    valid_until: date | None
    items: tuple[tuple[tuple[str, ...], dict[str, str]], ...]
    """Serial numbers of each of its items, and what it is called by language."""

    def of_one(self, serial: str | None) -> tuple[str, ...]:
        """Return the serial numbers of the item that has one of them; all, if there is only one item."""
        if len(self.items) == 1:
            return self.serials
        return next((serials for serials, _ in self.items if serial in serials), self.serials)

    def called(self, serial: str) -> dict[str, str]:
        """Return what the item of a serial number is called; of the only one whatever number it has."""
        of = [name for serials, name in self.items if serial in serials]
        return of[0] if of else self.items[0][1] if len(self.items) == 1 else {}


def held(bench: Bench) -> tuple[HeldUntil, ...]:
    """Return until when each standard of a bench, fact of its rig and approval may be relied on.

    A certificate that can't be read says nothing here; the bench's check, and the run, will say so.
    """
    standards = (one for name, entry in bench.standards.items() for one in _standard(bench, name, entry))
    facts = (
        HeldUntil(name=name, valid_until=fact.valid_until, called=_determined(name, fact))
        for name, fact in bench.file.characteristics.items()
    )
    approvals = (
        HeldUntil(
            name=one.name.get("en"),
            certificate=one.number,
            valid_until=one.valid_until,
            called=dict(one.name.root),
        )
        for one in bench.file.approvals
    )
    return (*standards, *facts, *approvals)


def numbers(bench: Bench) -> dict[str, tuple[str, str]]:
    """Return by which numbers the instruments and artefacts of a bench go, for those that have any."""
    found = {}
    for name, entry in bench.standards.items():
        told = _told(bench, entry)
        serial = entry.serial or next(iter(told.serials if told else ()), "")
        if serial or told:
            found[name] = serial, told.number if told else ""
    return found


def relies(bench: Bench) -> dict[str, tuple[str, ...]]:
    """Return which numbers a run's journal will have of each instrument that has a certificate."""
    found = {}
    for name, entry in bench.file.instruments.items():
        if (told := _told(bench, entry)) is not None:
            found[name] = told.of_one(entry.serial) or (told.number,)
    return found


def checks(bench: Bench) -> tuple[CheckTold, ...]:
    """Return the check standards of a bench; of a record that can't be read the run will say so."""
    from remotecal.runs.admission import read_check_standard

    admission, found = bench.file.admission, []
    for chart in () if admission is None else admission.check_standards:
        with suppress(RemotecalError, ValidationError):
            record = read_check_standard(bench.path.parent / chart)
            found.append(
                CheckTold(
                    name=record.name,
                    unit=record.unit,
                    in_control=record.in_control[-MOST_VALUES:],
                    latest=record.latest[-MOST_VALUES:],
                    checked=record.checked,
                )
            )
    return tuple(found)


def _told(bench: Bench, entry: Entry | ArtefactEntry) -> CertificateTells | None:
    """Return what the certificate of a standard says; None where it has none, or it can't be read."""
    if entry.certificate is None:
        return None
    path = bench.path.parent / entry.certificate
    try:
        kept = path.stat()
        return _read(path, kept.st_mtime_ns, kept.st_size)
    except (OSError, RemotecalError):
        return None


def _standard(bench: Bench, name: str, entry: Entry | ArtefactEntry) -> Iterator[HeldUntil]:
    told = _told(bench, entry)
    if entry.certificate is not None and told is None:
        return
    days = [day for day in (entry.valid_until, told and told.valid_until) if day is not None]
    if days:
        serial = entry.serial or next(iter(told.serials if told else ()), "")
        number = told.number if told else ""
        called = told.called(serial) if told else {}
        yield HeldUntil(name=name, serial=serial, certificate=number, valid_until=min(days), called=called)


def _determined(name: str, fact: Characteristic | Determined) -> dict[str, str]:
    """Return what the record of a fact calls it; nothing where none does."""
    from remotecal.certificates.characterised import ref_type

    proof = fact.proof if isinstance(fact, Characteristic) else None
    tables = proof.record.tables if proof is not None else ()
    columns = (column for table in tables for column in table.columns if isinstance(column, Column))
    names = [column.name for column in columns if ref_type(name) in column.ref_types]
    return dict(names[0].root) if names and names[0] is not None else {}


@lru_cache(REMEMBERED)
def _read(path: Path, _changed: int, _size: int) -> CertificateTells:
    from remotecal.certificates.dcc import read
    from remotecal.model import Certificate

    certificate = Certificate(read(path.read_bytes()))
    items = tuple((item.serials, dict(item.name.root)) for item in certificate.record.items)
    return CertificateTells(certificate.number, certificate.serials, certificate.valid_until, items)
