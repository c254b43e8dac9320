"""Price of budgets and Monte Carlo over bare GTC and hand-written numpy, as ratios measured in one run.

Run `python benchmarks/uncertainty.py`; it exits with 1 if a limit is passed. The model is a gravimetric
calibration of a water meter with ten inputs.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable

import GTC
import numpy as np

from remotecal.fluids.air import buoyancy_factor
from remotecal.fluids.water import water_density_tanaka
from remotecal.uncertainty import Budget, Distribution, Input
from remotecal.uncertainty.monte_carlo import simulate
from remotecal.uncertainty.number import N, Number

TRIALS = 1_000_000
POINTS = 30
LIMITS = {"Monte Carlo": 1.6, "budgets": 2.0}

INPUTS = [
    Input.from_certificate("full", 1512.34, "kg", 0.05, 2, source="balance"),
    Input.from_certificate("empty", 12.31, "kg", 0.02, 2, source="balance"),
    Input.from_limits("resolution", 0.0, "kg", 0.01, source="balance"),
    Input.normal("air", 1.19, "kg/m3", 0.004),
    Input.from_limits("temperature", 21.3, "°C", 0.1, source="thermometer"),
    Input.normal("purity", 0.0, "1", 1e-5),
    Input.from_limits("pulses", 150_260.0, "1", 1.0, Distribution.TRIANGULAR),
    Input.from_limits("diverter", 0.0, "s", 0.01),
    Input.from_certificate("time", 60.01, "s", 0.002, 2),
    Input.student_t("repeatability", 0.0, "%", 0.01, 2),
]


def error(
    full: Number,
    empty: Number,
    resolution: Number,
    air: Number,
    temperature: Number,
    purity: Number,
    pulses: Number,
    diverter: Number,
    time: Number,
    repeatability: Number,
) -> Number:
    """Relative error of the meter in percent."""
    density = water_density_tanaka(temperature) * (1.0 + purity)
    mass = (full - empty + resolution) * buoyancy_factor(air, density)
    reference = mass / density * (1.0 + diverter / time)
    deviation: Number = (pulses / 1e5 / reference - 1.0) * 100.0 + repeatability
    return deviation


def error_by_hand(
    full: N,
    empty: N,
    resolution: N,
    air: N,
    temperature: N,
    purity: N,
    pulses: N,
    diverter: N,
    time: N,
    repeatability: N,
) -> N:
    t = temperature
    shape = 1.0 - (t - 3.983035) * (t - 3.983035) * (t + 301.797) / (522528.9 * (t + 69.34881))
    density = 999.974950 * shape * (1.0 + purity)
    mass = (full - empty + resolution) * ((1.0 - air / 8000.0) / (1.0 - air / density))
    reference = mass / density * (1.0 + diverter / time)
    deviation: N = (pulses / 1e5 / reference - 1.0) * 100.0 + repeatability
    return deviation


def monte_carlo_by_hand() -> tuple[float, float, float, float]:
    generator = np.random.Generator(np.random.PCG64(1))
    draws = np.empty(TRIALS)
    size = 10_000
    for start in range(0, TRIALS, size):
        draws[start : start + size] = error_by_hand(
            1512.34 + 0.025 * generator.standard_normal(size),
            12.31 + 0.01 * generator.standard_normal(size),
            generator.uniform(-0.01, 0.01, size),
            1.19 + 0.004 * generator.standard_normal(size),
            generator.uniform(21.2, 21.4, size),
            1e-5 * generator.standard_normal(size),
            150_260.0 + generator.uniform(-0.5, 0.5, size) + generator.uniform(-0.5, 0.5, size),
            generator.uniform(-0.01, 0.01, size),
            60.01 + 0.001 * generator.standard_normal(size),
            0.01 * generator.standard_t(2, size),
        )
    draws.sort()
    tail = TRIALS // 40
    return float(draws.mean()), float(draws.std(ddof=1)), float(draws[tail]), float(draws[-tail])


def budgets_by_hand() -> list[tuple[float, float, float, list[float]]]:
    results = []
    for _ in range(POINTS):
        numbers = {each.symbol: GTC.ureal(each.value, each.u, each.dof, each.symbol) for each in INPUTS}
        y = error_by_hand(**numbers)
        parts = [GTC.component(y, number) for number in numbers.values()]
        results.append((y.x, y.u, GTC.reporting.k_factor(y.df) * y.u, parts))
    return results


def seconds(action: Callable[[], object], repeats: int) -> float:
    """Return the least time of several runs, the one the computer disturbed least."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> int:
    budget = Budget(error, INPUTS, "%")
    ratios = {
        "Monte Carlo": (
            seconds(lambda: simulate(budget, seed=1, trials=TRIALS), 5),
            seconds(monte_carlo_by_hand, 5),
        ),
        "budgets": (
            seconds(lambda: [Budget(error, INPUTS, "%").evaluate() for _ in range(POINTS)], 15),
            seconds(budgets_by_hand, 15),
        ),
    }
    tracemalloc.start()
    simulate(budget, seed=1, trials=TRIALS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    for name, (ours, bare) in ratios.items():
        print(
            f"{name:12} {ours * 1e3:8.1f} ms, bare {bare * 1e3:8.1f} ms, "
            f"ratio {ours / bare:.2f} (limit {LIMITS[name]})"
        )
    print(f"memory of {TRIALS:,} trials: {peak / 1e6:.1f} MB")
    return int(any(ours / bare > LIMITS[name] for name, (ours, bare) in ratios.items()))


if __name__ == "__main__":
    sys.exit(main())
