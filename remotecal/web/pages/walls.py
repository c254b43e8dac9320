"""Screens on a wall: what one shows, to whoever opens its address, and the page on which they are kept.

A screen is nobody who has logged in: its cookie is good for its own two addresses, and its caller has no
role, so whatever else it is led to refuses it.
"""

from __future__ import annotations

import re
from contextlib import aclosing
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.certificates.pdf.qr import qr_code
from remotecal.errors import ConfigurationError, NotLoggedIn, NotThere
from remotecal.hub.walls import PATH
from remotecal.numerals import read_count
from remotecal.pages.frame import see
from remotecal.pages.words import words
from remotecal.web import callers, walls
from remotecal.web.bodies import WallWanted
from remotecal.web.callers import Caller
from remotecal.web.office import Here
from remotecal.web.pages.abnormal import abnormal
from remotecal.web.pages.frame import Sent, Visiting, Visitor
from remotecal.web.pages.news import looks_asking, shared_stream_of
from remotecal.web.pages.runs import ListedRuns, on_now
from remotecal.web.pages.told import Look, Telling
from remotecal.web.pages.weighty import asked_again, once

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from remotecal.pages.words import Language
    from remotecal.store.walls import WallRow
    from remotecal.web.office import Office
    from remotecal.web.shown import NewWall

router = APIRouter(include_in_schema=False)

COOKIE: Final = "remotecal_wall"
"""Keeps a screen's secret, so that it does not stand in the address on the screen."""
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
SHOWN: Final = 200
"""Screens in the list, at most."""
NOTHING: Final = "this screen shows nothing: its address ended, was taken back, or never was one"


@router.get("/walls")
def list_walls(visitor: Visiting) -> Response:
    """Return the screens there are or were, and the form for another."""
    callers.require(visitor.caller, "wall")
    return _page(visitor)


@router.post("/walls")
async def put_up(form: Sent) -> Response:
    """Let a screen show what is on, and show its address this once."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "wall")
    if asking := await asked_again(form):
        return asking
    made: list[NewWall] = []

    def make() -> str:
        try:
            wanted = WallWanted.model_validate(
                {
                    "place": form["place"].strip(),
                    "language": form["shown_in"],
                    "full": form["full"] == "true",
                    "days": form["days"],
                }
            )
        except ValidationError:
            raise ConfigurationError(
                "say in a line of 100 characters where the screen hangs, and for how many days, 1 to 1830"
            ) from None
        made.append(walls.make_wall(wanted, caller, visitor.office))
        return "/walls"

    try:
        led = await once(form, lambda: run_in_threadpool(make))
    except ConfigurationError as error:
        typed = {name: form[name] for name in form.fields}
        return await run_in_threadpool(_page, visitor, None, typed, str(error))
    return await run_in_threadpool(_page, visitor, made[0]) if made else led


@router.post("/walls/revoke")
async def take_down(form: Sent) -> Response:
    """Have a screen show nothing any more."""
    caller = callers.require(form.visitor.caller, "wall")
    try:
        number = read_count(form["wall"], 2**53)
    except ValueError:
        raise NotThere("there is no such screen") from None
    await run_in_threadpool(walls.revoke_wall, number, caller, form.visitor.office)
    return see("/walls")


def before(request: Request, here: Here) -> tuple[Visitor, WallRow]:
    """Return who stands before a screen: nobody who may do anything (`NotThere`: it shows nothing)."""
    found = _shows(here, request.cookies.get(COOKIE, ""))
    if found is None:
        raise NotThere(NOTHING)
    nobody = Caller(_named(found), frozenset(), None)
    return Visitor(request, nobody, words(cast("Language", found.language)), here), found


Before = Annotated[tuple[Visitor, "WallRow"], Depends(before)]


@router.get(PATH)
def show(screen: Before) -> Response:
    """Return what a screen shows."""
    visitor, wall = screen
    page = visitor.page("wall.html", wall=wall, parts=_parts(visitor, wall), now=visitor.office.clock.now())
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


@router.get(f"{PATH}/news")
def news(request: Request, here: Here) -> Response:
    """Return what changes of it; where it shows nothing any more, that."""
    return shared_stream_of(request, _shown_to(request, here), lambda: None)


async def _shown_to(request: Request, here: Office) -> AsyncGenerator[Look]:
    """Yield what a screen shows, made once for all that show the same; nothing, at last, where it may not."""
    try:
        visitor, wall = await run_in_threadpool(before, request, here)
        listed = ListedRuns(all_=True)
        looks = partial(looks_asking, here, listed.shows, partial(listed.ask, here.watching, "wall"))
        board = ("wall", wall.language, wall.full)
        telling = Telling(lambda: _parts(visitor, wall, listed))
        async with aclosing(here.boards.looks(board, looks, telling)) as made:
            async for told in made:
                # each time: one taken down is dark at once
                await here.boards.make(partial(before, request, here))
                yield told
    except NotThere as error:
        yield Look(0, {"wall": ""})
        raise NotLoggedIn(str(error)) from None


@router.get(f"{PATH}/{{secret}}")
def open_wall(secret: str, request: Request, here: Here) -> Response:
    """Have the browser that opens a screen's address be that screen."""
    host = request.client.host if request.client else "unknown"
    here.sparing.admit(host, here.clock.now())
    found = _shows(here, secret)
    if found is None:
        raise NotThere(NOTHING)
    here.store.note(_named(found), "wall opened", {"wall": found.id, "host": host})
    response = see(PATH)
    # Not "strict": the code is opened by another program, and what it leads to changes nothing.
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(found.expires - here.clock.now()),
        path=PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


def _page(
    visitor: Visitor, made: NewWall | None = None, typed: Mapping[str, str] | None = None, refused: str = ""
) -> Response:
    """Return the screens, the form for another, and the address of one that was just made.

    Args:
        visitor: who looks.
        made: the screen that was just made.
        typed: field → what stands in the form; what is usual, if not given.
        refused: why none was made.
    """
    address = "" if made is None else f"{visitor.base}{made.address}"
    usual = {"shown_in": visitor.words.language, "days": str(WallWanted.model_fields["days"].default)}
    page = visitor.page(
        "walls.html",
        rows=visitor.office.store.walls.list(SHOWN),
        now=visitor.office.clock.now(),
        made=made,
        address_made=address,
        code=qr_code(address) if address else "",
        said=usual if typed is None else typed,
        refused=visitor.words.refusal(refused) if refused else None,
    )
    page.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return page


def _shows(here: Office, secret: str) -> WallRow | None:
    """Return the screen that has a secret; None where none shows anything by it."""
    return here.store.walls.of(secret, here.clock.now()) if SECRET.fullmatch(secret) else None


def _named(wall: WallRow) -> str:
    """Return what a screen is called in the audit log: no user's name, whatever its place is called."""
    return f"wall {wall.id}"


def _parts(visitor: Visitor, wall: WallRow, listed: ListedRuns | None = None) -> Mapping[str, str]:
    """Return what a screen shows, and note under `listed` which runs have a card."""
    wanting = visitor.office.store.pages.wanting(account=None)
    cards = on_now(visitor, wanting)
    if listed is not None:
        listed.note(cards)
    return {
        "wall": visitor.part(
            "wall_parts.html",
            wall=wall,
            abnormal=abnormal(visitor.office, wanting),
            cards=cards,
        )
    }
