"""What the laboratory can tell of an order where it is written; the station looks at all of it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from remotecal.configuration import nearest
from remotecal.drivers.catalogue import driver
from remotecal.errors import BenchError, OrderError
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.items import check_items
from remotecal.runs.suitability import check_points, check_reach, fill, points_of
from remotecal.transport.messages import BenchAnnounced

if TYPE_CHECKING:
    from collections.abc import Collection

    from remotecal.drivers.instrument import Instrument
    from remotecal.order import Order
    from remotecal.procedures.procedure import Procedure
    from remotecal.runs.catalogue import Found
    from remotecal.store.stations import StationRow


def check_order(order: Order, found: Found, station: StationRow, bench: str) -> None:
    """Raise why a station would refuse an order, as far as the laboratory knows procedure, station and bench.

    Raises:
        ParameterError: a parameter or a point is wrong, or beyond an instrument there.
        OrderError: the station said which benches it has, and this is none of them, or lacks a role.
    """
    where = f"order {order.order.number}, parameters"
    procedure = found.procedure(read_parameters(found.procedure.accepts(), order.parameters, where))
    points = points_of(procedure, adjust=order.order.adjust)
    check_points(procedure, points)
    check_items(order, procedure, None)
    if station.announced is None:
        return  # it was never heard of: it will look at the order when it fetches it
    benches = {
        one["name"]: BenchAnnounced.model_validate_json(json.dumps(one))
        for one in json.loads(station.announced).get("benches", [])
    }
    if bench not in benches:
        raise OrderError(
            f"bench: there is no bench {bench!r} at {station.name}, {nearest(bench, list(benches))}"
        )
    roles, drivers = _filled(procedure, benches[bench], station.name, order.order.empty)
    check_items(order, procedure, roles)
    check_reach(procedure, points, drivers)


def _filled(
    procedure: Procedure, bench: BenchAnnounced, station: str, empty: Collection[str]
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
