"""Review and sign: what waits for whom, and all that is to be known of a certificate before it is signed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NamedTuple

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.certificates.signing.signature import DUTIES
from remotecal.clock import civil_day, civil_time
from remotecal.errors import CertificateRefused, ConfigurationError, EvidenceError, NotThere
from remotecal.hub import amending, issuing, reviewing
from remotecal.hub.run_at import lacking
from remotecal.hub.turns import turn_of
from remotecal.model import Record
from remotecal.pages.frame import see
from remotecal.runs.catalogue import full_name
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import RemoteOrder
from remotecal.verify.said import said
from remotecal.web import callers, certificates, remarks, visible
from remotecal.web.bodies import Device, RemarkAnswered, RemarkWritten, RunName, StationName
from remotecal.web.browser_keys import MOST
from remotecal.web.certificates import FILED_BY
from remotecal.web.office import REVIEW_HOLDS
from remotecal.web.pages.drawn import picture_of
from remotecal.web.pages.frame import Sent, Visiting, Visitor
from remotecal.web.pages.weighty import once
from remotecal.web.remarks import RemarkNumber
from remotecal.web.shown_certificates import certificate_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.certificates.signing.signature import Duty
    from remotecal.hub.reviewing import Reviewed
    from remotecal.hub.run_at import RunAt
    from remotecal.hub.turns import TurnToSign
    from remotecal.store.amendments import AmendmentRow
    from remotecal.store.awaiting import Awaiting
    from remotecal.store.certified import InReview
    from remotecal.store.journals import RunRow
    from remotecal.store.out_of_service import OutOfServiceRow
    from remotecal.store.remarks import RemarkRow
    from remotecal.store.signings import SignedRow
    from remotecal.store.whole import WholeRun
    from remotecal.web.office import Office

router = APIRouter(prefix="/review", include_in_schema=False)

RUN = "/{station}/{run}"
AboutLine = Annotated[int, Query(ge=0, le=2**31 - 1)]
"""Line of the journal that a remark is begun about; 0 for none."""


class ToSign(NamedTuple):
    """A certificate that somebody is to do something about."""

    awaiting: Awaiting
    """Its certificate, and what that is to be signed for next."""
    row: RunRow
    mine: bool
    """Whether that is for whoever looks."""
    returned: RemarkRow | None
    """The remark it was returned with, while nobody has answered."""

    @property
    def next(self) -> str:
        """What it waits for: an answer to its remark, and only then a signature."""
        return "returned" if self.returned is not None else self.awaiting.duty


@router.get("")
def queue(visitor: Visiting) -> Response:
    """Return what waits for a signature, first what waits for whoever looks."""
    callers.require(visitor.caller, "sign")
    waiting = _waiting(visitor)
    by_browser = visitor.office.settings.issuing.browser_keys
    return visitor.page(
        "review.html", waiting=waiting, batches=_batches(visitor, waiting), by_browser=by_browser
    )


@router.get(RUN)
def show_review(
    station: StationName, run: RunName, visitor: Visiting, device: Device = "", line: AboutLine = 0
) -> Response:
    """Return all that is to be known of a certificate before it is signed."""
    caller, office = callers.require(visitor.caller, "sign"), visitor.office
    whole = visible.whole(office, caller, station, run)
    row = whole.row
    if whole.record is None:
        raise NotThere(lacking(office.store, station, run))
    told = office.store.by_run.in_review(station, run)
    of_run, amended = _latest(office, whole, told, device)
    reviewed = _reviewed(visitor, of_run, whole, told.signed)
    certificates.note_opened(office, caller, of_run, reviewed.xml)
    last = reviewing.last_issued(office.store, station, run)
    duty = _next_duty(reviewed)
    returned = duty is not None and any(one.settled is None for one in told.remarks)
    mine = duty is not None and not returned and FILED_BY[duty] in visitor.caller.roles
    return visitor.page(
        "review_run.html",
        row=row,
        devices=sorted(certificates.ordered(office, run)),
        device=of_run.device,
        certificate=certificate_shown(reviewed.xml),
        report=reviewed.report,
        checks=[(one, said(one, visitor.words.language)) for one in reviewed.report.checks],
        flags=reviewed.flags,
        doubtful=_doubtful(visitor, station, run, row.began),
        last=None if last is None else last[0],
        changes=() if last is None else reviewing.changes(last[1], reviewed.record),
        otherwise=None
        if last is None
        else reviewing.by_other_means(last[1], reviewed.record, visitor.words.language),
        remarks=told.remarks,
        sign=_command(visitor, of_run),
        named=_named(of_run),
        waits="returned" if returned else duty,
        mine=mine,
        by_browser=office.settings.issuing.browser_keys and mine and duty != "issued",
        sealed_here=office.settings.issuing.key is not None,
        amended=amended[-1] if amended else None,
        differences=_differences(of_run, amended, reviewed.record),
        line=line,
        item=told.item if any(one.settled is None for one in told.remarks) else None,
        turn=_turn(visitor, reviewed),
    )


@router.get(RUN + "/print.png")
async def show_print(station: StationName, run: RunName, visitor: Visiting, device: Device = "") -> Response:
    """Return the certificate as it would be printed now, as a picture."""
    caller, office = callers.require(visitor.caller, "sign"), visitor.office

    whole = await run_in_threadpool(visible.whole, office, caller, station, run)

    def drawn() -> bytes:
        of_run, _ = _latest(office, whole, office.store.by_run.in_review(station, run), device)
        return picture_of(office, of_run)

    async with office.one_print:
        return Response(await run_in_threadpool(drawn), media_type="image/png")


@router.post(RUN + "/remarks")
async def return_run(station: StationName, run: RunName, form: Sent) -> Response:
    """Return a run with a remark, and go back to it."""
    caller = callers.require(form.visitor.caller, "return")
    try:
        written = RemarkWritten.model_validate({"text": form["text"], "line": form["line"] or 0})
    except ValidationError:
        raise ConfigurationError(
            "say in a line of 500 characters at most what is to be looked into; a journal's line is a number"
        ) from None

    async def write() -> str:
        await run_in_threadpool(remarks.write_remark, station, run, written, caller, form.visitor.office)
        return f"/review/{station}/{run}"

    return await once(form, write)


@router.post(RUN + "/remarks/{remark}/settle")
async def settle(station: StationName, run: RunName, remark: RemarkNumber, form: Sent) -> Response:
    """Answer a remark, and go back to its run."""
    caller = callers.require(form.visitor.caller, "settle")
    try:
        said = RemarkAnswered(answer=form["answer"])
    except ValidationError:
        raise ConfigurationError("answer in a line of 500 characters at most") from None
    await run_in_threadpool(remarks.settle_remark, station, run, remark, said, caller, form.visitor.office)
    return see(f"/review/{station}/{run}")


def _latest(office: Office, whole: WholeRun, told: InReview, device: str) -> tuple[RunAt, list[AmendmentRow]]:
    """Return a device's certificate as it stands last, and the amendments it has had; "" for the first."""
    row = whole.row
    first = min(certificates.ordered(office, row.run), default="")
    of_run = office.laboratory.at(row.station, row.run, device or first)
    amended = [one for one in told.amended if one.device == of_run.device]
    return replace(of_run, edition=len(amended)), amended


def _reviewed(visitor: Visitor, of_run: RunAt, whole: WholeRun, signed: tuple[SignedRow, ...]) -> Reviewed:
    """Return what is to be known of a certificate; it is not found anew while it follows from the same."""
    office = visitor.office
    now = civil_time(office.clock.now(), office.laboratory.folder.time_zone)
    slot = int(office.clock.now() // REVIEW_HOLDS)
    state = (*reviewing.state_of(of_run, whole, signed), now.date(), slot)
    return office.reviewed.get(state, lambda: reviewing.review(of_run, now))


def _doubtful(visitor: Visitor, station: str, run: str, began: float) -> list[OutOfServiceRow]:
    """Return which standards that a run used are out of service since its day, or since before."""
    office = visitor.office
    out = office.out()
    if not out.rows:
        return []
    day = civil_day(began, office.laboratory.folder.time_zone).isoformat()
    used = {one.serial or one.certificate for one in office.store.about.of_run(station, run)[0]}
    found = {row.id: row for number in used if (row := out.find(number)) is not None and row.since <= day}
    return sorted(found.values())


def _turn(visitor: Visitor, reviewed: Reviewed) -> TurnToSign | str | None:
    """Return whose turn it is to sign, or why that can't be told; None where nobody is asked."""
    folder, duty = visitor.office.laboratory.folder, _next_duty(reviewed)
    if duty is None or duty == "issued":
        return None
    try:
        register = issuing.register_of(folder)
        if register is None:
            return None
        today = civil_day(visitor.office.clock.now(), folder.time_zone)
        return turn_of(reviewed.record, duty, register, today)
    except (ConfigurationError, CertificateRefused) as error:
        return str(error)


def _next_duty(reviewed: Reviewed) -> Duty | None:
    """Return what a certificate is to be signed for next; None once it is issued."""
    done = {each.duty for each in certificate_shown(reviewed.xml).signatures}
    return next((one for one in DUTIES if one not in done), None)


def _differences(
    of_run: RunAt, amended: Sequence[AmendmentRow], computed: Record
) -> tuple[amending.Difference, ...]:
    """Return what an amended certificate says otherwise than the one it takes the place of."""
    if not amended:
        return ()
    first = replace(of_run, edition=0).record(computed)
    before, now = [first, *(Record.from_json(one.record) for one in amended[-2:])][-2:]
    return amending.differences(before, now)


def _waiting(visitor: Visitor) -> list[ToSign]:
    store = visitor.office.store
    wanting = store.pages.wanting()
    returned = {(one.station, one.run): one for one in reversed(store.remarks.open())}
    found: list[ToSign] = []
    for one, row in sorted(store.pages.to_sign(wanting), key=lambda each: DUTIES.index(each[0].duty)):
        remark = returned.get((row.station, row.run))
        signs = FILED_BY[one.duty] in visitor.caller.roles
        found.append(ToSign(one, row, visitor.may("settle") if remark else signs, remark))
    return sorted(found, key=lambda one: (not one.mine, one.returned is not None))


class Alike(NamedTuple):
    """Certificates of one procedure that wait for whoever looks, for one duty."""

    procedure: str
    named: tuple[str, ...]
    """The certificates."""
    command: str
    """What signs them where a key is."""
    by_persons: bool
    """Whether they are signed by a person, and not sealed."""


def _batches(visitor: Visitor, waiting: Sequence[ToSign]) -> list[Alike]:
    """Return the procedures of which several certificates wait for one duty, and what signs these."""
    mine = [one.awaiting for one in waiting if one.mine and one.returned is None]
    procedures: dict[str, str] = {}
    for row in visitor.office.store.orders.named({one.run for one in mine}):
        with suppress(EvidenceError):
            order = unseal(row.envelope, "order", RemoteOrder, [visitor.office.laboratory.key.public])
            procedures[row.id] = full_name(order.procedure.name)
    alike: dict[tuple[str, str], list[str]] = {}
    for one in mine:
        if (procedure := procedures.get(one.run)) is not None:
            alike.setdefault((procedure, one.duty), []).append(_named(one))
    return [
        Alike(procedure, named, command_to_sign(visitor, " ".join(named)), by_persons=duty != "issued")
        for (procedure, duty), names in alike.items()
        if len(named := tuple(names[:MOST])) > 1
    ]


def _command(visitor: Visitor, of_run: RunAt) -> str:
    """Return the command that signs a certificate where its signer's key is."""
    return command_to_sign(visitor, _named(of_run))


def _named(one: RunAt | Awaiting) -> str:
    """Return how that command calls a certificate."""
    return "/".join(filter(None, (one.station, one.run, one.device)))


def command_to_sign(visitor: Visitor, what: str) -> str:
    """Return the command by which whoever looks on signs something where their key is."""
    return f"remotecal sign --at {visitor.base} {what} --user {visitor.caller.name} --key"
