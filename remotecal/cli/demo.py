"""`remotecal demo`: calibrate a simulated water meter, from the wire to the certificate."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from remotecal.bench import Bench
from remotecal.cli.evaluate import issue
from remotecal.cli.progress import ProgressLine
from remotecal.errors import OrderError
from remotecal.procedures.catalogue import find
from remotecal.procedures.execute import Company, execute
from remotecal.procedures.order import Order
from remotecal.procedures.prompts import Scripted
from remotecal.sim.assemblies import water_rig

SEED = 2026
"""The rig and the meter of the demonstration."""

PAPER = "bench"
"""Folder for the rig's bench file, its standards' certificates and the order."""


def demo(out: Path) -> None:
    """Calibrate, and leave journal, record and certificate in `out`.

    The rig and its instruments are simulated; sockets, serial lines and protocols are real. Virtual
    time passes as fast as the computer allows.

    Raises:
        OrderError: `out` holds something already.
    """
    if out.exists() and any(out.iterdir()):
        raise OrderError(f"{out} is not empty: choose another directory for the demonstration")
    with TemporaryDirectory(prefix="remotecal-demo-") as temporary:
        paper = Path(temporary) / PAPER
        with water_rig(paper, seed=SEED) as rig:
            order = Order.load(rig.order)
            found = find(order.order.procedure)
            print(
                f"Calibrating a simulated DN50 meter: {len(rig.stations)} instruments on real sockets and serial lines"
            )
            began, here = rig.clock.now(), time.monotonic()
            with ProgressLine() as line:
                evidence = execute(
                    order, found, Bench.load(rig.bench), out, Company(Scripted(), (line,)), rig.clock
                )
            rig_time = timedelta(seconds=round(rig.clock.now() - began))
            print(f"{rig_time} of rig time in {time.monotonic() - here:.1f} s")
        shutil.copytree(paper, out / PAPER)
    issue(evidence, found, out)
    for name in sorted(path.name for path in out.iterdir() if path.is_file()):
        print(f"  {out / name}")
