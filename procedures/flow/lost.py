"""What a mass that is weighed into a tank lacks: what evaporates, what splashes, and where the load stands.

m = (W₁ - W₀)·(1 + δ_e)·(1 - ρa/ρp)/(1 - ρa/ρ) + r_v·(t₁ - t₀) + n·δm

r_v is how fast water evaporates from the tank between the two weighings, δm what splashes out as the water
comes in, each of n times. They only take away: what a bench states without an uncertainty is the most there
may be of it, so it lies between 0 and that, and half of it is put on. δ_e is what the balance shows by the
load standing off its centre, relative: within half of what its test showed there, as cg-18 has it in use.

A bench need state none of them. What it does not is not charged, and the budget says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from remotecal.model import Text
from remotecal.procedures.library.evaluation.sources import NOT_STATED
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers
from remotecal.units import scale

if TYPE_CHECKING:
    from remotecal.procedures import Observed
    from remotecal.procedures.library.evaluation.repeats import Repeats

ECCENTRICITY, EVAPORATION, SPLASH = "balance_eccentricity", "tank_evaporation", "tank_splash"

OF_TANK: Final[Mapping[str, str]] = {ECCENTRICITY: "1", EVAPORATION: "kg/s", SPLASH: "kg"}
"""What it may state of a tank on a balance, and of the water that comes into it."""

PLAUSIBLE: Final[Mapping[str, tuple[float, float]]] = {
    ECCENTRICITY: (0.0, 0.01),
    EVAPORATION: (0.0, 0.01),
    SPLASH: (0.0, math.inf),
}
"""Between which values they are (unverified); none of them brings water."""

INPUTS_OF_TANK: Final[Mapping[str, Text]] = {
    "δ_e": Text(zh="天平偏载（相对）", en="load off the balance's centre, relative"),
    "r_v": Text(zh="称量容器的蒸发速率", en="evaporation from the weigh tank"),
    "δm": Text(zh="溅失的水", en="water that splashes out"),
}
"""The inputs that these bring into the measurement model, by symbol."""

R = TypeVar("R", bound="Observed")


def off_centre(repeats: Repeats[R]) -> Callable[[Number, Numbers], Number]:
    """Return how to correct what a balance shows of a load, and add the input that takes."""
    fact = repeats.evidence.characteristics.get(ECCENTRICITY)
    most = 0.0 if fact is None else (fact.value + fact.expanded_uncertainty) * scale(fact.unit, "1")
    source = NOT_STATED if fact is None else fact.source
    repeats.inputs.append(Input.from_limits("δ_e", 0.0, "1", most / 2, source=source))

    def load(shown: Number, x: Numbers) -> Number:
        centred: Number = shown * (1.0 + x["δ_e"])
        return centred

    return load


def lost(repeats: Repeats[R]) -> Callable[[float, Numbers, int], Number]:
    """Return how much water in kg left a tank, or never arrived, and add the inputs that takes.

    What is returned takes the time between the two weighings in s, the inputs, and how often water came in.
    """
    for symbol, name in (("r_v", EVAPORATION), ("δm", SPLASH)):
        _taken(repeats, symbol, name, OF_TANK[name])

    def gone(seconds: float, x: Numbers, times: int) -> Number:
        all_: Number = x["r_v"] * seconds + x["δm"] * times
        return all_

    return gone


def _taken(repeats: Repeats[R], symbol: str, name: str, unit: str) -> None:
    """Make it an input what takes water away: as it was determined, or between 0 and the most it may be."""
    fact = repeats.evidence.characteristics.get(name)
    if fact is not None and fact.expanded_uncertainty:
        repeats.characteristic(symbol, name, unit)
        return
    half = 0.0 if fact is None else fact.size(unit) / 2
    source = NOT_STATED if fact is None else fact.source
    repeats.inputs.append(Input.from_limits(symbol, half, unit, half, source=source))
