"""What tests of the gas loop share: short orders, and looking at a bench."""

from __future__ import annotations

from short_runs import ShortRuns, UnwiredRuns

from remotecal.drivers.capabilities import LoopMode

QUICK = {
    "pressures": [600.0],
    "flows": [400.0, 100.0],
    "repeats": 2,
    "duration": 30.0,
    "fewest_pulses": 1000,
}
"""What is told of a short calibration: 65 and 400 m³/h masters at the first flow, 160 at the second."""
RUNS = UnwiredRuns(**QUICK)
ordered, planned, calibrate = RUNS.ordered, RUNS.planned, RUNS.calibrate
wired = ShortRuns(**QUICK).calibrate
"""As `calibrate`, with the instruments that the bench file states."""


def errors_of(evaluation):
    return evaluation.results[0].tables[0].column("basic_measurementError").floats()


def is_safe(bench):
    """Tell whether the blower stands, every branch and the filling are shut, and the gas is out."""
    with bench.world.present() as time:
        rig = bench.rig
        relieved = rig.pressure < rig.air.pressure(time) + 10e3
        shut = rig.plc.opened == 0 and rig.plc.mode is LoopMode.VENT
        return not rig.blower.started and shut and relieved
