"""The chain of traceability of a run's results, as the run itself read the certificates of its standards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.certificates.trace import LONGEST, Traced
from remotecal.model import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remotecal.model import Equipment, Record, Text

READ: Final = "read"
"""Why a certificate's standing is open: it is as the run read it, and its signature was not checked."""
NAMED: Final = "named"
"""Why it is: it is named by another one, and not kept here."""


def as_read(
    record: Record,
    read: Mapping[str, Record],
    choose: Callable[[Text | None], str],
    reasons: Mapping[str, str],
    left: int = LONGEST,
) -> Traced:
    """Return the chain below a record, in which every standing is open: nothing of it is checked here.

    Args:
        record: what is on top.
        read: number of a certificate → what it says, for those the run read.
        choose: returns a text in the language of who looks, and what is unknown for none.
        reasons: `READ` and `NAMED`, as they are told.
        left: certificates from here to the bottom, at most.
    """
    items = ", ".join(" ".join((choose(item.name), *item.serials[:1])) for item in record.items)
    standards = (
        tuple(_standard(one, read, choose, reasons, left - 1) for one in record.standards if one.certificate)
        if left
        else ()
    )
    return Traced(
        items,
        record.number,
        choose(record.laboratory.contact.name),
        record.finished,
        Certificate(record).valid_until,
        "open",
        reasons[READ],
        standards,
    )


def _standard(
    standard: Equipment,
    read: Mapping[str, Record],
    choose: Callable[[Text | None], str],
    reasons: Mapping[str, str],
    left: int,
) -> Traced:
    named = standard.certificate
    if named is not None and (known := read.get(named.number)) is not None and left > 0:
        return as_read(known, read, choose, reasons, left)
    item = " ".join((choose(standard.name), *standard.serials[:1]))
    if named is None:
        return Traced(item, "", choose(None), None, None, "open", reasons[NAMED])
    issuer = choose(named.issuer)
    return Traced(item, named.number, issuer, named.issued, named.valid_until, "open", reasons[NAMED])
