"""Notices of what falls due, to whoever asks; and by which ways they are told besides."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from remotecal.web.answers import Limit
from remotecal.web.bodies import MailWritten
from remotecal.web.callers import Reader
from remotecal.web.office import Here
from remotecal.web.shown_items import NoticeShown

router = APIRouter(prefix="/notices", tags=["notices"])

NoticeNumber = Annotated[int, Path(ge=1, le=2**53)]


@router.get("")
def list_notices(caller: Reader, here: Here, limit: Limit = 100) -> list[NoticeShown]:
    """List the notices to whoever asks, the latest first."""
    return [NoticeShown.model_validate(row) for row in here.store.notices.to(caller.name, limit)]


@router.post("/{notice}/acknowledge")
def acknowledge_notice(notice: NoticeNumber, caller: Reader, here: Here) -> NoticeShown:
    """Say that a notice was seen, and all of the same thing before it."""
    with here.store.transaction():
        row = here.store.notices.acknowledge(notice, caller.name, here.clock.now())
        noted: dict[str, str | int | float | None] = {"notice": notice, "kind": row.kind, "about": row.about}
        here.store.note(caller.name, "acknowledge", noted | {"due": row.due})
    return NoticeShown.model_validate(row)


@router.put("/mail")
def set_mail(written: MailWritten, caller: Reader, here: Here) -> MailWritten:
    """Say to which address whoever asks is told by mail, where the hub sends mail; an empty one for none."""
    with here.store.transaction():
        here.store.notices.set_mail(caller.name, written.mail)
        here.store.note(caller.name, "mail address", {"mail": written.mail})
    return written
