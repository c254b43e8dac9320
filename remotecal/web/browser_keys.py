"""Signing by keys that browsers keep: what is prepared here, signed there, and put together here again.

A certificate is examined and made ready here, and kept; the browser signs what stands for it; and what comes
of both is filed by the function that files what was signed at home.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple

from fastapi import APIRouter, Path

from remotecal.clock import civil_time
from remotecal.errors import (
    CertificateRefused,
    ConfigurationError,
    EvidenceError,
    NotAllowed,
    NotNow,
    RecordError,
    RemotecalError,
    RequestRefused,
)
from remotecal.hub import issuing, reviewing
from remotecal.hub.issuing import NO_BROWSER_KEYS
from remotecal.web import certificates, visible
from remotecal.web.bodies import Device, KeyToSign, RunName, SignatureMade, StationName
from remotecal.web.callers import Signing
from remotecal.web.office import Here
from remotecal.web.shown_certificates import CertificateShown, PreparedShown, certificate_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cryptography.x509 import Certificate

    from remotecal.certificates.signing.signature import Duty
    from remotecal.hub.issuing import Prepared
    from remotecal.hub.run_at import RunAt
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office
    from remotecal.web.prepared import Act

router = APIRouter(prefix="/runs/{station}/{run}/certificate/signatures/prepared", tags=["certificates"])

LONGEST_CHAIN = 4
"""Certificates that may come with a key."""
MOST = 20
"""Certificates that may be signed in one act."""
OF_ONE = (ConfigurationError, EvidenceError, RecordError, RequestRefused)
"""What says that one certificate can't be signed; where the store fails, none can."""
ActId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{22}$")]
"""What an act of signing is found by."""


class Certificated(NamedTuple):
    """What the certificate of a key that a browser keeps says, and whether it may sign here."""

    name: str
    """Whose key it is."""
    until: str
    """Last day the certificate is good for."""
    key: str
    """SHA-256 of the public key."""
    certificate: str
    """SHA-256 of the certificate, which stands in the register."""
    pem: str
    """The certificates, in PEM."""
    duties: tuple[Duty, ...] | None
    """What the register lets it sign for; None where the laboratory has none."""


class Named(NamedTuple):
    """A certificate somebody wants to sign."""

    station: str
    run: str
    device: str
    """Whose, where each device has its own; "" for that of all."""

    @property
    def said(self) -> str:
        """It, in a line."""
        return "/".join(filter(None, self))


@router.post("")
def prepare_signature(
    station: StationName,
    run: RunName,
    wanted: KeyToSign,
    caller: Signing,
    here: Here,
    device: Device = "",
) -> PreparedShown:
    """Examine a certificate and make it ready for the signature that is due, by a key that a browser keeps.

    What is to be signed (RSASSA-PKCS1-v1_5 with SHA-256) is good for one signature within 5 minutes. 409 if
    the laboratory lets no such keys sign, the certificate fails a check, or the key's holder may not sign it.
    """
    act = prepare(here, caller, [Named(station, run, device)], wanted.certificate)
    (one,) = act.prepared
    return PreparedShown(
        id=act.id,
        duty=one.duty,
        number=one.number,
        sha256=one.sha256,
        signed_info=b64encode(one.unsigned.signed_info).decode(),
        expires=datetime.fromtimestamp(act.expires, UTC),
    )


@router.post("/{prepared}")
def file_prepared(
    station: StationName,
    run: RunName,
    prepared: ActId,
    made: SignatureMade,
    caller: Signing,
    here: Here,
    device: Device = "",
) -> CertificateShown:
    """Take the signature of what was prepared, and file the certificate with it.

    404 if nothing is prepared there any more: it is signed, or older than 5 minutes, or another's.
    """
    finish(here, caller, prepared, [made.value], of=Named(station, run, device))
    return certificate_shown(certificates.of_run(here, caller, station, run, device).certificate())


def refuse_unless_on(office: Office) -> None:
    """Raise `NotNow` where the laboratory lets no keys sign that browsers keep."""
    if not office.settings.issuing.browser_keys:
        raise NotNow(NO_BROWSER_KEYS)


def chain_of(pem: str) -> tuple[Certificate, ...]:
    """Return the certificates in a PEM text, that of the key first.

    Raises:
        ConfigurationError: there is none, there are too many, or the key is too weak.
    """
    from cryptography.x509 import load_pem_x509_certificates

    from remotecal.certificates.signing.keys import weakness

    try:
        chain = tuple(load_pem_x509_certificates(pem.encode()))
        why = weakness(chain[0].public_key())
    except ValueError:
        raise ConfigurationError("this is no certificate of a key: bring what the authority issued") from None
    if len(chain) > LONGEST_CHAIN:
        raise ConfigurationError(f"there are more than {LONGEST_CHAIN} certificates: bring the key's own")
    if why:
        raise ConfigurationError(f"the key can't be used: {why}")
    return chain


def told(office: Office, pem: str) -> Certificated:
    """Return what the certificate of a key says, and whether the laboratory's register has it.

    Raises:
        ConfigurationError: it can't be read, its key is too weak, or it is not one that a browser keeps; or
            the register can't be used.
        NotNow: the laboratory lets no such keys sign.
    """
    from remotecal.certificates.signing.issuing import key_fingerprint
    from remotecal.certificates.signing.keys import common_name, fingerprint, names_browser
    from remotecal.transport.pki import certificate_pem

    refuse_unless_on(office)
    chain = chain_of(pem)
    own = chain[0]
    if not names_browser(own.subject):
        raise ConfigurationError(
            "this certificate is not of a key that a browser keeps: have the request certified that this "
            "page wrote"
        )
    register = issuing.register_of(office.laboratory.folder)
    duties = None if register is None else register.duties_in_browser(fingerprint(own))
    last = civil_time(own.not_valid_after_utc.timestamp(), office.laboratory.folder.time_zone)
    return Certificated(
        common_name(own),
        last.date().isoformat(),
        key_fingerprint(own.public_key()),
        fingerprint(own),
        b"".join(map(certificate_pem, chain)).decode(),
        duties,
    )


def prepare(office: Office, caller: Caller, wanted: Sequence[Named], pem: str) -> Act:
    """Examine certificates, make them ready to be signed, and keep them for whoever asked, for 5 minutes.

    One of several that fails is left out, and so is one that whoever asks has not opened (`note_opened`).

    Args:
        office: where they are.
        caller: who is to sign them.
        wanted: which, up to 20 of one procedure and for one duty.
        pem: the certificate of the key that is to sign.

    Raises:
        NotNow: the laboratory lets no such keys sign.
        NotAllowed: who asks has no session.
        ConfigurationError: the certificate of the key can't be used, or there are too many at once.
        RemotecalError: why the first is left out, where all are: a check fails, the results were not computed
            again, or the key's holder may not sign it now.
    """
    refuse_unless_on(office)
    if caller.session is None:
        raise NotAllowed("a key that a browser keeps signs in a session; a token won't do", caller.name)
    wanted = tuple(dict.fromkeys(wanted))
    if not 1 <= len(wanted) <= MOST:
        raise ConfigurationError(f"from 1 to {MOST} certificates are signed in one act")
    chain = chain_of(pem)
    ready: list[Prepared] = []
    left_out: dict[Named, RemotecalError] = {}
    opened = certificates.opened_by(office, caller) if len(wanted) > 1 else None
    for named in wanted:
        try:
            one = _prepared(office, caller, named, chain, opened)
            _check_alike(ready, one)
            ready.append(one)
        except OF_ONE as refused:
            left_out[named] = refused
    if not ready:
        raise next(iter(left_out.values()))
    said = {named.said: str(refused) for named, refused in left_out.items()}
    return office.prepared.keep(caller.name, ready, chain, said, office.clock.now())


def finish(
    office: Office, caller: Caller, act_id: str, values: Sequence[str], of: Named | None = None
) -> Act:
    """Put certificates and the signatures of them together, and file them; what was prepared is used up.

    Where some of several are refused, the others are filed: what is returned has none to sign any more,
    tells by `left_out` which were refused and why, and is kept for whoever asked, to be looked at.

    Args:
        office: where they are.
        caller: who has signed.
        act_id: what was prepared.
        values: the signatures in base64, in the order of what was prepared.
        of: the one certificate it must be of, where one is named.

    Raises:
        NotThere: nothing is prepared there for whoever asks, or it is of another certificate.
        NotNow: the laboratory lets no such keys sign any more.
        ConfigurationError: there are not as many signatures, or one is no base64.
        RemotecalError: why the only one is not filed.
    """
    refuse_unless_on(office)
    act = office.prepared.look(caller.name, act_id, office.clock.now())
    made = [_value(text) for text in values]
    if not act.prepared or len(made) != len(act.prepared):
        raise ConfigurationError(
            f"{len(act.prepared)} signatures are due, and {len(made)} came: prepare it again"
        )
    act = office.prepared.take(
        caller.name, act_id, office.clock.now(), of and (of.station, of.run, of.device)
    )
    refused = _filed(office, caller, act, made)
    if len(act.prepared) == 1:
        for _, why in refused:
            raise why
    if not refused:
        return act
    said = {number: str(why) for number, why in refused}
    return office.prepared.keep(caller.name, (), act.chain, said, office.clock.now())


def _filed(
    office: Office, caller: Caller, act: Act, values: Sequence[bytes]
) -> list[tuple[str, RemotecalError]]:
    """File what was signed; return the numbers of what was refused, and why."""
    from remotecal.certificates.signing.xml import with_value

    refused: list[tuple[str, RemotecalError]] = []
    for one, value in zip(act.prepared, values, strict=True):
        try:
            certificates.file_signed(office, caller, one.of_run, with_value(one.unsigned.xml, value))
        except OF_ONE as error:
            refused.append((one.number, error))
    return refused


def _prepared(
    office: Office,
    caller: Caller,
    named: Named,
    chain: tuple[Certificate, ...],
    opened: Callable[[RunAt], bool] | None,
) -> Prepared:
    """Return a certificate ready to be signed, and note that; errors as `prepare`.

    Args:
        office: where it is.
        caller: who is to sign it.
        named: which.
        chain: the certificates of the key.
        opened: tells whether they opened it; None where it is signed by itself.
    """
    from remotecal.certificates.signing.keys import fingerprint

    visible.run(office, caller, named.station, named.run)
    of_run = certificates.of_run(office, caller, *named)
    duty = certificates.due(office, caller, of_run)
    now = civil_time(office.clock.now(), office.laboratory.folder.time_zone)
    with certificates.noting_refusal(office, caller, of_run, duty):
        report = reviewing.review(of_run, now).report
        if report.objection:
            raise CertificateRefused(f"certificate {report.number} is not signed, for {report.objection}")
        if opened is not None and not opened(of_run):
            raise CertificateRefused(
                f"certificate {report.number} was not opened by {caller.name} as it is now: look at it on "
                "its page of review, then sign it with others"
            )
        one = issuing.prepare(of_run, chain, now)
    said: Mapping[str, str] = {
        "station": named.station,
        "run": named.run,
        "duty": duty,
        "sha256": one.sha256,
        "certificate": fingerprint(chain[0]),
    }
    office.store.note(caller.name, "signature prepared", dict(said))
    return one


def _check_alike(ready: Sequence[Prepared], one: Prepared) -> None:
    """Raise `CertificateRefused` unless what is signed in one act is of one procedure, and for one duty."""
    first = ready[0] if ready else one
    if (first.procedure, first.duty) != (one.procedure, one.duty):
        raise CertificateRefused(
            f"certificate {one.number} is of {one.procedure}, to be signed as {one.duty}; what is signed at "
            f"once is of {first.procedure}, as {first.duty}: sign it by itself"
        )


def _value(text: str) -> bytes:
    """Return a signature that came in base64 (`ConfigurationError`: none did)."""
    if not text:
        raise ConfigurationError(
            "no signature came with this form: a script makes it, by the key in this browser"
        )
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise ConfigurationError("this is no signature in base64: sign anew") from None
