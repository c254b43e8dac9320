"""The zero of a meter under test: what it shows while the gas in it stands, at each pressure.

An ultrasonic or a Coriolis meter may show a flow where there is none, and another one at another pressure.
What it showed stands on the certificate; nothing is corrected by it, for it is the meter's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from remotecal.errors import EvidenceError, RunError
from remotecal.model import Result, Table, Text
from remotecal.procedures.library.evaluation.digits import fixed
from remotecal.procedures.library.evaluation.tables import column

if TYPE_CHECKING:
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen
    from remotecal.procedures.library.gas_loop.standing_gas import AtRest

Stood: TypeAlias = "tuple[LoopSeen, AtRest]"
"""A repeat, and what was found of the loop at rest before it."""

PLACES = 4
"""Decimals it is told with, in m³/h."""


def see_zero(pressure: float, zero: float, parameters: LoopParameters) -> None:
    """Raise `RunError` if the zero at a pressure in kPa, in m³/h, is more than the order allows."""
    most = parameters.zero_allowed
    if abs(zero) > most:
        raise RunError(
            f"at {pressure:g} kPa the meter shows {zero:+.3g} m3/h while the gas stands, and {most:g} m3/h "
            "is allowed: set its zero, see that valves are tight and its temperature is steady, or allow "
            "more (zero_limit)"
        )


def zeros(seen: Mapping[float, Sequence[Stood]], parameters: LoopParameters) -> tuple[Result, ...]:
    """Return the zeros that were read, one row a pressure; nothing where none were.

    Args:
        seen: pressure in kPa → repeats there, in their order, each with what it stands by.
        parameters: what the order tells.

    Raises:
        EvidenceError: one is more than allowed, or was not read though the order asks for it: a run does not
            go on behind that.
    """
    found = {}
    for pressure, repeats in seen.items():
        for one, rested in repeats:
            if rested.zero is None:
                if parameters.zero_time is not None:
                    raise EvidenceError(
                        f"{one.entry.place}: the order has the meter's zero read, and nothing tells it"
                    )
                continue
            try:
                see_zero(pressure, rested.zero.mean, parameters)
            except RunError as refusal:
                raise EvidenceError(f"{one.entry.point.name}: {refusal}") from None
            found[pressure] = rested.zero
    if not found:
        return ()
    limit = f"{parameters.zero_allowed:g}"
    columns = (
        column("压力", "Pressure", "remotecal_nominalPressure basic_tableIndex0", "kPa",
               [f"{pressure:g}" for pressure in found]),
        column("零点示值", "Flow shown", "remotecal_zeroFlow", "m3/h",
               [fixed(zero.mean, PLACES) for zero in found.values()]),
        column("标准偏差", "Standard deviation", "remotecal_zeroScatter", "m3/h",
               [fixed(zero.scatter, PLACES) for zero in found.values()]),
        column("允许值（±）", "Allowed (±)", "remotecal_zeroAllowed", "m3/h", [limit] * len(found)),
    )  # fmt: skip
    name = Text(zh="带压零点（阀门关闭，气体静止）", en="Zero under pressure, valves shut, gas at rest")
    return (Result(name=name, ref_types=("remotecal_zeroUnderPressure",), tables=(Table(columns=columns),)),)
