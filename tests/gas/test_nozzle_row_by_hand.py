"""One row of a certificate once more, from raw readings and certificates: by pyaga8 and numpy alone."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from pyaga8 import Composition, Gerg2008
from scipy.optimize import brentq
from short_runs import ShortRuns, record

from remotecal.procedures.library.evaluation.coefficients import convention
from remotecal.sim.gas.assemblies import NozzleBench

R = 8.314462618
DRY = {"nitrogen": 0.780848, "oxygen": 0.20939, "argon": 0.009332, "carbon_dioxide": 0.0004}
"""By mole, as in CIPM-2007 with 400 µmol/mol of carbon dioxide."""
OPEN = (4, 6)
"""Nozzles at 26 m³/h: 5.2 and 20.8."""
FLOW, WORTH = 26.0, 20_000.0
"""In m³/h, and the meter's pulses per m³."""
RUNS = ShortRuns(flows=[FLOW], repeats=3, duration=30.0, fewest_pulses=1000)
SENSORS = {
    "p_0": ("inlet_gauge", "inlet_pressure", "Pa"),
    "t_0": ("inlet_thermometer", "inlet_temperature", "°C"),
    "p_m": ("meter_gauge", "meter_pressure", "Pa"),
    "t_m": ("meter_thermometer", "meter_temperature", "°C"),
    "p_a": ("ambient", "air_pressure", "Pa"),
    "t_a": ("ambient", "air_temperature", "°C"),
    "h_a": ("ambient", "humidity", "%"),
}


def gas(t, p, water):
    """Return moist air by GERG-2008."""
    made, told = Composition(), Gerg2008()
    for name, share in {**DRY, "water": water}.items():
        setattr(made, name, share if name == "water" else share * (1 - water))
    told.set_composition(made)
    told.temperature, told.pressure = t + 273.15, p / 1000
    told.calc_density(0)
    told.calc_properties()
    return told


def density(t, p, water):
    found = gas(t, p, water)
    return found.d * found.mm


def critical_flow(t, p, water):
    """Return C*: down the isentrope to where the gas is as fast as sound, and ρ·w·√(R·T/M)/p there."""
    rest = gas(t, p, water)

    def throat(ratio):
        cold = brentq(lambda c: gas(c, ratio * p, water).s - rest.s, t - 90, t)
        return gas(cold, ratio * p, water)

    def beyond(ratio):
        there = throat(ratio)
        return 2 * (rest.h - there.h) * 1000 / there.mm - there.w**2

    there = throat(brentq(beyond, 0.4, 0.7))
    return there.d * there.mm * there.w * math.sqrt(R * (t + 273.15) / (rest.mm / 1000)) / p


def drawn(t, p, water):
    """Return the mass flow through a choked throat's area, in kg/(s m²)."""
    specific = R / (gas(t, p, water).mm / 1000)
    return critical_flow(t, p, water) * p / math.sqrt(specific * (t + 273.15))


def water_in(t, p, humidity):
    """Return the mole fraction of water, by Buck's equation with its enhancement factor."""
    boiling = 611.21 * math.exp((18.678 - t / 234.5) * t / (257.14 + t))
    return humidity / 100 * boiling * (1.0007 + 3.46e-8 * p) / p


def columns(used, at, of, unit):
    found = used.certificate.points(of, at, unit)
    rows = sorted((one.at, one.value, one.expanded / one.k) for one in found.points)
    return map(np.array, zip(*rows, strict=True))


class ByHand:
    """A point's repeats, with the meter read by its pulses."""

    def __init__(self, evidence):
        self.seen = [one.values for one in evidence.observations]
        self.known = evidence.certificates

    def read(self, values, symbol):
        """Return what was read, corrected by its certificate, and its standard uncertainty."""
        role, name, unit = SENSORS[symbol]
        told = values[name]
        every = [one.to(unit).value for one in ([told] if hasattr(told, "to") else told)]
        shown = statistics.fmean(every)
        places, errors, us = columns(self.known[role], "basic_measuredValue", "basic_measurementError", unit)
        return shown - float(np.interp(shown, places, errors)), float(np.interp(shown, places, us))

    def discharge(self, number, per_area, t):
        """Return A·C_d in m² and C_d's relative u, where so much flows through a throat's area."""
        used = self.known[f"nozzles[{number}]"]
        wide = convention(used.certificate, "remotecal_throatDiameter", "m")
        sutherland = 1.716e-5 * ((t + 273.15) / 273.15) ** 1.5 * (273.15 + 110.4) / (t + 273.15 + 110.4)
        places, values, us = columns(
            used, "remotecal_throatReynoldsNumber", "remotecal_dischargeCoefficient", "1"
        )
        c = 0.98
        for _ in range(4):
            reynolds = c * per_area * wide / sutherland
            c = float(np.interp(reynolds, places, values))
        return math.pi * wide**2 / 4 * c, float(np.interp(reynolds, places, us)) / c

    def errors(self, off):
        """Return the meter's errors in %, with each input off by what is told: symbol → value."""
        found = []
        for values in self.seen:
            at = {symbol: self.read(values, symbol)[0] + off.get(symbol, 0.0) for symbol in SENSORS}
            water = water_in(at["t_a"], at["p_a"], at["h_a"])
            per_area = drawn(at["t_0"], at["p_0"], water)
            area = sum(
                self.discharge(n, per_area, at["t_0"])[0] * (1 + off.get("δ_C1", 0) + off.get(f"C_{n}", 0))
                for n in OPEN
            )
            flow = area * per_area / density(at["t_m"], at["p_m"], water)
            flow *= (1 + off.get("ε_C", 0)) / (1 + off.get("ε_ρ", 0))
            lasted = values["pulses_after"].at - values["pulses_before"].at + off.get("Δt", 0.0)
            told = (values["pulses_after"].value - values["pulses_before"].value) / WORTH
            found.append(100 * (told / ((flow + off.get("q_l", 0.0) / 3600) * lasted) - 1))
        return found


def test_a_row_by_hand(tmp_path):
    with NozzleBench.up(tmp_path / "bench", seed=7) as bench:
        evidence = RUNS.calibrate(bench)
    (budget,) = record(evidence).measurements[0].budgets
    lines = {line.symbol: float(line.contribution) for line in budget.lines}
    hand = ByHand(evidence)
    errors = hand.errors({})
    assert float(budget.value) == pytest.approx(statistics.fmean(errors), abs=0.0061), "as printed, to 0.01 %"
    assert lines["E_rep"] == pytest.approx(statistics.stdev(errors) / math.sqrt(3), rel=0.06)
    by_hand = {symbol: hand.read(hand.seen[0], symbol)[1] for symbol in SENSORS}
    common, leak = 0.00075, 2e-4 * FLOW / math.sqrt(3)
    by_hand |= {"δ_C1": common, "ε_C": 0.00046, "ε_ρ": 0.0005, "Δt": 0.0005, "q_l": leak}
    for n in OPEN:
        whole = hand.discharge(n, drawn(21.0, 103e3, 0.011), 21.0)[1]
        by_hand[f"C_{n}"] = math.sqrt(whole**2 - common**2)
    for symbol, u in by_hand.items():
        more, less = (statistics.fmean(hand.errors({symbol: way * u})) for way in (1, -1))
        assert lines[symbol] == pytest.approx(abs(more - less) / 2, rel=0.06), symbol
    assert lines.keys() - by_hand.keys() - {"E_rep"} == {"V_c", "Δp_c", "Δt_c", "N"}
    assert max(lines[symbol] for symbol in ("V_c", "Δp_c", "Δt_c", "N")) < 0.001, "what the pipe stores"
    u = math.sqrt(sum(part**2 for part in lines.values()))
    assert float(budget.u) == pytest.approx(u, abs=0.0051)
    assert float(budget.expanded) == pytest.approx(1.96 * u, abs=0.0051)
