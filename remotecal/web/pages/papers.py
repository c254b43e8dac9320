"""Certificates on paper: brought as a scan, typed by two persons apart, taken away as a certificate."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Path, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from remotecal.certificates.sheet import MEANINGS, UNCERTAINTY
from remotecal.errors import ConfigurationError
from remotecal.web import callers, papers
from remotecal.web.answers import file
from remotecal.web.pages import paper_form
from remotecal.web.pages.frame import Brought, BroughtSeveral, Resent, Visiting
from remotecal.web.pages.weighty import once
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.store.papers import PaperRow
    from remotecal.web.pages.frame import Visitor

PREFIX: Final = "/standards/papers"
router = APIRouter(prefix=PREFIX, include_in_schema=False)

SHOWN: Final = 200
"""Papers in the list, at most."""
Paper = Annotated[int, Path(ge=1, le=2**53)]


@router.get("")
def list_papers(visitor: Visiting) -> Response:
    """Return the papers, the latest first, and the form that brings a scan."""
    not_a_customer(visitor.caller)
    return visitor.page("papers.html", rows=visitor.office.store.papers.list(SHOWN))


@router.post("")
async def bring_scan(form: Brought) -> Response:
    """Keep a scan, and lead to where it is typed."""
    caller = callers.require(form.visitor.caller, "transcribe")
    scan = await form.file("scan", papers.LARGEST_SCAN)
    if not scan:
        raise ConfigurationError("choose the scan first")
    given = form.fields.get("scan")
    name = (given.filename or "") if isinstance(given, UploadFile) else ""

    async def bring() -> str:
        paper = await run_in_threadpool(papers.bring_scan, form.visitor.office, caller, name, scan)
        return f"{PREFIX}/{paper}"

    return await once(form, bring)


@router.get("/{paper}")
def show_paper(paper: Paper, visitor: Visiting) -> Response:
    """Return a paper: who typed it, where they differ, and the form for who types it."""
    not_a_customer(visitor.caller)
    return _page(visitor, visitor.office.store.papers.get(paper), None)


@router.post("/{paper}")
async def type_paper(paper: Paper, form: BroughtSeveral) -> Response:
    """Keep what was typed; or return the form with one more table."""
    visitor = form.visitor
    caller = callers.require(visitor.caller, "transcribe")
    row = await run_in_threadpool(visitor.office.store.papers.get, paper)
    typed = await paper_form.typed_in(form)
    if form["act"] == "more":
        tables = min(paper_form.MOST_TABLES, paper_form.tables_in(typed.fields) + 1)
        more = {**typed.fields, "tables": str(tables)}
        return await run_in_threadpool(_page, visitor, row, more)

    async def keep() -> str:
        await run_in_threadpool(papers.type_paper, visitor.office, caller, paper, typed)
        return f"{PREFIX}/{paper}"

    try:
        return await once(form, keep)
    except ConfigurationError as error:
        refused = "" if form.resent == "-" else str(error).removeprefix(f"the sheet of {caller.name}: ")
        return await run_in_threadpool(_page, visitor, row, typed.fields, refused)


@router.get("/{paper}/scan")
def get_scan(paper: Paper, visitor: Visiting) -> Response:
    """Return the scan, to be kept and not to be shown."""
    not_a_customer(visitor.caller)
    row = visitor.office.store.papers.get(paper)
    scan = visitor.office.store.papers.scan(paper)
    named = f"paper-{paper}.{row.scan_name.rpartition('.')[2]}"
    return file(visitor.request, scan, "application/octet-stream", named)


@router.get("/{paper}/certificate.xml")
def get_certificate(paper: Paper, visitor: Visiting) -> Response:
    """Return the certificate that a bench file can name."""
    not_a_customer(visitor.caller)
    content = visitor.office.store.papers.certificate(paper)
    return file(visitor.request, content, "application/xml", f"paper-{paper}.xml")


def _page(visitor: Visitor, row: PaperRow, typed: Mapping[str, str] | None, refused: str = "") -> Response:
    """Return the page of a paper.

    Args:
        visitor: who looks.
        row: the paper.
        typed: what stands in the form; None for what they typed before, or the columns of who typed first.
        refused: why what they sent was not kept.
    """
    name = visitor.caller.name
    mine = row.first if row.first_by == name else row.second if row.second_by == name else ""
    types = row.finished is None and visitor.may("transcribe")
    types = types and (name in {row.first_by, row.second_by} or not (row.first and row.second))
    resent = {} if typed is None else {"resent": Resent(refused, [*typed.items(), ("act", "save")])}
    if typed is None:
        first = paper_form.fields_of(papers.form_of(row.first))
        own = paper_form.fields_of(papers.form_of(mine))
        typed = own if mine else paper_form.like(first) if first else {}
    said_of_refusal, said_in = visitor.words.refusal(refused)
    differs = papers.differing(row, name) if visitor.may("transcribe") and (mine or not types) else ""
    page = visitor.page(
        "paper.html",
        row=row,
        types=types,
        form=paper_form,
        said=partial(_said, typed),
        tables=paper_form.tables_in(typed),
        meanings=(*MEANINGS, UNCERTAINTY),
        differs=differs,
        refused=said_of_refusal,
        said_in=said_in,
        **resent,
    )
    page.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return page


def _said(fields: Mapping[str, str], name: str, usual: str = "") -> str:
    return fields.get(name, usual)
