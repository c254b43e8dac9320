"""What the laboratory can tell of an order where it is written; the station looks at all of it again."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from remotecal.configuration import nearest
from remotecal.drivers.catalogue import driver
from remotecal.drivers.declarations import named
from remotecal.drivers.quantities import Reading, Setting
from remotecal.errors import BenchError, EvidenceError, OrderError, ParameterError
from remotecal.hub.out_of_service import calibrated_by
from remotecal.model.identifiers import same
from remotecal.procedures.parameters import read_parameters
from remotecal.procedures.procedure import of_role
from remotecal.runs.catalogue import find, is_installed, names
from remotecal.runs.items import check_items, check_texts
from remotecal.runs.suitability import check_points, check_reach, fill, points_of
from remotecal.runs.verification import check_verification
from remotecal.transport.messages import BenchAnnounced

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from remotecal.drivers.instrument import Instrument
    from remotecal.hub.out_of_service import Out
    from remotecal.model import Text
    from remotecal.order import Order
    from remotecal.procedures.procedure import Procedure
    from remotecal.runs.catalogue import Found
    from remotecal.store.stations import StationRow
    from remotecal.transport.messages import HeldUntil


def check_order(
    order: Order,
    found: Found,
    station: StationRow,
    bench: str,
    day: date | None = None,
    others: Iterable[StationRow] = (),
    out: Out | None = None,
) -> None:
    """Raise why a station would refuse an order, as far as the laboratory knows procedure, station and bench.

    Args:
        order: what is to be done.
        found: the procedure.
        station: who is to do it.
        bench: name of the bench there.
        day: on which it is planned; standards and facts must hold until then. None: it is not known.
        others: stations among which benches are looked for that could do it, where this one can't.
        out: the standards that are out of service; None: it is not asked for.

    Raises:
        ParameterError: a parameter or a point is wrong, or beyond an instrument there.
        OrderError: the station said which benches it has, and this is none of them, or lacks a role, or is
            simulated, or a standard's certificate or a fact ends before the day, or one is out of service.
    """
    where = f"order {order.order.number}, parameters"
    procedure = found.procedure(read_parameters(found.procedure.accepts(), order.parameters, where))
    points = points_of(procedure, adjust=order.order.adjust)
    check_points(procedure, points)
    check_texts(order)
    check_verification(order, procedure)
    check_items(order, procedure, None)
    if station.announced is None:
        return  # it was never heard of: it will look at the order when it fetches it
    benches = announced(station)
    if bench not in benches:
        raise OrderError(
            f"bench: there is no bench {bench!r} at {station.name}, {nearest(bench, list(benches))}"
        )
    if benches[bench].simulated and not (order.order.demonstration or order.order.training):
        raise OrderError(
            f"bench {bench!r} of {station.name} is simulated: order a demonstration or training, for a real "
            "certificate can't come of it"
        )
    roles, drivers = _filled(procedure, benches[bench], station.name, order.order.empty)
    check_items(order, procedure, roles)
    check_reach(procedure, points, drivers)
    why = _unusable(benches[bench], order, day, out)
    if why is None:
        return
    could = [
        f"{name!r} at {other.name}"
        for other in others
        for name in announced(other)
        if (other.name, name) != (station.name, bench) and _could(order, found, other, name, day, out)
    ]
    instead = f"this could do it: {', '.join(could)}" if could else "no other bench could do it"
    raise OrderError(f"bench {bench!r} of {station.name} can't be used {why}; {instead}")


def _unusable(bench: BenchAnnounced, order: Order, day: date | None, out: Out | None) -> str | None:
    """Return why a bench can't be used, and what to do; None where it can, as far as the laboratory knows."""
    if out is not None and (on := out.on(bench, calibrated_by(order))):
        told = "; ".join(one.told() for one in on)
        return f"now: {told}. Order on another bench, or put it back into service on its page"
    if day is not None and (ended := ends_before(bench, day)):
        told = "; ".join(map(_ended, ended))
        return f"on {day}: {told}. Have it calibrated, or plan for an earlier day"
    return None


def announced(station: StationRow) -> dict[str, BenchAnnounced]:
    """Return name → bench of a station, as it said last; none if it was never heard of."""
    said = station.said.get("benches", [])
    return {one["name"]: BenchAnnounced.model_validate_json(json.dumps(one)) for one in said}


class Fitting(NamedTuple):
    """A procedure that is installed here, for a bench at a station."""

    found: Found
    lacks: str
    """Why the bench does not suit it; "" if it does, as far as the laboratory knows."""
    same: bool
    """Whether the station has it, and the same edition."""
    uses: int = 0
    """How many of the bench's instruments and artefacts it needs, as far as the laboratory knows."""


def fitting(station: StationRow, bench: BenchAnnounced) -> list[Fitting]:
    """Return the procedures that are installed here, each with whether a bench can carry it out.

    Those that need most of what stands there come first: for them it was put up.
    """
    said = station.said.get("procedures", {})
    made = []
    for found in installed_procedures():
        uses, lacks = 0, ""
        try:
            roles, _ = _filled(found.procedure, bench, station.name, ())
            uses = len(set((roles or {}).values()))
        except OrderError as error:
            lacks = str(error)
        made.append(Fitting(found, lacks, said.get(found.name) == found.sha256, uses))
    return sorted(made, key=lambda one: -one.uses)


class Calibrating(NamedTuple):
    """A procedure by which a standard can be calibrated on a bench."""

    station: str
    bench: str
    found: Found


def calibrating(stations: Sequence[StationRow], serial: str, out: Out, day: date) -> list[Calibrating]:
    """Return by which procedures, and on which benches, a standard can be calibrated in the laboratory.

    That is where a procedure takes such an instrument for its device under test and the bench has what it
    needs besides, which is not the standard itself. What no driver reads is not judged.

    Args:
        stations: which there are.
        serial: the standard's number.
        out: what is out of service.
        day: on which it is to be.
    """
    benches = [(row, bench) for row in stations if row.enabled for bench in announced(row).values()]
    kinds = {
        bench.instruments[name]
        for _, bench in benches
        for name, numbers in bench.numbers.items()
        if same(numbers[0], serial) and name in bench.instruments
    }
    drivers = [known for kind in kinds if (known := _installed(kind))]
    procedures = [
        one for one in installed_procedures() if any(_takes(one.procedure, kind) for kind in drivers)
    ]
    made = []
    for row, bench in benches:
        said = row.said.get("procedures", {})
        own = {name for name, numbers in bench.numbers.items() if same(numbers[0], serial)}
        if ends_before(bench, day) or out.on(bench, (serial,)):
            continue
        for found in procedures:
            with suppress(OrderError):
                roles, _ = _filled(found.procedure, bench, row.name, ())
                others = {
                    name
                    for role, name in (roles or {}).items()
                    if of_role(role) != found.procedure.under_test
                }
                if roles and said.get(found.name) == found.sha256 and not own & others:
                    made.append(Calibrating(row.name, bench.name, found))
    return made


def _takes(procedure: type[Procedure], kind: type[Instrument]) -> bool:
    """Tell whether instruments of a driver can be a procedure's device under test."""
    return any(
        role.name == procedure.under_test and not role.artefact and not role.lacks(kind)
        for role in procedure.roles()
    )


@cache
def installed_procedures() -> tuple[Found, ...]:
    """Return the procedures in the catalogue that can be used: what runs stays the same while this does."""
    made = []
    for name in names():
        with suppress(OrderError):
            made.append(find(name))
    return tuple(made)


@lru_cache(maxsize=1000)
def title_of(procedure: str) -> Text | None:
    """Return what a procedure is called; None of one that is not installed here. Each is looked up once."""
    try:
        return find(procedure).procedure.title if is_installed(procedure) else None
    except (OrderError, EvidenceError):
        return None


def places(procedure: type[Procedure], bench: BenchAnnounced) -> tuple[str, ...]:
    """Return where on a bench devices of an order can be, by what reads them; one alone has no name: "".

    More than one are in a role that holds several, and each device says on which it is.
    """
    roles = [role for role in procedure.roles() if role.name == procedure.under_test and role.several]
    named = (bench.roles or {}).get(procedure.under_test, procedure.under_test)
    names_there = (named,) if isinstance(named, str) else named
    there = [name for name in names_there if name in {*bench.instruments, *bench.artefacts}]
    return tuple(there) if roles and len(there) > 1 else ("",)


def ends_before(bench: BenchAnnounced, day: date) -> tuple[HeldUntil, ...]:
    """Return what of a bench can't be relied on any more on a day: a run there needs all of it."""
    return tuple(one for one in bench.holds if one.valid_until < day)


def readable(bench: BenchAnnounced) -> dict[str, tuple[str, ...] | None]:
    """Return instrument of a bench → what can be read of it; None where only the station knows its driver."""
    kinds = {name: _installed(kind) for name, kind in bench.instruments.items()}
    return {
        name: None
        if kind is None
        else tuple(what for what, said in named(kind).items() if isinstance(said, Reading | Setting))
        for name, kind in kinds.items()
    }


def _ended(one: HeldUntil) -> str:
    called = f"{one.name} ({one.serial})" if one.serial else one.name
    by = f"by its certificate {one.certificate}" if one.certificate else "by what is said of it"
    return f"{called} holds until {one.valid_until} {by}"


def _could(
    order: Order, found: Found, station: StationRow, bench: str, day: date | None, out: Out | None
) -> bool:
    """Tell whether a bench could carry out an order on a day."""
    try:
        check_order(order, found, station, bench, day, out=out)
    except (ParameterError, OrderError):
        return False
    return station.enabled


def _filled(
    procedure: Procedure | type[Procedure], bench: BenchAnnounced, station: str, empty: Collection[str]
) -> tuple[dict[str, str] | None, dict[str, type[Instrument]]]:
    """Return role → name, None where the station did not say; and role → driver that is installed here, too.

    Raises:
        OrderError: nothing fills a role, or not as it must be.
    """
    if bench.roles is None:
        return None, {}
    there = {*bench.instruments, *bench.artefacts}
    drivers: dict[str, type[Instrument]] = {}
    for name, kind in bench.instruments.items():
        if known := _installed(kind):
            drivers[name] = known

    def filling(role: str) -> tuple[str, ...]:
        named = (bench.roles or {}).get(role, role)
        names = (named,) if isinstance(named, str) else named
        left = empty if role == procedure.under_test else ()
        return tuple(name for name in names if name in there and name not in left)

    filled, faults = fill(procedure, filling, drivers, bench.artefacts)
    if faults:
        raise OrderError(
            f"bench {bench.name!r} of {station} does not suit the procedure: {'; '.join(faults)}"
        )
    return filled, {role: drivers[name] for role, name in filled.items() if name in drivers}


def _installed(kind: str) -> type[Instrument] | None:
    """Return a driver as far as the laboratory can know it; None for one that only the station knows."""
    try:
        found = driver(kind)
    except BenchError:
        return None  # the station has it, or will say that it has not
    return None if found.files else found  # a file at the station says what it can do
