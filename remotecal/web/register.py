"""Stations and the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from remotecal.errors import LinkError
from remotecal.store.stations import StationRow
from remotecal.web.bodies import AuditShown, Revoked, StationName, StationShown, details
from remotecal.web.callers import Auditing, Caller, Reader, Revoking
from remotecal.web.office import Here
from remotecal.web.orders import Limit
from remotecal.web.problems import NotAllowed, NotThere

router = APIRouter()


@router.get("/stations")
def list_stations(caller: Reader, here: Here) -> list[StationShown]:
    """List the stations."""
    _not_a_customer(caller)
    return [_station(row) for row in here.store.stations.list()]


@router.get("/stations/{station}")
def get_station(station: StationName, caller: Reader, here: Here) -> StationShown:
    """Return a station."""
    _not_a_customer(caller)
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
    except LinkError:
        return Revoked(cut=None)


@router.get("/audit")
def read_audit_log(
    _: Auditing, here: Here, what: Annotated[str | None, Query(max_length=100)] = None, limit: Limit = 100
) -> list[AuditShown]:
    """List what was done, and what was refused, the latest first."""
    rows = here.store.noted(what=what, limit=limit)
    return [
        AuditShown.model_validate(
            {"id": row.id, "at": row.at, "who": row.who, "what": row.what, "data": details(row.data)}
        )
        for row in rows
    ]


def _not_a_customer(caller: Caller) -> None:
    if caller.account is not None:
        raise NotAllowed("customers don't see the laboratory's stations", caller.name)


def _station(row: StationRow) -> StationShown:
    values = {name: getattr(row, name) for name in StationShown.model_fields}
    return StationShown.model_validate(values | {"announced": details(row.announced)})
