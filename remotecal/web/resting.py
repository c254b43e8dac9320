"""What rests on a standard, and what somebody found who looked into all of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from remotecal.certificates.assessment import digest_of_list, signed_file
from remotecal.clock import civil_time
from remotecal.errors import NotNow, NotThere
from remotecal.hub.reverse import resting_on, shares
from remotecal.web.about import Number
from remotecal.web.answers import described, file
from remotecal.web.bodies import AssessmentSigned, AssessmentWritten
from remotecal.web.callers import Reader, Recalling
from remotecal.web.days import begin_of, end_of
from remotecal.web.office import Here
from remotecal.web.register import not_a_customer
from remotecal.web.shown_about import AssessmentShown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.certificates.assessment import AssessmentDocument
    from remotecal.hub.reverse import Resting
    from remotecal.web.office import Office

router = APIRouter(tags=["what runs are about"])

ASSESS: Final = "assess"
"""What the audit log calls it that somebody looked into what rests on a standard."""
SIGN_ASSESSMENT: Final = "sign assessment"
"""What it calls it that they signed that."""
JSON: Final = "application/json"
NONE: Final = "there is no such assessment here"
AssessmentId = Annotated[int, Path(ge=1, le=2**63 - 1)]
LOOKED_THROUGH: Final = 1000
"""Assessments that are looked through, the latest first."""


class Assessment(NamedTuple):
    """What somebody found of all that rests on a standard."""

    at: float
    """When they said so, in seconds since 1970, UTC."""
    by: str
    """Who."""
    number: str
    """Of the standard, or a certificate of it."""
    since: str | None
    """From which day on runs were looked into (ISO 8601); None for all."""
    until: str | None
    """To which day."""
    depth: int
    """How far was gone on."""
    certificates: int
    """How many were looked into."""
    digest: str
    """SHA-256 of the list of these."""
    text: str
    """What was found."""
    id: int | None = None
    """Number of the file that tells it; None of one that was kept before there were files."""
    signer: str = ""
    """Who signed that file, as the certificate of their key names them; "" while nobody has."""
    certificate: str = ""
    """SHA-256 of that certificate."""
    signed: float | None = None
    """When, as the signature says."""


@router.get("/resting/assessments")
def list_assessments(caller: Reader, here: Here, number: Number) -> list[AssessmentShown]:
    """List what was found of all that rests on a standard, the latest first."""
    not_a_customer(caller)
    return [
        AssessmentShown.model_validate(one._asdict()).named(here.names())
        for one in assessments_of(here, number)
    ]


@router.post("/resting/assessments", status_code=HTTPStatus.CREATED)
def assess_resting(written: AssessmentWritten, caller: Recalling, here: Here) -> list[AssessmentShown]:
    """Keep what was found of all that rests on a standard.

    409 if what rests on it is not the list that was looked into, by its hash: another certificate has come.
    """
    found = found_resting(here, written.number, written.since, written.until, written.depth)
    if digest_of(found) != written.digest:
        raise NotNow(
            f"what rests on {written.number} is another list now than the one that was looked into: look at "
            "it again"
        )
    days = {"since": written.since, "until": written.until}
    noted: dict[str, str | int | float | None] = {
        "number": written.number,
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
        "depth": written.depth,
        "certificates": len(found),
        "digest": written.digest,
        "text": written.text,
    }
    document = _document(here, caller.name, written, found)
    with here.store.transaction():
        kept = here.store.assessments.enter(caller.name, document.file())
        here.store.note(caller.name, ASSESS, {**noted, "id": kept})
    return list_assessments(caller, here, written.number)


@router.get("/resting/assessments/{assessment}/file", responses=described(JSON), response_class=Response)
def get_assessment(assessment: AssessmentId, request: Request, caller: Reader, here: Here) -> Response:
    """Return the file of what was found, as it is signed: each certificate with its hash and the share.

    Who wrote it signs it by `remotecal sign --at HUB --assessment NUMBER`; `remotecal verify FILE` checks it.
    """
    not_a_customer(caller)
    content = here.store.assessments.file(assessment)
    if content is None:
        raise NotThere(NONE)
    return file(request, content, JSON, f"assessment-{assessment}.json")


@router.post("/resting/assessments/{assessment}/signature", status_code=HTTPStatus.CREATED)
def sign_assessment(
    assessment: AssessmentId, made: AssessmentSigned, caller: Recalling, here: Here
) -> list[AssessmentShown]:
    """Take the signature of whoever wrote an assessment, made where their key is by `remotecal sign --at`.

    409 if another wrote it, it is signed already, or its signature does not hold or counts for nothing here.
    """
    from remotecal.certificates.assessment import read_assessment, signature_of
    from remotecal.certificates.signing.keys import fingerprint
    from remotecal.hub.issuing import check_assessor

    before = here.store.assessments.file(assessment)
    if before is None:
        raise NotThere(NONE)
    document = read_assessment(before).assessment
    content = signed_file(before, made.signed, made.signature)
    if document.by != caller.name:
        raise NotNow(f"{document.by} wrote this assessment, and signs it")
    signature = signature_of(content)
    registered = check_assessor(
        here.laboratory.folder,
        signature,
        civil_time(here.clock.now(), here.laboratory.folder.time_zone),
    )
    certificate, at = fingerprint(signature.chain[0]), signature.time.timestamp()
    with here.store.transaction():
        here.store.assessments.sign(
            assessment, content, signer=signature.name, certificate=certificate, signed=at
        )
        said = {"number": document.number, "signer": signature.name, "certificate": certificate}
        said["register"] = "asked" if registered else "none: no duty was checked"
        here.store.note(caller.name, SIGN_ASSESSMENT, {"id": assessment, **said})
    return list_assessments(caller, here, document.number)


def _document(
    here: Office, by: str, written: AssessmentWritten, found: Sequence[Resting]
) -> AssessmentDocument:
    """Return what somebody found as what they are to sign."""
    from remotecal.certificates.assessment import (
        AssessedCertificate,
        AssessedShare,
        AssessmentDocument,
    )

    told = shares(here.store, [one.use for one in found])
    hashes = here.store.assessments.hashes(
        [one.use.certificate for one in found if one.use.issued is not None]
    )
    certificates = []
    for depth, use in found:
        share = told.get((use.station, use.run, use.device))
        certificates.append(
            AssessedCertificate(
                station=use.station,
                run=use.run,
                number=use.certificate,
                depth=depth,
                through=use.by or use.serial,
                issued=use.issued is not None,
                sha256=hashes.get(use.certificate) if use.issued is not None else None,
                share=None if share is None else AssessedShare(least=str(share.least), most=str(share.most)),
            )
        )
    return AssessmentDocument(
        number=written.number,
        since=written.since,
        until=written.until,
        depth=written.depth,
        certificates=tuple(certificates),
        digest=digest_of(found),
        text=written.text,
        by=by,
        at=datetime.fromtimestamp(here.clock.now(), UTC),
    )


def found_resting(
    here: Office, number: str, since: date | None, until: date | None, depth: int
) -> list[Resting]:
    """Return what rests on a standard, by any number of it (`NotThere`: it took part nowhere)."""
    store = here.store
    found = list(
        resting_on(store, number, since=begin_of(here, since), until=end_of(here, until), depth=depth)
    )
    if not found and not store.about.took_part(number, limit=1):
        raise NotThere(f"nothing here has taken part in a run by the number {number!r}")
    return found


def digest_of(found: Sequence[Resting]) -> str:
    """Return the SHA-256 of a list, as an assessment tells it."""
    return digest_of_list(
        (use.station, use.run, use.certificate, depth, use.issued is not None) for depth, use in found
    )


def assessments_of(here: Office, number: str) -> list[Assessment]:
    """Return what was found of what rests on a standard, the latest first, of the audit log's entries."""
    found = []
    for row in here.store.noted(what=ASSESS, limit=LOOKED_THROUGH):
        said = json.loads(row.data)
        if said["number"] == number:
            found.append(Assessment(row.at, row.who, **said))
    kept = here.store.assessments.some([one.id for one in found if one.id is not None])
    return [
        one
        if one.id is None or (its := kept.get(one.id)) is None
        else one._replace(signer=its.signer, certificate=its.certificate, signed=its.signed)
        for one in found
    ]
