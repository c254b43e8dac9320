"""Whether a bench's drivers can do what an order asks, told before anything is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.drivers.quantities import Reading, Setting
from remotecal.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.observation import Point
    from remotecal.procedures.procedure import Procedure


def fill(
    procedure: Procedure | type[Procedure],
    filling: Callable[[str], str | None],
    drivers: Mapping[str, type[Instrument]],
) -> tuple[dict[str, str], list[str]]:
    """Return role → name of the instrument that fills it, and why roles are not filled as they must be.

    Args:
        procedure: whose roles.
        filling: role → name; None where nothing fills it.
        drivers: name → driver; what an instrument without one can do is not judged.
    """
    filled, faults = {}, []
    for role in procedure.roles():
        name = filling(role.name)
        if name is None:
            if not role.optional:
                faults.append(f"nothing fills the role {role}")
        elif name in drivers and (lack := role.lacks(drivers[name])):
            faults.append(f"{name} can't fill the role {role}: {lack}")
        else:
            filled[role.name] = name
    return filled, faults


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
    faults = []
    for quantity, name in procedure.reach.items():
        for point in points:
            if name in point.nominal:
                place, unit = f"point {point.name}, {name}", procedure.sets[name]
                faults.append(_beyond(drivers, quantity, point.nominal[name], unit, place))
    if beyond := "; ".join(filter(None, faults)):
        raise ParameterError(f"{beyond}. Choose other points, or another bench")
    procedure.suits(drivers)


def _beyond(
    drivers: Mapping[str, type[Instrument]], quantity: str, value: float, unit: str, place: str
) -> str:
    """Return how a value lies beyond the span of `role.quantity`; "" if it does not, or that is unknown."""
    role, _, name = quantity.partition(".")
    driver = drivers.get(role)
    declared = getattr(driver, name, None)
    if driver is None or not isinstance(declared, Reading | Setting):
        return ""
    low, high = declared.span
    if low <= units.convert(value, unit, declared.unit) <= high:
        return ""
    span = f"{units.convert(low, declared.unit, unit):g} to {units.convert(high, declared.unit, unit):g}"
    return (
        f"{place}: {value:g} {unit} is beyond the {role} ({driver.__name__}), whose {name} is {span} {unit}"
    )
