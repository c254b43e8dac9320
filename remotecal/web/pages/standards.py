"""The standards: which there are, how long their certificates hold, where one took part."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError, NotThere
from remotecal.web import brought, callers, out_of_service
from remotecal.web.about import Number
from remotecal.web.answers import file
from remotecal.web.brought import BroughtInPath
from remotecal.web.pages.drift import checks_of
from remotecal.web.pages.frame import Brought, Sent, Visiting, Visitor
from remotecal.web.pages.weighty import asked_again, once
from remotecal.web.register import not_a_customer
from remotecal.web.standard_bodies import PutBack, TakenOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remotecal.certificates.pdf.label import ItemLabel
    from remotecal.store.brought import BroughtRow
    from remotecal.store.index import EquipmentRow
    from remotecal.store.out_of_service import OutOfServiceRow
    from remotecal.store.standards import StandardRow

router = APIRouter(include_in_schema=False)

AHEAD: Final = timedelta(days=60)
"""From how long before a certificate's end on it is marked."""
RUNS_SHOWN: Final = 200
"""Runs of one standard on its page, at most."""
Ending = Literal["ended", "ending", "holds", ""]


class Marked(NamedTuple):
    """A standard, and how its certificate stands today."""

    standard: StandardRow
    ending: Ending
    """"" where the certificate has no end."""
    out: OutOfServiceRow | None
    """How it is out of service; None where it is in service."""


class CertificateHeld(NamedTuple):
    """A certificate that a standard had in runs."""

    number: str
    sha256: str
    valid_until: str
    """Its last day; "" if it does not say."""
    ending: Ending
    first: float
    """When the first of these runs began."""
    last: float
    """When the last did."""
    runs: int
    """How many there are, of those that are shown."""


class CertificateBrought(NamedTuple):
    """A certificate that somebody brought."""

    row: BroughtRow
    issuer: str
    """Who it says issued it."""
    body: str
    """Who on the trust list answers for it; "" where nobody does."""
    ending: Ending


@router.get("/standards")
def list_standards(visitor: Visiting) -> Response:
    """Return the list of standards, the first whose certificate ends first."""
    not_a_customer(visitor.caller)
    out = visitor.office.out()
    rows = [
        Marked(one, ending(visitor, one.last.valid_until), out.find(one.number))
        for one in visitor.office.standards()
    ]
    listed = {row.out.id for row in rows if row.out is not None}
    others = [row for row in out.rows if row.id not in listed]
    return visitor.page(
        "standards.html", rows=rows, others=others, days=AHEAD.days, checks=checks_of(visitor.office)
    )


@router.get("/standard")
def show_standard(visitor: Visiting, number: Number) -> Response:
    """Return one standard: its certificates, and the runs in which it took part, the latest first."""
    not_a_customer(visitor.caller)
    office = visitor.office
    used = office.store.about.took_part(number, limit=RUNS_SHOWN + 1)
    shown = used[:RUNS_SHOWN]
    try:
        known = out_of_service.known_by(office, number, shown)
    except ConfigurationError as error:  # a certificate of several: each has a page of its own
        known, several = out_of_service.KnownStandard(number, shown[0].name), str(error)
    else:
        several = ""
    ever: Sequence[OutOfServiceRow] = ()
    kept: Sequence[BroughtRow] = ()
    item = known.item
    if not several:
        ever, kept = office.store.brought.beside_service(known.number)
        own = () if item else office.store.items.numbered(known.number, account="", limit=1)
        item = own[0].id if own else item
    return visitor.page(
        "standard.html",
        number=number,
        known=known,
        several=several,
        used=shown,
        more=len(used) > RUNS_SHOWN,
        held=list(_held(visitor, shown)),
        days=AHEAD.days,
        ever=ever,
        out=ever[0] if ever and ever[0].back is None else None,
        item=item,
        brought=_brought(visitor, kept),
    )


@router.post("/standard/out")
async def take_out(form: Sent) -> Response:
    """Take a standard out of service, and go back to its page; nobody is asked again: it stops work."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "take out")

    def take() -> str:
        try:
            wanted = TakenOut.model_validate(
                {
                    "number": form["number"],
                    "reason": form["reason"].strip(),
                    "since": form["since"] or None,
                }
            )
        except ValidationError:
            raise ConfigurationError(
                "say why in a line of 500 characters; a day is written as 2026-11-30"
            ) from None
        done = out_of_service.take_out_of_service(wanted, caller, visitor.office)
        return f"/standard?{urlencode({'number': done.number})}"

    return await once(form, lambda: run_in_threadpool(take))


@router.post("/standard/back")
async def put_back(form: Sent) -> Response:
    """Put a standard back into service: who does is asked again who they are."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "put back")
    if asking := await asked_again(form):
        return asking

    def put() -> str:
        try:
            wanted = PutBack.model_validate({"number": form["number"], "reason": form["reason"].strip()})
        except ValidationError:
            raise ConfigurationError(
                "say in a line of 500 characters what was found, and what was done"
            ) from None
        done = out_of_service.put_back_into_service(wanted, caller, visitor.office)
        return f"/standard?{urlencode({'number': done.number})}"

    return await once(form, lambda: run_in_threadpool(put))


@router.post("/standard/brought")
async def bring_certificate(form: Brought, number: Number) -> Response:
    """Keep the certificate (DCC) of a standard, and go back to its page."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "transcribe")
    content = await form.file("certificate", brought.LARGEST)

    def bring() -> str:
        kept = brought.bring(visitor.office, caller, number, content)
        return f"/standard?{urlencode({'number': kept.standard})}#brought"

    return await once(form, lambda: run_in_threadpool(bring))


@router.get("/standard/brought/{certificate}.xml")
def get_certificate(certificate: BroughtInPath, visitor: Visiting) -> Response:
    """Return a certificate as it was brought, to be kept beside a bench file."""
    not_a_customer(visitor.caller)
    return brought.sent(visitor.request, visitor.office, certificate)


@router.get("/standard/label")
def show_label(visitor: Visiting, number: Number) -> Response:
    """Return the label that says that a standard may not be used, to be looked at and printed."""
    return visitor.page("standard_label.html", number=number, one=_label(visitor, number))


@router.get("/standard/label.pdf")
async def print_label(visitor: Visiting, number: Number) -> Response:
    """Return it as a PDF of 50 mm × 30 mm."""
    from remotecal.certificates.pdf.label import print_labels

    made = await run_in_threadpool(_label, visitor, number)
    async with visitor.office.one_print:
        printed = await run_in_threadpool(print_labels, [made])
    return file(visitor.request, printed, "application/pdf", "label.pdf")


def _label(visitor: Visitor, number: str) -> ItemLabel:
    from remotecal.certificates.pdf.label import blocked_label

    not_a_customer(visitor.caller)
    known = out_of_service.known(visitor.office, number)
    rows = visitor.office.store.out_of_service.of(known.number)
    if not rows or rows[0].back is not None:
        raise NotThere(f"{known.number} is in service: it has no label that says otherwise")
    name = " ".join(filter(None, (known.maker, known.model))) or known.name
    settings = visitor.office.settings
    whose = " ".join(dict.fromkeys((settings.name("zh"), settings.name("en"))))
    day = civil_day(rows[0].at, visitor.office.laboratory.folder.time_zone)
    return blocked_label(known.number, name, day.isoformat(), rows[0].reason, whose)


def ending(visitor: Visitor, valid_until: str) -> Ending:
    """Tell how a certificate stands today that holds until a day (ISO 8601); "" for no day."""
    if not valid_until:
        return ""
    today = civil_day(visitor.office.clock.now(), visitor.office.laboratory.folder.time_zone)
    until = date.fromisoformat(valid_until)
    return "ended" if until < today else "ending" if until <= today + AHEAD else "holds"


def _brought(visitor: Visitor, kept: Sequence[BroughtRow]) -> list[CertificateBrought]:
    """Return the certificates that were brought for a standard, the latest first."""

    def said(text: str) -> str:
        return visitor.words.choose(json.loads(text)) if text else ""

    return [
        CertificateBrought(row, said(row.issuer), said(row.body), ending(visitor, row.valid_until))
        for row in kept
    ]


def _held(visitor: Visitor, used: Iterable[EquipmentRow]) -> Iterable[CertificateHeld]:
    """Yield the certificates of a standard, the latest first."""

    def which(row: EquipmentRow) -> tuple[str, str, str]:
        return row.valid_until, row.certificate, row.certificate_sha256

    with_one = sorted((row for row in used if row.certificate), key=which, reverse=True)
    for (until, number, sha256), rows in groupby(with_one, which):
        moments = [row.at for row in rows]
        how = ending(visitor, until)
        yield CertificateHeld(number, sha256, until, how, min(moments), max(moments), len(moments))
