"""One report of many certificates, for a customer who sent many devices: what became of each.

It says nothing that the certificates do not say, and names each by the SHA-256 of its file.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from remotecal.errors import ConfigurationError
from remotecal.model import Frozen, Text, Verdict
from remotecal.model.flat import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.model import Record

WORST: tuple[Verdict, ...] = ("fail", "conditionalFail", "noPass", "noFail", "conditionalPass", "pass")
"""Verdicts, the worst first."""


class Listed(Frozen):
    """One certificate in a report."""

    certificate: str
    """Its number."""
    serial: str
    """Serial number of the device; of several, with commas between."""
    owner_number: str
    """The owner's number for it; "" where there is none."""
    name: Text
    """What it is."""
    model: str
    """Its type designation."""
    verdict: Verdict | Literal[""]
    """Whether it conforms; "" where the certificate says nothing of that."""
    finished: date
    """Last day of the calibration."""
    issued: date | None
    """Day of issue; None for a draft."""
    run: str
    """The run whose journal proves it."""
    sha256: str
    """SHA-256 of the certificate's XML as it is here, in hexadecimal."""


class Summary(Frozen):
    """A report of many certificates."""

    customer: Text
    """Whom they are for."""
    laboratory: Text
    """Who issued them."""
    orders: tuple[str, ...]
    """Numbers of the orders, each once."""
    demonstration: bool
    """Whether one of them is a demonstration."""
    listed: tuple[Listed, ...]
    """The certificates, in the order of their numbers."""

    @property
    def verdicts(self) -> dict[Verdict | Literal[""], int]:
        """How many devices have which verdict, the worst first."""
        counted = Counter(one.verdict for one in self.listed)
        order: tuple[Verdict | Literal[""], ...] = (*WORST, "")
        return {verdict: counted[verdict] for verdict in order if counted[verdict]}

    @property
    def unissued(self) -> int:
        """How many of the certificates are drafts, whose verdict nobody has answered for yet."""
        return sum(one.issued is None for one in self.listed)

    def to_csv(self) -> bytes:
        """Return the list as a table that spreadsheets read: UTF-8 with a mark, one line a certificate."""
        text = io.StringIO()
        columns = [name for name in Listed.model_fields if name != "name"]
        table = csv.DictWriter(text, ["name", *columns], extrasaction="ignore", lineterminator="\r\n")
        table.writeheader()
        for one in self.listed:
            said = {**one.model_dump(mode="json"), "name": one.name.get("en")}
            table.writerow({name: as_text(str(said[name] or "")) for name in ("name", *columns)})
        return b"\xef\xbb\xbf" + text.getvalue().encode()


def summary(certificates: Sequence[bytes]) -> Summary:
    """Return a report of certificates (DCC), signed or not.

    Raises:
        ConfigurationError: there is none, or they are of different laboratories or customers, or two have one
            number.
        RecordError: one can't be read.
        CertificateRefused: a signature on one does not hold.
    """
    from remotecal.certificates.dcc import read
    from remotecal.certificates.signing.xml import read_signatures

    if not certificates:
        raise ConfigurationError("there is no certificate to report of")
    found: list[tuple[Record, Listed]] = []
    for data in certificates:
        signed = read_signatures(data)
        record = read(signed[-1].content if signed else data)
        issued = signed[-1].time.date() if signed and signed[-1].duty == "issued" else None
        found.append((record, _listed(record, issued, sha256(data).hexdigest())))
    records = [record for record, _ in found]
    first = records[0]
    for one in records:
        if (one.customer.name, one.laboratory.contact.name) != (
            first.customer.name,
            first.laboratory.contact.name,
        ):
            raise ConfigurationError(
                f"certificate {one.number} is of another laboratory, or for another customer, than "
                f"{first.number}: a report is of one laboratory for one customer"
            )
    numbers = [one.number for one in records]
    if double := next((number for number in numbers if numbers.count(number) > 1), None):
        raise ConfigurationError(f"two of the certificates have the number {double}: give each once")
    orders = [entry.value for one in records for entry in one.identifications]
    return Summary(
        customer=first.customer.name,
        laboratory=first.laboratory.contact.name,
        orders=tuple(dict.fromkeys(orders)),
        demonstration=any(one.demonstration for one in records),
        listed=tuple(sorted((listed for _, listed in found), key=lambda one: one.certificate)),
    )


def _listed(record: Record, issued: date | None, digest: str) -> Listed:
    owners = [
        entry.value for item in record.items for entry in item.identifications if entry.issuer == "owner"
    ]
    said = {one.conformity for one in record.verdicts}
    verdict: Verdict | Literal[""] = ""
    for worse in reversed(WORST):
        if worse in said:
            verdict = worse
    return Listed(
        certificate=record.number,
        serial=", ".join(number for item in record.items for number in item.serials),
        owner_number=", ".join(owners),
        name=record.items[0].name,
        model=", ".join(dict.fromkeys(item.model for item in record.items if item.model)),
        verdict=verdict,
        finished=record.finished,
        issued=issued,
        run="" if record.evidence is None else record.evidence.run,
        sha256=digest,
    )
