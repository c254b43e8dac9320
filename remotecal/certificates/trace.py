"""The chain of traceability: from a device to the national standard, certificate by certificate.

A chain is recognised if every certificate in it is at hand, signed by a body on the trust list,
within validity when it was used, and if every branch ends at an institute that keeps a national
standard. It is resolved from files alone, so a station does it on site, before a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

from remotecal.certificates.approval import check_identifiers
from remotecal.certificates.dcc.read import read
from remotecal.certificates.library import is_paper
from remotecal.certificates.scope import check_scope
from remotecal.certificates.signing.xml import read_signatures
from remotecal.certificates.standard import check_standard, doubt, of_standard
from remotecal.clock import latest_day
from remotecal.errors import CertificateRefused
from remotecal.model import Certificate

if TYPE_CHECKING:
    from rich.tree import Tree

    from remotecal.certificates.library import CertificateLibrary
    from remotecal.certificates.trust import TrustList
    from remotecal.model import CertificateReference, Equipment, Record

Standing = Literal["recognised", "national standard", "refused", "open"]
"""What a certificate counts for; `open` where it is not at hand or nobody was given to ask."""

LONGEST = 12
"""Certificates from top to bottom; more is a chain gone round in circles."""

MOST = 500
"""Certificates in all branches; some that name each other again and again would have no end."""


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


def trace(
    data: bytes, library: CertificateLibrary, trust: TrustList | None, now: datetime | None = None
) -> Traced:
    """Return the chain of traceability of the certificate in `data`.

    Args:
        data: the certificate's XML.
        library: where the certificates of the standards are.
        trust: whom to believe; without it every standing is open.
        now: when the certificate is to be used, with its zone; the present where none is given.

    Raises:
        RecordError: the file is no certificate.
        CertificateRefused: the trust list is not the current one, or the chain has more than `MOST`
            certificates.
    """
    now = now or datetime.now(UTC).astimezone()
    if trust is not None:
        trust.check_current(now)
    return _Chain(library, trust, now).traced(data, now.date(), None, LONGEST)


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


@dataclass(slots=True)
class _Chain:
    """What a chain is resolved from."""

    library: CertificateLibrary
    trust: TrustList | None
    now: datetime
    count: int = 0
    """Certificates so far."""

    def traced(self, data: bytes, used: date, of: tuple[Equipment, Record] | None, left: int) -> Traced:
        """Return the chain from a certificate on, `used` on that day; `of` a standard of a record."""
        record = read(data)
        standing, reason = self._standing(data, record, used, of)
        standards: tuple[Traced, ...] = ()
        if standing != "national standard" and left > 1:
            standards = tuple(
                self._standard(standard, reference, record, left - 1)
                for standard in record.standards
                if (reference := standard.certificate) is not None
            )
        told = record if of is None else of_standard(record, of[0])
        return Traced(
            _items(told),
            record.number,
            record.laboratory.contact.name.get("en"),
            record.finished,
            Certificate(told).valid_until,
            standing,
            reason,
            standards,
        )

    def _standard(
        self, standard: Equipment, reference: CertificateReference, user: Record, left: int
    ) -> Traced:
        self.count += 1
        if self.count >= MOST:
            raise CertificateRefused(f"the chain of traceability has more than {MOST} certificates")
        data = self.library.find(reference)
        if data is not None:
            return self.traced(data, user.finished, (standard, user), left)
        until, used = reference.valid_until, user.finished
        standing: Standing = "open"
        reason = "on paper" if is_paper(reference) else "not at hand"
        if until is not None and until < used:
            standing, reason = "refused", f"expired on {until}, used on {used}"
        issuer = reference.issuer.get("en") if reference.issuer else "unknown"
        item = " ".join((standard.name.get("en"), *standard.serials[:1]))
        return Traced(item, reference.number, issuer, None, until, standing, reason)

    def _standing(
        self, data: bytes, record: Record, used: date, of: tuple[Equipment, Record] | None
    ) -> tuple[Standing, str]:
        """Return what a certificate counts for, and why."""
        told = record if of is None else of_standard(record, of[0])
        until = Certificate(told).valid_until
        if until is not None and until < used:
            return "refused", f"expired on {until}, used on {used}"
        try:
            check_identifiers(record)
            if of is not None:
                check_standard(record, of[0], of[1].begun, of[1].finished)
                if why := doubt(record, of[0]):
                    return "open", why
            signatures = read_signatures(data)
            if not signatures:
                return "open", "not signed"
            if self.trust is None:
                return "open", f"signed by {signatures[-1].name}; no trust list to ask"
            body = self.trust.recognise_certificate(record, signatures, self.now)
            self.trust.check_number(record.number, latest_day(self.now) if of is None else used)
            check_scope(record, body.scope)
        except CertificateRefused as refusal:
            return "refused", str(refusal)
        path = " ← ".join(above.name.get("en") for above in self.trust.above(body))
        return ("national standard" if body.kind == "institute" else "recognised"), path


MOST_NAMED = 3
"""Items of a certificate that a chain names."""


def _items(record: Record) -> str:
    called = [" ".join((item.name.get("en"), *item.serials[:1])) for item in record.items]
    more = len(called) - MOST_NAMED
    return ", ".join(called[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


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
