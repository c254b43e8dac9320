"""The page that says why something was refused: a whole one, with whatever menu its reader has."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from remotecal.errors import RemotecalError
from remotecal.pages.frame import HEADERS, came_from, common, environment, see
from remotecal.pages.words import words_for
from remotecal.web.callers import COOKIE, SAFE
from remotecal.web.office import office_of
from remotecal.web.pages.frame import TEMPLATES, TYPED, VISITOR, Visitor, looking_on

if TYPE_CHECKING:
    from starlette.requests import Request


async def refusal(request: Request, status: int, detail: str) -> Response:
    """Return a page that says why something was refused; who is not logged in is led to where one does."""
    if status == HTTPStatus.UNAUTHORIZED and request.method in SAFE:
        here = f"{request.url.path}?{request.url.query}".rstrip("?")
        return see(f"/login?next={quote(here)}")
    words = words_for(request)
    said, language = words.refusal(detail)
    visitor = await _visitor(request, status)
    name = office_of(request).settings.name(words.language)
    content = visitor.frame() if visitor is not None else common(request, words) | {"laboratory": name}
    content |= {"status": int(status), "detail": said, "said_in": language}
    content |= {"back": came_from(request), "typed": request.scope.get(TYPED, [])}
    if request.method not in SAFE:
        content["whole"] = content["back"] or "/"  # where a form was sent to there may be no page
    page = environment(TEMPLATES).get_template("refusal.html").render(**content)
    return HTMLResponse(page, status, HEADERS)


async def _visitor(request: Request, status: int) -> Visitor | None:
    """Return who was refused: also where that came before anybody asked who it is; None if nobody knows.

    A hub that can't answer isn't asked once more.
    """
    known: Visitor | None = request.scope.get(VISITOR)
    if known is None and status < HTTPStatus.INTERNAL_SERVER_ERROR and request.cookies.get(COOKIE):
        with suppress(RemotecalError):
            known = await run_in_threadpool(looking_on, request, office_of(request))
    return known


def for_people(path: str) -> bool:
    """Tell whether an address is one of the pages, whose refusals people read."""
    return not path.startswith(("/api/", "/health", "/metrics"))
