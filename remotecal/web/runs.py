"""Runs: where they are, what commands them, and what came of them."""

from __future__ import annotations

import json
from hashlib import sha256

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from remotecal.transport.messages import Live
from remotecal.web import certificates, visible
from remotecal.web.bodies import (
    CertificateShown,
    CommandWanted,
    RunName,
    RunShown,
    SignatureShown,
    StationName,
)
from remotecal.web.callers import Caller, Commanding, Reader, Signing
from remotecal.web.office import Here, Office
from remotecal.web.orders import Limit
from remotecal.web.problems import NotNow

router = APIRouter(prefix="/runs")

RUN = "/{station}/{run}"
XML, PDF, LINES = "application/xml", "application/pdf", "application/jsonl"


class File(Response):
    """A file of a run; the API's description says its media type where it is used."""


@router.get("")
def list_runs(caller: Reader, here: Here, limit: Limit = 100) -> list[RunShown]:
    """List the runs, the latest first."""
    return [RunShown.model_validate(row) for row in visible.runs(here, caller, limit)]


@router.get(RUN)
def get_run(station: StationName, run: RunName, caller: Reader, here: Here) -> RunShown:
    """Return a run."""
    return RunShown.model_validate(visible.run(here, caller, station, run))


@router.get(RUN + "/live")
async def get_live(station: StationName, run: RunName, caller: Reader, here: Here) -> Live:
    """Ask the station where a run is now; 409 if it is not on, or the station not connected."""
    await run_in_threadpool(visible.run, here, caller, station, run)
    answer = await here.laboratory.command(station, "state", caller.name)
    on = json.loads(answer.content)["run"] if answer.done else None
    if on is None or on["run"] != run:
        raise NotNow(f"the run {run} is not on at {station}")
    return Live.model_validate_json(json.dumps(on))


@router.post(RUN + "/commands")
async def command_run(
    station: StationName, run: RunName, wanted: CommandWanted, caller: Commanding, here: Here
) -> RunShown:
    """Pause a run, let it go on, abort it, answer its question, take it over or let go of it.

    409 says why the station won't. An answer names the question by its number, so that it can't be
    given to the next one.
    """
    await run_in_threadpool(visible.run, here, caller, station, run)
    answer = await here.laboratory.command(
        station, wanted.verb, caller.name, run=run, argument=wanted.argument, prompt=wanted.prompt
    )
    if not answer.done:
        raise NotNow(answer.reason)
    return RunShown.model_validate(await run_in_threadpool(visible.run, here, caller, station, run))


@router.get(RUN + "/journal", response_class=File, responses={200: {"content": {LINES: {}}}})
def get_journal(station: StationName, run: RunName, caller: Reader, here: Here) -> Response:
    """Return a run's journal as far as it is here, byte for byte as the station wrote it."""
    _may_see_evidence(here, caller, station, run)
    lines = here.store.journals.lines(station, run)
    return Response(b"".join(line + b"\n" for line in lines), media_type=LINES)


@router.get(RUN + "/record", response_class=File, responses={200: {"content": {"application/json": {}}}})
def get_record(station: StationName, run: RunName, caller: Reader, here: Here) -> Response:
    """Return the data of a run's certificate, as the laboratory computed them from the journal."""
    _may_see_evidence(here, caller, station, run)
    row = certificates.record_row(here, station, run)
    return Response(row.record, media_type="application/json")


@router.get(RUN + "/certificate")
def get_certificate_state(station: StationName, run: RunName, caller: Reader, here: Here) -> CertificateShown:
    """Tell how far a run's certificate has come, and who signed it."""
    visible.run(here, caller, station, run)
    return _certificate(certificates.shown(here, caller, station, run))


@router.get(RUN + "/certificate.xml", response_class=File, responses={200: {"content": {XML: {}}}})
def get_certificate(station: StationName, run: RunName, caller: Reader, here: Here) -> Response:
    """Return a run's certificate (DCC) with the signatures it has so far."""
    visible.run(here, caller, station, run)
    return Response(certificates.shown(here, caller, station, run), media_type=XML)


@router.get(RUN + "/certificate.pdf", response_class=File, responses={200: {"content": {PDF: {}}}})
async def get_printed(station: StationName, run: RunName, caller: Reader, here: Here) -> Response:
    """Return a run's certificate for people to read (PDF/A-3), with the XML inside."""
    await run_in_threadpool(visible.run, here, caller, station, run)
    data = await run_in_threadpool(certificates.shown, here, caller, station, run)
    async with here.one_print:
        return Response(await run_in_threadpool(certificates.printed, data), media_type=PDF)


@router.post(
    RUN + "/certificate/signatures",
    openapi_extra={"requestBody": {"required": True, "content": {XML: {"schema": {"type": "string"}}}}},
)
async def sign_certificate(
    station: StationName, run: RunName, request: Request, caller: Signing, here: Here
) -> CertificateShown:
    """Take the certificate back with the signature that is due next, made at home by `remotecal sign`."""
    await run_in_threadpool(visible.run, here, caller, station, run)
    data = await request.body()
    await run_in_threadpool(certificates.file_signed, here, caller, station, run, data)
    return await run_in_threadpool(_certificate, data)


def _may_see_evidence(here: Office, caller: Caller, station: str, run: str) -> None:
    """Raise `NotThere` unless a caller may see journal and record; a customer waits for the certificate."""
    visible.run(here, caller, station, run)
    if caller.account is not None:
        certificates.shown(here, caller, station, run)


def _certificate(data: bytes) -> CertificateShown:
    signed = certificates.signatures(data)
    return CertificateShown(
        state=certificates.state(data),
        sha256=sha256(data).hexdigest(),
        signatures=tuple(SignatureShown(duty=one.duty, name=one.name, at=one.at) for one in signed),
    )
