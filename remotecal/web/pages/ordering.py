"""New orders on a page: for one item or many, with an order of before as their pattern."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.clock import civil_day, civil_time
from remotecal.errors import ConfigurationError, NotThere, OrderError, RemotecalError
from remotecal.hub.ordering import announced, calibrating, ends_before
from remotecal.model import Text
from remotecal.numerals import read_count
from remotecal.order import Dut, Order, Party
from remotecal.pages.frame import see
from remotecal.store.orders import Repeat
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import RemoteOrder, Terms
from remotecal.web import callers, orders, out_of_service, visible
from remotecal.web.bodies import NAME, OrderWanted
from remotecal.web.pages.frame import Resent, Sent, Visiting, Visitor
from remotecal.web.pages.parameter_form import (
    BEFORE,
    as_undeclared,
    fields_of,
    filled_in,
    undescribed,
)
from remotecal.web.pages.pattern import alone_at, faults_of, faults_told, parameters_in, procedure_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from remotecal.hub.out_of_service import OutOn
    from remotecal.store.items import KeptItem
    from remotecal.store.orders import OrderRow
    from remotecal.transport.messages import HeldUntil
    from remotecal.web.pages.frame import SentForm

router = APIRouter(prefix="/orders", include_in_schema=False)

MOST: Final = 100
"""Items in one form."""
PATTERNS: Final = 20
"""Orders that are offered as pattern."""
BEGUN_WITHIN: Final = 7
"""Days from the planned one on in which an order may be begun, unless the form says otherwise."""
MOST_DAYS: Final = 180
Items = Annotated[list[Annotated[int, Field(ge=1, le=2**53)]], Query(max_length=MOST)]
Line = Annotated[int, Query(ge=0, le=10**9)]
Chosen = Annotated[str, Query(pattern=f"({NAME})|^$")]


class BenchOffered(NamedTuple):
    """A bench that an order can be for."""

    station: str
    bench: str
    ended: tuple[HeldUntil, ...]
    """What of it can't be relied on today; such a bench is shown, and not offered."""
    out: tuple[OutOn, ...] = ()
    """What of it is out of service; likewise."""

    @property
    def usable(self) -> bool:
        """Whether it is offered."""
        return not self.ended and not self.out


@router.get("/new")
def new_order(
    visitor: Visiting,
    item: Items,
    pattern: Chosen = "",
    line: Line = 0,
) -> Response:
    """Return the form by which items are ordered to be calibrated, filled in as their last order was.

    With a line of that order's journal it is for the point which that is of, alone, where its procedure can.
    """
    callers.require(visitor.caller, "order")
    return _form(visitor, _items(visitor, item), pattern, {}, line=line)


@router.post("/new")
async def order_items(form: Sent) -> Response:
    """Order the items: each by an order of its own, all that is written being right, or none."""
    visitor = form.visitor
    caller = callers.require(visitor.caller, "order")
    try:
        numbers = [read_count(one, 2**53) for one in form.all("item")]
    except ValueError:
        raise ConfigurationError("an item is named by its number") from None
    items = await run_in_threadpool(_items, visitor, numbers)
    if not (form["key"].isascii() and form["key"].isalnum()):
        raise ConfigurationError("open the form anew: this one has lost its key")
    try:
        form.only_shown()
        made = await _ordered(form, items, caller.name)
    except ConfigurationError as error:
        typed = {name: form[name] for name in form.fields}
        return await run_in_threadpool(_form, visitor, items, form["pattern"], typed, error)
    return see(f"/orders/{made[0]}" if len(made) == 1 else f"/orders?number={_prefix(form)}")


async def _ordered(form: SentForm, items: Sequence[KeptItem], by: str) -> list[str]:
    """Return the ids of the orders; those that the same form brought before are not made again.

    Raises:
        ConfigurationError: something is wrong with one of them, and none was made.
    """
    office = form.visitor.office
    wanted = await run_in_threadpool(_wanted, form, items)
    said = json.dumps(sorted((name, text) for name, text in form.fields.multi_items() if name != "csrf"))
    digest = sha256(said.encode()).hexdigest()
    repeats = [Repeat(f"{form['key']}-{one.id}", digest) for one in items]
    before = [await run_in_threadpool(office.store.orders.repeated, by, one) for one in repeats]
    new = [place for place, row in enumerate(before) if row is None]
    made = await orders.issue_all(
        office, [wanted[place] for place in new], by, [repeats[place] for place in new]
    )
    ids = dict(zip(new, made, strict=True))
    return [ids[place] if row is None else row.id for place, row in enumerate(before)]


def _items(visitor: Visitor, numbers: Sequence[int]) -> tuple[KeptItem, ...]:
    """Return the items to be ordered, which are of one account.

    Raises:
        NotThere: one is none they can see.
        ConfigurationError: none was chosen, or too many, or of several accounts.
    """
    wanted = list(dict.fromkeys(numbers))
    if not wanted or len(wanted) > MOST:
        raise ConfigurationError(f"choose from 1 to {MOST} items")
    found = {one.id: one for one in visitor.office.store.items.some(wanted)}
    items = tuple(found.get(one) or visible.item(visitor.office, visitor.caller, one) for one in wanted)
    if len({one.account for one in items}) > 1:
        raise ConfigurationError("these items are of several accounts: order those of each by themselves")
    return items


def _form(
    visitor: Visitor,
    items: tuple[KeptItem, ...],
    chosen: str,
    typed: Mapping[str, str],
    refused: RemotecalError | None = None,
    line: int = 0,
) -> Response:
    """Return the form; what somebody typed before stays in it."""
    known, row = visitor.office.store.patterns(items, PATTERNS, chosen)
    standard = _is_standard(visitor, items[0])
    patterns = [one for one in known if _may_be_pattern(visitor, one, items if standard else ())][:PATTERNS]
    row = visible.ordered(visitor.caller, row, chosen) if chosen else next(iter(patterns), None)
    told = None if row is None else opened(visitor, row)
    procedure = None if told is None else procedure_of(visitor, told)
    benches = list(benches_of(visitor, [one.serial for one in items]))
    said, said_in = visitor.words.refusal(str(refused)) if refused else ("", "")
    fields: dict[str, str] = {}
    point, only = "", None
    if row is not None and told is not None:
        fields = _filled(visitor, told, theirs=(row.account or "") == items[0].account)
        point, only = alone_at(visitor, row, procedure, told, line)
        if procedure is not None and only is not None:
            fields |= filled_in(procedure.accepts(), only)
        fields |= typed
    if typed:  # a box that was not ticked says nothing
        fields = {name: text for name, text in fields.items() if name in typed or not name.startswith(BEFORE)}
    content: dict[str, object] = {
        "items": items,
        "names": {one.id: visitor.words.choose(json.loads(one.name)) for one in items},
        "patterns": patterns,
        "pattern": row,
        "standard": standard,
        "by_these": calibrating(
            visitor.office.store.stations.list(), items[0].serial, visitor.office.out(), today_at(visitor)
        )
        if standard and row is None
        else (),
        "benches": [one for one in benches if one.usable],
        "ended": [one for one in benches if not one.usable],
        "refused": said,
        "said_in": said_in,
        "key": typed.get("key") or secrets.token_hex(16),
        "fields": fields,
        "adjust": bool(typed.get("adjust")) if typed else told is not None and told.order.order.adjust,
        "can_adjust": procedure is not None and procedure.can_adjust(),
        "parameters": []
        if told is None
        else undescribed(told.order.parameters)
        if procedure is None
        else fields_of(procedure.accepts()),
        "faults": faults_told(visitor, faults_of(procedure, typed) if refused is not None else {}),
        "title": "" if told is None else visitor.procedure(told.order.order.procedure),
        "persons": () if told is None else told.order.persons,
        "before": BEFORE,
        "said": lambda name: fields.get(name, ""),
        "likely": visitor.likely(visitor.office.settings.numbers.order),
        "point": point,
        "alone": only is not None,
    }
    if refused is not None:
        sent = [(name, text) for name, text in typed.items() if name not in {"csrf", "item"}]
        content["resent"] = Resent(str(refused), [*sent, *(("item", str(one.id)) for one in items)])
    page = visitor.page("order_new.html", **content)
    page.status_code = 200 if refused is None else 409
    return page


def _is_standard(visitor: Visitor, item: KeptItem) -> bool:
    """Tell whether an item is one of the laboratory's standards: it took part in runs, or is on a bench."""
    if item.account or not item.serial:
        return False
    office = visitor.office
    try:
        used = office.store.about.took_part(item.serial, limit=1)
        return out_of_service.known_by(office, item.serial, used).item is None
    except (NotThere, ConfigurationError):
        return False


def _may_be_pattern(visitor: Visitor, row: OrderRow, standards: Sequence[KeptItem]) -> bool:
    """Tell whether an order is for one thing; for standards it must be for one of them, or of their model."""
    dut = opened(visitor, row).order.dut
    if dut is None or not standards:
        return dut is not None
    models = {one.model for one in standards if one.model}
    return row.item in {one.id for one in standards} or dut.model in models


def opened(visitor: Visitor, row: OrderRow) -> RemoteOrder:
    """Return an order as it was signed."""
    return unseal(row.envelope, "order", RemoteOrder, [visitor.office.laboratory.key.public])


def benches_of(visitor: Visitor, calibrated: Collection[str] = ()) -> Iterator[BenchOffered]:
    """Yield the benches of the stations in use, as these told of them last.

    Args:
        visitor: who looks.
        calibrated: numbers of what is to be calibrated there.
    """
    today, out = today_at(visitor), visitor.office.out()
    for station in visitor.office.store.stations.list():
        for name, bench in announced(station).items() if station.enabled else ():
            yield BenchOffered(station.name, name, ends_before(bench, today), out.on(bench, calibrated))


def today_at(visitor: Visitor) -> date:
    """Return which day it is at the laboratory."""
    return civil_day(visitor.office.clock.now(), visitor.office.laboratory.folder.time_zone)


def _filled(visitor: Visitor, told: RemoteOrder, *, theirs: bool) -> dict[str, str]:
    """Return field → what stands in it at first: what the pattern says.

    Args:
        visitor: who looks.
        told: the pattern.
        theirs: whether it was of the same account; another one's name and address are left out.
    """
    now = civil_time(visitor.office.clock.now(), visitor.office.laboratory.folder.time_zone)
    before = told.order.order.number.rstrip("0123456789-./") or told.order.order.number
    fields = {
        # A laboratory with a series has its next numbers given, unless somebody types one.
        "number": "" if visitor.office.settings.numbers.order else f"{before}-{now:%Y%m%d-%H%M}",
        "at": f"{told.station}/{told.bench}",
        "planned": now.date().isoformat(),
        "days": f"{BEGUN_WITHIN}",
        "customer": visitor.words.choose(told.order.customer.name.root) if theirs else "",
        "address": visitor.words.choose(told.order.customer.address.root) if theirs else "",
    }
    procedure = procedure_of(visitor, told)
    if procedure is not None:
        return fields | filled_in(procedure.accepts(), told.order.parameters)
    return fields | {f"{BEFORE}{name}": as_undeclared(value) for name, value in told.order.parameters.items()}


def _wanted(form: SentForm, items: Sequence[KeptItem]) -> list[OrderWanted]:
    """Return the orders that a form tells, one for each item.

    Raises:
        ConfigurationError: something in it is wrong.
    """
    visitor = form.visitor
    told = opened(visitor, visible.order(visitor.office, visitor.caller, form["pattern"]))
    station, _, bench = form["at"].partition("/")
    planned = planned_on(form["planned"])
    hours = hours_until(visitor, ends_on(planned, form["days"]))
    terms = told.model_dump(include=set(Terms.model_fields) - {"bench"})
    parameters = parameters_in(form, told)
    made = []
    for place, item in enumerate(items, 1):
        width = len(str(len(items)))
        typed = _prefix(form)
        number = f"{typed}-{place:0{width}}" if typed and len(items) > 1 else typed
        try:
            made.append(
                OrderWanted(
                    **terms,
                    station=station,
                    bench=bench,
                    order=_order(form, told.order, item, number, parameters),
                    account=item.account or None,
                    hours=hours,
                    planned=planned,
                    item=item.id,
                )
            )
        except ValidationError as error:
            one = error.errors()[0]
            raise OrderError(f"{'.'.join(map(str, one['loc']))}: {one['msg']}") from None
    return made


def planned_on(written: str) -> date:
    """Return the day an order is planned for (`ConfigurationError`: it is none)."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ConfigurationError(f"{written[:60]!r} is no day: write it as 2026-05-31") from None


def hours_until(visitor: Visitor, day: date) -> float:
    """Return how many hours there are until a day begins at the laboratory; a minute at least."""
    zone = ZoneInfo(visitor.office.laboratory.folder.time_zone)
    ends = datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
    return max(0.02, (ends - visitor.office.clock.now()) / 3600)


def ends_on(planned: date, days: str) -> date:
    """Return the day before which an order must be begun (`ConfigurationError`: it is none)."""
    with suppress(ValueError, OverflowError):
        if count := read_count(days, MOST_DAYS):
            return planned + timedelta(days=count)
    raise ConfigurationError(f"{days[:60]!r} is no number of days from 1 to {MOST_DAYS}")


def _prefix(form: SentForm) -> str:
    return form["number"].strip()


def _order(
    form: SentForm, pattern: Order, item: KeptItem, number: str, parameters: Mapping[str, object]
) -> Order:
    """Return the order for an item: the pattern's, but for the item, its numbers and what the form tells."""
    like = pattern.dut if pattern.dut is not None and item.model and pattern.dut.model == item.model else None
    dut = Dut(
        name=Text(json.loads(item.name)).for_all(),
        maker=_maker(like, item),
        model=item.model or None,
        serial=item.serial or None,
        owner_number=item.owner_number or None,
        class_scheme=like.class_scheme if like else None,
        class_name=like.class_name if like else None,
    )
    adjust = bool(form["adjust"])
    head = pattern.order.model_copy(update={"number": number, "certificate": None, "adjust": adjust})
    # Made anew, for a copy with other content is looked at by nobody.
    return Order.model_validate(
        pattern.model_copy(
            update={
                "order": head,
                "parameters": dict(parameters),
                "dut": dut,
                "duts": (),
                "customer": _customer(form, pattern),
            }
        ).model_dump()
    )


def _customer(form: SentForm, pattern: Order) -> Party:
    """Return the customer that a form tells: the pattern's, or another one, of whom only that is known."""
    before = pattern.customer
    name, address = _kept(form, "customer", before.name), _kept(form, "address", before.address)
    others = {} if name == before.name else dict.fromkeys(set(Party.model_fields) - {"name", "address"})
    return before.model_copy(update={"name": name, "address": address, **others})


def _maker(like: Dut | None, item: KeptItem) -> Text | None:
    """Return the item's maker, by the pattern's words in all languages where that is the same one."""
    if like is not None and like.maker is not None and item.maker in like.maker.root.values():
        return like.maker
    return Text.plain(item.maker) if item.maker else None


def _kept(form: SentForm, field: str, before: Text) -> Text:
    """Return what a field says; the pattern's words in all languages where nobody changed it."""
    said = form[field].strip()
    return before if said in before.root.values() else Text.plain(said)
