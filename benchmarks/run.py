"""How much faster than the rig a calibration over virtual time is, and where the time goes.

One calibration of six flows with three repeats, over real sockets, serial lines and Modbus, and the
same evaluated and printed. Prints ratios; absolute times depend on the machine.

    python benchmarks/run.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from remotecal.bench import Bench
from remotecal.certificates import write_certificate
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.water.assemblies import water_rig

LIMIT = 10.0
"""Seconds the run may take on the computer."""


def main() -> int:
    with TemporaryDirectory() as folder, water_rig(Path(folder) / "rig", seed=1) as rig:
        order = Order.load(rig.order)
        found = find(order.order.procedure)
        before, rig_before = time.perf_counter(), rig.clock.now()
        evidence = execute(
            order, found, Bench.load(rig.bench), Path(folder) / "run", Company(Scripted()), rig.clock
        )
        ran, rig_ran = time.perf_counter() - before, rig.clock.now() - rig_before
        before = time.perf_counter()
        record = evaluate(evidence, found)
        evaluated = time.perf_counter() - before
        before = time.perf_counter()
        write_certificate(record, Path(folder) / "run")
        written = time.perf_counter() - before
    exchanges = max(m.exchange or 0 for o in evidence.observations for m in (o.values["mass_after"],))
    print(f"rig time / run time    {rig_ran / ran:8.0f} ×   ({rig_ran / 3600:.1f} h in {ran:.1f} s)")
    print(f"exchanges              {exchanges:8}     ({ran / exchanges * 1e6:.0f} µs each, all told)")
    print(f"evaluation / run       {evaluated / ran:8.2f} ×")
    print(f"DCC and PDF / run      {written / ran:8.2f} ×")
    return 0 if ran < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
