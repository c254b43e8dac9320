"""The stations: which are connected and how each stands; who lets one enrol, reads a value, shuts one out."""

from __future__ import annotations

import re
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from fastapi import APIRouter, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.certificates.pdf.qr import qr_code
from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError, NotNow, NotThere, TransportError
from remotecal.hub.due import not_renewed
from remotecal.hub.ordering import announced, readable
from remotecal.hub.standing import standing
from remotecal.pages.amounts import Amount, amount_of
from remotecal.pages.frame import see
from remotecal.store.pages import ABNORMAL
from remotecal.web import callers, register
from remotecal.web.bodies import STATION, StationName
from remotecal.web.pages.frame import Sent, Visiting, Visitor
from remotecal.web.pages.standards import ending
from remotecal.web.pages.weighty import asked_again, once
from remotecal.web.problems import status_of
from remotecal.web.station_bodies import ReadingWanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.hub.standing import StationStanding
    from remotecal.store.out_of_service import OutOfServiceRow
    from remotecal.store.stations import StationRow
    from remotecal.transport.messages import BenchAnnounced, HeldUntil
    from remotecal.web.callers import Action, Caller
    from remotecal.web.pages.standards import Ending
    from remotecal.web.station_bodies import NewCode, ReadingShown

router = APIRouter(include_in_schema=False)

FAULTS_SHOWN: Final = 20
"""Of a station's runs that were not as they should be."""
WAITING_SHOWN: Final = 20
"""Orders that wait for a station, where it is to be shut out."""
NAMED: Final = re.compile(STATION)


class StationListed(NamedTuple):
    """A station, and how it stands."""

    row: StationRow
    how: StationStanding
    benches: Mapping[str, BenchAnnounced]
    """By name."""
    until: str
    """Last day of its certificate; "" where it has none."""
    ending: Ending
    off: Amount | None
    """By how much its clock is wrong; None where it is not, or did not tell."""


class ThereOnBench(NamedTuple):
    """What stands on a bench, or is relied on there."""

    name: str
    driver: str
    """"" of what has no interface."""
    holds: tuple[tuple[HeldUntil, Ending], ...]
    """What of it may be relied on until a day."""
    readable: tuple[str, ...] | None
    """What can be read; None where only the station knows."""
    out: OutOfServiceRow | None
    """How it is out of service; None where it is not."""


@router.get("/stations")
def list_stations(visitor: Visiting) -> Response:
    """Return the stations, by name, and for whom it concerns the form to let another one enrol."""
    _ours(visitor)
    return _list(visitor)


@router.post("/stations")
async def invite(form: Sent) -> Response:
    """Let a station enrol, and show its code this once."""
    visitor, caller = form.visitor, _who_may(form.visitor, "invite")
    if asking := await asked_again(form):
        return asking
    made: list[NewCode] = []

    def make() -> str:
        name = form["station"].strip()
        if not NAMED.fullmatch(name):
            raise ConfigurationError(
                "a station's name has small letters, digits and hyphens in it, 63 at most, such as site-7"
            )
        known = visitor.office.store.stations.find(name)
        if known is not None and known.enabled and not form["anew"]:
            raise ConfigurationError(
                f"{name} is enrolled, and another one by its name would shut it out: if it is to enrol anew, "
                "invite it on its own page"
            )
        made.append(register.invite_station(name, caller, visitor.office))
        return "/stations"

    try:
        led = await once(form, lambda: run_in_threadpool(make))
    except ConfigurationError as error:
        return await run_in_threadpool(_list, visitor, None, form["station"], str(error))
    return await run_in_threadpool(_list, visitor, made[0]) if made else led


@router.get("/stations/{station}")
def show_station(station: StationName, visitor: Visiting) -> Response:
    """Return one station."""
    _ours(visitor)
    return _one(visitor, station)


@router.post("/stations/{station}/read")
async def read_value(station: StationName, form: Sent) -> Response:
    """Read one quantity at a station, and show what came of it on its page."""
    visitor, caller = form.visitor, _who_may(form.visitor, "command")
    form.only_shown()
    what = f"{form['instrument']}.{form['quantity'].strip()}"
    try:
        wanted = ReadingWanted.model_validate({"what": what})
        came = await register.read_value(station, wanted, caller, visitor.office)
    except ValidationError:
        raise ConfigurationError("say in a line what is to be read") from None
    except (NotNow, TransportError, ConfigurationError) as error:
        page = await run_in_threadpool(_one, visitor, station, refused=(what, str(error)))
        page.status_code = status_of(error)
        return page
    return await run_in_threadpool(_one, visitor, station, came=came)


@router.post("/stations/{station}/revoke")
async def revoke(station: StationName, form: Sent) -> Response:
    """Shut a station out, and go back to its page; first tell which orders wait for it, and ask."""
    visitor, caller = form.visitor, _who_may(form.visitor, "revoke")
    if not form["sure"]:
        return await run_in_threadpool(_ask_whether, visitor, station)
    if asking := await asked_again(form):
        return asking
    form.only_shown()
    await register.revoke_station(station, caller, visitor.office)
    return see(f"/stations/{station}")


@router.post("/stations/{station}/withdraw")
async def withdraw_invitation(station: StationName, form: Sent) -> Response:
    """Let a station enrol no more by a code that was made for it, and go back to the list."""
    visitor, caller = form.visitor, _who_may(form.visitor, "invite")
    if asking := await asked_again(form):
        return asking
    form.only_shown()
    await run_in_threadpool(register.withdraw_invitation, station, caller, visitor.office)
    return see("/stations")


def _ask_whether(visitor: Visitor, station: str) -> Response:
    """Return the page that asks whether a station is to be shut out."""
    office = visitor.office
    register.find_station(office, station)
    waiting = office.store.pages.placed(WAITING_SHOWN + 1, office.clock.now(), station=station, stage="waits")
    return visitor.page(
        "station_out.html",
        station=station,
        waiting=waiting[:WAITING_SHOWN],
        more=len(waiting) > WAITING_SHOWN,
        whole=f"/stations/{station}",
    )


def _ours(visitor: Visitor) -> None:
    """Raise `NotThere` where a customer asks: for them there are no stations."""
    if visitor.caller.account is not None:
        raise NotThere(HTTPStatus.NOT_FOUND.phrase)


def _who_may(visitor: Visitor, action: Action) -> Caller:
    _ours(visitor)
    return callers.require(visitor.caller, action)


def _list(visitor: Visitor, made: NewCode | None = None, typed: str = "", refused: str = "") -> Response:
    """Return the stations, the form for another, and the code of one that was just invited.

    Args:
        visitor: who looks.
        made: the code that was just made.
        typed: what stands in the form.
        refused: why none was made.
    """
    store = visitor.office.store
    wanting = store.pages.wanting()
    wanted = {(row.station, row.run) for kind in ABNORMAL for row in wanting[kind]}
    page = visitor.page(
        "stations.html",
        rows=[_listed(visitor, row) for row in store.stations.list()],
        faults=Counter(station for station, _ in wanted),
        invited=store.stations.invited(visitor.office.clock.now()) if visitor.may("invite") else (),
        made=made,
        code=qr_code(made.command) if made else "",
        typed=typed,
        refused=visitor.words.refusal(refused) if refused else None,
    )
    page.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return page


def _one(
    visitor: Visitor,
    station: str,
    *,
    came: ReadingShown | None = None,
    refused: tuple[str, str] | None = None,
) -> Response:
    """Return a station's page.

    Args:
        visitor: who looks.
        station: its name.
        came: what was just read there.
        refused: what was to be read just now, and why it was not.
    """
    listed = _listed(visitor, register.find_station(visitor.office, station))
    return visitor.page(
        "station.html",
        one=listed,
        benches={bench.name: _placed(visitor, bench) for bench in listed.benches.values()},
        faults=visitor.office.store.pages.faults(station, FAULTS_SHOWN),
        came=came,
        what="" if refused is None else refused[0],
        refused=None if refused is None else visitor.words.refusal(refused[1]),
        whole=f"/stations/{station}",  # where a form was sent to there may be no page
    )


def _listed(visitor: Visitor, row: StationRow) -> StationListed:
    office = visitor.office
    how = standing(row, office.clock.now())
    off = amount_of(abs(how.ahead or 0.0)) if how.clock_wrong else None
    if not row.certificate:
        return StationListed(row, how, announced(row), "", "", off)
    until = civil_day(row.certificate_until, office.laboratory.folder.time_zone).isoformat()
    return StationListed(row, how, announced(row), until, _ending(visitor, row), off)


def _ending(visitor: Visitor, row: StationRow) -> Ending:
    """Tell how a station's certificate stands, which it renews by itself; "ending" if it did not in time."""
    now = visitor.office.clock.now()
    if row.certificate_until < now:
        return "ended"
    return "ending" if not_renewed(row, visitor.office.laboratory.folder, now) else "holds"


def _placed(visitor: Visitor, bench: BenchAnnounced) -> list[ThereOnBench]:
    """Return what stands on a bench: instruments, what has no interface, and what else is relied on there."""
    told = readable(bench)
    out = {one.name: one.row for one in visitor.office.out().on(bench)}
    others = dict.fromkeys((*bench.artefacts, *(one.name for one in bench.holds), *out))
    names = (*bench.instruments, *(name for name in others if name not in bench.instruments))
    return [
        ThereOnBench(
            name,
            bench.instruments.get(name, ""),
            tuple(
                (one, ending(visitor, one.valid_until.isoformat())) for one in bench.holds if one.name == name
            ),
            told.get(name, ()),
            out.get(name),
        )
        for name in names
    ]
