"""Certificates (DCC) of standards, brought by somebody: held against the trust list, kept for benches."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from remotecal.certificates import dcc
from remotecal.clock import civil_time
from remotecal.errors import CertificateRefused, ConfigurationError, EvidenceError
from remotecal.hub.issuing import trust_of
from remotecal.model import Certificate
from remotecal.model.identifiers import among
from remotecal.store.brought import BroughtRow
from remotecal.store.indexed import as_json
from remotecal.web.about import Number
from remotecal.web.answers import described, file
from remotecal.web.callers import Reader, Transcribing
from remotecal.web.office import Here
from remotecal.web.out_of_service import known
from remotecal.web.papers import XML
from remotecal.web.register import not_a_customer
from remotecal.web.shown_about import BroughtShown, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from remotecal.certificates.signing.signature import Signature
    from remotecal.certificates.trust import TrustList
    from remotecal.model import Record
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

router = APIRouter(prefix="/standards/brought", tags=["what runs are about"])

LARGEST: Final = 16 * 2**20
"""Bytes of a certificate that is brought."""
BroughtInPath = Annotated[int, Path(ge=1, le=2**53)]
FILE: Final = {"schema": {"type": "string", "format": "binary"}}


class AnswersFor(NamedTuple):
    """What is found of who answers for a certificate."""

    word: str
    """See `BroughtRow.standing`."""
    doubt: str = ""
    """Why nobody answers for it; "" where somebody does."""
    body: str = ""
    """Who does, by language, in JSON."""


@router.get("")
def list_brought(caller: Reader, here: Here, number: Number) -> list[BroughtShown]:
    """List the certificates that were brought for a standard, the latest first."""
    not_a_customer(caller)
    return [shown(row).named(here.names()) for row in here.store.brought.of([known(here, number).number])]


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    openapi_extra={"requestBody": {"required": True, "content": {XML: FILE}}},
)
async def bring_certificate(
    request: Request, caller: Transcribing, here: Here, number: Number
) -> BroughtShown:
    """Keep the certificate (DCC, XML) of a standard, of 16 MiB at most; the same file is kept once.

    It is read as a bench reads it. 422 if it is no certificate that can be; 409 if it is not for this
    standard, or revoked, or its signature does not hold. One that nobody on the trust list signed is kept,
    and says so.
    """
    content = await request.body()
    kept = await run_in_threadpool(bring, here, caller, number, content)
    return shown(kept).named(await run_in_threadpool(here.names))


@router.get("/{brought}", response_class=Response, responses=described(XML))
def get_brought(brought: BroughtInPath, caller: Reader, here: Here, request: Request) -> Response:
    """Return a certificate as it was brought, which a bench file can name."""
    not_a_customer(caller)
    return sent(request, here, brought)


def sent(request: Request, here: Office, brought: int) -> Response:
    """Return the file of a certificate that was brought (`NotThere`: there is none)."""
    row, content = here.store.brought.xml(brought)
    return file(request, content, XML, f"standard-{row.id}-{row.sha256[:12]}.xml")


def bring(here: Office, caller: Caller, number: str, content: bytes) -> BroughtRow:
    """Keep the certificate of a standard, and return what is kept of it.

    Raises:
        RecordError: it is no certificate that can be read.
        CertificateRefused: its signature does not hold; or it is not for the standard, or of a day to come,
            or of a demonstration; or the trust list revokes it, or the key that signed it.
        NotThere, ConfigurationError: there is no such standard; or the file is too large, or none.
    """
    from remotecal.certificates.signing.xml import read_signatures

    if not content or len(content) > LARGEST:
        raise ConfigurationError(f"choose the certificate's XML file, of {LARGEST // 2**20} MiB at most")
    if content.startswith(b"%PDF"):
        raise ConfigurationError("this is a PDF: choose the certificate's XML file (DCC), which came with it")
    standard = known(here, number).number
    record = dcc.read(content)
    signatures = read_signatures(content)
    now = civil_time(here.clock.now(), here.laboratory.folder.time_zone)
    _check_whose(record, standard, now)
    trust, distrust = _believed(here)
    _check_counts(record, signatures, trust, now)
    found = _standing(record, signatures, trust, distrust, now)
    until = Certificate(record).valid_until
    row = BroughtRow(
        id=0,
        standard=standard,
        number=record.number,
        finished=record.finished.isoformat(),
        valid_until="" if until is None else until.isoformat(),
        sha256=sha256(content).hexdigest(),
        issuer=as_json(record.laboratory.contact.name),
        standing=found.word,
        doubt=found.doubt,
        body=found.body,
        trust="" if trust is None else f"{trust.issuer.get('en')}, {trust.number} ({trust.issued})",
        by=caller.name,
        at=here.clock.now(),
    )
    said = {"standard": standard, "number": row.number, "sha256": row.sha256, "standing": row.standing}
    with here.store.transaction():
        kept = here.store.brought.add(row, content)
        here.store.note(caller.name, "certificate brought", {**said, "brought": kept.id})
    here.reviewed.forget()  # it is at hand there from now on
    return kept


def shown(row: BroughtRow) -> BroughtShown:
    """Return how the API shows a certificate that was brought."""
    by_language = {"issuer": words(row.issuer), "body": words(row.body or "{}")}
    return BroughtShown.model_validate(
        {**row._asdict(), **by_language, "valid_until": row.valid_until or None}
    )


def _believed(here: Office) -> tuple[TrustList | None, str]:
    """Return the laboratory's trust list, and why it can't be used; "" if it can, or there is none."""
    try:
        return trust_of(here.laboratory.folder), ""
    except (ConfigurationError, EvidenceError) as error:
        return None, str(error)


def _check_whose(record: Record, standard: str, now: datetime) -> None:
    """Raise `CertificateRefused` unless a certificate is for a standard, and of a day that was."""
    serials = [serial for item in record.items for serial in item.serials]
    if not among(standard, serials):
        told = f"is for {', '.join(serials[:20])}" if serials else "tells no serial number"
        raise CertificateRefused(f"certificate {record.number} {told}: it is not that of {standard}")
    if record.finished > now.date():
        raise CertificateRefused(f"certificate {record.number} is of {record.finished}, a day to come")


def _check_counts(
    record: Record, signatures: Sequence[Signature], trust: TrustList | None, now: datetime
) -> None:
    """Raise `CertificateRefused` if a certificate, or the key of a signature on it, is revoked.

    And if it is of a demonstration, at a laboratory that is none.
    """
    if record.demonstration and not (trust is not None and trust.demonstration):
        raise CertificateRefused(f"certificate {record.number} is of a demonstration, and not valid")
    if trust is None:
        return
    trust.check_number(record.number, now.date())
    for signature in signatures:
        trust.check_keys(signature, (signature.at or now).date())


def _standing(
    record: Record,
    signatures: Sequence[Signature],
    trust: TrustList | None,
    distrust: str,
    now: datetime,
) -> AnswersFor:
    """Return who answers for a certificate whose signatures hold, if there are any."""
    if not signatures:
        return AnswersFor("unsigned", "it is not signed: who issued it can't be proven")
    if trust is None:
        return AnswersFor("unchecked", distrust or "this laboratory has no trust list")
    try:
        trust.check_current(now)
    except CertificateRefused as error:
        return AnswersFor("unchecked", str(error))
    try:
        body = trust.recognise_certificate(record, signatures, now)
    except CertificateRefused as error:
        return AnswersFor("unknown", str(error))
    return AnswersFor("signed", "", as_json(body.name))
