"""Draws converter benches at random: every systematic error consistent with what a certificate states."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from remotecal.fluids.base_conditions import BaseConditions
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.converter.device import ConverterSpec

if TYPE_CHECKING:
    from remotecal.sim.converter.options import ConverterOptions

CHINA: Final = BaseConditions(20.0)
"""The base conditions that are programmed."""

UNIFORMITY: Final = Stated("K", (0.0,), (0.0,), (0.02,))
HEIGHT: Final = Stated("m", (0.0,), (0.15,), (0.01,))
"""How much warmer the converter's sensor is in the well than the reference, and how much higher than the
controller its pressure sensor is, as it was found."""

CREEP = 4e-6
"""Largest change of the pressure sensor's zero from one cycle to the next, as a share of the range."""


def drawn(rng: Random, full: float) -> dict[str, Calibrated]:
    """Draw what is certified or characterised of a bench up to `full` kPa of absolute pressure."""
    places = (80.0, *(full * share / 5 for share in range(1, 7) if full * share / 5 > 80.0))
    known = tuple(0.004 + 8e-5 * place for place in places)
    return {
        "controller": draw(rng, "kPa", places, spread=0.5 * known[0], expanded=known, digits=6),
        "thermometer": draw(rng, "°C", (-30.0, 0.0, 30.0, 70.0), spread=0.05, expanded=(0.03,) * 4, digits=3),
        "uniformity": Calibrated.drawn(UNIFORMITY, rng),
        "height": Calibrated.drawn(HEIGHT, rng),
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(1.5,) * 3, digits=1),
    }


def converter(rng: Random, options: ConverterOptions) -> ConverterSpec:
    """Draw a converter that does well, but for what was chosen of it."""
    full, low = 1000.0 * options.pressures[-1], 1000.0 * options.pressures[0]
    return ConverterSpec(
        low=low,
        full=full,
        pulses=options.pulses_per_volume,
        method=options.computes or options.method,
        base=CHINA,
        offset=rng.gauss(0.0, 1.5e-4) * full,
        gain=rng.gauss(0.0, 4e-4),
        bend=rng.gauss(0.0, 1e-4),
        turn=rng.uniform(5e-5, 3e-4),
        warm=rng.gauss(0.0, 0.05),
        slope=rng.gauss(0.0, 5e-4),
        filter=options.filter,
        soak=options.soak,
        digits=options.digits,
        atmosphere=1000.0 * options.atmosphere,
        alarm_above=1000.0 * options.alarm_above if options.alarm_above else float("inf"),
    )
