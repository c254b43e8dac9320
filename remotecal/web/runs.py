"""Runs: where they are, what commands them, and what came of them."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from remotecal.errors import NotNow, NotThere
from remotecal.transport.messages import Live
from remotecal.web import certificates, visible
from remotecal.web.answers import NEXT, Limit, described, file, page
from remotecal.web.bodies import (
    NAME,
    STATION,
    Acknowledged,
    AmendmentWanted,
    CommandWanted,
    Device,
    Edition,
    FileHash,
    RunName,
    StationName,
)
from remotecal.web.callers import Amending, Caller, Commanding, Issuing, Reader, Signing
from remotecal.web.office import Here, Office
from remotecal.web.shown import AmendmentShown, FileShown, RunShown
from remotecal.web.shown_certificates import CertificateShown, certificate_shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from remotecal.store.files import FileRow
    from remotecal.store.journals import RunRow
    from remotecal.store.whole import WholeRun

router = APIRouter(prefix="/runs", tags=["runs"])

RUN = "/{station}/{run}"
XML, PDF, JSON, LINES = "application/xml", "application/pdf", "application/json", "application/jsonl"
SIGNED = {"schema": {"type": "string", "format": "binary"}}

FromStation = Annotated[str | None, Query(pattern=STATION, description="Only those at this station.")]
InState = Annotated[str | None, Query(pattern="^[a-z_]{1,20}$", description="Only those in this state.")]
BeforeRun = Annotated[
    str | None,
    Query(pattern=rf"{STATION[:-1]}/{NAME[1:]}", description="`station/run` of the last of the page before."),
]


_NUMBER = re.compile(rb"<(?:\w+:)?uniqueIdentifier>([^<]{1,200})<")


class Whole(Response):
    """A file of a run; the API's description says its media type where it is used."""


@router.get("", responses={200: {"headers": NEXT}})
def list_runs(
    caller: Reader,
    here: Here,
    request: Request,
    response: Response,
    station: FromStation = None,
    state: InState = None,
    before: BeforeRun = None,
    limit: Limit = 100,
) -> list[RunShown]:
    """List the runs, the latest begun first."""
    last = None if before is None else (before.partition("/")[0], before.partition("/")[2])
    found = here.store.pages.runs(
        limit + 1, before=last, account=caller.account, station=station, state=state
    )
    rows: Sequence[RunRow] = page(request, response, found, limit, lambda row: f"{row.station}/{row.run}")
    return [RunShown.model_validate(row) for row in rows]


@router.get(RUN)
def get_run(station: StationName, run: RunName, caller: Reader, here: Here) -> RunShown:
    """Return a run."""
    return RunShown.model_validate(visible.run(here, caller, station, run))


@router.get(RUN + "/live")
async def get_live(station: StationName, run: RunName, caller: Reader, here: Here) -> Live:
    """Ask the station where a run is now; 409 if it is not on, or the station not connected."""
    await run_in_threadpool(visible.run, here, caller, station, run)
    on = (await here.laboratory.state(station, caller.name)).run
    if on is None or on.run != run:
        raise NotNow(f"the run {run} is not on at {station}")
    return on


@router.post(RUN + "/commands")
async def command_run(
    station: StationName, run: RunName, wanted: CommandWanted, caller: Commanding, here: Here
) -> RunShown:
    """Pause a run, let it go on, abort it, answer its question, take it over or let go of it.

    409 says why the station won't. An answer names the question by its number, so that it can't be
    given to the next one.
    """
    with here.boards.after_this():
        await here.at_once(visible.run, here, caller, station, run)
        answer = await here.laboratory.command(
            station, wanted.verb, caller.name, run=run, argument=wanted.argument, prompt=wanted.prompt
        )
        if not answer.done:
            raise NotNow(answer.reason)
        return RunShown.model_validate(await here.at_once(visible.run, here, caller, station, run))


@router.post(RUN + "/acknowledge")
def acknowledge_run(
    station: StationName, run: RunName, seen: Acknowledged, caller: Commanding, here: Here
) -> RunShown:
    """Say that one has seen to a run that is not as it should be; it is called again if something happens."""
    row = visible.run(here, caller, station, run)
    if seen.lines > row.committed:
        raise NotThere(f"the journal of {run} has {row.committed} lines, and no line {seen.lines}")
    with here.store.transaction():
        here.store.journals.acknowledge(station, run, seen.lines)
        here.store.note(caller.name, "acknowledge", {"station": station, "run": run, "lines": seen.lines})
    return RunShown.model_validate(visible.run(here, caller, station, run))


@router.get(RUN + "/journal", response_class=Whole, responses=described(LINES), tags=["evidence"])
def get_journal(
    station: StationName,
    run: RunName,
    caller: Reader,
    here: Here,
    request: Request,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="Leave out this many lines.")] = 0,
) -> Response:
    """Return a run's journal as far as it is here, byte for byte as the station wrote it."""
    may_see_evidence(here, caller, station, run)
    lines = here.store.journals.lines(station, run, after)
    return file(request, b"".join(line + b"\n" for line in lines), LINES, "journal.jsonl")


@router.get(RUN + "/files", tags=["evidence"])
def list_files(station: StationName, run: RunName, caller: Reader, here: Here) -> list[FileShown]:
    """List the photos and other files that a run's journal names, in its order."""
    may_see_evidence(here, caller, station, run)
    return files_of(here, station, run)


@router.get(RUN + "/files/{sha256}", response_class=Whole, responses=described("*/*"), tags=["evidence"])
def get_file(
    station: StationName, run: RunName, sha256: FileHash, caller: Reader, here: Here, request: Request
) -> Response:
    """Return a photo or another file of a run; 409 while not all of it is here."""
    may_see_evidence(here, caller, station, run)
    found = whole_file(here, station, run, sha256)
    content = here.store.files.content(station, run, sha256)
    return file(request, content, found.file.media_type, found.file.place.rpartition("/")[2])


@router.get(RUN + "/record", response_class=Whole, responses=described(JSON), tags=["evidence"])
def get_record(station: StationName, run: RunName, caller: Reader, here: Here, request: Request) -> Response:
    """Return the data of a run's certificate, as the laboratory computed them from the journal."""
    may_see_evidence(here, caller, station, run)
    row = certificates.record_row(here, station, run)
    return file(request, row.record.encode(), JSON, "record.json")


@router.get(RUN + "/certificate", tags=["certificates"])
def get_certificate_state(
    station: StationName,
    run: RunName,
    caller: Reader,
    here: Here,
    device: Device = "",
    edition: Edition = None,
) -> CertificateShown:
    """Tell how far a run's certificate has come, and who signed it."""
    visible.run(here, caller, station, run)
    return certificate_shown(certificates.of_run(here, caller, station, run, device, edition).certificate())


@router.get(RUN + "/certificate.xml", response_class=Whole, responses=described(XML), tags=["certificates"])
def get_certificate(
    station: StationName,
    run: RunName,
    caller: Reader,
    here: Here,
    request: Request,
    device: Device = "",
    edition: Edition = None,
) -> Response:
    """Return a run's certificate for machines (DCC), with the signatures it has."""
    visible.run(here, caller, station, run)
    of_run = certificates.of_run(here, caller, station, run, device, edition)
    found = of_run.certificate()
    answer = file(request, found, XML, f"{_called(found)}.xml")
    if answer.status_code == HTTPStatus.OK:
        certificates.note_opened(here, caller, of_run, found)
    return answer


@router.get(RUN + "/certificate.pdf", response_class=Whole, responses=described(PDF), tags=["certificates"])
async def get_printed(
    station: StationName,
    run: RunName,
    caller: Reader,
    here: Here,
    request: Request,
    device: Device = "",
    edition: Edition = None,
) -> Response:
    """Return a run's certificate for people (PDF/A-3) with the XML inside; signed once it is issued."""
    await run_in_threadpool(visible.run, here, caller, station, run)
    found = await run_in_threadpool(certificates.of_run, here, caller, station, run, device, edition)
    async with here.one_print:
        content = await run_in_threadpool(found.printed)
        name = _called(await run_in_threadpool(found.certificate))
        return file(request, content, PDF, f"{name}.pdf")


@router.post(
    RUN + "/certificate/signatures",
    openapi_extra={"requestBody": {"required": True, "content": {XML: SIGNED, PDF: SIGNED}}},
    tags=["certificates"],
)
async def sign_certificate(
    station: StationName, run: RunName, request: Request, caller: Signing, here: Here, device: Device = ""
) -> CertificateShown:
    """Take the certificate back with the signature that is due next, made at home by `remotecal sign`.

    Persons send the XML; the laboratory's seal comes as the signed PDF that holds it (`--pdf`).
    """
    await run_in_threadpool(visible.run, here, caller, station, run)
    found = await run_in_threadpool(certificates.of_run, here, caller, station, run, device)
    data = await request.body()
    async with here.one_print:  # a PDF is printed again, to compare it
        await run_in_threadpool(certificates.file_signed, here, caller, found, data)
    return await run_in_threadpool(lambda: certificate_shown(found.certificate()))


@router.post(RUN + "/certificate/issue", tags=["certificates"])
async def issue_certificate(
    station: StationName, run: RunName, caller: Issuing, here: Here, device: Device = ""
) -> CertificateShown:
    """Issue the approved certificate: the hub seals XML and PDF with the laboratory's key.

    409 if it is not approved yet, or the key is kept elsewhere; then the seal is filed like the
    other signatures.
    """
    await run_in_threadpool(visible.run, here, caller, station, run)
    found = await run_in_threadpool(certificates.of_run, here, caller, station, run, device)
    async with here.one_print:
        await run_in_threadpool(certificates.issue, here, caller, found)
    return await run_in_threadpool(lambda: certificate_shown(found.certificate()))


@router.post(RUN + "/certificate/amendments", status_code=HTTPStatus.CREATED, tags=["certificates"])
def amend_certificate(
    station: StationName,
    run: RunName,
    wanted: AmendmentWanted,
    caller: Amending,
    here: Here,
    device: Device = "",
) -> AmendmentShown:
    """Draft the certificate that takes the place of the issued one; it is signed anew by all, and issued.

    It may name another customer, and others who answer for it. 409 if the certificate is not issued, or is
    amended already, or nothing is changed.
    """
    visible.run(here, caller, station, run)
    found = certificates.of_run(here, caller, station, run, device)
    return AmendmentShown.model_validate(certificates.amend(here, caller, found, wanted))


def may_see_evidence(here: Office, caller: Caller, station: str, run: str) -> None:
    """Raise `NotThere` unless a caller may see journal and record; see `see_evidence_of`."""
    visible.run(here, caller, station, run)
    if caller.account is not None:
        _see_issued(here, station, run, certificates.ordered(here, run).keys())


def whole_file(here: Office, station: str, run: str, sha256: str) -> FileRow:
    """Return a file that a run's journal names, and that is here whole.

    Raises:
        NotThere: the journal names none such.
        NotNow: not all of it is here yet.
    """
    found = here.store.files.find(station, run, sha256)
    if found is None:
        raise NotThere(f"the journal of {run} names no file {sha256}")
    if not found.complete:
        raise NotNow(f"only {found.here} of {found.file.size} bytes of {sha256} are here yet")
    return found


def files_of(here: Office, station: str, run: str) -> list[FileShown]:
    """Return the files that a run's journal names, in its order, for whoever may see them."""
    return [
        FileShown(**row.file.model_dump(), complete=row.complete)
        for row in here.store.files.list(station, run)
    ]


def see_evidence_of(here: Office, caller: Caller, whole: WholeRun) -> None:
    """Raise `NotThere` unless a caller who sees a run may see its journal and its record.

    They tell of all devices, so a customer waits until the certificates of all are issued.
    """
    if caller.account is not None:
        row = whole.row
        _see_issued(here, row.station, row.run, certificates.ordered(here, row.run).keys())


def _see_issued(here: Office, station: str, run: str, devices: AbstractSet[str]) -> None:
    """Raise `NotThere` unless the certificates of all these devices are issued."""
    issued = here.store.signings.issued(station, run)
    if not issued:
        raise NotThere(f"the certificate of {run} is not issued yet")
    if not devices <= issued:
        raise NotThere(f"the certificates of some devices of {run} are not issued yet, and this tells of all")


def _called(certificate: bytes) -> str:
    """Return what a certificate's file is called: its number, as far as any system takes that in a name."""
    found = _NUMBER.search(certificate)
    number = "" if found is None else found[1].decode("utf-8", "replace")
    return re.sub(r"[^A-Za-z0-9._-]+", "-", number).strip("-.") or "certificate"
