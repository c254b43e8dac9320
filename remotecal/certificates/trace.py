"""The chain of traceability: from a device to the national standard, certificate by certificate.

A chain is recognised if every certificate in it is at hand, signed by a body on the trust list,
within validity when it was used, and if every branch ends at an institute that keeps a national
standard. It is resolved from files alone, so a station does it on site, before a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from remotecal.certificates.dcc.read import read
from remotecal.certificates.library import is_paper
from remotecal.certificates.signing.xml import read_signatures
from remotecal.errors import CertificateRefused
from remotecal.model import Certificate

if TYPE_CHECKING:
    from rich.tree import Tree

    from remotecal.certificates.library import Library
    from remotecal.certificates.trust import TrustList
    from remotecal.model import Equipment, Record

Standing = Literal["recognised", "national standard", "refused", "open"]
"""What a certificate counts for; `open` where it is not at hand or nobody was given to ask."""

LONGEST = 12
"""Certificates from top to bottom; more is a chain gone round in circles."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A certificate in the chain, and those it rests on."""

    item: str
    """What was calibrated, with its serial number."""
    number: str
    """Number of the certificate."""
    laboratory: str
    """Who issued it."""
    calibrated: date | None
    """Last day of the calibration; unknown while the certificate is not at hand."""
    valid_until: date | None
    """Last day on which it may be used, where it says so."""
    standing: Standing
    """What it counts for."""
    reason: str
    """Why."""
    standards: tuple[Traced, ...] = ()
    """The standards it rests on."""

    def chain(self) -> Iterator[Traced]:
        """Yield this and everything below."""
        yield self
        for standard in self.standards:
            yield from standard.chain()


def trace(data: bytes, library: Library, trust: TrustList | None) -> Traced:
    """Return the chain of traceability of the certificate in `data`.

    Args:
        data: the certificate's XML.
        library: where the certificates of the standards are.
        trust: whom to believe; without it every standing is open.

    Raises:
        RecordError: the file is no certificate.
    """
    return _traced(data, library, trust, None, LONGEST)


def recognise_chain(traced: Traced) -> None:
    """Raise `CertificateRefused` unless a chain is recognised down to the national standard."""
    for link in traced.chain():
        if link.standing in ("refused", "open"):
            raise CertificateRefused(
                f"{link.item}, certificate {link.number} of {link.laboratory}: {link.reason}"
            )
        if link.standing == "recognised" and not link.standards:
            raise CertificateRefused(
                f"{link.item}, certificate {link.number} of {link.laboratory}: it names no standard, "
                "and its issuer keeps none"
            )


def _traced(data: bytes, library: Library, trust: TrustList | None, used: date | None, left: int) -> Traced:
    record = read(data)
    standing, reason = _standing(data, record, trust, used)
    standards: tuple[Traced, ...] = ()
    if standing != "national standard" and left > 1:
        standards = tuple(
            _standard(standard, library, trust, record.finished, left - 1)
            for standard in record.standards
            if standard.certificate is not None
        )
    item = record.items[0]
    return Traced(
        " ".join((item.name.get("en"), *item.serials[:1])),
        record.number,
        record.laboratory.contact.name.get("en"),
        record.finished,
        Certificate(record).valid_until,
        standing,
        reason,
        standards,
    )


def _standard(
    standard: Equipment, library: Library, trust: TrustList | None, used: date, left: int
) -> Traced:
    reference = standard.certificate
    if reference is None:
        raise CertificateRefused(f"{standard.name.get('en')} has no certificate")
    until = reference.valid_until
    data = library.find(reference)
    if data is None:
        reason = "on paper" if is_paper(reference) else "not at hand"
        if until is not None and until < used:
            reason = f"expired on {until}, used on {used}"
        issuer = reference.issuer.get("en") if reference.issuer else "unknown"
        item = " ".join((standard.name.get("en"), *standard.serials[:1]))
        standing: Standing = "refused" if reason.startswith("expired") else "open"
        return Traced(item, reference.number, issuer, None, until, standing, reason)
    found = _traced(data, library, trust, used, left)
    if standard.serials and standard.serials[0] not in found.item:
        found = replace(found, standing="refused", reason=f"not for serial number {standard.serials[0]}")
    return found


def _standing(
    data: bytes, record: Record, trust: TrustList | None, used: date | None
) -> tuple[Standing, str]:
    """Return what a certificate counts for, `used` on that day, and why."""
    until = Certificate(record).valid_until
    if used is not None and until is not None and until < used:
        return "refused", f"expired on {until}, used on {used}"
    try:
        signatures = read_signatures(data)
        if not signatures:
            return "open", "not signed"
        if trust is None:
            return "open", f"signed by {signatures[-1].name}; no trust list to ask"
        bodies = [trust.recognise(signature) for signature in signatures]
        trust.check_number(record.number, used or record.finished)
    except CertificateRefused as refusal:
        return "refused", str(refusal)
    path = " ← ".join(body.name.get("en") for body in trust.above(bodies[-1]))
    return ("national standard" if bodies[-1].kind == "institute" else "recognised"), path


COLOURS: dict[Standing, str] = {
    "recognised": "green",
    "national standard": "green",
    "refused": "red",
    "open": "yellow",
}


def tree(traced: Traced) -> Tree:
    """Return the chain as a tree for the terminal."""
    from rich.text import Text
    from rich.tree import Tree

    def label(link: Traced) -> Text:
        return Text.assemble(
            (link.item, "bold"),
            f"  {_dates(link)}\n",
            (f"{link.standing}: {link.reason}", COLOURS[link.standing]),
        )

    def grow(branch: Tree, link: Traced) -> Tree:
        for standard in link.standards:
            grow(branch.add(label(standard)), standard)
        return branch

    return grow(Tree(label(traced)), traced)


def _dates(link: Traced) -> str:
    calibrated = f", {link.calibrated}" if link.calibrated else ""
    until = f", valid until {link.valid_until}" if link.valid_until else ""
    return f"{link.number}, {link.laboratory}{calibrated}{until}"
