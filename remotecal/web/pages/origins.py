"""Where a run's results come from: the certificates of its standards, as it read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Response
from starlette.responses import StreamingResponse

from remotecal.errors import NotThere
from remotecal.hub.origins import NAMED, READ, as_read
from remotecal.journal.events import read_alone
from remotecal.journal.evidence import start_of
from remotecal.web import runs, visible
from remotecal.web.answers import file
from remotecal.web.bodies import RunName, StationName
from remotecal.web.pages.archive import archive
from remotecal.web.pages.certificates import believed
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.runs import record_of, results_of
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from remotecal.certificates.trust import Body, TrustList
    from remotecal.journal.evidence import Start
    from remotecal.model import Text
    from remotecal.store.whole import WholeRun
    from remotecal.web.pages.frame import Visitor

router = APIRouter(prefix="/runs/{station}/{run}", include_in_schema=False)

Name = Annotated[str, Path(max_length=200)]
"""Of an instrument or artefact, on the bench."""


@router.get("/standards/{name}")
def show_certificate(station: StationName, run: RunName, name: Name, visitor: Visiting) -> Response:
    """Return the certificate of a standard as a run read it: who issued it, its results, what it rests on."""
    whole, start = _begun(visitor, station, run)
    used = start.certificates.get(name)
    if used is None:
        raise NotThere(f"nothing called {name!r} has a certificate in {run}")
    trust, doubt = believed(visitor.office)
    issuer = used.record.laboratory.contact.name
    standards = [
        (one, one.certificate, _known(trust, one.certificate.issuer))
        for one in used.record.standards
        if one.certificate is not None
    ]
    return visitor.page(
        "origin.html",
        row=whole.row,
        name=name,
        used=used,
        record=used.record,
        issuer=issuer,
        known=_known(trust, issuer),
        standards=standards,
        results=results_of(visitor, used.record),
        doubt=doubt,
    )


@router.get("/traceability.svg")
def draw_origins(station: StationName, run: RunName, visitor: Visiting) -> Response:
    """Return a drawing of what a run's results rest on, certificate by certificate, as the run read them."""
    from remotecal.certificates.trace_drawing import Wording, draw

    whole, start = _begun(visitor, station, run)
    record = record_of(visitor, whole)
    if record is None:
        raise NotThere(f"{run} has no record yet")
    read = {used.record.number: used.record for used in start.certificates.values()}
    words = visitor.words

    def choose(text: Text | None) -> str:
        return words("origin.unknown") if text is None else words.choose(text.root)

    drawn = draw(
        as_read(record, read, choose, {READ: words("origin.read"), NAMED: words("origin.named")}),
        Wording(
            words("origin.calibrated_on", day="{day}"),
            words("origin.valid_until", day="{day}"),
            words("first.comma"),
            words("frame.colon"),
            {"open": words("origin.open")},
        ),
    )
    return file(visitor.request, drawn, "image/svg+xml", f"{run}.svg")


@router.get("/evidence.zip")
def take_evidence(station: StationName, run: RunName, visitor: Visiting) -> Response:
    """Return all of a run that is kept: certificates that are issued, journal, record and files, as a ZIP."""
    visible.run(visitor.office, visitor.caller, station, run)
    headers = {"Content-Disposition": f'attachment; filename="{run}.zip"'}
    content = archive(visitor.office, visitor.caller, [(station, run)])
    return StreamingResponse(content, media_type="application/zip", headers=headers)


def _begun(visitor: Visitor, station: str, run: str) -> tuple[WholeRun, Start]:
    """Return a run and how its journal begins; certificates of standards are not a customer's business."""
    not_a_customer(visitor.caller)
    whole = visible.whole(visitor.office, visitor.caller, station, run)
    runs.see_evidence_of(visitor.office, visitor.caller, whole)
    line = visitor.office.store.journals.first_line(station, run)
    if not line:
        raise NotThere(f"no line of {run} is here")
    return whole, start_of(read_alone(line, 1).data)


def _known(trust: TrustList | None, issuer: Text | None) -> Body | None:
    """Return who on the trust list goes by a name: a name alone, for nothing was checked here."""
    bodies = () if trust is None or issuer is None else trust.bodies
    return next((body for body in bodies if issuer is not None and body.name.agrees(issuer)), None)
