"""Runs: those that are on, all there were, and one of them with what came of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, Self

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.errors import ConfigurationError, NotThere
from remotecal.model import Record
from remotecal.model.flat import flatten
from remotecal.pages.frame import see
from remotecal.pages.typed import check_typed
from remotecal.store.pages import ON as ALL_ON
from remotecal.web import callers, certificates, runs, visible
from remotecal.web.bodies import STATION, Acknowledged, CommandWanted, RunName, StationName
from remotecal.web.pages.frame import Sent, Visiting, Visitor
from remotecal.web.pages.news import LookingOn, shared_stream, stream
from remotecal.web.pages.pictures import is_picture
from remotecal.web.pages.told import Divided
from remotecal.web.pages.tripped import before_trip
from remotecal.web.remarks import returned
from remotecal.web.runs import BeforeRun
from remotecal.web.watching import DRAWN, DRAWN_OF_MANY, FEW, ON, WAITING, turned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remotecal.model.flat import FlatColumn
    from remotecal.store.journals import RunRow
    from remotecal.store.orders import OrderRow
    from remotecal.store.whole import WholeRun
    from remotecal.transport.messages import Live
    from remotecal.web.pages.told import Parts
    from remotecal.web.shown import FileShown
    from remotecal.web.watching import Seen, Watching

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 50
"""Runs in a list."""
RUN = "/runs/{station}/{run}"
CONSOLE: Final = "console"
"""In whose name stations are asked for what several look at."""


@router.get("/runs")
def list_runs(
    visitor: Visiting,
    station: Annotated[str, Query(pattern=f"{STATION}|^$")] = "",
    state: Annotated[str, Query(pattern="^[a-z_]{0,20}$")] = "",
    before: BeforeRun = None,
) -> Response:
    """Return the list of runs, the latest begun first; a field that is left empty asks for nothing."""
    last = None if before is None else (before.partition("/")[0], before.partition("/")[2])
    rows = visitor.office.store.pages.runs(
        ON_A_PAGE + 1,
        before=last,
        account=visitor.caller.account,
        station=station or None,
        state=state or None,
    )
    further = f"{rows[ON_A_PAGE - 1].station}/{rows[ON_A_PAGE - 1].run}" if len(rows) > ON_A_PAGE else None
    return visitor.page(
        "runs.html",
        rows=rows[:ON_A_PAGE],
        further=further,
        station=station,
        state=state,
        returned=returned(visitor.office, visitor.caller),
    )


@router.get("/live")
def live(visitor: Visiting) -> Response:
    """Return the runs that are on."""
    cards = _all_on(visitor, _cards(visitor), acts=visitor.may("command"))
    return visitor.page("live.html", live=cards.whole)


@router.get("/live/news")
def live_news(visitor: LookingOn) -> Response:
    """Return what changes of them: nothing of it is the visitor's own, so all who see the same share it.

    Buttons on cards belong to a form that stands on the page and has the visitor's token.
    """
    account = visitor.caller.account
    anybody = replace(visitor, caller=callers.Caller("", frozenset(), account))
    listed, acts = ListedRuns(all_=account is None), visitor.may("command")

    def parts() -> Parts:
        cards = _cards(anybody)
        listed.note(cards)
        return {"live": _all_on(anybody, cards, acts=acts, between=visitor.office.boards.give_way)}

    async def ask() -> None:
        if not listed.known:  # once for all who share it
            listed.note(await run_in_threadpool(_cards, anybody))
        await listed.ask(visitor.office.watching, CONSOLE)

    return shared_stream(
        visitor, parts, listed.shows, board=("live", account, visitor.words.language, acts), ask=ask
    )


class ListedRuns:
    """The runs in a list of those that are on, as it was made last."""

    def __init__(self, *, all_: bool) -> None:
        """Begin with none; `all_`: whether runs that begin belong into it, whosever they are."""
        self._all, self._states, self.known = all_, dict[tuple[str, str], str](), False

    def note(self, cards: Sequence[tuple[RunRow, Seen | None]]) -> None:
        """Keep in mind which they are now."""
        self._states, self.known = {(row.station, row.run): row.state for row, _ in cards}, True

    def shows(self, station: str, live: Live, before: Live | None) -> bool:
        """Tell whether news change the list; their values do, while they are few."""
        ours = (station, live.run) in self._states
        return (ours and len(self._states) <= FEW) or ((ours or self._all) and turned(live, before))

    async def ask(self, watching: Watching, by: str) -> None:
        """Ask after those that wait for somebody, see `Watching.ask_waiting`."""
        await watching.ask_waiting([of for of, state in self._states.items() if state in WAITING], by)


@router.get(RUN)
def show_run(station: StationName, run: RunName, visitor: Visiting) -> Response:
    """Return a run: where it is, what it is about, its results, its certificates."""
    whole = visible.whole(visitor.office, visitor.caller, station, run)
    row, record = whole.row, record_of(visitor, whole)
    used, items, order = visitor.office.store.about.all_of_run(station, run)
    return visitor.page(
        "run.html",
        row=row,
        order=None if order is None else OrderTold.of(visitor, order),
        parts=_one(visitor, row),
        on=row.state in ON,
        items=[item._replace(name=_said(visitor, item.name)) for item in items],
        equipment=used if visitor.caller.account is None else (),
        evidence=_sees_evidence(visitor, whole),
        before=before_trip(visitor.office.store, row) if _sees_evidence(visitor, whole) else [],
        results=[] if record is None else results_of(visitor, record),
        files=_files(visitor, whole),
        drawn=is_picture,
        certificates=_certificates(visitor, whole),
    )


@router.get(RUN + "/news")
def run_news(station: StationName, run: RunName, visitor: LookingOn) -> Response:
    """Return what changes of a run."""
    visible.run(visitor.office, visitor.caller, station, run)
    return stream(
        visitor,
        lambda: _one(visitor, visible.run(visitor.office, visitor.caller, station, run)),
        lambda of, live, _: (of, live.run) == (station, run),
        lambda: visitor.office.watching.ask(station, run, visitor.caller.name),
    )


@router.post(RUN + "/commands")
async def command(station: StationName, run: RunName, form: Sent) -> Response:
    """Have the station do something with a run, and go back to it."""
    caller = callers.require(form.visitor.caller, "command")
    try:
        wanted = CommandWanted.model_validate(
            {"verb": form["verb"], "argument": form["argument"], "prompt": form["prompt"] or 0}
        )
    except ValidationError:
        raise ConfigurationError("a command is told in a line of 500 characters at most") from None
    if wanted.verb == "abort" and not wanted.argument:
        raise ConfigurationError("say why the run is to be aborted")
    _check_number(form.visitor, station, run, wanted)
    await runs.command_run(station, run, wanted, caller, form.visitor.office)
    return see("/live" if form["back"] == "live" else f"/runs/{station}/{run}")


@router.post(RUN + "/acknowledge")
async def acknowledge(station: StationName, run: RunName, form: Sent) -> Response:
    """Keep that somebody has seen to a run, and go back to Today."""
    caller = callers.require(form.visitor.caller, "command")
    try:
        seen = Acknowledged.model_validate({"lines": form["lines"]})
    except ValidationError:
        raise ConfigurationError("say by the number of lines what you have seen to") from None
    await run_in_threadpool(runs.acknowledge_run, station, run, seen, caller, form.visitor.office)
    return see("/")


def _check_number(visitor: Visitor, station: str, run: str, wanted: CommandWanted) -> None:
    """Refuse a number that is not as the indicator shows it (`ConfigurationError`), as the station does."""
    seen = visitor.office.watching.of(station, run)
    asked = wanted.verb == "answer" and seen is not None and seen.live.prompt == wanted.prompt
    if asked and seen is not None and seen.live.kind == "number":
        check_typed(wanted.argument, seen.live.guide)


class OrderTold(NamedTuple):
    """What a run is for, as its order says it."""

    id: str
    number: str
    procedure: str
    """What it is called; "" where that is not known, as with the rest."""
    device: str
    """With its number, and how many there are beside it."""
    customer: str

    @classmethod
    def of(cls, visitor: Visitor, row: OrderRow) -> Self:
        """Return it for an order."""
        device, customer = (_said(visitor, text) if text else "" for text in (row.device, row.customer))
        beside = f"+ {row.devices - 1}" if row.devices is not None and row.devices > 1 else ""
        told = " ".join(filter(None, (device, row.serial, beside)))
        return cls(row.id, row.number, visitor.procedure(row.procedure or ""), told, customer)


class StatedTable(NamedTuple):
    """A table of results as a page shows it."""

    place: str
    """Of which measurement, result and table, for addresses: `0/0/0`."""
    title: str
    """What it is."""
    columns: tuple[FlatColumn, ...]
    rows: int


class Issued(NamedTuple):
    """A certificate, as far as it has come."""

    device: str
    """Whose, where each device has its own."""
    state: str
    """What it was signed for last; `draft` for nothing yet."""
    number: str
    """What it has, or will have."""
    edition: int
    """How often it was amended before."""
    replaced: str
    """Number of the issued one that takes its place; "" while there is none."""


def record_of(visitor: Visitor, whole: WholeRun) -> Record | None:
    """Return a run's record, where there is one and the visitor may see it."""
    if whole.record is None or not _sees_evidence(visitor, whole):
        return None
    return Record.from_json(whole.record.record)


def _sees_evidence(visitor: Visitor, whole: WholeRun) -> bool:
    try:
        runs.see_evidence_of(visitor.office, visitor.caller, whole)
    except NotThere:
        return False
    return True


def results_of(visitor: Visitor, record: Record) -> list[StatedTable]:
    """Return the tables of a record as a page shows them."""
    language = visitor.words.language
    return [
        StatedTable(
            f"{m}/{r}/{t}",
            " – ".join(
                dict.fromkeys(
                    name.get(language)
                    for name in (measurement.name, result.name, table.name)
                    if name is not None
                )
            ),
            flatten(table.columns),
            table.rows,
        )
        for m, measurement in enumerate(record.measurements)
        for r, result in enumerate(measurement.results)
        for t, table in enumerate(result.tables)
    ]


def _files(visitor: Visitor, whole: WholeRun) -> list[FileShown]:
    if not _sees_evidence(visitor, whole):
        return []
    return runs.files_of(visitor.office, whole.row.station, whole.row.run)


def _certificates(visitor: Visitor, whole: WholeRun) -> list[Issued]:
    """Return the certificates of a run that the visitor may have, as signed, those that were amended too."""
    row = whole.row
    if not row.record or row.unordered:
        return []
    try:
        numbers = certificates.ordered(visitor.office, row.run)
    except NotThere:
        return []
    _, signed, amended = visitor.office.store.by_run.certified({(row.station, row.run)})
    states = {(one.device, one.edition): one.duty for one in signed}  # the last duty comes last
    following = {
        one.replaces: one.number for one in amended if states.get((one.device, one.edition)) == "issued"
    }
    told = [(device, 0, number) for device, number in numbers.items()]
    told += [(one.device, one.edition, one.number) for one in amended]
    found = [
        Issued(device, states.get((device, edition), "draft"), number, edition, following.get(number, ""))
        for device, edition, number in told
    ]
    return [one for one in found if visitor.caller.account is None or one.state == "issued"]


def _one(visitor: Visitor, row: RunRow) -> Mapping[str, str]:
    """Return the parts of a run's page that change: where it is, and what it asks."""
    seen = visitor.office.watching.of(row.station, row.run)
    content = {"row": row, "seen": seen, "on": row.state in ON, "picture": _picture(visitor, row, seen)}
    return {
        "values": visitor.part("run_values.html", **content),
        "question": visitor.part("run_question.html", **content),
        "acts": visitor.part("run_acts.html", **content),
    }


def _picture(visitor: Visitor, row: RunRow, seen: Seen | None) -> str:
    """Return the SHA-256 of the picture that shows what is asked for; "" for none here, or not for them."""
    wanted = seen.live.picture if seen is not None and seen.live.prompt else ""
    if not wanted or visitor.caller.account is not None:
        return ""
    found = visitor.office.store.files.find(row.station, row.run, wanted)
    return wanted if found is not None and found.complete else ""


def _cards(visitor: Visitor) -> list[tuple[RunRow, Seen | None]]:
    """Return the runs that are on, each with what was heard of it last, and those that were suspended.

    These are not over; they are told until somebody has seen to them.
    """
    wanting = visitor.office.store.pages.wanting(account=visitor.caller.account)
    return on_now(visitor, wanting) + [(row, None) for row in wanting["suspended"]]


def on_now(visitor: Visitor, wanting: Mapping[str, tuple[RunRow, ...]]) -> list[tuple[RunRow, Seen | None]]:
    """Return those of some runs that are on, each with what was heard of it last."""
    watching = visitor.office.watching
    return [(row, watching.of(row.station, row.run)) for kind in ALL_ON for row in wanting[kind]]


def _all_on(
    visitor: Visitor,
    cards: Sequence[tuple[RunRow, Seen | None]],
    *,
    acts: bool,
    between: Callable[[], None] = lambda: None,
) -> Divided:
    """Return the runs that are on: all, and what stands on each one's card, its buttons apart.

    These seldom change, so who goes by keys is not thrown off one. `between` is called between two cards.
    """
    pieces: dict[str, str] = {}
    orders = visitor.office.orders_of([row.run for row, _ in cards])
    told_of = {(one.station, one.id): OrderTold.of(visitor, one) for one in orders}
    drawn, piece = DRAWN if len(cards) <= FEW else DRAWN_OF_MANY, visitor.pieces("live_pieces.html")
    for row, seen in cards:
        between()
        order = told_of.get((row.station, row.run))
        pieces[card_of(row)] = piece("card", row=row, order=order)
        if acts:
            pieces[f"{card_of(row)}.acts"] = piece("acts", row=row, seen=seen)
        pieces[f"{card_of(row)}.values"] = piece("readings", row=row, seen=seen, drawn=drawn)
    told = [(card_of(row), row.run) for row, _ in cards]
    return Divided(visitor.part("live_cards.html", cards=told, pieces=pieces, acts=acts), pieces)


def card_of(row: RunRow) -> str:
    """Return the id of a run's card; no name of a station or a run has a point in it."""
    return f"card.{row.station}.{row.run}"


def _said(visitor: Visitor, text: str) -> str:
    """Return a text by language, that was kept as JSON, in the visitor's."""
    return visitor.words.choose(json.loads(text))
