"""Every row of a pair's certificate, worked once more by hand: a parabola through each one's readings."""

import numpy as np
import pytest
from short_runs import ShortRuns, record

from remotecal.sim.heat.assemblies import HeatBench

A, B = 3.9083e-3, -5.775e-7
"""IEC 60751 above 0 °C."""


def told(resistance):
    """Return at which temperature in °C a Pt100 of the norm has a resistance in Ω."""
    return (-A + np.sqrt(A**2 - 4 * B * (1 - resistance / 100))) / (2 * B)


def right(certificate, readings):
    """Return the mean of readings less the error that a certificate states of it."""
    value = np.mean([reading.value for reading in readings])
    table = next(t for t in certificate.record.tables if t.column("basic_measurementError"))
    places = table.column("basic_measuredValue").floats()
    return value - np.interp(value, places, table.column("basic_measurementError").floats())


def test_errors_of_a_pair_follow_from_the_readings_and_the_certificates(tmp_path):
    with HeatBench.up(tmp_path / "bench", seed=7, pairs=2) as bench:
        evidence = ShortRuns().calibrate(bench)
    known = {role: used.certificate for role, used in evidence.certificates.items()}
    samples = evidence.parameters["samples"]
    baths = {point.name: [] for point in evidence.points}
    for entry in evidence.observations:
        bridge, first = known["pairs[1]"], slice(0, samples)
        read = [right(bridge, entry.values[side][first]) for side in ("forward", "back")]
        baths[entry.point.name].append((right(known["reference"], entry.values["reference"]), *read))
    at, forward, back = np.array([np.mean(each, axis=0) for each in baths.values()]).T
    curves = [np.polyfit(at, one, 2) for one in (forward, back)]
    table = record(evidence).measurements[0].results[0].tables[0]
    errors = table.column("basic_measurementError")
    differences = table.column("basic_tableIndex0").floats()
    returns = table.column("remotecal_returnTemperature").floats()
    for difference, cold, error, printed in zip(
        differences, returns, errors.floats(), errors.values, strict=True
    ):
        flow, behind = (
            told(np.polyval(c, t)) for c, t in zip(curves, (cold + difference, cold), strict=True)
        )
        step = 10.0 ** -len(printed.partition(".")[2])
        assert 100 * ((flow - behind) / difference - 1) == pytest.approx(error, abs=0.55 * step)
