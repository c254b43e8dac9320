"""Remarks: a run goes back to whoever performed it, and nobody signs before they have answered."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path

from remotecal.errors import CertificateRefused, NotThere
from remotecal.web import certificates, visible
from remotecal.web.bodies import RemarkAnswered, RemarkWritten, RunName, StationName
from remotecal.web.callers import Reader, Returning, Settling
from remotecal.web.office import Here
from remotecal.web.register import not_a_customer
from remotecal.web.shown import RemarkShown

if TYPE_CHECKING:
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

router = APIRouter(prefix="/runs/{station}/{run}/remarks", tags=["certificates"])

RemarkNumber = Annotated[int, Path(ge=1, le=2**53)]


def returned(office: Office, caller: Caller) -> frozenset[tuple[str, str]]:
    """Return the runs, by station and name, with a remark that nobody has answered; none for a customer."""
    found = office.store.remarks.open() if caller.account is None else ()
    return frozenset((one.station, one.run) for one in found)


@router.get("")
def list_remarks(station: StationName, run: RunName, caller: Reader, here: Here) -> list[RemarkShown]:
    """List the remarks with which a run was returned, the first made first."""
    not_a_customer(caller)
    visible.run(here, caller, station, run)
    return _shown(here, station, run)


@router.post("", status_code=HTTPStatus.CREATED)
def write_remark(
    station: StationName, run: RunName, written: RemarkWritten, caller: Returning, here: Here
) -> list[RemarkShown]:
    """Return a run with a remark to whoever performed it; none of its certificates is signed meanwhile.

    409 if all of them are issued.
    """
    row = visible.run(here, caller, station, run)
    certificates.record_row(here, station, run)
    if not row.awaiting:
        raise CertificateRefused(f"the certificates of {run} are issued; amend them instead")
    if written.line > row.committed:
        raise NotThere(f"the journal of {run} has {row.committed} lines, and no line {written.line}")
    about = station, run, written.line, written.text
    with here.store.transaction():
        noted: dict[str, str | int | float | None] = {
            "station": station,
            "run": run,
            "remark": here.store.remarks.add(*about, caller.name, here.clock.now()),
            "line": written.line,
            "text": written.text,
        }
        here.store.note(caller.name, "return", noted)
    return _shown(here, station, run)


@router.post("/{remark}/settle")
def settle_remark(
    station: StationName,
    run: RunName,
    remark: RemarkNumber,
    said: RemarkAnswered,
    caller: Settling,
    here: Here,
) -> list[RemarkShown]:
    """Answer a remark; once all are answered, the certificates of the run can be signed again."""
    visible.run(here, caller, station, run)
    noted: dict[str, str | int | float | None] = {"station": station, "run": run, "remark": remark}
    with here.store.transaction():
        here.store.remarks.settle(station, run, remark, said.answer, caller.name, here.clock.now())
        here.store.note(caller.name, "settle", noted | {"answer": said.answer})
    return _shown(here, station, run)


def _shown(here: Office, station: str, run: str) -> list[RemarkShown]:
    return [
        RemarkShown.model_validate(row).named(here.names()) for row in here.store.remarks.of_run(station, run)
    ]
