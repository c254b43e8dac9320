"""Certificates from afar: signed by those who may, sealed, filed, and written where they are handed out.

Persons sign at home, with keys that stay there. The laboratory's seal is the fourth signature; it
comes as the PDF/A-3 that carries the XML and is signed itself, made here with the key that `hub.toml`
names, or at home like the others.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.hub.issued import enter_signed, file_issued
from remotecal.hub.run_at import RunAt
from remotecal.runs.catalogue import full_name

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cryptography.x509 import Certificate

    from remotecal.certificates.approval import Unsigned
    from remotecal.certificates.signing.keys import SigningKey
    from remotecal.certificates.signing.signature import Duty, Signature
    from remotecal.certificates.trust import TrustList
    from remotecal.hub.settings import HubFolder
    from remotecal.model import Record
    from remotecal.registers import LaboratoryRegister, PersonDuty
    from remotecal.store import Store

FILED_WITHIN = timedelta(days=1)
"""From signing to filing: an older signature may be of a time when its key still counted."""
NO_BROWSER_KEYS = (
    "this laboratory lets no keys sign that a browser keeps (`browser_keys` under [issuing] in hub.toml): "
    "sign where your key is, with `remotecal sign --at`, or send the signed file"
)
"""Said wherever such a key is to sign, or to be made."""
CLOCKS_AGREE = timedelta(minutes=1)
"""By how much a signer's clock may be ahead."""


class Prepared(NamedTuple):
    """A certificate with all of the signature that is due but its value."""

    of_run: RunAt
    """Whose it is."""
    duty: PersonDuty
    """What it is signed for."""
    procedure: str
    """By which procedure it was made."""
    number: str
    """Its number."""
    sha256: str
    """SHA-256 of its canonical XML with the earlier signatures: what is signed."""
    unsigned: Unsigned
    """It, and what the key is to sign."""


def issue(folder: HubFolder, store: Store, station: str, run: str, out: Path) -> tuple[Path, ...]:
    """Write journal and certificates of a run into a directory, as far as they are signed.

    Where each device has a certificate of its own, these go into folders in `certificates`. What was written
    there earlier is replaced, unless a signature would be lost.

    Raises:
        CertificateRefused, JournalBroken: as `RunAt.record`; or what is there is not of this run.
    """
    from remotecal.certificates import APART, JSON_NAME, folder_of
    from remotecal.certificates.keeping import replace
    from remotecal.hub.recomputing import write_journal

    of_run = RunAt(folder, store, station, run)
    written: list[Path] = []
    for one in of_run.each():
        place = out / APART / folder_of(one.record().number) if one.device else out
        written += _write(one, place)
    if out / JSON_NAME not in written:
        replace(out / JSON_NAME, _json(of_run.whole()))
        written.append(out / JSON_NAME)
    return (write_journal(store, station, run, out), *written)


def _write(of_run: RunAt, place: Path) -> tuple[Path, ...]:
    """Write one certificate into a directory, as `issue`."""
    from remotecal.certificates import JSON_NAME, PDF_NAME, XML_NAME
    from remotecal.certificates.keeping import replace

    written = {
        XML_NAME: of_run.certificate(),
        PDF_NAME: of_run.printed(),
        JSON_NAME: _json(of_run.record()),
    }
    place.mkdir(parents=True, exist_ok=True)
    for name, content in written.items():
        replace(place / name, content)
    return tuple(place / name for name in written)


def _json(record: Record) -> bytes:
    return record.to_json().encode() + b"\n"


def file_signed(of_run: RunAt, data: bytes, by: str, now: datetime) -> Signature:
    """Take a certificate with the signature that is due next, note who filed it, and return that signature.

    Args:
        of_run: whose certificate it is.
        data: the XML with a person's signature; for the seal the PDF that `remotecal sign --pdf` makes.
        by: the user who files it.
        now: the time, with its zone.

    Raises:
        CertificateRefused: it is another certificate than the one here, or lacks that signature, or
            whoever signed may not, or has signed already, or the laboratory has not said who may.
        RecordError: it is no certificate.
    """
    from remotecal.certificates import approval
    from remotecal.certificates.library import canonical_hash
    from remotecal.certificates.signing.xml import read_signatures
    from remotecal.store.signings import SigningRow

    before = of_run.certificate()
    duty = approval.next_duty(read_signatures(before))
    xml, pdf = _opened(data, duty)
    signed = read_signatures(xml)
    newest = signed[-1] if signed else None
    if newest is None or newest.duty != duty or sha256(newest.content).hexdigest() != canonical_hash(before):
        raise CertificateRefused(
            f"this is not the certificate that is here with the signature as {duty} added: fetch it, sign "
            "it with `remotecal sign`, and send that file"
        )
    record = of_run.record()
    _check_signatures(of_run.folder, record, signed, now)
    at, device, edition = now.timestamp(), of_run.device, of_run.edition
    row = SigningRow(of_run.station, of_run.run, duty, by, at, xml, pdf, device=device, edition=edition)
    if duty == "issued":
        file_issued(of_run.folder, of_run.store, replace(row, number=record.number), newest)
    else:
        enter_signed(of_run.store, row, newest)
    return newest


def prepare(of_run: RunAt, chain: tuple[Certificate, ...], now: datetime) -> Prepared:
    """Return a certificate ready for the signature that is due next, by a key that a browser keeps.

    Whoever holds that key is found to be allowed to sign, as `file_signed` finds it again.

    Args:
        of_run: whose certificate it is.
        chain: the certificate of the key, then those of its issuers, as far as they are needed.
        now: the time, with its zone, which the signature states.

    Raises:
        CertificateRefused: as `file_signed`; or the seal is due, or no browser keeps the key.
    """
    from remotecal.certificates import approval
    from remotecal.certificates.library import canonical_hash
    from remotecal.certificates.signing.signature import Signature
    from remotecal.certificates.signing.xml import read_signatures

    before = of_run.certificate()
    earlier = read_signatures(before)
    duty = approval.next_duty(earlier)
    if duty == "issued":
        raise CertificateRefused("the laboratory's seal is not made by a key that a browser keeps")
    record, to_come = of_run.record(), Signature(duty, now, chain, b"")
    if not to_come.in_browser:
        raise CertificateRefused(
            f"the key of {to_come.name} is not certified as one that a browser keeps: have the request "
            "certified that the console's page wrote (`remotecal keys issue`)"
        )
    begun = json.loads(of_run.store.journals.first_line(of_run.station, of_run.run))
    approval.check_day(before, now, virtual=begun["data"].get("clock") == "virtual")
    _check_signatures(of_run.folder, record, (*earlier, to_come), now)
    unsigned = approval.prepare(before, chain, now)
    procedure = "" if record.evidence is None else full_name(record.evidence.procedure)
    return Prepared(of_run, duty, procedure, record.number, canonical_hash(before), unsigned)


def seal(of_run: RunAt, now: datetime) -> bytes:
    """Return the approved certificate sealed by the laboratory, as a signed PDF; `file_signed` takes it.

    Raises:
        CertificateRefused: it is not approved yet, or issued already, or the laboratory's key is not
            here or can't be used.
    """
    from remotecal.certificates import approval
    from remotecal.certificates.signing.xml import read_signatures

    before = of_run.certificate()
    duty = approval.next_duty(read_signatures(before))
    if duty != "issued":
        raise CertificateRefused(f"the certificate is due to be signed as {duty}; it can't be issued yet")
    try:
        key = _seal_key(of_run.folder)
    except ConfigurationError as error:
        raise CertificateRefused(f"the laboratory's seal can't be used here: {error}") from error
    return approval.print_signed(approval.sign(before, key, now), key, now)


def _opened(data: bytes, duty: Duty) -> tuple[bytes, bytes | None]:
    """Return the XML of what is filed, and the PDF it came in (`CertificateRefused`: the wrong kind)."""
    from remotecal.certificates.dcc import read
    from remotecal.certificates.pdf import print_certificate
    from remotecal.certificates.pdf.compare import difference, is_this_print, read_print
    from remotecal.certificates.signing.pdf import embedded_xml, read_pdf_signature
    from remotecal.certificates.signing.xml import read_signatures

    if not data.startswith(b"%PDF"):
        if duty == "issued":
            raise CertificateRefused(
                "the laboratory's seal comes as the signed PDF, which `remotecal sign … --pdf FILE` makes"
            )
        return data, None
    xml = embedded_xml(data)
    signed, printed = read_signatures(xml), read_pdf_signature(data)
    if not signed or signed[-1].duty != "issued" or signed[-1].chain[0] != printed.chain[0]:
        raise CertificateRefused("PDF and XML inside must both bear the laboratory's seal, by the same key")
    again = print_certificate(read(signed[-1].content), xml)
    if is_this_print(data, again):
        return xml, data
    if found := difference(read_print(data), read_print(again)):
        raise CertificateRefused(f"the PDF does not print what the XML inside says: {found}")
    return xml, data


def _check_signatures(
    folder: HubFolder, record: Record, signed: tuple[Signature, ...], now: datetime
) -> None:
    """Raise `CertificateRefused` unless all who signed may, by register and trust list, at this moment."""
    from remotecal.certificates import approval

    approval.check_signers(record, signed)
    last = signed[-1]
    _check_key(folder, last)
    if last.duty == "issued":
        approval.check_approval(record, signed)
    _check_when(last, now)
    if any(last.time < earlier.time for earlier in signed[:-1]):
        raise CertificateRefused(f"{last.name} says to have signed before those who signed earlier")
    register, trust = _who_may(folder)
    if register is not None:
        _check_register(register, record, signed)
    if trust is not None:
        _check_trust(trust, record, signed, now)


def check_assessor(folder: HubFolder, signature: Signature, now: datetime) -> bool:
    """Tell whether the register was asked about who signed an assessment; without one nobody's duty is known.

    Raises:
        CertificateRefused: who signed is by now none of the laboratory's, or, without a register, nobody on
            the trust list.
    """
    from remotecal.certificates.signing.keys import fingerprint

    _check_key(folder, signature)
    _check_when(signature, now)
    register, trust = _who_may(folder)
    if register is not None:
        _check_kept(register, signature)
        register.check_person(fingerprint(signature.chain[0]), signature.time.date())
    if trust is not None:
        trust.check_current(now)
        trust.recognise(signature)
    return register is not None


def _check_when(signature: Signature, now: datetime) -> None:
    """Raise `CertificateRefused` unless a signature was made of late, as it says."""
    at = signature.time
    if not now - FILED_WITHIN <= at <= now + CLOCKS_AGREE:
        raise CertificateRefused(
            f"it says it was signed at {at:%Y-%m-%d %H:%M %z}, here it is {now:%Y-%m-%d %H:%M %z}: "
            "sign it anew, with the clock set right"
        )


def _who_may(folder: HubFolder) -> tuple[LaboratoryRegister | None, TrustList | None]:
    """Return who may sign, by the register and by the trust list (`CertificateRefused`: nobody is named)."""
    try:
        register, trust = register_of(folder), trust_of(folder)
    except ConfigurationError as error:
        raise CertificateRefused(f"who may sign can't be told: {error}") from error
    if register is None and trust is None:
        raise CertificateRefused(
            "this laboratory has not said who may sign: set `signatories` or `trust` under [issuing] in "
            "hub.toml"
        )
    return register, trust


def _check_key(folder: HubFolder, signature: Signature) -> None:
    """Raise `CertificateRefused` unless a key is strong enough, and kept where the laboratory allows it."""
    from remotecal.certificates.signing.keys import weakness

    if signature.in_browser and not folder.settings.issuing.browser_keys:
        raise CertificateRefused(NO_BROWSER_KEYS)
    if why := weakness(signature.chain[0].public_key()):
        raise CertificateRefused(f"the key of {signature.name} can't be used: {why}")


def _check_register(register: LaboratoryRegister, record: Record, signed: tuple[Signature, ...]) -> None:
    from remotecal.certificates.signing.keys import fingerprint

    _check_kept(register, signed[-1])
    for one in signed:
        register.check_issue(record, one.duty, fingerprint(one.chain[0]), one.time.date())


def _check_kept(register: LaboratoryRegister, last: Signature) -> None:
    """Raise `CertificateRefused` unless a browser keeps a key where the register says so, and only there."""
    from remotecal.certificates.signing.keys import fingerprint

    registered = bool(register.duties_in_browser(fingerprint(last.chain[0])))
    if registered and not last.in_browser:
        raise CertificateRefused(
            f"the register has the key of {last.name} as one that a browser keeps, and its certificate does "
            "not say so: have it certified by `remotecal keys issue` from the request that the page makes"
        )
    if last.in_browser and not registered:
        raise CertificateRefused(
            f"the register names no such key of {last.name} as one that a browser keeps (`remotecal register "
            "person --browser-certificate`)"
        )


def _check_trust(trust: TrustList, record: Record, signed: tuple[Signature, ...], now: datetime) -> None:
    trust.check_current(now)
    if signed[-1].duty == "issued":
        trust.recognise_certificate(record, signed)
        return
    bodies = {trust.recognise(one).id for one in signed}
    if len(bodies) > 1:
        raise CertificateRefused(f"the signatures speak for different bodies: {', '.join(sorted(bodies))}")


def register_of(folder: HubFolder) -> LaboratoryRegister | None:
    """Return the laboratory's register; None where it has none (`ConfigurationError`: unusable)."""
    from remotecal.registers import LaboratoryRegister

    named = folder.settings.issuing.signatories
    return None if named is None else LaboratoryRegister.load(folder.path / named)


def trust_of(folder: HubFolder) -> TrustList | None:
    """Return whom the laboratory believes; None where it says nobody (`ConfigurationError`: unusable)."""
    from remotecal.certificates.signing.seal import read_public_key
    from remotecal.certificates.trust import read_trust_list

    issuing = folder.settings.issuing
    if issuing.trust is None or issuing.trust_key is None:
        return None
    return read_trust_list(folder.path / issuing.trust, read_public_key(folder.path / issuing.trust_key))


def _seal_key(folder: HubFolder) -> SigningKey:
    from remotecal.certificates.signing.keys import read_key
    from remotecal.private_files import read_private

    issuing = folder.settings.issuing
    if issuing.key is None:
        raise ConfigurationError(
            "its key is kept elsewhere. Sign where it is (`remotecal sign … --pdf`) and file the PDF, or set "
            "`key` under [issuing] in hub.toml"
        )
    password = None
    if issuing.password_file is not None:
        password = read_private(folder.path / issuing.password_file).decode().strip()
    if issuing.key.startswith("pkcs11:"):
        return read_key(issuing.key, password)
    return read_key(str(folder.path / issuing.key), password)
