"""Stations, and the procedures they may run."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from pydantic import ValidationError
from pydantic_core import to_jsonable_python
from starlette.concurrency import run_in_threadpool

from remotecal.errors import NotAllowed, NotAnswered, NotNow, NotThere, TransportError
from remotecal.hub.laboratory import CODE_LASTS, withdraw_codes
from remotecal.procedures.parameters import In
from remotecal.source import docstrings
from remotecal.store.stations import StationRow
from remotecal.transport.enrolment import enrol_command
from remotecal.transport.messages import ProcedureNamed
from remotecal.web.bodies import StationName
from remotecal.web.callers import Caller, Commanding, Inviting, Reader, Revoking
from remotecal.web.office import Here, Office
from remotecal.web.shown import ParameterShown, ProcedureShown, Revoked, StationShown, details
from remotecal.web.station_bodies import NewCode, ReadingShown, ReadingWanted

router = APIRouter(tags=["laboratory"])


@router.get("/procedures")
def list_procedures(caller: Reader, here: Here) -> list[ProcedureShown]:
    """List the procedures that are installed here, which an order may name."""
    not_a_customer(caller)
    return [_procedure(here, name, sha256) for name, sha256 in sorted(here.procedures.announced().items())]


@router.get("/stations")
def list_stations(caller: Reader, here: Here) -> list[StationShown]:
    """List the stations."""
    not_a_customer(caller)
    return [_station(row) for row in here.store.stations.list()]


@router.get("/stations/{station}")
def get_station(station: StationName, caller: Reader, here: Here) -> StationShown:
    """Return a station."""
    not_a_customer(caller)
    return _station(find_station(here, station))


@router.post("/stations/{station}/codes", status_code=HTTPStatus.CREATED)
def invite_station(station: StationName, caller: Inviting, here: Here) -> NewCode:
    """Make a code with which a station of this name enrols, once, within a day; the code is told this once.

    A station that enrolls under a name that is taken takes its place: the one before is shut out.
    """
    code, at = here.laboratory.new_code(station, caller.name), here.settings.enrolment.address
    command = enrol_command(code, at)
    return NewCode(station=station, code=str(code), at=at, command=command, lasts=CODE_LASTS)


@router.delete("/stations/{station}/codes", status_code=HTTPStatus.NO_CONTENT)
def withdraw_invitation(station: StationName, caller: Inviting, here: Here) -> None:
    """Have the codes that were made for a station, and not used, enrol nothing; 404 if there is none."""
    withdraw_codes(here.store, station, caller.name, here.clock.now())


@router.post("/stations/{station}/read")
async def read_value(
    station: StationName, wanted: ReadingWanted, caller: Commanding, here: Here
) -> ReadingShown:
    """Read one quantity of an instrument at a station, while no run is on there; 409 says why it won't."""
    await run_in_threadpool(find_station, here, station)
    answer = await here.laboratory.command(station, "read", caller.name, argument=wanted.what)
    if not answer.done:
        raise NotNow(answer.reason)
    try:
        return ReadingShown.model_validate_json(answer.content)
    except ValidationError:
        raise NotAnswered(f"{station} says nothing sensible of what it read") from None


@router.post("/stations/{station}/revoke")
async def revoke_station(station: StationName, caller: Revoking, here: Here) -> Revoked:
    """Shut a station out, now and for good; it may enrol anew with a new code."""
    await run_in_threadpool(find_station, here, station)
    try:
        return Revoked(cut=await here.laboratory.revoke(station, caller.name))
    except TransportError:
        return Revoked(cut=None)


def not_a_customer(caller: Caller) -> None:
    """Raise `NotAllowed` if a customer asks: they see what is theirs, and nothing of the laboratory's own."""
    if caller.account is not None:
        raise NotAllowed("customers don't see the laboratory's own", caller.name)


def find_station(here: Office, station: str) -> StationRow:
    """Return a station (`NotThere` if it is not in the register)."""
    row = here.store.stations.find(station)
    if row is None:
        raise NotThere(f"{station} is no station in the register")
    return row


def _procedure(here: Office, name: str, sha256: str) -> ProcedureShown:
    found = here.procedures.find(ProcedureNamed(name=name, sha256=sha256)).procedure
    docs = docstrings(found.accepts())
    parameters = (
        ParameterShown(
            name=key,
            unit=next((str(entry) for entry in field.metadata if isinstance(entry, In)), ""),
            required=field.is_required(),
            default=None
            if field.is_required()
            else to_jsonable_python(field.get_default(call_default_factory=True)),
            about=docs.get(key, ""),
        )
        for key, field in found.accepts().model_fields.items()
    )
    return ProcedureShown(
        name=name,
        sha256=sha256,
        title=found.title.root,
        norms=tuple(found.norms),
        parameters=tuple(parameters),
    )


def _station(row: StationRow) -> StationShown:
    values = {name: getattr(row, name) for name in StationShown.model_fields}
    return StationShown.model_validate(values | {"announced": details(row.announced)})
