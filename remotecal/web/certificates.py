"""Who may see a run's certificate, who may file signatures on it, and how far it has come."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from remotecal.clock import civil_time
from remotecal.errors import CertificateRefused, NotAllowed, NotNow, NotThere
from remotecal.hub import amending, issuing
from remotecal.hub.run_at import lacking
from remotecal.hub.scope import compare_issued

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remotecal.certificates.signing.signature import Duty
    from remotecal.hub.run_at import RunAt
    from remotecal.store.amendments import AmendmentRow
    from remotecal.store.records import RecordRow
    from remotecal.store.users import Role
    from remotecal.web.bodies import AmendmentWanted, RecallWanted
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

log = logging.getLogger(__name__)

FILED_BY: Mapping[Duty, Role] = {
    "performed": "operator",
    "reviewed": "reviewer",
    "approved": "approver",
    "issued": "administrator",
}
"""Whose signature is taken from whom; the laboratory's seal is kept by an administrator."""


OPENED = "certificate opened"
"""What the audit log calls it that somebody who may sign a certificate had it before them."""
RECALL = "recall"
"""What the audit log calls it that a certificate shall be revoked."""


def record_row(office: Office, station: str, run: str) -> RecordRow:
    """Return a run's record (`NotThere` if it was not computed yet)."""
    row = office.store.records.find(station, run)
    if row is None:
        raise NotThere(lacking(office.store, station, run))
    return row


def ordered(office: Office, run: str) -> Mapping[str, str]:
    """Return device → number of the certificate it is to have of its own; "" is the one for all together.

    Raises:
        NotThere: the run was not ordered, or not so.
    """
    return office.devices.get(run, lambda: office.laboratory.devices(run))


def of_run(
    office: Office, caller: Caller, station: str, run: str, device: str = "", edition: int | None = None
) -> RunAt:
    """Return a run with its certificate, or that of a device; for a customer only once that is issued.

    Args:
        office: where it is.
        caller: who asks.
        station: where the run was.
        run: the run.
        device: whose certificate, where each has its own.
        edition: how often it was amended; None for the last amendment the caller may see.

    Raises:
        NotThere: it is not computed yet, or was not amended so often, or for a customer not issued.
    """
    found = replace(office.laboratory.at(station, run, device), edition=edition or 0)
    if caller.account is None:
        record_row(office, station, run)
        newest = found.newest()
        if found.edition > newest.edition:
            raise NotThere(f"the certificate of {run} was never amended {found.edition} times")
        return newest if edition is None else found
    issued = office.store.signings.newest_issued(station, run, device)
    if issued is None or found.edition > issued:
        raise NotThere(f"the certificate of {run} is not issued yet")
    return replace(found, edition=issued if edition is None else found.edition)


def note_opened(office: Office, caller: Caller, of_run: RunAt, xml: bytes) -> None:
    """Note that whoever may sign a certificate next has it before them, as it is now; once for each state.

    It is opened where its page of review is shown, or its file is fetched, as the local signer does before it
    examines it.
    """
    from remotecal.certificates import approval
    from remotecal.certificates.signing.xml import read_signatures

    if caller.roles.isdisjoint(FILED_BY.values()) or len(signed := read_signatures(xml)) == len(FILED_BY):
        return
    if FILED_BY[approval.next_duty(signed)] not in caller.roles:
        return
    said = _opened(of_run, xml)
    office.opened.get((caller.name, *said.values()), lambda: office.store.note(caller.name, OPENED, said))


def opened_by(office: Office, caller: Caller) -> Callable[[RunAt], bool]:
    """Return what tells whether somebody opened a certificate as it is now, by the audit log."""
    noted = partial(office.store.noted, what=OPENED, who=caller.name, limit=1)
    return lambda of_run: bool(noted(said=_opened(of_run, of_run.certificate())))


def _opened(of_run: RunAt, xml: bytes) -> dict[str, str]:
    """Return what the audit log says of a certificate that was opened."""
    place = {"station": of_run.station, "run": of_run.run, "device": of_run.device}
    return {**place, "sha256": sha256(xml).hexdigest()}


def file_signed(office: Office, caller: Caller, signed: RunAt, data: bytes) -> None:
    """Take a certificate with the signature that is due next.

    Raises:
        CertificateRefused, RecordError: as `issuing.file_signed`.
        NotAllowed: somebody with another role is to file this signature.
        NotNow: the run was returned with a remark that nobody has answered.
    """
    duty = due(office, caller, signed)
    with noting_refusal(office, caller, signed, duty):
        signature = issuing.file_signed(signed, data, caller.name, _now(office))
    if signature.duty == "issued":
        this = (signed.station, signed.run, signed.device)
        compare_issued(signed.folder, office.store, office.clock.now(), this)
        try:
            office.store.interval_ends.find_of(*this)
        except Exception:  # whatever it was: it is issued, and the hub finds this later
            log.exception("how the intervals before %s ended can't be told now", signed.run)


def due(office: Office, caller: Caller, of_run: RunAt) -> Duty:
    """Return what a certificate is to be signed for next, where the caller may file that now.

    Raises:
        CertificateRefused: it is issued.
        NotAllowed: somebody with another role is to file this signature.
        NotNow: the run was returned with a remark that nobody has answered.
    """
    from remotecal.certificates import approval
    from remotecal.certificates.signing.xml import read_signatures

    duty = approval.next_duty(read_signatures(of_run.certificate()))
    if FILED_BY[duty] not in caller.roles:
        raise NotAllowed(f"it is to be signed as {duty}, which the role {FILED_BY[duty]} files", caller.name)
    _refuse_returned(office, of_run)
    return duty


@contextmanager
def noting_refusal(office: Office, caller: Caller, of_run: RunAt, duty: Duty) -> Iterator[None]:
    """Note in the audit log why a certificate is not signed, where it is refused."""
    try:
        yield
    except CertificateRefused as error:
        said = {"station": of_run.station, "run": of_run.run, "duty": duty, "reason": str(error)}
        office.store.note(caller.name, "signature refused", said)
        raise


def _refuse_returned(office: Office, signed: RunAt) -> None:
    remarks = office.store.remarks.of_run(signed.station, signed.run)
    if waits := [row for row in remarks if row.settled is None]:
        first = waits[0]
        raise NotNow(
            f"{first.by} returned {signed.run} with a remark that nobody has answered: {first.text}. Once it "
            "is answered, sign"
        )


def issue(office: Office, caller: Caller, approved: RunAt) -> None:
    """Seal an approved certificate with the laboratory's key, and keep it; errors as `file_signed`."""
    file_signed(office, caller, approved, issuing.seal(approved, _now(office)))


def amend(office: Office, caller: Caller, issued: RunAt, wanted: AmendmentWanted) -> AmendmentRow:
    """Draft the certificate that takes the place of an issued one, and note who did.

    Raises:
        CertificateRefused, OrderError, JournalBroken: as `amending.amend` and `amending.with_parties`.
    """
    changed = amending.with_parties(issued.record(), wanted.customer, wanted.address, wanted.persons)
    return amending.amend(issued, changed, wanted.number, wanted.reason, caller.name, _now(office))


def recall(office: Office, caller: Caller, wanted: RecallWanted) -> None:
    """Note that a certificate shall be revoked, and why: the trust list says so once it is signed anew.

    Nothing counts less by that. The key that signs the list is not here.
    """
    replaced = office.store.amendments.replaced([wanted.number]).get(wanted.number)
    said = {"number": wanted.number, "en": wanted.en, "zh": wanted.zh, "superseded_by": replaced}
    since = None if wanted.since is None else wanted.since.isoformat()
    office.store.note(caller.name, RECALL, {**said, "since": since})


def _now(office: Office) -> datetime:
    return civil_time(office.clock.now(), office.laboratory.folder.time_zone)
