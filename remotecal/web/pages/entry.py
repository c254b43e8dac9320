"""Coming in and going out, and the language of the pages."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from remotecal.errors import NotLoggedIn, TooOften
from remotecal.pages.frame import MOST_FIELDS, local, refuse_foreign, see, text_in
from remotecal.pages.words import keep_language
from remotecal.web import sessions
from remotecal.web.bodies import Login
from remotecal.web.ceremonies import answer_in
from remotecal.web.office import Here
from remotecal.web.pages.frame import Sent, entrance
from remotecal.web.problems import note_refusal, status_of
from remotecal.web.proving import WRONG

if TYPE_CHECKING:
    from starlette.datastructures import FormData

router = APIRouter(include_in_schema=False)

LONGEST_NAME: Final = 63
"""Characters of a user's name, as the log-in form takes them."""


@router.get("/login")
def show_entrance(request: Request) -> Response:
    """Return the page on which one logs in."""
    return entrance(request)


@router.post("/login")
async def log_in(request: Request, here: Here) -> Response:
    """Log in by name and password, and go where one wanted to."""
    fields = await _own_form(request)
    wanted, name = text_in(fields, "next"), text_in(fields, "name")
    response = see(local(wanted))
    again = partial(entrance, request, next_=wanted, name=name[:LONGEST_NAME])
    try:
        login = Login(name=name, password=text_in(fields, "password"))
        await sessions.open_session(here, login, request, response)
    except ValidationError:
        return again(status_of(NotLoggedIn("")), WRONG)
    except (NotLoggedIn, TooOften) as error:
        await note_refusal(request, error)
        return again(status_of(error), str(error))
    return response


@router.post("/login/passkey")
async def log_in_by_passkey(request: Request, here: Here) -> Response:
    """Log in by what a passkey answered, and go where one wanted to."""
    fields = await _own_form(request)
    response = see(local(text_in(fields, "next")))
    try:
        answer = answer_in(text_in(fields, "passkey"))
        await sessions.open_session_by_passkey(here, answer, request, response)
    except (NotLoggedIn, TooOften) as error:
        await note_refusal(request, error)
        return entrance(request, status_of(error), str(error), next_=text_in(fields, "next"))
    return response


@router.post("/logout")
async def log_out(form: Sent, here: Here) -> Response:
    """Log out."""
    response = see("/login")
    await run_in_threadpool(sessions.close_session, here, form.visitor.caller, response)
    return response


@router.post("/language")
async def choose_language(request: Request) -> Response:
    """Keep in the browser in which language its pages are to be.

    From a page that shows a form again, the form goes back to where it was sent to: that shows it once more,
    in the other language, and does nothing (`SentForm.resent`).
    """
    fields = await _own_form(request)
    where = local(text_in(fields, "next"))
    response = RedirectResponse(where, HTTPStatus.TEMPORARY_REDIRECT) if "resent" in fields else see(where)
    keep_language(response, text_in(fields, "language"), secure=request.url.scheme == "https")
    return response


async def _own_form(request: Request) -> FormData:
    """Return a form that nobody need be logged in for (`NotAllowed`: another site's page sent it)."""
    refuse_foreign(request)
    return await request.form(max_files=0, max_fields=MOST_FIELDS)
