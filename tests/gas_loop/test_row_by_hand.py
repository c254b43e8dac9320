"""One row of a certificate once more, from raw readings and certificates: by CoolProp and numpy alone."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI
from loops import calibrate
from scipy.stats import f as fisher
from short_runs import record

from remotecal.procedures.library.evaluation.coefficients import convention
from remotecal.sim.gas_loop.assemblies import ClosedLoop

OPEN = ("1", "3")
"""Masters at 400 m³/h."""
PLACES = (*OPEN, "d")


def air(told, t, p):
    return PropsSI(told, "T", t + 273.15, "P", p, "Air")


def columns(used, at, of, unit):
    found = used.certificate.points(of, at, unit)
    rows = sorted((one.at, one.value, one.expanded / one.k) for one in found.points)
    return map(np.array, zip(*rows, strict=True))


UNITS = {"remotecal_kFactor": "1/m3", "remotecal_pipeDiameter": "m"}


def single(used, kind):
    return convention(used.certificate, kind, UNITS[kind])


def curve(used, reynolds):
    """Return a master's error, and how sure the curve through the certified ones is there."""
    places, errors, _ = columns(used, "remotecal_reynoldsNumber", "basic_measurementError", "1")
    best = None
    for order in (1, 2, 3):
        rows = np.vander(np.log10(places / 1e6), order + 1, increasing=True)
        found, *_ = np.linalg.lstsq(rows, errors, rcond=None)
        rest, dof = float(np.sum((errors - rows @ found) ** 2)), len(errors) - order - 1
        if best is not None:
            more = best[2] - dof
            if (best[1] - rest) / more / (rest / dof) <= fisher.ppf(0.95, more, dof):
                continue
        best = (found, rest, dof, rows)
    found, rest, dof, rows = best
    row = np.vander([math.log10(reynolds / 1e6)], len(found), increasing=True)[0]
    return float(row @ found), math.sqrt(rest / dof * (row @ np.linalg.inv(rows.T @ rows) @ row))


class ByHand:
    """A point's repeats, its masters ahead of the meter."""

    def __init__(self, evidence, volume):
        self.seen = [one.values for one in evidence.observations]
        self.known, self.volume = evidence.certificates, volume
        self.used = {key: self.known[f"masters[{key}]"] for key in OPEN}

    def sensors(self, key):
        if key == "d":
            return self.known["meter_gauge"], self.known["meter_thermometer"]
        return self.known[f"gauges[{key}]"], self.known[f"thermometers[{key}]"]

    def read(self, values, key, reading=None):
        """Return temperature and pressure at a place in a repeat, corrected."""
        told = []
        for quantity, unit, used in zip(
            ("pressure", "temperature"), ("Pa", "°C"), self.sensors(key), strict=True
        ):
            every = [
                one.to(unit).value for one in values[f"{'meter' if key == 'd' else 'master'}_{quantity}"]
            ]
            mine = every if key == "d" else every[OPEN.index(key) :: len(OPEN)]
            shown = statistics.fmean(mine) if reading is None else mine[reading]
            at, errors, _ = columns(used, "basic_measuredValue", "basic_measurementError", unit)
            told.append(shown - float(np.interp(shown, at, errors)))
        return told[1], told[0]

    def reynolds(self, values, key):
        t, p = self.read(values, key)
        flow = values["masters_pulses"][OPEN.index(key)].value / single(self.used[key], "remotecal_kFactor")
        flow /= values["gate_time"].value
        wide = single(self.used[key], "remotecal_pipeDiameter")
        return 4.0 * flow * air("D", t, p) / (math.pi * wide * air("V", t, p))

    def error(self, off=lambda *_: 0.0):
        """Return the meter's error in %, with each input off by what `off` tells: symbol → value."""
        return statistics.fmean(self.errors(off))

    def errors(self, off):
        at = {key: statistics.fmean(self.reynolds(values, key) for values in self.seen) for key in OPEN}
        certified = {key: curve(self.used[key], at[key])[0] for key in OPEN}
        found = []
        for values in self.seen:
            states = {key: self.read(values, key) for key in PLACES}
            dense = {
                key: air("D", t + off(f"t_{key}"), p + off(f"p_{key}")) for key, (t, p) in states.items()
            }
            mass = 0.0
            for n, key in enumerate(OPEN):
                told = values["masters_pulses"][n].value / single(self.used[key], "remotecal_kFactor")
                mass += told / (1.0 + certified[key] + off(f"E_{key}") + off("δ_E1")) * dense[key]
            first, last = (
                statistics.fmean(
                    (statistics.fmean(air("D", *self.read(values, key, n)) for key in OPEN),
                     air("D", *self.read(values, "d", n)))
                )
                for n in (0, -1)
            )  # fmt: skip
            volume = (mass - self.volume * (last - first)) / dense["d"]
            found.append(100.0 * (values["pulses"].value / 6000.0 / volume - 1.0))
        return found


def test_a_row_by_hand(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench:
        evidence = calibrate(bench, flows=[400.0], repeats=3)
    made = record(evidence)
    (budget,) = made.measurements[0].budgets
    lines = {line.symbol: float(line.contribution) for line in budget.lines}
    hand = ByHand(evidence, 0.8)
    nothing = dict.fromkeys(lines, 0.0)

    def moved(symbol, by):
        return hand.error({**nothing, symbol: by}.get)

    middle = hand.error(nothing.get)
    assert float(budget.value) == pytest.approx(middle, abs=0.0051), "as printed, to 0.01 %"
    scatter = statistics.stdev(hand.errors(nothing.get)) / math.sqrt(3)
    assert lines["E_rep"] == pytest.approx(scatter, rel=0.06)
    common, whole = 0.0008, 0.00095
    by_hand = {"δ_E1": (1e-4, common), **{f"E_{n}": (1e-4, math.sqrt(whole**2 - common**2)) for n in OPEN}}
    for key in PLACES:
        (t, p), (gauge, thermometer) = hand.read(hand.seen[0], key), hand.sensors(key)
        for symbol, step, at, used, unit, zero in (
            (f"p_{key}", 50.0, p, gauge, "Pa", 0.0),
            (f"t_{key}", 0.02, t, thermometer, "°C", 273.15),
        ):
            places, _, us = columns(used, "basic_measuredValue", "basic_measurementError", unit)
            u = float(np.interp(at, places, us))
            by_hand[symbol] = (step, math.sqrt(u**2 - (7.5e-5 * (at + zero)) ** 2))
    for symbol, (step, u) in by_hand.items():
        slope = (moved(symbol, step) - moved(symbol, -step)) / (2.0 * step)
        assert lines[symbol] == pytest.approx(abs(slope) * u, rel=0.06), symbol
    for key in OPEN:
        at = statistics.fmean(hand.reynolds(values, key) for values in hand.seen)
        slope = moved(f"E_{key}", 1e-4) - middle
        assert lines[f"f_{key}"] == pytest.approx(1e4 * slope * curve(hand.used[key], at)[1], rel=0.06)
    u = math.sqrt(sum(part**2 for part in lines.values()))
    assert float(budget.u) == pytest.approx(u, rel=0.01)
    assert float(budget.expanded) == pytest.approx(1.96 * u, abs=0.0051)
