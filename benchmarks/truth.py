"""Do the certificates' intervals cover the truth as often as they claim?

Each calibration draws a bench and a device: every systematic error as its certificate allows, every
instrument with noise of its own. The shipped procedure calibrates the device over the bench's real
protocols, and the bench, which alone knows the truth, says whether each reported interval E ± U holds
the device's true error. Intervals of one calibration share their standards, so the standard error of the
share that holds is by whole calibrations. Where it is known what standards do (`benchmarks/luck.py`) it is
told besides how intervals do with other ones.

    python benchmarks/truth.py [--bench NAME]… [--calibrations 200] [--first 1] [--drawn]

With `--drawn` nothing is served: procedure and twin call each other (`benchmarks/unwired.py`), and of points
that each stand by themselves a calibration measures a few, other ones from seed to seed. What all points
share is drawn with every calibration, so that many short ones tell more of it than a few long ones.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, stdev
from tempfile import TemporaryDirectory

from benchmarks import unwired
from benchmarks.luck import Luck, anew, luck
from remotecal.bench import Bench
from remotecal.errors import RunError
from remotecal.model import Table
from remotecal.order import Order
from remotecal.procedures import Evaluation, Evidence, Procedure
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Beside, Scripted
from remotecal.sim.assembly import Assembly
from remotecal.sim.catalogue import bench
from remotecal.uncertainty.coverage import coverage_factor

VARIETY: Mapping[str, Mapping[str, Sequence[object]]] = {
    "water-rig": {"output": ("pulses", "current", "mag6000"), "dn": (25, 40, 50, 80, 100)},
    "gas-loop": {
        "output": ("pulses", "current", "base"),
        "pressures": ((1000.0, 400.0), (600.0,)),
        "kinds": ((), ("rotary", "ultrasonic", "turbine")),
        "installation": (0.0, 0.2),
    },
    "master-line": {
        "output": ("promag53", "pulses", "current"),
        "dn": (25, 40, 50, 80, 100),
        "reference_drift": (0.0005, 0.0),
    },
    "coriolis-rig": {"output": ("mass_pulses", "mass", "mass_current"), "dn": (25, 40, 50, 80, 100)},
    "water-large": {"output": ("pulses", "current", "promag53"), "dn": (200, 300, 400, 500, 600, 800, 1000)},
    "volumetric-tank": {"output": ("pulses", "current", "mag6000"), "dn": (25, 40, 50, 80, 100)},
    "still-tank": {"paths": (2, 4), "dn": (1000.0, 3000.0)},
    "clamp-on-site": {"dn": (100, 150, 200), "output": ("total", "pulses")},
    "clamp-on-home": {},
    "large-balance": {"capacity": (1000.0, 3000.0, 10_000.0), "weights": (6, 1)},
    "prover-line": {"dn": (25, 40, 50, 80, 100)},
    "vessel-bench": {"shape": ("straight", "necked"), "dn": (50, 25, 100)},
    "converter": {"maker": ("EK280", "UNIFLO 1200"), "method": ("AGA8 DETAIL", "SGERG-88")},
    "water-bench": {"output": ("total", "pulses"), "temperature": (20.0, 34.0), "meters": (3, 8)},
    "heat-flow-sensors": {"output": ("total", "pulses"), "meters": (3, 8)},
    "bench-qualification": {"output": ("total", "pulses")},
    "heat-bench": {"pairs": (1,)},
    "heat-meter": {"meters": (3,)},
    "heat-calculator": {
        "declared": ("return", "forward"),
        "side": ("return", "forward"),
        "calculators": (3,),
    },
    "nozzles": {"output": ("pulses", "current"), "highest": (65.0, 250.0)},
    "pvtt": {"flow": (1.3, 5.2, 20.8)},
    "bell": {"item": ("nozzle", "meter"), "highest": (4.0, 10.0), "output": ("pulses", "current")},
    "density-bench": {"table": ("Tanaka", "old")},
    "solid-bench": {"method": ("hydrostatic", "substitution"), "material": ("steel", "aluminium", "glass")},
    "pycnometer-bench": {"material": ("aluminium", "steel", "glass")},
    "tube-bench": {},
    "line-bench": {},
    "hydrometer-bench": {},
    "pressure-bench": {"output": ("indication", "current"), "full": (1.0, 10.0, 100.0)},
    "piston-bench": {"medium": ("nitrogen", "oil"), "full": (1.0, 10.0, 100.0)},
}
"""What is chosen of a bench in turn, the first option by every seed; of others nothing is."""

RIG_FACTS = ("flow.diverter", "flow.pipe_volume", "flow.water_density")
"""What characterises a rig is drawn by the procedure's name, for no bench has an order for it."""

EVERY: Mapping[str, int] = {
    "water-rig": 3,
    "gas-loop": 9,
    "master-line": 6,
    "coriolis-rig": 3,
    "water-large": 5,
    "volumetric-tank": 6,
    "prover-line": 4,
    "water-bench": 3,
    "heat-flow-sensors": 3,
    "heat-meter": 3,
    "heat-calculator": 3,
    "nozzles": 4,
    "pvtt": 3,
    "bell": 4,
}
"""Of so many points one is drawn: each has an error by itself, and the standards in common."""

LESS: Mapping[str, Mapping[str, object]] = {
    "converter": {"pressures": [2e5, 6e5, 1e6], "temperatures": [20.0, 35.0]},
}
"""What an order that is drawn asks for instead, where its points need each other."""

DRAWN: Mapping[str, range] = {
    "master-line": range(5010, 5018),
    "prover-line": range(5007, 5019),
    "water-large": range(13, 25),
    "clamp-on-site": range(92014, 92019),
    "clamp-on-home": range(29, 41),
    "still-tank": range(8, 20),
    "large-balance": range(2, 10),
    "vessel-bench": range(2, 10),
    "heat-calculator": range(11, 19),
    "volumetric-tank": range(10, 15),
    "converter": range(23013, 23017),
    "gas-loop": range(7002, 7006),
    "solid-bench": range(9, 15),
    "hydrometer-bench": range(6, 14),
}
"""Few seeds, of which deviations are as large as is expected where very many are (docs/decisions): they tell
at once when an uncertainty changes. Where a bench draws otherwise than before they are to be chosen anew."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What a certificate says at one place, and what is true there, in the certificate's unit."""

    error: float
    expanded: float
    true: float
    dof: float = math.inf
    """Effective degrees of freedom of the error."""
    of: str = ""
    """What it is, beside what the first table states."""
    luck: Luck | None = None
    """What the bench's standards do to it; None where that is not known."""

    @property
    def expected(self) -> float:
        """What the deviation is expected to be in units of U: a t-distribution's mean over its quantile.

        U of few degrees of freedom is wide, so that it holds as often; its deviations are a smaller share.
        """
        if self.dof > 300:
            return math.sqrt(2 / math.pi) / coverage_factor(math.inf, 0.95)
        nu = max(math.floor(self.dof), 2)
        mean = math.gamma((nu + 1) / 2) / math.gamma(nu / 2) * 2 * math.sqrt(nu / math.pi) / (nu - 1)
        return mean / coverage_factor(nu, 0.95)

    @property
    def covers(self) -> bool:
        """Tell whether the interval holds the truth."""
        return abs(self.error - self.true) <= self.expanded


def variety(name: str, seed: int) -> dict[str, object]:
    """Return what is chosen of a bench for a seed: every combination in turn."""
    chosen: dict[str, object] = {}
    for option, values in VARIETY.get(name, {}).items():
        seed, place = divmod(seed, len(values))
        chosen[option] = values[place]
    return chosen


def calibrate(name: str, seed: int) -> list[Interval]:
    """Return what the first table states of one random device on one random bench, without wires."""
    return [one for one in draw(name, seed, every=1) if not one.of]


def calibrate_whole(name: str, seed: int) -> list[Interval]:
    """Calibrate one random device on one random bench; returns all of which the bench knows the truth."""
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        with bench(name).up(directory / "bench", seed=seed, **variety(name, seed)) as there:
            order = quick(Order.load(there.order))
            found = find(order.order.procedure)
            company = Company(Beside(there.person) if there.person else Scripted())
            evidence = execute(order, found, Bench.load(there.bench), directory / "run", company, there.clock)
            return list(compare(found.procedure, evidence, there))


def draw(name: str, seed: int, every: int | None = None) -> list[Interval]:
    """Calibrate one random device on one random bench without wires, at one point of `every`."""
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        if name in RIG_FACTS:
            return [fact_of_rig(name, seed, directory)]
        there = unwired.put_up(name, directory / "bench", {"seed": seed, **variety(name, seed)})
        order = quick(Order.load(there.order), {} if every else LESS.get(name, {}))
        found = find(order.order.procedure)
        company = Company(Beside(there.person) if there.person else Scripted())
        every = EVERY.get(name, 1) if every is None else every
        evidence = unwired.carry_out(order, found, there, directory / "run", company, every)
        return list(compare(found.procedure, evidence, there))


def fact_of_rig(procedure: str, seed: int, directory: Path) -> Interval:
    """Return what a rig's record states of a fact, by one of `RIG_FACTS`."""
    from benchmarks.rig_facts import characterise  # of water rigs, which need not be there

    told, true = characterise(procedure, seed, directory)
    return Interval(float(told.value), float(told.expanded), true, float(str(told.dof).replace("∞", "inf")))


def attempt(name: str, seed: int, *, drawn: bool) -> list[Interval] | str:
    """Return what `draw` or `calibrate_whole` does; why, where the run itself would not go on."""
    try:
        return (draw if drawn else calibrate_whole)(name, seed)
    except RunError as refused:
        return str(refused)


def quick(order: Order, instead: Mapping[str, object] | None = None) -> Order:
    """Return an order for shorter repeats, which hold for uncertainty what longer ones do."""
    amounts = {"smallest_mass", "smallest_volume"}
    shorter = {name: value / 4 for name, value in order.parameters.items() if name in amounts}
    return order.model_copy(update={"parameters": {**order.parameters, **shorter, **(instead or {})}})


def compare(kind: type[Procedure], evidence: Evidence, there: Assembly) -> Iterator[Interval]:
    """Hold the evaluated errors against the bench's own knowledge, but those of a zero that is set.

    Those of the first table, and then whatever else the bench knows the truth of.
    """
    procedure = kind(read_parameters(kind.accepts(), evidence.parameters, evidence.procedure.name))
    evaluated = procedure.evaluate(evidence)
    for device, one in enumerate((evaluated,) if isinstance(evaluated, Evaluation) else evaluated):
        table = one.results[0].tables[0]
        budgets = {each.row: each for each in one.budgets if each.result == 0}
        found = table.column(there.states[0])
        stated = zip(found.floats(), found.uncertainty.expanded, strict=True)
        for row, (value, expanded) in enumerate(stated):
            true = there.true_in(table, row, device)
            if value == true == 0.0 and at_zero(table, row, there.states[1]):
                continue
            dof = float(found.dof[row].replace("∞", "inf")) if found.dof else math.inf
            by = luck(evidence.procedure.name, there, budgets[row], table) if row in budgets else None
            yield Interval(value, float(expanded), true, dof, luck=by)
        for of, value, expanded, true in there.true_beside(one.results):
            yield Interval(value, expanded, true, of=of)


def at_zero(table: Table, row: int, against: str) -> bool:
    """Tell whether a row is about nothing at all, where an instrument that is set to zero has no error."""
    places = table.column(against)
    return places is not None and places.floats()[row] == 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--bench",
        action="append",
        help=f"a bench of the catalogue; all known by default; with --drawn also {', '.join(RIG_FACTS)}",
    )
    parser.add_argument("--calibrations", type=int, default=200, help="how many on each bench")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--drawn", action="store_true", help="without wires, and few points each")
    told_to = parser.parse_args()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name in told_to.bench or VARIETY:
            seeds = range(told_to.first, told_to.first + told_to.calibrations)
            found: dict[str, list[list[Interval]]] = defaultdict(list)
            every = pool.map(partial(attempt, drawn=told_to.drawn), [name] * len(seeds), seeds)
            for done, (seed, whole) in enumerate(zip(seeds, every, strict=True), 1):
                if isinstance(whole, str):
                    print(f"{name}, seed {seed}: no certificate, {whole}", file=sys.stderr, flush=True)
                    continue
                intervals = [one for one in whole if not one.of]
                found[name].append(intervals)
                for of in sorted({one.of for one in whole} - {""}):
                    found[f"{name}, {of}"].append([one for one in whole if one.of == of])
                for option in list(variety(name, seed).values())[:1]:
                    found[f"{name}, {option}"].append(intervals)
                if done % 10 == 0:
                    print(f"{done:4} calibrations", file=sys.stderr, flush=True)
            for kind in sorted(found):
                print(f"{kind:28} {told(found[kind])}", flush=True)
                rows = [
                    [(one.error - one.true, one.expanded, one.luck) for one in intervals if one.luck]
                    for intervals in found[kind]
                ]
                if any(rows):
                    print(f"{'':28} {anew(rows)}", flush=True)


def told(calibrations: list[list[Interval]]) -> str:
    """Return how often intervals hold the truth, with the standard error by whole calibrations."""
    shares = [fmean(each.covers for each in intervals) for intervals in calibrations]
    ratios = [
        fmean(abs(each.error - each.true) / each.expanded for each in intervals) for intervals in calibrations
    ]
    expected = fmean(fmean(each.expected for each in intervals) for intervals in calibrations)
    missed = sum(not each.covers for intervals in calibrations for each in intervals)
    return (
        f"{len(shares):4} calibrations: {fmean(shares):.1%} ± {_apart(shares):.1%} of the intervals hold the "
        f"true error (claimed: 95 %), mean deviation {fmean(ratios):.3f} ± {_apart(ratios):.3f} U, "
        f"{expected:.3f} U by the degrees of freedom; {missed} of {sum(map(len, calibrations))} missed"
    )


def _apart(each: Sequence[float]) -> float:
    """Return the standard error of the mean of what each calibration gives."""
    return stdev(each) / math.sqrt(len(each)) if len(each) > 1 else math.nan


if __name__ == "__main__":
    main()
