"""Price of budgets and Monte Carlo over bare GTC and hand-written numpy.

    python benchmarks/uncertainty.py

The model is a gravimetric calibration of a water meter with ten inputs. Many points at once stand beside
numpy that gives the same: value, u, degrees of freedom, k and all contributions, by differences.
"""

from __future__ import annotations

import sys
import tracemalloc
from typing import TYPE_CHECKING

import GTC
import numpy as np
from compare import Bound, show, take_turns, verdict
from scipy.special import ndtri, stdtrit

from remotecal.fluids.air import buoyancy_factor
from remotecal.fluids.water import water_density_tanaka
from remotecal.uncertainty import Budget, Distribution, Input, evaluate_points
from remotecal.uncertainty.monte_carlo import simulate
from remotecal.uncertainty.number import N, Number

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[float64]]

TRIALS = 1_000_000
POINTS, MANY = 30, 1000
MONTE_CARLO, BUDGETS, AT_ONCE = 1.6, 2.0, 10.0
"""How many times as long as its peer each may take."""

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


def points(count: int) -> tuple[Arrays, Arrays, Arrays]:
    """Return values, u and degrees of freedom of what differs from point to point."""
    generator = np.random.Generator(np.random.PCG64(1))
    values = {
        "full": generator.uniform(1400, 1600, count),
        "temperature": generator.uniform(15, 25, count),
        "pulses": generator.uniform(149_000, 151_000, count),
        "repeatability": np.zeros(count),
    }
    return (
        values,
        {"repeatability": generator.uniform(0.005, 0.02, count)},
        {"repeatability": generator.integers(2, 10, count).astype(float)},
    )


def points_by_hand(values: Arrays, u: Arrays, dof: Arrays) -> tuple[NDArray[float64], ...]:
    """Return value, u, dof, k and contributions; these by half of what ± u makes (GUM 5.1.3, note 2)."""
    size = len(values["full"])
    x = np.stack([np.broadcast_to(values.get(each.symbol, each.value), size) for each in INPUTS])
    each_u = np.stack([np.broadcast_to(u.get(each.symbol, each.u), size) for each in INPUTS])
    freedom = np.stack([np.broadcast_to(dof.get(each.symbol, each.dof), size) for each in INPUTS])
    step = np.eye(len(INPUTS))[:, :, None] * each_u
    y = error_by_hand(*np.concatenate([x[:, None], x[:, None] + step, x[:, None] - step], axis=1))
    parts = (y[1 : len(INPUTS) + 1] - y[len(INPUTS) + 1 :]) / 2
    combined = np.sqrt((parts**2).sum(axis=0))
    effective = combined**4 / (parts**4 / freedom).sum(axis=0)
    k = np.where(np.isinf(effective), ndtri(0.975), stdtrit(np.floor(effective), 0.975))
    return y[0], combined, effective, k, parts


def check_the_same(count: int) -> None:
    """See that the numpy gives the same: it is no peer otherwise."""
    given = points(count)
    ours = evaluate_points(Budget(error, INPUTS, "%"), given[0], u=given[1], dof=given[2])
    value, u, dof, _, parts = points_by_hand(*given)
    found = np.stack([ours.contribution(each.symbol) for each in INPUTS])
    for one, other in ((ours.value, value), (ours.u, u), (ours.dof, dof), (found, parts)):
        if not np.allclose(one, other, rtol=1e-5, atol=1e-9):
            raise SystemExit("the peer gives something else")


def memory(budget: Budget) -> float:
    """Return the most memory a simulation takes, in MB."""
    tracemalloc.start()
    simulate(budget, seed=1, trials=TRIALS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> int:
    budget, bounds = Budget(error, INPUTS, "%"), list[Bound]()
    check_the_same(MANY)
    bare, ours = "numpy by hand", "simulate"
    costs = take_turns(
        {bare: monte_carlo_by_hand, ours: lambda: simulate(budget, seed=1, trials=TRIALS)}, rounds=7
    )
    show(f"Monte Carlo of {TRIALS:,} trials, {memory(budget):.1f} MB", costs, beside=bare)
    bounds.append(Bound("Monte Carlo, simulate / numpy by hand", costs[ours] / costs[bare], MONTE_CARLO))
    few, many, ten_times = points(POINTS), points(MANY), points(10 * MANY)
    costs = take_turns(
        {
            f"numpy, {POINTS} points": lambda: points_by_hand(*few),
            f"evaluate_points, {POINTS}": lambda: evaluate_points(budget, few[0], u=few[1], dof=few[2]),
            "GTC, each by itself": budgets_by_hand,
            "Budget.evaluate, each by itself": lambda: [
                Budget(error, INPUTS, "%").evaluate() for _ in range(POINTS)
            ],
        },
        rounds=25,
    )
    peer, at_once, gtc, single = costs
    show(f"Budgets of {POINTS} points", costs, beside=peer)
    bounds.append(Bound("Budget.evaluate / GTC", costs[single] / costs[gtc], BUDGETS))
    bounds.append(Bound(f"evaluate_points / numpy, {POINTS} points", costs[at_once] / costs[peer], AT_ONCE))
    costs = take_turns(
        {
            f"numpy, {MANY:,} points": lambda: points_by_hand(*many),
            f"evaluate_points, {MANY:,}": lambda: evaluate_points(budget, many[0], u=many[1], dof=many[2]),
            f"numpy, {10 * MANY:,} points": lambda: points_by_hand(*ten_times),
            f"evaluate_points, {10 * MANY:,}": lambda: evaluate_points(
                budget, ten_times[0], u=ten_times[1], dof=ten_times[2]
            ),
        },
        rounds=25,
    )
    peer, at_once, larger_peer, larger = costs
    show(f"Budgets of {MANY:,} points, and ten times as many", costs, beside=peer)
    for one, other, number in ((at_once, peer, MANY), (larger, larger_peer, 10 * MANY)):
        bounds.append(
            Bound(f"evaluate_points / numpy, {number:,} points", costs[one] / costs[other], AT_ONCE)
        )
    return verdict(bounds)


if __name__ == "__main__":
    sys.exit(main())
