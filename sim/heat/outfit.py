"""Draws benches for heat meters at random: every error consistent with what a certificate states."""

from __future__ import annotations

from random import Random
from typing import Final

from remotecal.sim.calibrated import Calibrated, Stated, draw

UNIFORMITY: Final = 0.005
"""Expanded uncertainty in K of the difference between a place in the bath and that of the reference."""
STEM: Final = 1e-4
"""Expanded uncertainty of the share of the excess over the room that a stem takes away."""
WARMER: Final = 0.1
"""Expanded uncertainty in K of the difference between the water at a meter and at the master meter."""
SELF_HEATING: Final = (0.003, 0.001)
"""By how many K the bridge warms a thermometer more than a calculator, and the expanded uncertainty of it."""


def room(rng: Random) -> dict[str, Calibrated]:
    """Draw what is certified of the weather station."""
    return {
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(2.0,) * 3, digits=1),
    }


def certified(rng: Random, pairs: int) -> dict[str, Calibrated]:
    """Draw what is certified of the instruments, of so many bridges among them."""
    baths, ohms = (0.0, 50.0, 100.0, 150.0, 200.0), (95.0, 120.0, 140.0, 160.0, 180.0)
    known = {
        "reference": draw(rng, "°C", baths, spread=0.01, expanded=(0.012,) * 5, digits=3, correlation=0.8),
    } | room(rng)
    for number in range(1, pairs + 1):
        known[f"pair_{number}"] = draw(
            rng, "Ω", ohms, spread=0.001, expanded=(0.0016,) * 5, digits=5, correlation=0.9
        )
    return known


FACTS: Final = {
    "uniformity": Stated("K", (0.0,), (0.0,), (UNIFORMITY,)),
    "stem_conduction": Stated("1", (0.0,), (0.0,), (STEM,)),
    "self_heating": Stated("K", (0.0,), (SELF_HEATING[0],), (SELF_HEATING[1],)),
}
"""What is stated of the bench."""
