"""Screens on a wall: who lets one show what is on, and takes it down."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from remotecal.errors import NotAllowed
from remotecal.hub.walls import put_up, take_down
from remotecal.web.answers import Limit
from remotecal.web.bodies import WallWanted
from remotecal.web.callers import Admitting, Hanging
from remotecal.web.office import Here
from remotecal.web.shown import NewWall, WallShown

router = APIRouter(prefix="/walls", tags=["people"])

WallNumber = Annotated[int, Path(ge=1, le=2**53)]


@router.get("")
def list_walls(_: Hanging, here: Here, limit: Limit = 100) -> list[WallShown]:
    """List the screens, the latest first, those that were taken down too."""
    return [WallShown.model_validate(row).named(here.names()) for row in here.store.walls.list(limit)]


@router.post("", status_code=HTTPStatus.CREATED)
def make_wall(wanted: WallWanted, caller: Admitting, here: Here) -> NewWall:
    """Let a screen show what is on, to whoever stands before it; its address is told this once."""
    if caller.session is None:
        raise NotAllowed("this needs a session; a token won't do", caller.name)
    row, address = put_up(
        here.store,
        wanted.place,
        language=wanted.language,
        full=wanted.full,
        days=wanted.days,
        by=caller.name,
        now=here.clock.now(),
    )
    return NewWall(**WallShown.model_validate(row).named(here.names()).model_dump(), address=address)


@router.delete("/{wall}", status_code=HTTPStatus.NO_CONTENT)
def revoke_wall(wall: WallNumber, caller: Hanging, here: Here) -> None:
    """Have a screen show nothing any more."""
    take_down(here.store, wall, by=caller.name, now=here.clock.now())
