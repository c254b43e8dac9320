"""Until when a bench's standards and facts may be relied on, for the laboratory to know before it orders."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import RemotecalError
from remotecal.transport.messages import HeldUntil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from remotecal.bench import Bench
    from remotecal.bench_file import ArtefactEntry, Entry

REMEMBERED = 1000
"""Certificates that are not read again until their file is another."""


class CertificateTells(NamedTuple):
    """What a certificate says of itself."""

    number: str
    serials: tuple[str, ...]
    valid_until: date | None


def held(bench: Bench) -> tuple[HeldUntil, ...]:
    """Return until when each standard of a bench, fact of its rig and approval may be relied on.

    A certificate that can't be read says nothing here; the bench's check, and the run, will say so.
    """
    standards = (one for name, entry in bench.standards.items() for one in _standard(bench, name, entry))
    facts = (
        HeldUntil(name=name, valid_until=fact.valid_until)
        for name, fact in bench.file.characteristics.items()
    )
    approvals = (
        HeldUntil(name=one.name.get("en"), certificate=one.number, valid_until=one.valid_until)
        for one in bench.file.approvals
    )
    return (*standards, *facts, *approvals)


def _standard(bench: Bench, name: str, entry: Entry | ArtefactEntry) -> Iterator[HeldUntil]:
    told = None
    if entry.certificate is not None:
        path = bench.path.parent / entry.certificate
        try:
            kept = path.stat()
            told = _read(path, kept.st_mtime_ns, kept.st_size)
        except (OSError, RemotecalError):
            return
    days = [day for day in (entry.valid_until, told and told.valid_until) if day is not None]
    if days:
        serial = entry.serial or next(iter(told.serials if told else ()), "")
        number = told.number if told else ""
        yield HeldUntil(name=name, serial=serial, certificate=number, valid_until=min(days))


@lru_cache(REMEMBERED)
def _read(path: Path, _changed: int, _size: int) -> CertificateTells:
    from remotecal.certificates.dcc import read
    from remotecal.model import Certificate

    certificate = Certificate(read(path.read_bytes()))
    return CertificateTells(certificate.number, certificate.serials, certificate.valid_until)
