"""The certificate under examination, and what the examination may rely on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from remotecal.certificates.dcc.read import read
from remotecal.certificates.dcc.validate import problems_of_schema
from remotecal.certificates.dcc.xml import LARGEST_FILE, asides
from remotecal.certificates.signing.pdf import embedded_xml, read_pdf_signature
from remotecal.certificates.signing.xml import read_signatures
from remotecal.configuration import read_within
from remotecal.errors import CertificateRefused, RecordError
from remotecal.verify.printed import examine_print
from remotecal.verify.report import Checklist

if TYPE_CHECKING:
    from remotecal.certificates.library import CertificateLibrary
    from remotecal.certificates.signing.signature import Signature
    from remotecal.certificates.trust import TrustList
    from remotecal.model import Record
    from remotecal.order import Order
    from remotecal.registers import LaboratoryRegister

Recompute: TypeAlias = "Callable[[Path], Record]"
"""Computes the record again from a journal."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a verification may rely on; nothing is fetched."""

    now: datetime
    """The time to judge validity at."""
    trust: TrustList | None
    """Whom to believe."""
    library: CertificateLibrary
    """Certificates of standards."""
    register: LaboratoryRegister | None
    """The laboratory's register, to hold the certificate against."""
    procedure: Path | None
    """File of the procedure that the run followed, where that is not an installed one."""
    drivers: frozenset[str]
    """Drivers beside the installed ones that whoever asks vouches for, each as `module:Class`."""
    recompute: Recompute | None
    """What makes a record of a journal, where no procedure does."""
    computed: dict[tuple[str, str], tuple[Record, Order]] = field(default_factory=dict)
    """Head of a journal and the later text it was evaluated by, if any → its record, and what was ordered."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A certificate under examination."""

    record: Record
    """What it says: of a signed one, exactly what is signed."""
    signatures: tuple[Signature, ...]
    """Those on the XML that hold, earliest first; none if any does not."""
    pdf_signature: Signature | None = None
    """That on the PDF, where there is one."""

    @property
    def all_signatures(self) -> tuple[Signature, ...]:
        """Those on the XML and that on the PDF, earliest first."""
        return self.signatures if self.pdf_signature is None else (*self.signatures, self.pdf_signature)


def open_certificate(checks: Checklist, path: Path, *, draft: bool = False) -> Subject | None:
    """Read the certificate and check that its signatures hold, whosever they are; a draft may have none."""
    data = read_within(path, LARGEST_FILE)
    seal: list[Signature] = []
    pdf = data if data.startswith(b"%PDF") else None
    if pdf is not None:
        printed = pdf

        def pdf_signature() -> str:
            seal.append(read_pdf_signature(printed))
            return f"holds over the whole file, by {seal[0].name}"

        def inside() -> str:
            nonlocal data
            data = embedded_xml(printed)
            return f"{len(data)} bytes; it is the XML that counts"

        checks.examine("PDF signature", pdf_signature, needed=True)
        if not checks.examine("XML in the PDF", inside, needed=True):
            return None
    checks.examine("schema", lambda: _schema(data), needed=True)
    subject = _read(checks, data, seal[0] if seal else None, draft=draft)
    if pdf is not None and subject is not None:
        checks.examine("printed pages", partial(examine_print, pdf, data, subject.record), needed=True)
    return subject


def _read(checks: Checklist, data: bytes, seal: Signature | None, *, draft: bool) -> Subject | None:
    signatures: list[Signature] = []
    found: list[Record] = []

    def hold() -> str:
        signatures.extend(read_signatures(data))
        if draft and not signatures:
            return "nobody has signed it yet"
        if not signatures:
            raise CertificateRefused("the certificate is not signed")
        comments, _ = asides(data)
        apart = f"; not signed: {len(comments)} comments in the file" if comments else ""
        return "; ".join(entry.said for entry in signatures) + apart

    def content() -> str:
        found.append(read(signatures[-1].content if signatures else data))
        return (
            f"certificate {found[0].number}, {sum(table.rows for table in found[0].tables)} rows of results"
        )

    checks.examine("XML signatures", hold, needed=True)
    checks.examine("content", content, needed=True)
    return Subject(found[0], tuple(signatures), seal) if found else None


def _schema(data: bytes) -> str:
    problems = problems_of_schema(data)
    if problems:
        raise RecordError(f"{problems[0]} ({len(problems)} in all)")
    return "a valid DCC of its version"
