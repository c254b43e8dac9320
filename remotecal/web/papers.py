"""Certificates on paper: the scan, what two persons type apart, and the certificate where they agree."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from fastapi import APIRouter, Path, Query, Request
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from remotecal.certificates import dcc
from remotecal.certificates.transcribed import differences, in_short, transcribe
from remotecal.certificates.transcript import ending_of, transcript
from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError, NotNow, RecordError
from remotecal.web.answers import Limit, described, file
from remotecal.web.callers import Reader, Transcribing
from remotecal.web.office import Here
from remotecal.web.orders import RepeatKey
from remotecal.web.register import not_a_customer
from remotecal.web.shown import PaperShown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.certificates.transcribed import TypedApart
    from remotecal.certificates.transcript import Transcript
    from remotecal.model import Record
    from remotecal.store.papers import PaperRow
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

router = APIRouter(prefix="/papers", tags=["papers"])

LARGEST_SCAN: Final = 10 * 2**20
"""Bytes of a scan."""
OCTETS: Final = "application/octet-stream"
XML: Final = "application/xml"
PaperInPath = Annotated[int, Path(ge=1, le=2**53)]
ScanName = Annotated[
    str,
    Query(min_length=1, max_length=200, description="Name of the scan's file, as the certificate tells it."),
]
TableFile = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
"""Name of a file with a table."""
SCAN: Final = {"schema": {"type": "string", "format": "binary"}}
_UNPRINTED: Final = re.compile(r"[^\w.()-]+")


class PaperTyped(BaseModel):
    """What somebody typed of a certificate on paper."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)

    sheet: dict[str, JsonValue]
    """As the TOML file of `remotecal certificate new` has it, without `typed`: `certificate`, `issuer`,
    `customer`, `persons`, `item`, `conditions`, `results`; numbers as text, with their digits."""
    files: Annotated[dict[TableFile, Base64Bytes], Field(max_length=10)] = {}
    """Name → content in base64 of the CSV or XLSX files that its results name."""


class TypedForm(NamedTuple):
    """What somebody typed of a paper."""

    said: Mapping[str, object]
    """As a sheet's TOML file has it, but for who typed it, and when."""
    files: Mapping[str, bytes]
    """Name → content of the files with its tables."""
    fields: Mapping[str, str]
    """The form's own fields, so that it can be opened again; none of what was not typed in a form."""

    def as_json(self, by: str, on: str) -> str:
        """Return it as it is kept."""
        files = {name: base64.b64encode(content).decode() for name, content in self.files.items()}
        said = {**self.said, "typed": {"by": by, "on": on}}
        return json.dumps({"said": said, "files": files, "fields": dict(self.fields)}, ensure_ascii=False)


@router.get("")
def list_papers(caller: Reader, here: Here, limit: Limit = 100) -> list[PaperShown]:
    """List the certificates on paper, the latest first."""
    not_a_customer(caller)
    return [paper_shown(row, caller).named(here.names()) for row in here.store.papers.list(limit)]


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    openapi_extra={"requestBody": {"required": True, "content": {OCTETS: SCAN}}},
)
async def bring_paper(
    request: Request, caller: Transcribing, here: Here, name: ScanName, key: RepeatKey = None
) -> PaperShown:
    """Keep the scan of a certificate on paper: PDF, JPEG, PNG or TIFF, of 10 MiB at most.

    A request that was not answered may be sent again within a day with the same `Idempotency-Key`: it is
    answered by the paper it brought the first time. 409 if the key was that of another scan.
    """
    scan = await request.body()
    if len(scan) > LARGEST_SCAN:
        raise ConfigurationError(f"the scan has more than {LARGEST_SCAN} bytes: scan it less finely")
    paper = await run_in_threadpool(bring_scan, here, caller, name, scan, key)
    kept = await run_in_threadpool(here.store.papers.get, paper)
    return paper_shown(kept, caller).named(await run_in_threadpool(here.names))


@router.get("/{paper}")
def get_paper(paper: PaperInPath, caller: Reader, here: Here) -> PaperShown:
    """Return a certificate on paper: who typed it, and where they differ, each told what they typed."""
    not_a_customer(caller)
    return paper_shown(here.store.papers.get(paper), caller).named(here.names())


@router.put("/{paper}/typed")
def type_in(paper: PaperInPath, typed: PaperTyped, caller: Transcribing, here: Here) -> PaperShown:
    """Keep what one typed of the paper; where another person typed the same, the certificate is made.

    403 if two others type it, 409 if the certificate is made.
    """
    if "typed" in typed.sheet:
        raise ConfigurationError("who typed it, and when, is known: leave out `typed`")
    type_paper(here, caller, paper, TypedForm(typed.sheet, typed.files, {}))
    return paper_shown(here.store.papers.get(paper), caller).named(here.names())


@router.get("/{paper}/scan", response_class=Response, responses=described(OCTETS))
def get_scan(paper: PaperInPath, caller: Reader, here: Here, request: Request) -> Response:
    """Return the scan."""
    not_a_customer(caller)
    row = here.store.papers.get(paper)
    named = f"paper-{paper}.{row.scan_name.rpartition('.')[2]}"
    return file(request, here.store.papers.scan(paper), OCTETS, named)


@router.get("/{paper}/certificate.xml", response_class=Response, responses=described(XML))
def get_made(paper: PaperInPath, caller: Reader, here: Here, request: Request) -> Response:
    """Return the certificate (DCC) that came of it, which a bench file can name; 404 before that."""
    not_a_customer(caller)
    return file(request, here.store.papers.certificate(paper), XML, f"paper-{paper}.xml")


def paper_shown(row: PaperRow, caller: Caller) -> PaperShown:
    """Return a paper as the API shows it to somebody: of what was typed, their own."""
    differs = differing(row, caller.name) if caller.name in {row.first_by, row.second_by} else ""
    return PaperShown.model_validate(
        {
            **row._asdict(),
            "typed_by": tuple(name for name in (row.first_by, row.second_by) if name),
            "mine": _said_by(row, caller.name),
            "differs": differs,
        }
    )


def _said_by(row: PaperRow, name: str) -> dict[str, object] | None:
    """Return the sheet that somebody typed; None if they did not."""
    kept = {row.second_by: row.second, row.first_by: row.first}.get(name, "")
    if not kept:
        return None
    said: dict[str, object] = json.loads(kept)["said"]
    return said


def bring_scan(here: Office, caller: Caller, name: str, scan: bytes, key: str | None = None) -> int:
    """Keep the scan of a certificate on paper, and return the paper's number.

    Args:
        here: the laboratory.
        caller: who brings it.
        name: of its file.
        scan: the file.
        key: of this one request; one with the same key and scan is answered by the same paper for a day.

    Raises:
        ConfigurationError: it is no PDF and no picture.
        NotNow: the key was that of another scan.
    """
    called = f"{_UNPRINTED.sub('_', name.rpartition('.')[0])[:100] or 'scan'}.{ending_of(scan)}"
    digest = sha256(scan).hexdigest()
    once = None if key is None else f"paper {sha256(key.encode()).hexdigest()}"
    with here.store.transaction():
        if once is not None and not here.store.forms.begin(caller.name, once, here.clock.now()):
            brought, _, of = (here.store.forms.led_to(caller.name, once) or "").partition(" ")
            if of != f"{digest} {called}":
                raise NotNow(f"the key {key!r} was that of another scan: give each paper a key of its own")
            return int(brought)
        paper = here.store.papers.add(caller.name, here.clock.now(), called, digest, scan)
        here.store.note(caller.name, "paper", {"paper": paper, "scan": called, "sha256": digest})
        if once is not None:
            here.store.forms.done(caller.name, once, f"{paper} {digest} {called}")
    return paper


def type_paper(here: Office, caller: Caller, paper: int, typed: TypedForm) -> None:
    """Keep what somebody typed; where another person typed the same, the certificate is made.

    Raises:
        ConfigurationError: it is no sheet: something is missing, or no number.
        NotNow, NotAllowed: the certificate is made, or two others type it.
    """
    on = civil_day(here.clock.now(), here.laboratory.folder.time_zone).isoformat()
    kept = typed.as_json(caller.name, on)
    _transcript(kept, caller.name)
    digest = sha256(kept.encode()).hexdigest()
    with here.store.transaction():
        row = here.store.papers.typed(paper, caller.name, kept)
        here.store.note(caller.name, "paper typed", {"paper": paper, "sha256": digest})
    if not (row.first and row.second):
        return
    try:
        record = joined(row)
        xml = dcc.write(record)
    except (ConfigurationError, RecordError) as error:
        why = "\n".join(each.where for each in _differences_of(row)) or str(error)
        here.store.note(caller.name, "paper differs", {"paper": paper, "why": why[:2000]})
        return
    made: dict[str, str | int | float | None] = {
        "paper": paper,
        "number": record.number,
        "sha256": sha256(xml).hexdigest(),
    }
    with here.store.transaction():
        if here.store.papers.finish(row, record.number, xml, here.clock.now()):
            here.store.note(caller.name, "paper certificate", made)


def joined(row: PaperRow) -> Record:
    """Return the certificate that both typed, by the function of `remotecal certificate transcribe`.

    Raises:
        ConfigurationError: they differ, and where; or are one person; or it is no certificate.
    """
    first, second = _transcript(row.first, row.first_by), _transcript(row.second, row.second_by)
    return transcribe(first, second, row.scan_name, row.scan_sha256)


def differing(row: PaperRow, name: str) -> str:
    """Return why no certificate came of what both typed, for one of them or for somebody else.

    They are told where they differ, and each what they typed themselves. Who was told what the other typed
    could type that, and would not have looked at the paper.

    Returns:
        "" where one of them has not typed, or the certificate is made.
    """
    if row.finished is not None or not (row.first and row.second):
        return ""
    if found := _differences_of(row):
        own = {row.first_by: "first", row.second_by: "second"}.get(name)
        return in_short(
            [each.where if own is None else f"{each.where}: {getattr(each, own)}" for each in found]
        )
    try:
        dcc.write(joined(row))
    except (ConfigurationError, RecordError) as error:
        return str(error)
    return ""


def _differences_of(row: PaperRow) -> list[TypedApart]:
    return differences(_transcript(row.first, row.first_by), _transcript(row.second, row.second_by))


def form_of(kept: str) -> TypedForm:
    """Return what somebody typed, as it is kept; nothing of what nobody has."""
    if not kept:
        return TypedForm({}, {}, {})
    told = json.loads(kept)
    files = {name: base64.b64decode(content) for name, content in told["files"].items()}
    return TypedForm(told["said"], files, told["fields"])


def _transcript(kept: str, by: str) -> Transcript:
    told = json.loads(kept)
    files: dict[str, str] = told["files"]

    def brought(name: str) -> bytes:
        if name not in files:
            raise ConfigurationError(f"the sheet names the file {name}, which is not among those sent")
        return base64.b64decode(files[name])

    return transcript(told["said"], f"the sheet of {by}", brought)
