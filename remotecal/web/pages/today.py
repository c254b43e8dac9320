"""Today: what waits for whoever looks, what is not as it should be, what is on, what was done."""

from __future__ import annotations

import logging
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from fastapi import APIRouter, Response

from remotecal.clock import civil_day, civil_time
from remotecal.errors import ConfigurationError
from remotecal.hub.due import concerns
from remotecal.hub.unanswered import PATIENCE
from remotecal.store.notices import IN_HAND
from remotecal.store.pages import ON
from remotecal.web.certificates import FILED_BY
from remotecal.web.pages.abnormal import abnormal
from remotecal.web.pages.frame import Visiting, Visitor
from remotecal.web.pages.news import LookingOn, still, stream_of
from remotecal.web.pages.standards import ending
from remotecal.web.pages.told import NOTHING, as_event
from remotecal.web.watching import turned

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from remotecal.hub.due import FallingDue
    from remotecal.store.awaiting import Awaiting
    from remotecal.store.issued import IssuedRow
    from remotecal.store.journals import RunRow
    from remotecal.store.notices import NoticeRow
    from remotecal.store.remarks import RemarkRow
    from remotecal.store.requests import RequestRow
    from remotecal.store.unbegun import AwaitsConsent, NotBegun
    from remotecal.web.callers import Action
    from remotecal.web.office import Office
    from remotecal.web.pages.abnormal import Abnormal
    from remotecal.web.pages.standards import Ending
    from remotecal.web.pages.told import News

router = APIRouter(include_in_schema=False)

log = logging.getLogger(__name__)

AHEAD: Final = timedelta(days=30)
"""How far ahead it is told what falls due for others than who looks."""
MOST_DUE: Final = 50
"""How much of what falls due is shown, at most."""
REQUESTS_SHOWN: Final = 20
"""Requests of customers, at most; their own page has more."""


@router.get("/")
def today(visitor: Visiting) -> Response:
    """Return the page a day begins with."""
    return visitor.page("today.html", parts=_parts(visitor))


@router.get("/news")
def news(visitor: LookingOn) -> Response:
    """Return what changes on it."""
    return stream_of(visitor.request, _made_anew(visitor), still(visitor))


class On(NamedTuple):
    """What is told of a run that is on."""

    station: str
    run: str
    state: str
    began: float
    number: int
    """Of the point it is at; 0 while it is not heard at which."""
    points: int
    left: int | None
    """About how many minutes it still takes; None where nothing tells."""


class OfAll(NamedTuple):
    """What the days of all who see the same runs begin with."""

    wanting: Mapping[str, tuple[RunRow, ...]]
    """See `Pages.wanting`."""
    issued: Sequence[IssuedRow]
    """Today's."""
    to_sign: Sequence[tuple[Awaiting, RunRow]]
    """See `Pages.to_sign`; the laboratory's people see it, as what follows."""
    remarks: Sequence[RemarkRow]
    """With which some of these were returned."""
    requests: Sequence[RequestRow]
    """What customers ask for."""
    overdue: Sequence[AwaitsConsent]
    """Orders that wait for consent on site for too long."""
    not_begun: Sequence[NotBegun]
    """Orders that were declined, or whose day or time is over."""
    abnormal: Sequence[Abnormal]
    """See `abnormal`."""
    on: Sequence[On]
    """What is on."""
    drawn: dict[str, tuple[str, News]]
    """Language → what is on, as pages show it and as it is told: made for the first, and the same for all."""

    def drawn_on(self, visitor: Visitor) -> tuple[str, News]:
        """Return what is on, as a page shows it, and the same as it is told."""
        language = visitor.words.language
        if language not in self.drawn:
            shown = visitor.part("today_on.html", on=self.on)
            self.drawn[language] = shown, as_event({"on-now": shown})
        return self.drawn[language]


async def _made_anew(visitor: Visitor) -> AsyncGenerator[News]:
    """Yield what is new on the page: looked up once for all who see the same runs, made where it changed.

    Where nothing has, that is told, and a browser knows that it still hears.
    """
    office, before = visitor.office, dict[str, object]()
    account = visitor.caller.account

    def anew(of_all: OfAll) -> News:
        content, (on, told) = _content(visitor, of_all), of_all.drawn_on(visitor)
        now, same = content | {"on": on}, content | {"on": before.get("on")} == before
        if now == before:
            return NOTHING
        before.update(now)
        if same:  # what is on changes often, the rest of a day seldom
            return told
        return as_event({"today": visitor.part("today_parts.html", **now)})

    looks = partial(office.watching.looks, lambda _, live, was: turned(live, was))
    find = partial(_of_all, office, account, lambda _: True)
    async with aclosing(office.boards.looks(("today", account), looks, find)) as found:
        async for of_all in found:
            yield await office.boards.make(partial(anew, of_all))


def _parts(visitor: Visitor) -> Mapping[str, str]:
    of_all = _of_all(visitor.office, visitor.caller.account, visitor.may)
    on, _ = of_all.drawn_on(visitor)
    return {"today": visitor.part("today_parts.html", **_content(visitor, of_all), on=on)}


def _of_all(office: Office, account: str | None, may: Callable[[Action], bool]) -> OfAll:
    """Return what is looked up once; what nobody may see to, of those it is for, is left out."""
    store = office.store
    midnight = civil_time(office.clock.now(), office.laboratory.folder.time_zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    wanting = store.pages.wanting(account=account)
    to_sign = store.pages.to_sign(wanting) if may("sign") else ()
    since, wrong, on = midnight.timestamp(), abnormal(office, wanting), _on(office, wanting)
    if account is not None:
        issued = store.pages.issued(since, account=account)
        return OfAll(wanting, issued, to_sign, (), (), (), (), wrong, on, {})
    found = store.pages.issued_and_open(since, office.clock.now(), midnight.date().isoformat())
    requests = found.requests[:REQUESTS_SHOWN] if may("order") else ()
    remarks = found.remarks if to_sign else ()
    open_ = requests, found.overdue, found.not_begun
    return OfAll(wanting, found.issued, to_sign, remarks, *open_, wrong, on, {})


def _on(office: Office, wanting: Mapping[str, Sequence[RunRow]]) -> list[On]:
    """Return what is on, and where it is as far as its stations were heard."""
    found: list[On] = []
    for row in (row for kind in ON for row in wanting[kind]):
        seen = office.watching.of(row.station, row.run)
        place = (0, 0, None) if seen is None else (seen.live.number, seen.live.points, seen.left)
        found.append(On(row.station, row.run, row.state, row.began, *place))
    return found


def _content(visitor: Visitor, of_all: OfAll) -> dict[str, object]:
    """Return all that the page follows from: where that is the same, so is the page."""
    office = visitor.office
    unseen = office.store.notices.to(visitor.caller.name, 50, unseen=True)
    return {
        "waiting": _waiting(visitor, of_all),
        "patience": int(PATIENCE // 60),
        "requests": of_all.requests if visitor.may("order") else (),
        "overdue": [one for one in of_all.overdue if _concerns(visitor, one.by)],
        "not_begun": [one for one in of_all.not_begun if _concerns(visitor, one.by)],
        "abnormal": of_all.abnormal,
        "due": _due(visitor),
        "out": () if visitor.caller.account is not None else office.out().rows,
        "day": civil_day(office.clock.now(), office.laboratory.folder.time_zone),
        "days": AHEAD.days,
        "unseen": unseen,
        "unmailed": _unmailed(visitor, unseen),
        "issued": of_all.issued,
    }


def _concerns(visitor: Visitor, by: str) -> bool:
    """Tell whether an order that somebody wrote concerns who looks: who writes orders, or wrote this one."""
    return visitor.may("order") or visitor.caller.name == by


class ToDo(NamedTuple):
    """Something that somebody can do about a run."""

    what: str
    """A question, the duty to sign for, or that it was returned."""
    row: RunRow
    device: str = ""
    """Whose certificate, where each device has its own."""
    number: str = ""
    """Of that certificate."""
    remark: str = ""
    """With which it was returned, and by whom."""
    minutes: int = 0
    """For how long a question has waited, and nobody has done anything about it."""


def _waiting(visitor: Visitor, of_all: OfAll) -> list[ToDo]:
    """Return what this person can do something about: questions, remarks, certificates to be signed."""
    now = visitor.office.clock.now()
    found = [
        ToDo("asking", row, minutes=int(max(now - row.updated, 0.0) // 60))
        for row in of_all.wanting["asking"]
        if visitor.may("command")
    ]
    if not visitor.may("sign"):
        return found
    returned = {
        (one.station, one.run): f"{visitor.person(one.by)}{visitor.words('frame.colon')}{one.text}"
        for one in of_all.remarks
    }
    for duty, role in FILED_BY.items():
        for one, row in of_all.to_sign:
            if one.duty != duty:
                continue
            remark = returned.get((row.station, row.run), "")
            if remark and visitor.may("settle"):
                found.append(ToDo("returned", row, one.device, one.number, remark))
            elif not remark and role in visitor.caller.roles:
                found.append(ToDo(duty, row, one.device, one.number))
    return found


def _due(visitor: Visitor) -> list[tuple[FallingDue, Ending]]:
    """Return what falls due for whoever looks, and what does soon for the laboratory."""
    office, caller = visitor.office, visitor.caller
    today = civil_day(office.clock.now(), office.laboratory.folder.time_zone)
    try:
        found = office.due()
    except ConfigurationError:
        log.exception("what falls due can't be told")
        return []
    mine = [
        one
        for one in found
        if concerns(one, caller, office.laboratory.folder)
        or (caller.account is None and not one.account and one.day <= today + AHEAD)
    ]
    return [(one, ending(visitor, one.day.isoformat())) for one in mine[:MOST_DUE]]


def _unmailed(visitor: Visitor, unseen: Sequence[NoticeRow]) -> Sequence[tuple[str, int]]:
    """Return to which addresses notices can't be mailed: for an administrator all, for others their own."""
    office = visitor.office
    if office.settings.notices.mail is None:
        return ()
    now = office.clock.now()
    if visitor.may("users"):
        return office.store.notices.failing(now, MOST_DUE)
    own = sum(one.sent is None and one.tried is not None and one.tried < now - IN_HAND for one in unseen)
    return ((office.store.notices.way(visitor.caller.name).mail, own),) if own else ()
