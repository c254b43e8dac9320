"""The audit log: what was done, by whom and when, and what was refused."""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from remotecal.hub.chain import check_chain, last_check
from remotecal.web.answers import NEXT, Limit, page
from remotecal.web.callers import Auditing
from remotecal.web.days import Day, begin_of, end_of
from remotecal.web.office import Here
from remotecal.web.shown import AuditShown, ChainShown

if TYPE_CHECKING:
    from datetime import date

    from remotecal.store.audit_log import AuditRow
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office
    from remotecal.web.shown import ChainState

router = APIRouter(tags=["laboratory"])

WORDS = r"^[^\x00-\x1f\x7f]{0,100}$"
BeforeEntry = Annotated[int | None, Query(ge=0, le=2**62, description="`id` of the last of the page before.")]
"""Where a page begins."""


class AskedOfAudit(NamedTuple):
    """Which entries of the audit log are asked for."""

    what: str
    """Only those of this kind; "" for all."""
    who: str
    """Only what this one did; "" for all."""
    since: date | None
    """Only from this day on."""
    until: date | None
    """Only to this day, and on it."""
    refused: bool
    """Only what was refused."""

    def found(self, office: Office, *, before: int | None, limit: int) -> tuple[AuditRow, ...]:
        """Return the entries, the latest first."""
        return office.store.noted(
            what=self.what or None,
            who=self.who or None,
            since=begin_of(office, self.since),
            until=end_of(office, self.until),
            refused=self.refused,
            before=before,
            limit=limit,
        )


def asked_of_audit(
    what: Annotated[str, Query(pattern=WORDS, description="Only entries of this kind.")] = "",
    who: Annotated[str, Query(pattern=WORDS, description="Only what this one did.")] = "",
    since: Day = None,
    until: Day = None,
    refused: Annotated[bool, Query(description="Only what was refused.")] = False,  # noqa: FBT002  a query's
) -> AskedOfAudit:
    """Return which entries somebody asks for."""
    return AskedOfAudit(what, who, since, until, refused)


Wanted = Annotated[AskedOfAudit, Depends(asked_of_audit)]
"""Which entries of the audit log somebody asks for, for a handler."""


WAITS_FOR_CHECK: Final = 2.0
"""Seconds that whoever has the log looked through waits for what is found; then they look again."""

log = logging.getLogger(__name__)


async def begin_check(here: Office, caller: Caller) -> None:
    """Have all of the audit log looked through, unless that is being done; wait a moment for it."""
    if not being_checked(here):
        here.checking = asyncio.create_task(_check(here, caller.name))
    if here.checking is not None:
        await asyncio.wait({here.checking}, timeout=WAITS_FOR_CHECK)


def being_checked(here: Office) -> bool:
    """Tell whether the audit log is being looked through for somebody."""
    return here.checking is not None and not here.checking.done()


async def _check(here: Office, by: str) -> None:
    try:
        await run_in_threadpool(check_chain, here.store, by)
    except Exception:  # whatever was done to the log, who asked is answered, and may ask anew
        log.exception("whether the audit log is whole can't be told")


def said_in(row: AuditRow) -> dict[str, object]:
    """Return the details of an entry, each by its name; of one that was tampered with, what stands there."""
    try:
        said = json.loads(row.data)
    except (RecursionError, TypeError, ValueError):
        said = None
    return said if isinstance(said, dict) else {"unreadable": str(row.data)}


def chain_of(here: Office) -> ChainShown:
    """Return whether the audit log is whole, as far as that was looked at."""
    found, checking = last_check(here.store), being_checked(here)
    if found is None:
        return ChainShown(state="unchecked", checking=checking)
    state: ChainState = "whole" if found.broken is None else "broken"
    return ChainShown.model_validate({"state": state, "checking": checking, **found._asdict()})


@router.get("/audit/chain")
def read_chain(_: Auditing, here: Here) -> ChainShown:
    """Tell whether the audit log is whole, as the last look through all of it found."""
    return chain_of(here)


@router.post("/audit/chain", status_code=HTTPStatus.ACCEPTED)
async def check_audit_log(caller: Auditing, here: Here) -> ChainShown:
    """Have all of the audit log looked through; `checking` says that this is still being done."""
    await begin_check(here, caller)
    return await run_in_threadpool(chain_of, here)


@router.get("/audit", responses={200: {"headers": NEXT}})
def read_audit_log(
    _: Auditing,
    here: Here,
    request: Request,
    response: Response,
    wanted: Wanted,
    before: BeforeEntry = None,
    limit: Limit = 100,
) -> list[AuditShown]:
    """List what was done, and what was refused, the latest first; days are the laboratory's."""
    found = wanted.found(here, before=before, limit=limit + 1)
    rows = page(request, response, found, limit, lambda row: str(row.id))
    return [
        AuditShown.model_validate(
            {"id": row.id, "at": row.at, "who": row.who, "what": row.what, "data": said_in(row)}
        )
        for row in rows
    ]
