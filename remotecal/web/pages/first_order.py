"""A new order without one of before as its pattern: a bench, a procedure that fits, and its own parameters.

Each step is a page whose address says what was chosen, so nothing is kept in between; the last is a form.
"""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from remotecal.errors import ConfigurationError, NotThere
from remotecal.hub.ordering import Fitting, announced, fitting, installed_procedures, places
from remotecal.web import callers, orders, visible
from remotecal.web.pages.frame import Sent, Visiting
from remotecal.web.pages.order_form import BINDING, DUTIES, OF_DEVICE, SITES, Setup, read_order
from remotecal.web.pages.ordering import BEGUN_WITHIN, benches_of, opened, today_at
from remotecal.web.pages.parameter_form import BEFORE, fields_of
from remotecal.web.pages.pattern import faults_told
from remotecal.web.pages.people import registered
from remotecal.web.pages.weighty import once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.registers import LaboratoryRegister
    from remotecal.store.items import KeptItem
    from remotecal.store.stations import StationRow
    from remotecal.transport.messages import BenchAnnounced
    from remotecal.web.pages.frame import Visitor

router = APIRouter(prefix="/orders/first", include_in_schema=False)

LOOKED_BACK: Final = 50
"""Orders of a station that tell by which procedures its benches are usually ordered."""
Place = Annotated[str, Query(max_length=300)]
ItemAsked = Annotated[int | None, Query(ge=1, le=2**53)]


@router.get("")
def first_order(visitor: Visiting, at: Place = "", procedure: Place = "", item: ItemAsked = None) -> Response:
    """Return the next step: which bench, which procedure, or the form."""
    callers.require(visitor.caller, "order")
    chosen = None if item is None else visible.item(visitor.office, visitor.caller, item)
    if not at:
        benches = list(benches_of(visitor, () if chosen is None else [chosen.serial]))
        return visitor.page("order_first.html", benches=benches, item=chosen, fitting=None)
    if not procedure:
        station, bench = _bench(visitor, at)
        found = _usual_first(visitor, fitting(station, bench), station.name, bench.name, chosen)
        return visitor.page("order_first.html", at=at, item=chosen, **_offered(found))
    setup = _setup(visitor, at, procedure, chosen)
    return _form(visitor, setup, _filled(visitor, setup), {})


@router.post("")
async def order_first(form: Sent) -> Response:
    """Order what the form says; where something in it is wrong, return it as typed, with what to do."""
    visitor = form.visitor
    caller = callers.require(visitor.caller, "order")
    typed = {name: form[name] for name in form.fields}
    setup = await run_in_threadpool(_chosen, visitor, typed)
    wanted, faults = await run_in_threadpool(read_order, visitor, setup, typed, registered(visitor.office)[0])

    async def order() -> str:
        if wanted is None:
            raise ConfigurationError("not all of this can be ordered: mend the fields that are marked")
        return f"/orders/{await orders.issue(visitor.office, wanted, caller.name, None)}"

    try:
        return await once(form, order)
    except ConfigurationError as error:
        return await run_in_threadpool(_form, visitor, setup, typed, faults, str(error))


def _bench(visitor: Visitor, at: str) -> tuple[StationRow, BenchAnnounced]:
    """Return station and bench that stand as `station/bench`.

    Raises:
        NotThere: no station that is in use has told of it.
    """
    name, _, bench = at.partition("/")
    station = visitor.office.store.stations.find(name)
    if station is not None and station.enabled and bench in (there := announced(station)):
        return station, there[bench]
    raise NotThere(f"no station in use has told of the bench {at}: choose another one")


def _usual_first(
    visitor: Visitor, found: list[Fitting], station: str, bench: str, item: KeptItem | None
) -> list[Fitting]:
    """Return procedures, those first by which the item was ordered before, then those of that bench."""
    store = visitor.office.store
    of_item = set() if item is None else {row.procedure for row in store.orders.of_items([item.id])}
    there = store.pages.orders(LOOKED_BACK, station=station)
    of_bench = {row.procedure for row in there if row.bench == bench}
    return sorted(found, key=lambda one: (one.found.name not in of_item, one.found.name not in of_bench))


def _offered(found: list[Fitting]) -> Mapping[str, object]:
    """Return the procedures that fit, and those that would if the station had the same edition."""
    suits = [one for one in found if not one.lacks]
    return {
        "fitting": [one.found for one in suits if one.same],
        "elsewhere": [one.found for one in suits if not one.same],
        "benches": (),
    }


def _chosen(visitor: Visitor, typed: Mapping[str, str]) -> Setup:
    number = typed.get("item", "")
    if number and not (number.isascii() and number.isdigit() and len(number) < 17):
        raise ConfigurationError("an item is named by its number")
    item = visible.item(visitor.office, visitor.caller, int(number)) if number else None
    return _setup(visitor, typed.get("at", ""), typed.get("procedure", ""), item)


def _setup(visitor: Visitor, at: str, procedure: str, item: KeptItem | None) -> Setup:
    """Return what was chosen.

    Raises:
        NotThere: there is no such bench, or no such procedure.
    """
    station, bench = _bench(visitor, at)
    found = next((one for one in installed_procedures() if one.name == procedure), None)
    if found is None:
        raise NotThere(f"there is no procedure {procedure} that can be ordered here: choose another one")
    return Setup(station.name, bench, found, places(found.procedure, bench), item)


def _filled(visitor: Visitor, setup: Setup) -> dict[str, str]:
    """Return field → what stands in it at first: defaults, and who issued and signed the last order."""
    register, _ = registered(visitor.office)
    choose = visitor.words.choose
    fields = {
        "planned": today_at(visitor).isoformat(),
        "days": f"{BEGUN_WITHIN}",
        "laboratory": visitor.office.settings.laboratory if register is None else choose(_named(register)),
        "place": "laboratory",
        "binding": "zh" if visitor.words.language == "zh" else "en",
        **{BEFORE + one.name: one.usual for one in fields_of(setup.found.procedure.accepts())},
    }
    if setup.item is not None:
        names = json.loads(setup.item.name)
        fields |= {
            f"dut0.name_{language}": names.get(language, names.get("", "")) for language in ("zh", "en")
        }
        fields |= {f"dut0.{name}": getattr(setup.item, name) for name in OF_DEVICE}
    for row in visitor.office.store.pages.orders(1):
        before = opened(visitor, row).order
        fields["laboratory"] = choose(before.laboratory.name.root)
        fields["laboratory_address"] = choose(before.laboratory.address.root)
        fields |= {f"person.{one.duty}": choose(one.name.root) for one in before.persons}
    if setup.item is not None and not setup.item.account:  # the laboratory's own
        fields |= {"customer": fields["laboratory"], "address": fields.get("laboratory_address", "")}
    return fields


def _named(register: LaboratoryRegister) -> Mapping[str, str]:
    return register.laboratory.name.root


def _form(
    visitor: Visitor, setup: Setup, fields: Mapping[str, str], faults: Mapping[str, str], refused: str = ""
) -> Response:
    """Return the form.

    Args:
        visitor: who looks.
        setup: what was chosen.
        fields: field → what stands in it.
        faults: field → what is wrong with it, in English or one of our own words.
        refused: why nothing was ordered.
    """
    words = visitor.words
    register, _ = registered(visitor.office)
    page = visitor.page(
        "order_form.html",
        at=f"{setup.station}/{setup.bench.name}",
        setup=setup,
        title=words.choose(setup.found.procedure.title.root),
        said=lambda name: fields.get(name, ""),
        faults=faults_told(visitor, faults),
        refused=words.refusal(refused) if refused else None,
        key=fields.get("key") or secrets.token_urlsafe(12),
        parameters=fields_of(setup.found.procedure.accepts()),
        before=BEFORE,
        of_device=OF_DEVICE,
        known={
            duty: []
            if register is None
            else [words.choose(one.name.root) for one in register.persons if duty in one.duties]
            for duty in DUTIES
        },
        bindings=BINDING,
        sites=SITES,
        can_adjust=setup.found.procedure.can_adjust(),
        likely=visitor.likely(visitor.office.settings.numbers.order),
    )
    page.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return page
