"""Issuing, amending and revoking certificates, and the labels of what was calibrated."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, NamedTuple

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.clock import civil_time
from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.model import Text
from remotecal.store.notices import CERTIFICATE
from remotecal.web import callers, certificates, notices, visible
from remotecal.web.answers import file
from remotecal.web.bodies import AmendmentWanted, Device, RecallWanted, RunName, StationName
from remotecal.web.customer_bodies import CertificateTold
from remotecal.web.pages.certificates import believed
from remotecal.web.pages.frame import Sent, SentForm, Visiting, Visitor
from remotecal.web.pages.weighty import asked_again, once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.hub.run_at import RunAt
    from remotecal.model import Record
    from remotecal.store.signings import SignedRow

router = APIRouter(include_in_schema=False)

Number = Annotated[str, Query(min_length=1, max_length=500)]
Due = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
AMENDED = re.compile(r"-A[0-9]+$")
"""How a number ends that was suggested for an amended certificate."""
RECALLS = 500
"""Prepared revocations that are looked through."""


@router.post("/review/{station}/{run}/issue")
async def issue(station: StationName, run: RunName, form: Sent, device: Device = "") -> Response:
    """Seal the approved certificate with the laboratory's key, and go back to it."""
    caller, office = callers.require(form.visitor.caller, "issue"), form.visitor.office
    if asking := await asked_again(form):
        return asking

    async def seal() -> str:
        await run_in_threadpool(visible.run, office, caller, station, run)
        found = await run_in_threadpool(certificates.of_run, office, caller, station, run, device)
        async with office.one_print:
            await run_in_threadpool(certificates.issue, office, caller, found)
        return f"/review/{station}/{run}{f'?device={device}' if device else ''}"

    return await once(form, seal)


class Field(NamedTuple):
    """Something of a certificate that may be amended."""

    name: str
    """Of the form's field."""
    label: str
    """What it is, by which the words for it are found."""
    language: str
    """Of the text; "" for one that is the same in all."""
    before: str
    """What the issued certificate says."""


@router.get("/amend")
def show_amendment(visitor: Visiting, number: Number) -> Response:
    """Return the form for the certificate that takes the place of an issued one, beside what that says."""
    callers.require(visitor.caller, "amend")
    found = _issued(visitor, number)
    record = found.record()
    return visitor.page(
        "amend.html",
        number=number,
        items=[(item.name, item.model, item.serials) for item in record.items],
        fields=list(_fields(record)),
        likely=visitor.likely(visitor.office.settings.numbers.certificate),
        suggested=f"{AMENDED.sub('', number)}-A{found.edition + 1}",
    )


@router.post("/amend")
async def amend(form: Sent, number: Number) -> Response:
    """Draft the certificate that takes the place of an issued one, and go to where it is signed."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "amend")
    if asking := await asked_again(form):
        return asking

    def draft() -> str:
        found = _issued(visitor, number)
        row = certificates.amend(visitor.office, caller, found, _wanted(form, found.record()))
        return f"/review/{row.station}/{row.run}{f'?device={row.device}' if row.device else ''}"

    return await once(form, lambda: run_in_threadpool(draft))


@router.get("/recall")
def show_recall(visitor: Visiting, number: Number) -> Response:
    """Return what says of a certificate that it counts no longer, or the form by which that is prepared."""
    callers.require(visitor.caller, "recall")
    visible.issued(visitor.office, visitor.caller, number)
    trust, doubt = believed(visitor.office)
    replaced = visitor.office.store.amendments.replaced([number]).get(number)
    prepared = _prepared(visitor, number)
    return visitor.page(
        "recall.html",
        number=number,
        revoked=None if trust is None else trust.revocation_of(number),
        doubt=doubt,
        replaced=replaced,
        prepared=prepared,
        command=None if prepared is None else _revoking(visitor, prepared),
    )


@router.post("/recall")
async def recall(form: Sent, number: Number) -> Response:
    """Prepare that a certificate is revoked: the list that says so is signed where its issuer's key is."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "recall")
    if asking := await asked_again(form):
        return asking

    def prepare() -> str:
        visible.issued(visitor.office, visitor.caller, number)
        try:
            wanted = RecallWanted.model_validate(
                {"number": number, "en": form["en"], "zh": form["zh"], "since": form["since"] or None}
            )
        except ValidationError:
            raise ConfigurationError(
                "say why in a line of 500 characters in each language; a day is written as 2026-11-30"
            ) from None
        certificates.recall(visitor.office, caller, wanted)
        return f"/recall?{_query(number=number)}"

    return await once(form, lambda: run_in_threadpool(prepare))


@router.get("/tell")
def show_telling(visitor: Visiting, number: Number) -> Response:
    """Return the form by which a certificate's customer is told of it, and who was told before."""
    callers.require(visitor.caller, "order")
    row = visible.issued(visitor.office, visitor.caller, number).row
    return visitor.page(
        "tell.html",
        number=number,
        account=row.account or "",
        told=visitor.office.store.notices.of(CERTIFICATE, number),
    )


@router.post("/tell")
async def tell(form: Sent, number: Number) -> Response:
    """Tell a certificate's customer of it, by a notice, and by mail where they have one."""
    caller = callers.require(form.visitor.caller, "order")

    def told() -> str:
        try:
            written = CertificateTold(number=number, text=form["text"].strip())
        except ValidationError:
            raise ConfigurationError("say in a line of 500 characters at most what they are told") from None
        notices.tell_of_certificate(written, caller, form.visitor.office)
        return f"/tell?{_query(number=number)}"

    return await once(form, lambda: run_in_threadpool(told))


@router.get("/label")
def show_labels(visitor: Visiting, number: Number, due: Due = "") -> Response:
    """Return the labels of what a certificate is for, to be looked at and printed."""
    from remotecal.certificates.pdf.label import labels

    made = labels(_record(visitor, number), _day(due))
    return visitor.page("label.html", number=number, labels=made, due=due)


@router.get("/label.pdf")
async def print_labels(visitor: Visiting, number: Number, due: Due = "") -> Response:
    """Return the labels as a PDF, each on a page of 50 mm × 30 mm."""
    from remotecal.certificates.pdf.label import labels, print_labels

    record = await run_in_threadpool(_record, visitor, number)
    async with visitor.office.one_print:
        printed = await run_in_threadpool(lambda: print_labels(labels(record, _day(due))))
    return file(visitor.request, printed, "application/pdf", "label.pdf")


def _issued(visitor: Visitor, number: str) -> RunAt:
    """Return the certificate that has a number, where it may still be amended."""
    found = visible.issued(visitor.office, visitor.caller, number)
    if len(found.amended) != found.signed.edition:
        raise CertificateRefused(f"certificate {number} is amended already: amend the one in its place")
    return _as_issued(visitor, found.signed)


def _record(visitor: Visitor, number: str) -> Record:
    """Return what a certificate says that counts (`CertificateRefused`: it counts no longer)."""
    from remotecal.certificates.dcc import read
    from remotecal.certificates.signing.xml import read_signatures

    signed = visible.issued(visitor.office, visitor.caller, number).signed
    trust, _ = believed(visitor.office)
    if trust is not None and trust.revocation_of(number) is not None:
        raise CertificateRefused(f"certificate {number} was revoked: it has no label any more")
    if following := visitor.office.store.amendments.replaced([number]).get(number):
        raise CertificateRefused(f"certificate {number} was replaced by {following}: print the label of that")
    return read(read_signatures(_as_issued(visitor, signed).certificate())[-1].content)


def _as_issued(visitor: Visitor, signed: SignedRow) -> RunAt:
    """Return a certificate that was found by its number, and so is issued and one the visitor may see."""
    at = visitor.office.laboratory.at(signed.station, signed.run, signed.device)
    return replace(at, edition=signed.edition)


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise ConfigurationError(f"{said} is no day: write it as 2027-05-31") from None


def _fields(record: Record) -> Iterator[Field]:
    """Give the fields of the form, in the languages the certificate has them in."""
    yield from _texts("customer", "customer", record.customer.name)
    location = record.customer.location
    yield from _texts("address", "address", (location and location.further) or None)
    for place, person in enumerate(record.persons):
        yield from _texts(f"person{place}", person.duty or "person", person.name)


def _texts(name: str, label: str, text: Text | None) -> Iterator[Field]:
    said = {"": ""} if text is None else text.root
    for language in sorted(said, reverse=True):
        yield Field(f"{name}.{language}", label, language, said[language])


def _wanted(form: SentForm, record: Record) -> AmendmentWanted:
    """Return what a form says the new certificate shall say."""

    def text(name: str) -> dict[str, str]:
        found = {field.language: form[field.name].strip() for field in fields if field.name.startswith(name)}
        return {language: said for language, said in found.items() if said}

    fields = list(_fields(record))
    said = {
        "number": form["number"].strip(),
        "reason": {"zh": form["reason.zh"].strip(), "en": form["reason.en"].strip()},
        "customer": text("customer."),
        "address": text("address.") or None,
        "persons": tuple(text(f"person{place}.") for place in range(len(record.persons))),
    }
    try:
        wanted = AmendmentWanted.model_validate(said)
    except ValidationError:
        wanted = None
    texts = () if wanted is None else (wanted.reason, wanted.customer, *wanted.persons)
    emptied = any(field.before and not form[field.name].strip() for field in fields)
    if wanted is None or emptied or not all(one.root and all(one.root.values()) for one in texts):
        raise ConfigurationError(
            "every field wants a line of text: the customer, the address, each person, and why it is "
            "amended, in both languages"
        )
    return wanted


def _prepared(visitor: Visitor, number: str) -> dict[str, str | None] | None:
    """Return how the revocation of a certificate was prepared last; None if nobody did."""
    for row in visitor.office.store.noted(what=certificates.RECALL, limit=RECALLS):
        said: dict[str, str | None] = json.loads(row.data)
        if said["number"] == number:
            at = civil_time(row.at, visitor.office.laboratory.folder.time_zone)
            return said | {"by": row.who, "at": at.isoformat(" ", "seconds")}
    return None


def _revoking(visitor: Visitor, said: dict[str, str | None]) -> str:
    """Return the command that signs the next issue of the trust list, where its issuer's key is."""
    trust = visitor.office.settings.issuing.trust or "trust.toml"
    told = {
        "--certificate": said["number"],
        "--superseded-by": said["superseded_by"],
        "--since": said["since"],
        "--reason": said["en"],
        "--reason-zh": said["zh"],
    }
    given = [part for name, value in told.items() if value for part in (name, value)]
    return shlex.join(["remotecal", "revoke", trust, *given, "--key"])


def _query(**said: str) -> str:
    from urllib.parse import urlencode

    return urlencode(said)
