"""A simulated piston gauge, at which a person puts weights on, with a gauge on its line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from remotecal.drivers.shown import DONE
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import BenchOptions
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.chance import chance
from remotecal.sim.person import Bystander
from remotecal.sim.pressure import paper
from remotecal.sim.pressure.piston import draw_piston, draw_weights, piston_so, weight_so
from remotecal.sim.pressure.stand import DeviceStand, capability

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from remotecal.bench import CertificateUsed
    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World

FACTS: Final = {
    "piston_expansion": Stated("1/K", (0.0,), (9.1e-6,), (1e-6,)),
    "weight_density": Stated("kg/m3", (0.0,), (7920.0,), (30.0,)),
}
OF_OIL: Final = {
    "fluid_density": Stated("kg/m3", (0.0,), (914.0,), (5.0,)),
    "surface_tension": Stated("N/m", (0.0,), (0.031,), (0.003,)),
}
"""What is known of a piston and its weights, and of the oil it turns in."""


class PistonOptions(BenchOptions):
    """What can be chosen of a piston gauge."""

    full: Annotated[float, In("bar", at_least=1, at_most=100)] = 10.0
    """Full scale of the gauge under test, and about what all weights make."""
    medium: Literal["nitrogen", "oil"] = "nitrogen"
    """What transmits the pressure."""
    weights: Annotated[int, In("1", at_least=3, at_most=40)] = 6
    """How many weights there are, the piston's own mass among them."""


class PistonBench(DeviceStand):
    """Piston gauge, its weights put on by a person, with a digital gauge on its line."""

    Options = PistonOptions
    procedures = ("pressure.dead_weight",)
    scope = (capability("kPa", "0.0005"),)

    def __init__(self, world: World, options: PistonOptions) -> None:
        full = 100.0 * options.full
        super().__init__(world, options, chance(options.seed, "outfit"), full)
        rng, self.oil = chance(options.seed, "piston"), options.medium == "oil"
        self.certificates["thermometer"] = draw(
            rng, "°C", (15.0, 20.0, 25.0), spread=0.05, expanded=(0.03,) * 3, digits=3
        )
        known = {**FACTS, **OF_OIL} if self.oil else FACTS
        self.certificates |= {name: Calibrated.drawn(stated, rng) for name, stated in known.items()}
        self.piston = draw_piston(rng, full)
        self.weights = draw_weights(rng, options.weights)
        """The piston's own mass and its weights, in their order."""
        self.on: tuple[str, ...] = ()
        """Serial numbers of what is on the piston; without any the line is open to the air."""
        self._warmer = rng.uniform(0.0, 0.5)
        room = (self.certificates[name] for name in ("barometer", "air_thermometer", "hygrometer"))
        self.wired = {
            "thermometer": stands.thermometer(
                world, self.certificates["thermometer"], self._temperature, "thermometer"
            ),
            "ambient": stands.ambient(world, self.air, *room),
            "dut": self.gauge(),
        }
        deeds = {"open the line to the air": self._vent, "let (.+) be on the piston": self._load}
        self.person = Bystander(world, deeds, pace=60.0)

    def _temperature(self) -> float:
        """Return the temperature of the piston in °C."""
        return self.air.temperature(self.world.time) + self._warmer

    def pressure(self) -> float:
        if not self.on:
            return 0.0
        facts, gravity = self.certificates, self.certificates["gravity"].correction(0.0)
        mass = sum(weight.mass for weight in self.weights if weight.serial in self.on)
        floats = self.air.density(self.world.time) / facts["weight_density"].correction(0.0)
        force = mass * gravity * (1.0 - floats)
        if self.oil:
            force += facts["surface_tension"].correction(0.0) * self.piston.circumference
        expansion = facts["piston_expansion"].correction(0.0)
        return self.piston.pressure(force, expansion, self._temperature()) / 1000.0

    def density(self, absolute: float) -> float:
        return self.certificates["fluid_density"].correction(0.0) if self.oil else super().density(absolute)

    def _vent(self, _: re.Match[str]) -> str:
        self.on = ()
        return DONE

    def _load(self, asked: re.Match[str]) -> None:
        self.on = tuple(asked[1].split(", "))

    @classmethod
    def resembling(
        cls,
        parameters: Mapping[str, object],
        drivers: Drivers,  # noqa: ARG003  all are alike
    ) -> dict[str, object]:
        low, high = cast("Sequence[float]", parameters["span"])
        loads = cast("Sequence[Sequence[int]]", parameters["loads"])
        liquid = parameters["medium"] in {"oil", "water"}
        return {
            "full": (high - low) / 1e5,
            "medium": "oil" if liquid else "nitrogen",
            "weights": max(number for load in loads for number in load),
        }

    def mount(self, artefacts: Mapping[str, CertificateUsed], chance: Random) -> tuple[str, ...]:
        weights = {weight.serial: weight for weight in self.weights}
        for name, used in artefacts.items():
            if name == "piston":
                self.piston = piston_so(used, chance)
            else:
                weights[name] = weight_so(used, name, chance)
        self.weights = tuple(weights.values())
        return ()

    def paper(self, today: date) -> Paper:
        facts = {"reference_height": "height", "gravity": "gravity", **{name: name for name in FACTS}}
        if self.oil:
            facts |= {name: name for name in OF_OIL}
        stated = {name: self.certificates[of].stated for name, of in facts.items()}
        return paper.piston(self.device.spec, self.piston, self.weights, stated, today, oil=self.oil)
