"""Review and sign: what waits for whom, and all that is to be known of a certificate before it is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.clock import civil_time
from remotecal.errors import ConfigurationError
from remotecal.hub import reviewing
from remotecal.pages.frame import see
from remotecal.web import callers, certificates, remarks, visible
from remotecal.web.bodies import Device, RemarkAnswered, RemarkWritten, RunName, StationName
from remotecal.web.certificates import FILED_BY
from remotecal.web.pages.frame import Sent, Visiting, Visitor
from remotecal.web.remarks import RemarkNumber
from remotecal.web.shown import certificate_shown

if TYPE_CHECKING:
    from remotecal.hub.issuing import RunAt
    from remotecal.store.journals import RunRow
    from remotecal.store.remarks import RemarkRow

router = APIRouter(prefix="/review", include_in_schema=False)

RUN = "/{station}/{run}"


class ToSign(NamedTuple):
    """A run that somebody is to do something about."""

    duty: str
    """What its certificates are to be signed for next."""
    row: RunRow
    mine: bool
    """Whether that is for whoever looks."""
    returned: RemarkRow | None
    """The remark it was returned with, while nobody has answered."""


@router.get("")
def queue(visitor: Visiting) -> Response:
    """Return what waits for a signature, first what waits for whoever looks."""
    callers.require(visitor.caller, "sign")
    return visitor.page("review.html", waiting=_waiting(visitor))


@router.get(RUN)
def show_review(station: StationName, run: RunName, visitor: Visiting, device: Device = "") -> Response:
    """Return all that is to be known of a certificate before it is signed."""
    caller, office = callers.require(visitor.caller, "sign"), visitor.office
    row = visible.run(office, caller, station, run)
    devices = sorted(certificates.ordered(office, run))
    of_run = certificates.of_run(office, caller, station, run, device or (devices or [""])[0])
    now = civil_time(office.clock.now(), office.laboratory.folder.time_zone)
    reviewed = reviewing.review(of_run, now)
    last = reviewing.last_issued(office.store, station, run)
    return visitor.page(
        "review_run.html",
        row=row,
        devices=devices,
        device=of_run.device,
        certificate=certificate_shown(reviewed.xml),
        report=reviewed.report,
        flags=reviewed.flags,
        last=None if last is None else last[0],
        changes=() if last is None else reviewing.changes(last[1], reviewed.record),
        remarks=office.store.remarks.of_run(station, run),
        sign=_command(visitor, of_run),
    )


@router.post(RUN + "/remarks")
async def return_run(station: StationName, run: RunName, form: Sent) -> Response:
    """Return a run with a remark, and go back to it."""
    caller = callers.require(form.visitor.caller, "return")
    try:
        written = RemarkWritten.model_validate({"text": form["text"], "line": form["line"] or 0})
    except ValidationError:
        raise ConfigurationError(
            "say in a line of 500 characters at most what is to be looked into; a journal's line is a number"
        ) from None
    await run_in_threadpool(remarks.write_remark, station, run, written, caller, form.visitor.office)
    return see(f"/review/{station}/{run}")


@router.post(RUN + "/remarks/{remark}/settle")
async def settle(station: StationName, run: RunName, remark: RemarkNumber, form: Sent) -> Response:
    """Answer a remark, and go back to its run."""
    caller = callers.require(form.visitor.caller, "settle")
    try:
        said = RemarkAnswered(answer=form["answer"])
    except ValidationError:
        raise ConfigurationError("answer in a line of 500 characters at most") from None
    await run_in_threadpool(remarks.settle_remark, station, run, remark, said, caller, form.visitor.office)
    return see(f"/review/{station}/{run}")


def _waiting(visitor: Visitor) -> list[ToSign]:
    store = visitor.office.store
    wanting = store.pages.wanting()
    returned = {(one.station, one.run): one for one in reversed(store.remarks.open())}
    found = [
        ToSign(duty, row, role in visitor.caller.roles, returned.get((row.station, row.run)))
        for duty, role in FILED_BY.items()
        for row in wanting[duty]
    ]
    return sorted(found, key=lambda one: (not one.mine, one.returned is not None))


def _command(visitor: Visitor, of_run: RunAt) -> str:
    """Return the command that signs a certificate where its signer's key is."""
    device = f" --device {of_run.device}" if of_run.device else ""
    hub = str(visitor.request.base_url).rstrip("/")
    what = f"{of_run.station}/{of_run.run}{device}"
    return f"remotecal sign --at {hub} {what} --user {visitor.caller.name} --key"
