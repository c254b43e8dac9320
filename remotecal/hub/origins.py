"""The chain of traceability of a run's results, as the run itself read the certificates of its standards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.certificates.trace import LONGEST, Traced
from remotecal.model import Certificate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.model import Equipment, Record

READ: Final = "as the run read it; `remotecal trace` checks its signature"
NAMED: Final = "as it is named there; it is not kept here"


def as_read(record: Record, read: Mapping[str, Record], left: int = LONGEST) -> Traced:
    """Return the chain below a record, in which every standing is open: nothing of it is checked here.

    Args:
        record: what is on top.
        read: number of a certificate → what it says, for those the run read.
        left: certificates from here to the bottom, at most.
    """
    items = ", ".join(" ".join((item.name.get("en"), *item.serials[:1])) for item in record.items)
    standards = (
        tuple(_standard(one, read, left - 1) for one in record.standards if one.certificate) if left else ()
    )
    return Traced(
        items,
        record.number,
        record.laboratory.contact.name.get("en"),
        record.finished,
        Certificate(record).valid_until,
        "open",
        READ,
        standards,
    )


def _standard(standard: Equipment, read: Mapping[str, Record], left: int) -> Traced:
    named = standard.certificate
    if named is not None and (known := read.get(named.number)) is not None and left > 0:
        return as_read(known, read, left)
    item = " ".join((standard.name.get("en"), *standard.serials[:1]))
    if named is None:
        return Traced(item, "", "unknown", None, None, "open", NAMED)
    issuer = named.issuer.get("en") if named.issuer else "unknown"
    return Traced(item, named.number, issuer, named.issued, named.valid_until, "open", NAMED)
