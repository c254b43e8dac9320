"""Do the certificates' intervals cover the truth as often as they claim?

Each calibration draws a rig and a meter: every systematic error as its certificate allows, every
instrument with noise of its own. The shipped procedure calibrates the meter over the rig's real
protocols, and the rig, which alone knows the truth, says whether each reported interval E ± U holds
the meter's true error.

    python benchmarks/truth.py [calibrations] [first seed]
"""

from __future__ import annotations

import math
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from tempfile import TemporaryDirectory

from remotecal.bench import Bench
from remotecal.order import Order
from remotecal.procedures import Evidence, Procedure
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.sim.water.assemblies import WaterBench, master_line, water_rig

ASSEMBLIES = (
    (water_rig, "pulses"),
    (water_rig, "current"),
    (water_rig, "mag6000"),
    (master_line, "promag53"),
    (master_line, "pulses"),
    (master_line, "current"),
)
"""Rigs in turn, and how the meter under test is read."""

SIZES = (25, 40, 50, 80, 100)


@dataclass(frozen=True, slots=True)
class Interval:
    """What a certificate says at one flow, and what is true there; all in %."""

    error: float
    expanded: float
    true: float

    @property
    def covers(self) -> bool:
        """Tell whether the interval holds the truth."""
        return abs(self.error - self.true) <= self.expanded


def calibrate(seed: int) -> list[Interval]:
    """Calibrate one random meter on one random rig."""
    put_up, output = ASSEMBLIES[seed % len(ASSEMBLIES)]
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        with put_up(
            directory / "rig", seed=seed, dn=SIZES[seed // len(ASSEMBLIES) % len(SIZES)], output=output
        ) as rig:
            order = quick(Order.load(rig.order))
            found = find(order.order.procedure)
            evidence = execute(
                order, found, Bench.load(rig.bench), directory / "run", Company(Scripted()), rig.clock
            )
            return list(compare(found.procedure, evidence, rig, output))


def quick(order: Order) -> Order:
    """Return an order for shorter repeats, which hold for uncertainty what longer ones do."""
    shorter = {name: value / 4 for name, value in order.parameters.items() if name == "smallest_mass"}
    return order.model_copy(update={"parameters": {**order.parameters, **shorter}})


def compare(kind: type[Procedure], evidence: Evidence, rig: WaterBench, output: str) -> Iterator[Interval]:
    """Hold the evaluated errors against the rig's own knowledge."""
    procedure = kind(kind.accepts()(**evidence.parameters))
    table = procedure.evaluate(evidence).results[0].tables[0]
    error, flows = table.column("basic_measurementError"), table.column("basic_referenceValue")
    for value, expanded, flow in zip(error.floats(), error.uncertainty.expanded, flows.floats(), strict=True):
        yield Interval(value, float(expanded), 100 * rig.truth.error(flow))


def main() -> None:
    calibrations = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    found: dict[str, list[list[Interval]]] = defaultdict(list)
    seeds = range(first, first + calibrations)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, (seed, intervals) in enumerate(zip(seeds, pool.map(calibrate, seeds), strict=True), 1):
            put_up, output = ASSEMBLIES[seed % len(ASSEMBLIES)]
            (procedure,) = put_up.__self__.procedures
            found[procedure].append(intervals)
            found[f"{procedure}, {output}"].append(intervals)
            if done % 10 == 0:
                print(f"{done:4} calibrations", file=sys.stderr, flush=True)
    for name in sorted(found):
        print(f"{name:36} {told(found[name])}")


def told(calibrations: list[list[Interval]]) -> str:
    """Return how often intervals hold the truth, with the standard error by whole calibrations."""
    shares = [fmean(each.covers for each in intervals) for intervals in calibrations]
    ratio = fmean(
        abs(each.error - each.true) / each.expanded for intervals in calibrations for each in intervals
    )
    apart = stdev(shares) / math.sqrt(len(shares)) if len(shares) > 1 else math.nan
    return (
        f"{len(shares):4} calibrations: {fmean(shares):.1%} ± {apart:.1%} of the intervals hold the true "
        f"error (claimed: 95 %), mean deviation {ratio:.3f} U"
    )


if __name__ == "__main__":
    main()
