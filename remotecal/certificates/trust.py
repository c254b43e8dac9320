"""Whom to believe: a signed list of institutes, accreditation bodies and laboratories.

A trust list is a TOML file with its issuer's Ed25519 signature in base64 beside it, in a file with
`.sig` added to the name. A station carries it; nothing is fetched. What it does not say is not
believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from remotecal.certificates.keeping import replace
from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.seal import PublicKey, SealKey
from remotecal.certificates.signing.signature import Signature
from remotecal.certificates.signing.timestamp import check_authority
from remotecal.clock import latest_day
from remotecal.configuration import LARGEST, Written, checked, parse_toml, read_toml
from remotecal.errors import CertificateRefused, ConfigurationError, EvidenceError
from remotecal.model import Text
from remotecal.model.base import Line, Number, Positive, Unit, Word
from remotecal.model.identifiers import comparable, disguise, same
from remotecal.opening import read_whole

if TYPE_CHECKING:
    from typing import Self

    from cryptography.x509 import Certificate, KeyUsage

    from remotecal.certificates.signing.timestamp import TimeStamp
    from remotecal.model import Record


def _certificate(text: str) -> str:
    _load(text)
    return text


def _load(pem: str) -> Certificate:
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(pem.encode())


def _journal_key(text: str) -> str:
    try:
        return PublicKey.from_text(text).text
    except ConfigurationError as error:
        raise ValueError(str(error)) from error


def _finite(number: str) -> str:
    if not Decimal(number).is_finite():
        raise ValueError("state a number: the end of a range that is NaN holds nothing")
    return number


def _cmc(number: str) -> str:
    if not Decimal(number).is_finite() or not Decimal(number):
        raise ValueError(
            f"state the CMC as a number above 0, as the scope of accreditation does, not {number}"
        )
    return number


class Capability(Written):
    """A calibration and measurement capability: what a laboratory may certify, and how well."""

    quantity: Word
    """refType of the results it is for, such as `basic_measurementError`."""
    unit: Unit
    """Unit of `cmc`."""
    cmc: Annotated[Positive, AfterValidator(_cmc)]
    """Smallest expanded uncertainty that may be stated, at about 95 % (ILAC-P14)."""
    against: Word
    """refType of the quantity that places a result within the range, such as the reference flow."""
    against_unit: Unit
    """Unit of `low` and `high`."""
    low: Annotated[Number, AfterValidator(_finite)]
    """Lower end of the range; it belongs to it."""
    high: Annotated[Number, AfterValidator(_finite)]
    """Upper end of the range; it belongs to it."""


class Body(Written):
    """An institute, an accreditation body or a laboratory."""

    id: Word
    """What the list calls it."""
    name: Text
    """Its name."""
    kind: Literal["institute", "accreditation body", "laboratory", "time-stamping authority"]
    """An institute keeps national standards: chains of traceability end there."""
    recognised_by: Word | None = None
    """The body that accredited or designated it; none where the list's issuer vouches for it."""
    certificates: tuple[Annotated[str, AfterValidator(_certificate)], ...] = ()
    """X.509 certificates in PEM: those it signs with, or of the authority that issues only them."""
    journal_keys: tuple[Annotated[str, AfterValidator(_journal_key)], ...] = ()
    """Ed25519 public keys of its stations, in base64."""
    valid_from: date
    """First day on which what it signs counts."""
    valid_until: date
    """Last day on which what it signs counts."""
    scope: tuple[Capability, ...] = ()
    """What it may certify."""


class Revocation(Written):
    """Something that is not to be believed any more."""

    what: Literal["key", "certificate"]
    """A key, or a calibration certificate."""
    id: Word
    """SHA-256 of the key's X.509 certificate, id of a journal key, or number of the certificate."""
    since: date | None = None
    """Of a key: signatures of this day and later don't count; without it none does, whatever day they
    claim. Of a certificate: from this day on it may not be used; without it, it never might be."""
    reason: Text
    """Why."""
    superseded_by: Line | None = None
    """Number of the certificate that takes the place of this one."""

    @model_validator(mode="after")
    def _only_certificates_are_superseded(self) -> Self:
        for name in (self.id, self.superseded_by):
            if name is not None and (why := disguise(name)):
                raise ValueError(why)
        if self.superseded_by is not None and (self.what == "key" or same(self.superseded_by, self.id)):
            raise ValueError(f"{self.what} {self.id} can't be superseded by {self.superseded_by}")
        return self

    def names(self, what: str, name: str) -> bool:
        """Tell whether this is what the entry is about; of a key, in whatever way its hash is written."""
        if self.what != what:
            return False
        if what == "key":
            return self.id.replace(":", "").casefold() == name.casefold()
        return same(self.id, name)


class TrustList(Written):
    """Whom to believe, as the issuer of the list sees it."""

    issuer: Text
    """Who made the list."""
    number: int = Field(ge=1)
    """Counts the issues."""
    issued: date
    """Day of issue."""
    next_update: date
    """Last day on which the list may be used."""
    demonstration: bool = False
    """Whether it is for demonstrations: then only certificates marked so can be recognised."""
    bodies: tuple[Body, ...] = ()
    """Whom to believe."""
    revoked: tuple[Revocation, ...] = ()
    """What not to believe any more."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        known = [body.id for body in self.bodies]
        if len(set(map(comparable, known))) < len(known):
            raise ValueError(
                "two bodies have one id: what is new of a body is added with `remotecal trust extend`"
            )
        for body in self.bodies:
            path = [body.id]
            while (above := self._body(path[-1]).recognised_by) is not None:
                if above in path or above not in known:
                    raise ValueError(f"{body.id} is recognised by {above!r}, which leads nowhere")
                path.append(above)
        return self

    def check_current(self, now: datetime) -> None:
        """Raise `CertificateRefused` if the list is not to be used at the time `now`.

        Its day of issue is that of its issuer, who may be far to the east: what was issued there in the
        morning is for everybody at once.
        """
        if self.issued > latest_day(now) or self.next_update < now.date():
            raise CertificateRefused(
                f"the trust list is for {self.issued} to {self.next_update}: get the current one"
            )

    def recognise(self, signature: Signature, seen: datetime | None = None) -> Body:
        """Return the body a signature on a certificate speaks for.

        One that does not say when it was made counts as made when it was `seen`, or now: nobody could
        tell it from one that a stolen or expired key has made since.

        Raises:
            CertificateRefused: no body that counts on that day, or a revoked key.
        """
        at = signature.at or seen or datetime.now(UTC)
        day = at.date()
        self.check_keys(signature, day)
        for body in self.bodies:
            own = [_load(text) for text in body.certificates]
            if own and _speaks_for(own, signature, at):
                self._check_path(body, day)
                return body
        raise CertificateRefused(
            f"the key of {signature.name} ({fingerprint(signature.chain[0])[:16]}…) is not on the trust list"
        )

    def recognise_certificate(
        self, record: Record, signatures: Sequence[Signature], seen: datetime | None = None
    ) -> Body:
        """Return the body that answers for a certificate with these signatures, earliest first.

        The seal, which is the last one, must be in the name of the laboratory (as ETSI EN 319 412-3
        has it, in the common name): a person's key alone answers for nothing.

        Raises:
            CertificateRefused: as `recognise`; or the signatures speak for different bodies, or for
                another one than the certificate names.
        """
        bodies = {body.id: body for body in (self.recognise(entry, seen) for entry in signatures)}
        if len(bodies) > 1:
            raise CertificateRefused(f"the signatures speak for different bodies: {', '.join(bodies)}")
        (body,) = bodies.values()
        name = record.laboratory.contact.name
        named, listed = name.root.values(), body.name.root.values()
        if not name.agrees(body.name):
            raise CertificateRefused(
                f"it is signed for {body.name.get('en')}, but names as its laboratory {' / '.join(named)}"
            )
        if signatures[-1].name not in {*named, *listed}:
            raise CertificateRefused(
                f"it is sealed by {signatures[-1].name}, which is not the name of the laboratory"
            )
        return body

    def recognise_stamp(self, stamp: TimeStamp) -> Body:
        """Return the time-stamping authority that gave a time stamp; refuses as `recognise`."""
        body = self.recognise(Signature("issued", stamp.at, stamp.chain, b""))
        if body.kind != "time-stamping authority":
            raise CertificateRefused(
                f"{body.name.get('en')} is no time-stamping authority, but a {body.kind}"
            )
        check_authority(stamp.chain[0])
        return body

    def recognise_journal(self, key: PublicKey, day: date) -> Body:
        """Return the body whose station signs journals with `key`; refuses as `recognise`."""
        self._refuse_revoked("key", key.id, day)
        for body in self.bodies:
            if key.text in body.journal_keys:
                self._check_path(body, day)
                return body
        raise CertificateRefused(f"the journal's key {key.id} is not on the trust list")

    def check_keys(self, signature: Signature, day: date) -> None:
        """Raise `CertificateRefused` if a key of a signature's chain is not believed any more on a day."""
        for certificate in signature.chain:
            self._refuse_revoked("key", fingerprint(certificate), day)

    def check_number(self, number: str, day: date) -> None:
        """Raise `CertificateRefused` if a calibration certificate may not be used on a day."""
        self._refuse_revoked("certificate", number, day)

    def revocation_of(self, number: str) -> Revocation | None:
        """Return what the list says against a calibration certificate; None if nothing."""
        return next((entry for entry in self.revoked if entry.names("certificate", number)), None)

    def above(self, body: Body) -> Iterator[Body]:
        """Yield a body and those that recognise it, upwards."""
        while body.recognised_by is not None:
            yield body
            body = self._body(body.recognised_by)
        yield body

    def _body(self, name: str) -> Body:
        found = next((body for body in self.bodies if body.id == name), None)
        if found is None:
            raise ValueError(f"no body has the id {name!r}")
        return found

    def _check_path(self, body: Body, day: date) -> None:
        for one in self.above(body):
            if not one.valid_from <= day <= one.valid_until:
                raise CertificateRefused(
                    f"{one.name.get('en')} counts from {one.valid_from} to {one.valid_until}, not on {day}"
                )

    def _refuse_revoked(self, what: Literal["key", "certificate"], name: str, day: date) -> None:
        for entry in self.revoked:
            if entry.names(what, name) and (entry.since is None or day >= entry.since):
                since, why = f" since {entry.since}" if entry.since else "", entry.reason.get("en")
                raise CertificateRefused(
                    f"the {what} {name} is superseded by {entry.superseded_by}{since}: {why}"
                    if entry.superseded_by
                    else f"the {what} {name} is revoked{since}: {why}"
                )


def _speaks_for(own: list[Certificate], signature: Signature, at: datetime) -> bool:
    """Tell whether a signer was one of `own` then, or held a certificate issued under one of them."""
    from cryptography.x509 import KeyUsage
    from cryptography.x509.verification import (
        Criticality,
        ExtensionPolicy,
        PolicyBuilder,
        Store,
        VerificationError,
    )

    signer, *others = signature.chain
    if signer in own:
        return signer.not_valid_before_utc <= at <= signer.not_valid_after_utc
    signers = ExtensionPolicy.permit_all().require_present(KeyUsage, Criticality.AGNOSTIC, _may_sign)
    policy = PolicyBuilder().store(Store(own)).time(at.astimezone(UTC).replace(tzinfo=None))
    policy = policy.extension_policies(ee_policy=signers, ca_policy=ExtensionPolicy.webpki_defaults_ca())
    try:
        policy.build_client_verifier().verify(signer, others)
    except VerificationError:
        return False
    return True


def _may_sign(_policy: object, _certificate: Certificate, usage: KeyUsage) -> None:
    if not usage.digital_signature:
        raise ValueError("the certificate is not for signing")


def read_trust_list(path: Path, issuer: PublicKey, least: int = 1) -> TrustList:
    """Return the trust list in a TOML file.

    Args:
        path: the list, with its signature beside it.
        issuer: whose signature it must bear.
        least: the smallest number it may have; who has seen issue 7 is not to be shown issue 6 again.

    Raises:
        EvidenceError: it does not bear the signature of `issuer`, was changed since, or is older than
            the issue `least`.
        ConfigurationError: it can't be read, or something in it is missing, unknown or wrong.
    """
    signature = signature_file(path)
    try:
        content, signed = read_whole(path, LARGEST), read_whole(signature, LARGEST).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} or its signature {signature} can't be read: {error}") from error
    try:
        issuer.check(content, signed)
    except EvidenceError as error:
        raise EvidenceError(f"{path} is not the list its issuer signed: {error}") from error
    found = checked(TrustList, parse_toml(content, path, ConfigurationError), str(path), ConfigurationError)
    if found.number < least:
        raise EvidenceError(
            f"{path} is issue {found.number}, and {least} was there already: get the current one"
        )
    return found


def sign_trust_list(path: Path, key: SealKey) -> None:
    """Write the issuer's signature beside a trust list, once the list itself is found in order."""
    checked(TrustList, read_toml(path, ConfigurationError), str(path), ConfigurationError)
    replace(signature_file(path), key.sign(path.read_bytes()).encode() + b"\n")


def signature_file(path: Path) -> Path:
    """Return where the signature of a trust list stands."""
    return path.with_name(path.name + ".sig")
