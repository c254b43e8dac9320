"""What of a found error is the luck of one bench's standards, and how intervals do with other ones.

A calibration whose standards make most of its budget is one draw of them, however many rows it has. What
they are off by the simulated bench knows. That times the budget's own lines is taken from the error that was
found, and standards are drawn anew to what is left, so that chance is but in that. The slope tells whether it
holds: that of the errors on what the lines say, 1 where standards do to a result just what its budget says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from remotecal.model import PointBudget
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.converter.assemblies import ConverterBench
    from remotecal.sim.gas_loop.assemblies import ClosedLoop
    from remotecal.sim.large_water.assemblies import LargeWater
    from remotecal.sim.pressure.assemblies import PressureBench
    from remotecal.sim.water.assemblies import MasterLine

AGAIN: Final = 40
"""How often standards are drawn to each row."""


@dataclass(frozen=True, slots=True)
class Luck:
    """What standards do to one error, by its budget; both in the error's unit."""

    by: float
    """What the error that was found is off by for what the bench's standards are off by."""
    u: float
    """Standard uncertainty of that: how much it is off by for all such benches."""


def _off(known: Calibrated) -> float:
    """Return by how many standard uncertainties all true corrections are off, which are so together."""
    stated = known.stated
    return (known.true[0] - stated.corrections[0] - known.drifted) * stated.k / stated.expanded[0]


def _converter(there: ConverterBench, lines: Mapping[str, float]) -> Luck:
    known = there.certificates
    off = {"p_std": _off(known["controller"]), "t_ref": -_off(known["thermometer"])}
    return _of_lines({**off, "δ_w": -_off(known["uniformity"])}, lines)


def _pressure(there: PressureBench, lines: Mapping[str, float]) -> Luck:
    known = there.certificates  # one ammeter reads all of a transmitter; a gauge's budget has no such line
    return _of_lines({"p_std": _off(known["controller"]), "I": -_off(known["ammeter"])}, lines)


def _master(there: MasterLine, lines: Mapping[str, float]) -> Luck:
    known = there.outfit.certificates["reference"]
    drifted = math.sqrt(3) * known.drifted / known.stated.drift if known.stated.drift else 0.0
    return _of_lines({"e_r": _off(known), "δ_d_e_r": drifted}, lines)


def _of_lines(off: Mapping[str, float], lines: Mapping[str, float]) -> Luck:
    parts = [(z, lines.get(symbol, 0.0)) for symbol, z in off.items()]
    return Luck(sum(z * u for z, u in parts), math.hypot(*(u for _, u in parts)))


def _parallel(there: LargeWater, lines: Mapping[str, float]) -> Luck:
    own = _numbered("e_", lines)
    off = fmean(_off(there.outfit.masters[number - 1]) for number in own)
    shared = lines["δ_e1"]
    return Luck(off * math.hypot(shared, sum(own.values())), math.hypot(shared, *own.values()))


def _loop(there: ClosedLoop, lines: Mapping[str, float]) -> Luck:
    own = _numbered("E_", lines)
    off = fmean(there.rig.spec.masters[number - 1].off for number in own)
    return Luck(-100.0 * off, math.hypot(lines["δ_E1"], *own.values()))


def _numbered(head: str, lines: Mapping[str, float]) -> dict[int, float]:
    """Return number of the master → contribution of what is its own."""
    return {int(symbol[2:]): u for symbol, u in lines.items() if symbol[:2] == head and symbol[2:].isdigit()}


KNOWN: Final[Mapping[str, Callable[..., Luck]]] = {
    "volume_converter": _converter,
    "gauge": _pressure,
    "transmitter": _pressure,
    "water_master_meter": _master,
    "water_parallel_masters": _parallel,
    "meter_by_masters": _loop,
}
"""By the last part of a procedure's name."""


def luck(procedure: str, there: object, budget: PointBudget) -> Luck | None:
    """Return what standards do to an error of a bench's calibration; None where none are known."""
    name = procedure.rpartition(".")[2]
    lines = {line.symbol: float(line.contribution) for line in budget.lines}
    return cast("Callable[..., Luck]", KNOWN[name])(there, lines) if name in KNOWN else None


def anew(calibrations: Sequence[Sequence[tuple[float, float, Luck]]]) -> str:
    """Return how often intervals hold with other standards.

    The slope's standard error is by whole calibrations: what is left of their rows may be the same for all.

    Args:
        calibrations: of each its rows: how far an error is off the truth, its expanded uncertainty, and what
            standards do to it.
    """
    rng = Random(1)
    whole = [
        [(off / expanded, one.by / expanded, one.u / expanded) for off, expanded, one in rows]
        for rows in calibrations
    ]
    found = [one for rows in whole for one in rows]
    squares = sum(by * by for _, by, _ in found)
    left = [off - by for off, by, _ in found]
    size = math.sqrt(fmean(each * each for each in left))
    again = [
        abs(rest + rng.gauss(0.0, u)) for rest, (*_, u) in zip(left, found, strict=True) for _ in range(AGAIN)
    ]
    slope = sum(off * by for off, by, _ in found) / squares
    apart = math.hypot(*(sum((off - slope * by) * by for off, by, _ in rows) for rows in whole)) / squares
    return (
        f"with standards drawn anew {fmean(each <= 1.0 for each in again):.1%} hold, at {fmean(again):.3f}; "
        f"slope {slope:.2f} ± {apart:.2f}, "
        f"{size:.3f} U left"
    )
