"""Who may see a run's certificate, who may file signatures on it, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from remotecal.clock import civil_time
from remotecal.errors import CertificateRefused, NotAllowed, NotNow, NotThere
from remotecal.hub import issuing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.certificates.signing.signature import Duty
    from remotecal.store.records import RecordRow
    from remotecal.store.users import Role
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

FILED_BY: Mapping[Duty, Role] = {
    "performed": "operator",
    "reviewed": "reviewer",
    "approved": "approver",
    "issued": "administrator",
}
"""Whose signature is taken from whom; the laboratory's seal is kept by an administrator."""


def record_row(office: Office, station: str, run: str) -> RecordRow:
    """Return a run's record (`NotThere` if it was not computed yet)."""
    row = office.store.records.find(station, run)
    if row is None:
        raise NotThere(issuing.lacking(office.store, station, run))
    return row


def ordered(office: Office, run: str) -> Mapping[str, str]:
    """Return device → number of the certificate it is to have of its own; "" is the one for all together.

    Raises:
        NotThere: the run was not ordered, or not so.
    """
    return office.devices.get(run, lambda: office.laboratory.devices(run))


def of_run(office: Office, caller: Caller, station: str, run: str, device: str = "") -> issuing.RunAt:
    """Return a run with its certificate, or that of a device; for a customer only once that is issued.

    Raises:
        NotThere: it is not computed yet, or for a customer not issued.
    """
    if caller.account is None:
        record_row(office, station, run)
    else:
        signed = office.store.signings.latest(station, run, device)
        if signed is None or signed.duty != "issued":
            raise NotThere(f"the certificate of {run} is not issued yet")
    return office.laboratory.at(station, run, device)


def file_signed(office: Office, caller: Caller, signed: issuing.RunAt, data: bytes) -> None:
    """Take a certificate with the signature that is due next, and note who filed it.

    Raises:
        CertificateRefused, RecordError: as `issuing.file_signed`.
        NotAllowed: somebody with another role is to file this signature.
        NotNow: the run was returned with a remark that nobody has answered.
    """
    from remotecal.certificates import approval
    from remotecal.certificates.signing.keys import fingerprint
    from remotecal.certificates.signing.xml import read_signatures

    duty = approval.next_duty(read_signatures(signed.certificate()))
    if FILED_BY[duty] not in caller.roles:
        raise NotAllowed(f"it is to be signed as {duty}, which the role {FILED_BY[duty]} files", caller.name)
    _refuse_returned(office, signed)
    try:
        signature = issuing.file_signed(signed, data, caller.name, _now(office))
    except CertificateRefused as error:
        said = {"station": signed.station, "run": signed.run, "duty": duty, "reason": str(error)}
        office.store.note(caller.name, "signature refused", said)
        raise
    office.store.note(
        caller.name,
        "sign",
        {
            "station": signed.station,
            "run": signed.run,
            "duty": signature.duty,
            "signer": signature.name,
            "certificate": fingerprint(signature.chain[0]),
        },
    )


def _refuse_returned(office: Office, signed: issuing.RunAt) -> None:
    remarks = office.store.remarks.of_run(signed.station, signed.run)
    if waits := [row for row in remarks if row.settled is None]:
        first = waits[0]
        raise NotNow(
            f"{first.by} returned {signed.run} with a remark that nobody has answered: {first.text}. Once it "
            "is answered, sign"
        )


def issue(office: Office, caller: Caller, approved: issuing.RunAt) -> None:
    """Seal an approved certificate with the laboratory's key, and keep it; errors as `file_signed`."""
    file_signed(office, caller, approved, issuing.seal(approved, _now(office)))


def _now(office: Office) -> datetime:
    return civil_time(office.clock.now(), office.laboratory.folder.time_zone)
