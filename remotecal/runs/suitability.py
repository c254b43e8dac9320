"""Whether a bench's drivers can do what an order asks, told before anything is open."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.drivers.capabilities import AmbientMonitor, PressureController
from remotecal.drivers.capabilities.safe_states import HIGHEST_AIR
from remotecal.drivers.quantities import Reading, Setting
from remotecal.errors import ParameterError
from remotecal.journal.observation import AS_FOUND, AS_LEFT
from remotecal.procedures.procedure import of_role

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from remotecal.bench_file import Characteristic, Interlock
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.observation import Point
    from remotecal.procedures.procedure import Procedure, Role


def implausible(procedure: Procedure, name: str, fact: Characteristic, unit: str) -> str:
    """Return why a fact of the rig can't be what the bench file says; "" if it can, or nobody knows.

    A fact declared in °C is a temperature, one in K or any other unit a size.
    """
    low, high = procedure.plausible().get(name, (-math.inf, math.inf))
    value = fact.place(unit) if units.normal(unit) == "°C" else fact.size(unit)
    if low <= value <= high:
        return ""
    return (
        f"{name} is {fact.value:g} {fact.unit}, and is between {low:g} {unit} and {high:g} {unit} wherever "
        "there is one: look at the value and at its unit"
    )


def fill(
    procedure: Procedure | type[Procedure],
    filling: Callable[[str], Sequence[str]],
    drivers: Mapping[str, type[Instrument]],
    artefacts: Collection[str] = (),
) -> tuple[dict[str, str], list[str]]:
    """Return role → name of what fills it, and why roles are not filled as they must be.

    Args:
        procedure: whose roles.
        filling: role → names; empty where nothing fills it.
        drivers: name → driver; what an instrument without one can do is not judged.
        artefacts: names of the standards without an interface.
    """
    filled: dict[str, str] = {}
    faults = []
    taken = {name for role in procedure.roles() for name in filling(role.name)}
    for role in procedure.roles():
        names = filling(role.name)
        if not names and not role.optional:
            able = [
                name for name in drivers if name not in taken and not _lack(role, name, drivers, artefacts)
            ]
            if able:
                who = " or ".join(able)
                faults.append(f"nothing fills the role {role}; {who} could: say so under [roles]")
            else:
                faults.append(f"nothing fills the role {role}")
        if len(names) > 1 and not role.several:
            faults.append(f"{' and '.join(names)} can't both fill the role {role}")
        for key, name in zip(role.keys(len(names)), names, strict=False):
            if lack := _lack(role, name, drivers, artefacts):
                faults.append(f"{name} can't fill the role {role}: {lack}")
            else:
                filled[key] = name
    return filled, faults


def by_weight(procedure: Procedure, filled: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of what fills roles, as a certificate lists its standards.

    What must be certified comes first, in the order the procedure says so; then the other roles as they are
    written, and the surroundings last.
    """
    certified = tuple(procedure.certified())
    written = [role.name for role in procedure.roles()]
    around = {role.name for role in procedure.roles() if AmbientMonitor in role.capabilities}

    def place(key: str) -> tuple[int, int]:
        role = of_role(key)
        if role in certified:
            return 0, certified.index(role)
        return 1 + (role in around), written.index(role)

    return tuple(dict.fromkeys(filled[key] for key in sorted(filled, key=place)))


def _lack(role: Role, name: str, drivers: Mapping[str, type[Instrument]], artefacts: Collection[str]) -> str:
    """Return why what is called `name` can't fill a role; "" if it can, as far as that is known."""
    if name in artefacts or role.artefact:
        return (
            "" if name in artefacts and role.artefact else "an artefact fills a role typed by Artefact alone"
        )
    return role.lacks(drivers[name]) if name in drivers else ""


def points_of(procedure: Procedure, *, adjust: bool) -> tuple[Point, ...]:
    """Return the points of a run in their order: of a device that is adjusted, as found and again as left.

    Raises:
        ParameterError: the procedure does not know how to adjust.
    """
    points = tuple(procedure.points())
    if not adjust:
        return points
    if not procedure.can_adjust():
        raise ParameterError(
            f"{type(procedure).__name__} does not know how to adjust: leave order.adjust out"
        )
    return tuple(
        replace(point, name=f"{point.name}, {when}", series=(when, *point.series))
        for when in (AS_FOUND, AS_LEFT)
        for point in points
    )


def check_points(procedure: Procedure, points: Sequence[Point]) -> None:
    """Raise `ParameterError` unless there are points that can be measured and told apart.

    Each needs a name of its own, a repeat, and nominal values that the procedure declares.
    """
    names = [point.name for point in points]
    if not names or len(set(names)) < len(names) or any(point.repeats < 1 for point in points):
        raise ParameterError(
            f"the points {names} can't be measured: there must be some, each with a name of its own and "
            "one repeat or more"
        )
    for point in points:
        if unknown := sorted(point.nominal.keys() - procedure.sets.keys()):
            raise ParameterError(
                f"point {point.name} sets {', '.join(unknown)}: {type(procedure).__name__}.sets must declare "
                "that, with its unit"
            )


def check_reach(
    procedure: Procedure, points: Sequence[Point], drivers: Mapping[str, type[Instrument]]
) -> None:
    """Raise `ParameterError` if a point is beyond a driver's span, or the parameters don't suit the drivers.

    Args:
        procedure: with its parameters.
        points: what it is to measure at.
        drivers: role → driver of the instrument that fills it, as far as they are known.
    """
    faults = [
        _beyond(procedure, drivers, quantity, name, point)
        for quantity, name in procedure.reach.items()
        for point in {
            point.nominal[name]: point for point in reversed(points) if name in point.nominal
        }.values()
    ]
    if beyond := "; ".join(filter(None, faults)):
        raise ParameterError(f"{beyond}. Choose other points, or another bench")
    procedure.suits(drivers)


def highest_pressure(
    procedure: Procedure, points: Sequence[Point], drivers: Mapping[str, type[Instrument]]
) -> float:
    """Return the highest absolute pressure in kPa that points have a pressure controller make.

    Infinity where there is none. What is gauge pressure nobody knows here: the air's is added to all.

    Args:
        procedure: with its parameters.
        points: what it is to measure at.
        drivers: role → driver of the instrument that fills it, as far as they are known.
    """
    controllers = {of_role(key) for key, driver in drivers.items() if PressureController in driver.__mro__}
    made = [
        units.convert(point.nominal[nominal], procedure.sets[nominal], "kPa")
        for quantity, nominal in procedure.reach.items()
        for point in points
        if quantity.partition(".")[0] in controllers and nominal in point.nominal
    ]
    return max(made) + HIGHEST_AIR if made else math.inf


def check_limits(
    procedure: Procedure, points: Sequence[Point], roles: Mapping[str, str], interlocks: Sequence[Interlock]
) -> None:
    """Raise `ParameterError` if a point lies where an interlock of the bench would stop the run.

    A point brings every quantity of its dimension to its nominal value, where it must reach it, and on the
    way there as far beyond as the procedure allows itself (`Procedure.allowance`).

    Args:
        procedure: with its parameters.
        points: what it is to measure at.
        roles: role → name of what fills it.
        interlocks: of the bench.
    """
    brought = {
        (name, nominal)
        for quantity, nominal in procedure.reach.items()
        for key, name in roles.items()
        if of_role(key) == quantity.partition(".")[0]
    }
    faults = [
        f"point {point.name}, {nominal}: the bench's interlock stops a run at {lock}"
        f"{_more(procedure, nominal)}"
        for lock in interlocks
        for name, nominal in sorted(brought)
        for point in points
        if lock.watch.rpartition(".")[0] == name
        and nominal in point.nominal
        and units.same_dimension(procedure.sets[nominal], lock.unit)
        and _trips(procedure, nominal, point.nominal[nominal], lock)
    ]
    if faults:
        raise ParameterError(f"{'; '.join(faults)}. Choose other points, or another bench")


def _more(procedure: Procedure, nominal: str) -> str:
    allowance = procedure.allowance().get(nominal, 0.0)
    return f", and it may go {allowance:g} {procedure.sets[nominal]} beyond" if allowance else ""


def _trips(procedure: Procedure, nominal: str, value: float, lock: Interlock) -> bool:
    """Tell whether an interlock would trip on the way to a nominal value; at 0 nothing is made."""
    unit, beyond = procedure.sets[nominal], procedure.allowance().get(nominal, 0.0)
    side = 1 if lock.above is not None else -1
    return lock.passed(units.convert(value + side * beyond if value else value, unit, lock.unit), lock.limit)


def _beyond(
    procedure: Procedure,
    drivers: Mapping[str, type[Instrument]],
    quantity: str,
    nominal: str,
    point: Point,
) -> str:
    """Return how a point lies beyond the span of `role.quantity`; "" if it does not, or that is unknown."""
    role, _, name = quantity.partition(".")
    unit, value = procedure.sets[nominal], point.nominal[nominal]
    found = []
    for key, driver in drivers.items():
        declared = getattr(driver, name, None)
        if of_role(key) != role or not isinstance(declared, Reading | Setting):
            continue
        least, most = procedure.shows(quantity, driver, value)
        low, high = (units.convert(end, declared.unit, unit) for end in declared.span)
        if most < low or least > high:
            value, least, most = (units.convert(each, unit, declared.unit) for each in (value, least, most))
            said = f"{value:g} {declared.unit}"
            if least != most:
                said += f", there at least {least:g} and at most {most:g} {declared.unit},"
            low, high = declared.span
            found.append(
                f"point {point.name}, {nominal}: {said} is beyond the {key} ({driver.__name__}), whose "
                f"{name} is {low:g} to {high:g} {declared.unit}"
            )
    return "; ".join(found)
