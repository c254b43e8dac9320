"""What goes wrong as water is weighed: what of it a bench states, and what of that is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from remotecal.procedures.parameters import In
from remotecal.sim.assembly import BenchOptions
from remotecal.sim.chance import chance
from remotecal.sim.paper import characteristic
from remotecal.sim.water.water import HOT

if TYPE_CHECKING:
    from datetime import date

    from remotecal.bench_file import Characteristic

EVAPORATES = 5.0e-6
"""What evaporates at most from a tank that is covered but for its inlet, in kg/s from each m² of water."""
HOTTER = 10.0
"""How many times as much that is of hot water."""
SPLASHES = 5.0e-6
"""What splashes out at most as a tank is filled, as a share of what it takes."""
TESTED = 1.0 / 3.0
"""Share of its capacity at which a balance's eccentricity is tested (EURAMET cg-18)."""


class WeighTankOptions(BenchOptions):
    """What can be chosen of a weigh tank; 0 is stated nowhere, and is not there."""

    evaporation: Annotated[float | None, In("kg/s", at_least=0, at_most=0.01)] = None
    """How fast it evaporates, at most; as a tank of its size does if not given."""
    splash: Annotated[float | None, In("kg", at_least=0)] = None
    """What splashes out as it is filled, at most; as of a tank of its size if not given."""
    eccentricity: Annotated[float | None, In("1", at_least=0, at_most=0.01)] = None
    """What its balance shows more or less off its centre, relative; a scale interval if not given."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What a bench states of its weigh tank, and what is true of it."""

    evaporation: float = 0.0
    """At most, in kg/s."""
    splash: float = 0.0
    """At most, in kg."""
    eccentricity: float = 0.0
    """Of the balance, off its centre, relative (1)."""
    evaporates: float = 2.0e-7
    """How fast it truly does, in kg/s; so little that nobody states it where nothing is."""
    splashes: float = 0.0
    """How much truly splashes out each time, in kg."""
    off_centre: float = 0.0
    """What the balance truly shows too much of the load, relative (1)."""

    @classmethod
    def drawn(
        cls, seed: int, tank: float, resolution: float, chosen: WeighTankOptions, temperature: float = 0.0
    ) -> Losses:
        """Draw them for a rig: what is true lies anywhere within what is stated.

        Args:
            seed: the same seed gives the same losses.
            tank: what it takes, in kg.
            resolution: scale interval of its balance, in kg.
            chosen: what is stated; what is usual where it says nothing.
            temperature: of the water in °C.
        """
        rng = chance(seed, "weigh tank")
        surface = (tank / 1000.0) ** (2.0 / 3.0)
        usual = (
            float(f"{EVAPORATES * surface * (HOTTER if temperature > HOT else 1.0):.2g}"),
            float(f"{SPLASHES * tank:.2g}"),
            float(f"{resolution / (TESTED * tank):.2g}"),
        )
        told = chosen.evaporation, chosen.splash, chosen.eccentricity
        evaporation, splash, eccentricity = (
            one if given is None else given for given, one in zip(told, usual, strict=True)
        )
        return cls(
            evaporation,
            splash,
            eccentricity,
            rng.uniform(0.0, evaporation),
            rng.uniform(0.0, splash),
            rng.uniform(-0.5, 0.5) * eccentricity,
        )

    def facts(self, today: date) -> dict[str, Characteristic]:
        """Return what the bench file states: the most there may be of each, and nothing of what is 0."""
        stated = {
            "tank_evaporation": (self.evaporation, "kg/s"),
            "tank_splash": (self.splash, "kg"),
            "balance_eccentricity": (self.eccentricity, "1"),
        }
        return {name: characteristic(most, unit, 0.0, today) for name, (most, unit) in stated.items() if most}
