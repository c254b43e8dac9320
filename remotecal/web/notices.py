"""Notices of what falls due, and of certificates, to whoever asks; and how they are told besides."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from remotecal.clock import civil_day
from remotecal.errors import NotNow, NotThere
from remotecal.hub.due import PASSED
from remotecal.store.notices import CERTIFICATE, NoticeWanted
from remotecal.web import visible
from remotecal.web.answers import Limit
from remotecal.web.bodies import MailWritten
from remotecal.web.callers import Ordering, Reader
from remotecal.web.customer_bodies import CertificateTold
from remotecal.web.office import Here
from remotecal.web.shown_items import CertificateToldTo, NoticeShown

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


@router.post("/certificates", status_code=HTTPStatus.CREATED)
def tell_of_certificate(written: CertificateTold, caller: Ordering, here: Here) -> CertificateToldTo:
    """Tell the people of a certificate's customer something about it, as a notice, and by mail as others.

    404: no certificate was issued with the number. 409: it is no customer's; or nobody there can log in; or
    they were told the same today.
    """
    signed = here.store.signings.numbered(written.number)
    if signed is None:
        raise NotThere(f"no certificate was issued with the number {written.number}")
    account = visible.run(here, caller, signed.station, signed.run).account
    if account is None:
        raise NotNow(f"certificate {written.number} is no customer's: give its order to their account first")
    told = [user.name for user in here.store.users.list() if user.enabled and user.account == account]
    if not told:
        raise NotNow(f"nobody can log in for the account {account}: add a user of it first")
    now = here.clock.now()
    day = civil_day(now, here.laboratory.folder.time_zone).isoformat()
    what = f"{written.number}: {written.text}"
    wanted = [NoticeWanted(CERTIFICATE, written.number, what, account, name, day, PASSED) for name in told]
    with here.store.transaction():
        today = [row for row in here.store.notices.of(CERTIFICATE, written.number) if row.due == day]
        before = {row.to for row in today}
        otherwise = sorted(row.to for row in today if row.what != what)
        told = [name for name in told if name not in before]
        if not here.store.notices.make(wanted, now):
            raise NotNow(f"they were told of certificate {written.number} today already: tell them tomorrow")
        noted: dict[str, str | int | float | None] = {"certificate": written.number, "account": account}
        noted |= {"text": written.text, "to": " ".join(told)}
        if otherwise:
            noted["told another text"] = " ".join(otherwise)
        here.store.note(caller.name, "certificate told", noted)
    return CertificateToldTo(number=written.number, account=account, users=tuple(told))


@router.put("/mail")
def set_mail(written: MailWritten, caller: Reader, here: Here) -> MailWritten:
    """Say to which address whoever asks is told by mail, where the hub sends mail; an empty one for none."""
    with here.store.transaction():
        here.store.notices.set_mail(caller.name, written.mail)
        here.store.note(caller.name, "mail address", {"mail": written.mail})
    return written
