"""What of a found error is the luck of one bench's standards, and how intervals do with other ones.

A calibration whose standards make most of its budget is one draw of them, however many rows it has. What
they are off by the simulated bench knows. That times the budget's own lines is taken from the error that was
found, and standards are drawn anew to what is left, so that chance is but in that. The slope tells whether it
holds: that of the errors on what the lines say, 1 where standards do to a result just what its budget says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remotecal.model import PointBudget, Table
    from remotecal.sim.assembly import Assembly
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.clamp_on.assemblies import ClampOnSite
    from remotecal.sim.converter.assemblies import ConverterBench
    from remotecal.sim.gas_loop.assemblies import ClosedLoop
    from remotecal.sim.heat.complete_bench import CompleteBench
    from remotecal.sim.large_water.assemblies import LargeWater
    from remotecal.sim.pressure.assemblies import PressureBench
    from remotecal.sim.volumetric.proving import ProverLine
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
    limit: float = 0.0
    """What of it is one limit that is charged as a rectangle, as a standard uncertainty."""

    def anew(self, rng: Random) -> float:
        """Return what other standards would do."""
        rest = rng.gauss(0.0, math.sqrt(self.u**2 - self.limit**2))
        return rest + rng.uniform(-math.sqrt(3), math.sqrt(3)) * self.limit if self.limit else rest


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table of errors, and its budget by symbol."""

    lines: Mapping[str, float]
    """Contributions, in the error's unit."""
    u: Mapping[str, float]
    """Standard uncertainties of the inputs, each in its own unit."""
    at: Callable[[str], float]
    """Tells what the row has in a column, by its refType."""

    def off(self, symbol: str, known: Calibrated, place: float) -> float:
        """Return by how many standard uncertainties of an input a standard's true correction is off."""
        return (known.correction(place) - known.stated.correction(place)) / self.u[symbol]


def _off(known: Calibrated) -> float:
    """Return by how many standard uncertainties all true corrections are off, which are so together."""
    stated = known.stated
    return (known.true[0] - stated.corrections[0] - known.drifted) * stated.k / stated.expanded[0]


def _converter(there: ConverterBench, row: Row) -> Luck:
    known = there.certificates
    off = {"p_std": _off(known["controller"]), "t_ref": -_off(known["thermometer"])}
    return _of_lines({**off, "δ_w": -_off(known["uniformity"])}, row)


def _pressure(there: PressureBench, row: Row) -> Luck:
    known = there.certificates  # one ammeter reads all of a transmitter; a gauge's budget has no such line
    return _of_lines({"p_std": _off(known["controller"]), "I": -_off(known["ammeter"])}, row)


def _master(there: MasterLine, row: Row) -> Luck:
    known = there.outfit.certificates["reference"]
    drifted = math.sqrt(3) * known.drifted / known.stated.drift if known.stated.drift else 0.0
    return _of_lines({"e_r": _off(known), "δ_d_e_r": drifted}, row)


def _of_lines(off: Mapping[str, float], row: Row) -> Luck:
    parts = [(z, row.lines.get(symbol, 0.0)) for symbol, z in off.items()]
    return Luck(sum(z * u for z, u in parts), math.hypot(*(u for _, u in parts)))


def _parallel(there: LargeWater, row: Row) -> Luck:
    own = _numbered("e_", row.lines)
    off = fmean(_off(there.outfit.masters[number - 1]) for number in own)
    shared = row.lines["δ_e1"]
    return Luck(off * math.hypot(shared, sum(own.values())), math.hypot(shared, *own.values()))


def _loop(there: ClosedLoop, row: Row) -> Luck:
    own = _numbered("E_", row.lines)
    off = fmean(there.rig.spec.masters[number - 1].off for number in own)
    installed, shared = row.lines.get("δ_ins", 0.0), row.lines["δ_E1"]
    by = 100.0 * (there.rig.spec.disturbed - off)
    return Luck(by, math.hypot(shared, installed, *own.values()), limit=installed)


def _prover(there: ProverLine, row: Row) -> Luck:
    return _of_lines({"BPV": there.prover.off}, row)


def _clamp_on(there: ClampOnSite, row: Row) -> Luck:
    site, size = there.site, there.size
    velocity = row.at("basic_referenceValue") / 3600.0 / (math.pi / 4 * (size.inner / 1000.0) ** 2)
    measured = math.hypot(row.u["D_o"], 2.0 * row.u["w"], 2.0 * row.u["l"])
    off = {
        "e_r": row.off("e_r", there.travelling.before, velocity),
        "D": (site.inner - size.inner) / measured,
        "δ_p": site.profile / row.u["δ_p"],
    }
    diameter = math.hypot(*(row.lines[symbol] for symbol in ("D_o", "w", "l")))
    known = _of_lines(off, replace(row, lines={**row.lines, "D": diameter}))
    return replace(known, limit=row.lines["δ_p"])


def _heat_meter(there: CompleteBench, row: Row) -> Luck:
    known, back = there.certificates, row.at("remotecal_returnTemperature")
    off = {
        "e_m": row.off("e_m", known["master"], row.at("remotecal_flow")),
        "t_f": row.off("t_f", known["forward_reference"], back + row.at("basic_referenceValue")),
        "t_r": -row.off("t_r", known["return_reference"], back),
    }
    return _of_lines(off, row)


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
    "water_prover": _prover,
    "meter_by_clamp_on": _clamp_on,
    "complete": _heat_meter,
}
"""By the last part of a procedure's name."""


def luck(procedure: str, there: Assembly, budget: PointBudget, table: Table) -> Luck | None:
    """Return what standards do to an error of a bench's calibration; None where none are known.

    Args:
        procedure: its name.
        there: the bench.
        budget: of the error.
        table: it is in.
    """
    name = procedure.rpartition(".")[2]
    if name not in KNOWN:
        return None
    lines = {line.symbol: float(line.contribution) for line in budget.lines}
    u = {line.symbol: float(line.u) for line in budget.lines}
    return KNOWN[name](there, Row(lines, u, partial(there.place_in, table, budget.row)))


def anew(calibrations: Sequence[Sequence[tuple[float, float, Luck]]]) -> str:
    """Return how often intervals hold with other standards.

    The slope's standard error is by whole calibrations: what is left of their rows may be the same for all.

    Args:
        calibrations: of each its rows: how far an error is off the truth, its expanded uncertainty, and what
            standards do to it.
    """
    rng = Random(1)
    whole = [[(off / expanded, one, expanded) for off, expanded, one in rows] for rows in calibrations]
    found = [(off, one.by / expanded) for rows in whole for off, one, expanded in rows]
    left = [off - by for off, by in found]
    size = math.sqrt(fmean(each * each for each in left))
    luck_of = [(one, expanded) for rows in whole for _, one, expanded in rows]
    again = [
        abs(rest + one.anew(rng) / expanded)
        for rest, (one, expanded) in zip(left, luck_of, strict=True)
        for _ in range(AGAIN)
    ]
    slope, apart = slope_of(calibrations)
    return (
        f"with standards drawn anew {fmean(each <= 1.0 for each in again):.1%} hold, at {fmean(again):.3f}; "
        f"slope {slope:.2f} ± {apart:.2f}, "
        f"{size:.3f} U left"
    )


def slope_of(calibrations: Sequence[Sequence[tuple[float, float, Luck]]]) -> tuple[float, float]:
    """Return the slope of the errors on what standards do, both in units of U, and its standard error."""
    whole = [[(off / expanded, one.by / expanded) for off, expanded, one in rows] for rows in calibrations]
    squares = sum(by * by for rows in whole for _, by in rows)
    slope = sum(off * by for rows in whole for off, by in rows) / squares
    apart = math.hypot(*(sum((off - slope * by) * by for off, by in rows) for rows in whole)) / squares
    return slope, apart
