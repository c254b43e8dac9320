"""Draws pressure benches at random: every systematic error consistent with what a certificate states."""

from __future__ import annotations

from random import Random
from typing import Final

from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.pressure.device import DeviceSpec

GRAVITY: Final = Stated("m/s2", (0.0,), (9.80122,), (2e-5,))
"""Local gravity, as a formula gives it."""


def drawn(rng: Random, full: float) -> dict[str, Calibrated]:
    """Draw what is certified or characterised of a bench up to `full` kPa."""
    places = tuple(full * share / 5 for share in range(7))
    best = tuple(full * (3e-5 + 6e-5 * place / full) for place in places)
    return {
        "controller": draw(rng, "kPa", places, spread=0.3 * best[0], expanded=best, digits=6),
        "height": draw(rng, "m", (0.0,), spread=0.4, expanded=(0.002,), digits=3),
        "gravity": Calibrated.drawn(GRAVITY, rng),
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(1.5,) * 3, digits=1),
        "ammeter": draw(rng, "mA", (4.0, 12.0, 20.0), spread=5e-4, expanded=(6e-4,) * 3, digits=5),
    }


def device(rng: Random, full: float) -> DeviceSpec:
    """Draw a device of class 0.05 up to `full` kPa."""
    return DeviceSpec(
        full=full,
        step=full * 1e-5,
        offset=rng.gauss(0.0, 4e-5),
        gain=rng.gauss(0.0, 1.2e-4),
        bend=rng.gauss(0.0, 6e-5),
        turn=rng.uniform(3e-5, 1.5e-4),
        shift=rng.uniform(3e-6, 1.2e-5),
    )
