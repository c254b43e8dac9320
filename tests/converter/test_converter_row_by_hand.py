"""One row of a certificate once more, from raw readings and certificates: by pyaga8 and numpy alone."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from pyaga8 import Composition, Detail
from short_runs import UnwiredRuns, record

from remotecal.sim.converter.assemblies import ConverterBench
from remotecal.sim.converter.device import COMPOSITION
from remotecal.units import convert

BASE = (20.0, 101_325.0)
PRESSURES, TEMPERATURES = (2e5, 6e5, 1e6), (20.0, 45.0)
PULSES, WORTH = 1000, 10.0
RUNS = UnwiredRuns(temperatures=list(TEMPERATURES), pressures=list(PRESSURES), pulses=PULSES, soak=900.0)
HEIGHT = 28.0134e-3 * 9.81 / (8.314462618 * 293.15)
"""By how much the pressure is less 1 m higher, as a share."""


def z(t, p):
    made, told = Composition(), Detail()
    for name, share in COMPOSITION.items():
        setattr(made, name, share)
    told.set_composition(made)
    told.temperature, told.pressure = t + 273.15, p / 1000
    told.calc_density()
    told.calc_properties()
    return told.z


def factor(t, p):
    (t_b, p_b) = BASE
    return p / p_b * ((t_b + 273.15) / (t + 273.15)) * z(t_b, p_b) / z(t, p)


def bent(places, errors, at):
    """Return what a straight line may miss: a parabola through the interval and the point beside it."""
    n = int(np.searchsorted(places, at)) - 1
    sets = [places[m : m + 3] for m in (n - 1, n) if 0 <= m <= len(places) - 3]
    curves = [np.polyfit(three, errors[np.isin(places, three)], 2)[0] for three in sets]
    return max(map(abs, curves)) * (at - places[n]) * (places[n + 1] - at)


class ByHand:
    """All that was seen on the grid."""

    def __init__(self, evidence):
        self.known = evidence.certificates
        self.facts = evidence.characteristics
        self.at = {}
        for one in evidence.observations:
            place = one.point.nominal["temperature"], one.point.nominal["pressure"]
            self.at.setdefault(place, {})["rising" in one.point.series] = one.values

    def standard(self, role, shown, unit):
        """Return what a standard read, corrected, and its standard uncertainty."""
        found = self.known[role].certificate.points("basic_measurementError", "basic_measuredValue", unit)
        rows = sorted(
            (
                convert(one.at, found.at_unit, unit),
                convert(one.value, found.unit, unit),
                convert(one.expanded / one.k, found.unit, unit),
            )
            for one in found.points
        )
        places, errors, us = map(np.array, zip(*rows, strict=True))
        shown = statistics.fmean(one.to(unit).value for one in shown)
        u = math.hypot(float(np.interp(shown, places, us)), bent(places, errors, shown) / math.sqrt(3))
        return shown - float(np.interp(shown, places, errors)), u

    def errors(self, values, off):
        """Return e_V, e_p, e_T, e_Z and e_Vb in %, with each input off by what is told."""
        p = self.standard("controller", values["reference"], "Pa")[0] + off.get("p_std", 0.0)
        p *= 1 - HEIGHT * (self.facts["reference_height"].value + off.get("h", 0.0))
        t = self.standard("thermometer", values["bath"], "°C")[0]
        t += sum(off.get(symbol, 0.0) for symbol in ("t_ref", "δ_w", "δ_s"))
        told_p = statistics.fmean(one.to("Pa").value for one in values["pressure"])
        told_t = statistics.fmean(one.value for one in values["temperature"])
        measured, converted = (
            values[f"{name}_after"].value - values[f"{name}_before"].value
            for name in ("measured", "converted")
        )
        packet = PULSES / WORTH
        whole = (converted + off.get("V_b_res", 0.0)) / (packet * factor(t, p))
        shares = (
            measured / packet,
            told_p / p,
            (told_t + 273.15) / (t + 273.15),
            z(t, p) / z(told_t, told_p),
            whole,
        )
        return [100 * (one - 1) for one in shares]

    def mean(self, place, which, off=None):
        return statistics.fmean(self.errors(one, off or {})[which] for one in self.at[place].values())

    def half(self, place, which):
        """Return half of what falling readings are more than rising ones."""
        ways = self.at[place]
        return (self.errors(ways[False], {})[which] - self.errors(ways[True], {})[which]) / 2

    def scatter(self, which):
        """Return s and each pressure's hysteresis, half."""
        halves = {place: self.half(place, which) for place in self.at}
        turned = {p: statistics.fmean(halves[t, p] for t in TEMPERATURES) for p in PRESSURES}
        left = sum((halves[t, p] - turned[p]) ** 2 for t, p in halves)
        return math.sqrt(left / (len(PRESSURES) * (len(TEMPERATURES) - 1))), turned


P, T, WHOLE = 1, 2, 4
NAMES = (
    "countingError", "pressureError", "temperatureErrorRelative", "compressibilityError", "wholeError"
)  # fmt: skip
"""e_V, e_p, e_T, e_Z and e_Vb."""


def test_a_row_by_hand(tmp_path):
    with ConverterBench.up(tmp_path / "bench", seed=7, temperatures=TEMPERATURES) as bench:
        evidence = RUNS.calibrate(bench)
    made, hand = record(evidence).measurements[0], ByHand(evidence)
    row, place = 1, (TEMPERATURES[0], PRESSURES[1])
    (budget,) = (one for one in made.budgets if one.result == 0 and one.row == row)
    lines = {line.symbol: float(line.contribution) for line in budget.lines}
    values = hand.at[place][True]
    us = {
        "p_std": hand.standard("controller", values["reference"], "Pa")[1],
        "t_ref": hand.standard("thermometer", values["bath"], "°C")[1],
        "h": hand.facts["reference_height"].expanded_uncertainty / 2,
        "δ_w": hand.facts["well_uniformity"].expanded_uncertainty / 2,
        "δ_s": 1e-4 * 120.0 / math.sqrt(3),
        "V_b_res": 0.01 / math.sqrt(6) / math.sqrt(2),
    }
    moves = {
        symbol: [hand.mean(place, which, {symbol: u}) - hand.mean(place, which) for which in range(5)]
        for symbol, u in us.items()
    }
    for symbol, by_hand in moves.items():
        assert lines[symbol] == pytest.approx(abs(by_hand[WHOLE]), rel=0.06), symbol
    s, turned = hand.scatter(WHOLE)
    assert lines["E_rep"] == pytest.approx(s, rel=0.06)
    assert lines["δ_h"] == pytest.approx(abs(turned[place[1]]) / math.sqrt(3), rel=0.06)
    u = math.sqrt(sum(part**2 for part in lines.values()))
    assert float(budget.u) == pytest.approx(u, rel=0.04)
    assert float(budget.expanded) == pytest.approx(1.96 * u, rel=0.04)
    _the_parts(
        hand, place, moves, {c.ref_types[0]: c.floats()[row] for c in made.results[3].tables[0].columns}
    )


def _the_parts(hand, place, moves, told):
    """Hold every part by itself and the whole against the printed row, and their covariance."""
    by_hand = [hand.mean(place, which) for which in range(5)]
    for which, name in enumerate(NAMES):
        assert told[f"remotecal_{name}"] == pytest.approx(by_hand[which], abs=1.1e-4), name
    counting, pressure, temperature, compressibility, whole = by_hand
    assert whole == pytest.approx(counting + pressure - temperature + compressibility, abs=1.1e-4)
    turned = [hand.scatter(which)[1][place[1]] / math.sqrt(3) for which in range(5)]
    turned[T] = 0.0  # of the temperature there is none
    for which, name in ((P, "Pressure"), (T, "Temperature")):
        together = sum(by[which] * by[WHOLE] for by in moves.values()) + turned[which] * turned[WHOLE]
        spread = [math.hypot(*(by[n] for by in moves.values()), turned[n]) for n in (which, WHOLE)]
        r = together / math.prod(spread)
        assert told[f"remotecal_correlation{name}"] == pytest.approx(r, abs=0.011), name
