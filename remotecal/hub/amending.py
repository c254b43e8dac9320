"""An issued certificate is amended: a new one is drafted that takes its place, and is signed anew by all.

What may be changed needs no new calibration: whose certificate it is, and who answers for it. Anything else
comes from the evidence, and is evaluated anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.certificates.added import AMENDMENT, without_address
from remotecal.errors import CertificateRefused
from remotecal.hub.numbers import series_of, written
from remotecal.hub.stating import with_address
from remotecal.model import Location, Text
from remotecal.store.amendments import AmendmentRow

if TYPE_CHECKING:
    from datetime import datetime

    from remotecal.hub.run_at import RunAt
    from remotecal.model import Record
    from remotecal.store.numbers import Giving


def with_parties(record: Record, name: Text, address: Text | None, persons: tuple[Text, ...]) -> Record:
    """Return a record for another customer, and with other names of those who answer for it.

    Args:
        record: as it was.
        name: the customer's.
        address: the customer's; None leaves it as it was.
        persons: in the record's order; none leaves all as they were.

    Raises:
        CertificateRefused: there are more persons, or fewer.
    """
    if persons and len(persons) != len(record.persons):
        raise CertificateRefused(f"the certificate names {len(record.persons)} persons, not {len(persons)}")
    customer = record.customer.model_copy(update={"name": name})
    if address is not None:
        there = record.customer.location
        located = (there or Location()).model_copy(update={"further": address})
        customer = customer.model_copy(update={"location": located})
    named = [
        person.model_copy(update={"name": said})
        for person, said in zip(record.persons, persons or (one.name for one in record.persons), strict=True)
    ]
    return record.model_copy(update={"customer": customer, "persons": tuple(named)})


class Difference(NamedTuple):
    """What an amended certificate says otherwise."""

    what: str
    """`customer`, `address`, or the duty of a person."""
    before: Text
    now: Text


def differences(before: Record, now: Record) -> tuple[Difference, ...]:
    """Return in what an amended certificate differs of what may be amended."""
    places = [record.customer.location and record.customer.location.further for record in (before, now)]
    found = [
        Difference("customer", before.customer.name, now.customer.name),
        Difference("address", places[0] or Text({}), places[1] or Text({})),
    ]
    found += [
        Difference(one.duty or "person", one.name, other.name)
        for one, other in zip(before.persons, now.persons, strict=False)
    ]
    return tuple(one for one in found if one.before != one.now)


def amend(of_run: RunAt, changed: Record, number: str, reason: Text, by: str, now: datetime) -> AmendmentRow:
    """Draft the certificate that takes the place of an issued one, note who did, and return it.

    Args:
        of_run: the issued one, as last amended.
        changed: what the new one is to say; see `with_parties`.
        number: its number; "" for the next of the laboratory's series.
        reason: why; it is printed.
        by: who drafts it.
        now: the time, in the laboratory's time zone.

    Raises:
        CertificateRefused: the old one was never issued, or is amended already; or nothing is changed; or
            something is not said in the certificate's languages; or there is no number.
        OrderError: the number is another order's.
        JournalBroken: as `RunAt.record`.
    """
    from remotecal.certificates.approval import replace

    old, before = of_run.certificate(), of_run.record()
    kept = tuple(one for one in without_address(changed).statements if one.ref_types != (AMENDMENT,))
    with of_run.store.numbers.giving() as giving:
        own = number or _next(of_run, giving, now.year)
        giving.hold([own], of_run.run, now.timestamp(), anew=True)
        said = changed.model_copy(
            update={"number": own, "statements": kept, "replaces": None, "previous": None}
        )
        record = with_address(of_run.folder, replace(old, said, "amended", reason))
        for what, text in (("reason", reason), *((one.what, one.now) for one in differences(before, said))):
            if not text.says_all(before.languages):
                raise CertificateRefused(
                    f"the {what} is in {', '.join(text.languages)}, and the certificate in "
                    f"{', '.join(before.languages)}: say it in all of these"
                )
        row = AmendmentRow(
            of_run.station,
            of_run.run,
            of_run.device,
            of_run.edition + 1,
            own,
            before.number,
            record.to_json(),
            by,
            now.timestamp(),
        )
        of_run.store.amendments.add(row)
        noted = {name: getattr(row, name) for name in ("station", "run", "number", "replaces")}
        noted |= {"reason": reason.get("en")}
        of_run.store.note(by, "amend", noted)
    return row


def _next(of_run: RunAt, giving: Giving, year: int) -> str:
    pattern = of_run.folder.settings.numbers.certificate
    if pattern is None:
        raise CertificateRefused("give the new certificate a number: the laboratory has no series of them")
    return giving.next(series_of(pattern, year), lambda count: written(pattern, year, count))
