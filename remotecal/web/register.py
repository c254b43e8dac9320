"""Stations, and the procedures they may run."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic_core import to_jsonable_python
from starlette.concurrency import run_in_threadpool

from remotecal.errors import NotAllowed, NotThere, TransportError
from remotecal.procedures.parameters import In
from remotecal.source import docstrings
from remotecal.store.stations import StationRow
from remotecal.transport.messages import ProcedureNamed
from remotecal.web.bodies import StationName
from remotecal.web.callers import Caller, Reader, Revoking
from remotecal.web.office import Here, Office
from remotecal.web.shown import ParameterShown, ProcedureShown, Revoked, StationShown, details

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
    row = here.store.stations.find(station)
    if row is None:
        raise NotThere(f"{station} is no station in the register")
    return _station(row)


@router.post("/stations/{station}/revoke")
async def revoke_station(station: StationName, caller: Revoking, here: Here) -> Revoked:
    """Shut a station out, now and for good; it may enrol anew with a new code."""
    if await run_in_threadpool(here.store.stations.find, station) is None:
        raise NotThere(f"{station} is no station in the register")
    try:
        return Revoked(cut=await here.laboratory.revoke(station, caller.name))
    except TransportError:
        return Revoked(cut=None)


def not_a_customer(caller: Caller) -> None:
    """Raise `NotAllowed` if a customer asks: they see what is theirs, and nothing of the laboratory's own."""
    if caller.account is not None:
        raise NotAllowed("customers don't see the laboratory's own", caller.name)


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
