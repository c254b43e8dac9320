"""A bench for calculators of heat meters: two sources of resistance, a sender of pulses, a counter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Annotated, Final, Literal

from remotecal.certificates.trust import Capability
from remotecal.fluids.heat_coefficient import heat_coefficient
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.scales.iec60751 import resistance
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import Calibrated, draw
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.heat import paper
from remotecal.sim.heat.calculator import CalculatorSpec, HeatCalculator, draw_calculator
from remotecal.sim.heat.devices import devices_among, energy_counters
from remotecal.sim.heat.outfit import room
from remotecal.sim.instruments.calibrator5522a import Calibrator5522A
from remotecal.sim.instruments.generator import BurstGenerator
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.model import Table
    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World

PULSES: Final = 1000.0
"""Pulses of the flow sensor for a cubic metre, and of the calculator for a kilowatt hour."""
LEADS: Final = 0.0006
"""Expanded uncertainty of the resistance of leads in Ω."""
COEFFICIENT: Final = 2e-5
"""How far the norm's heat coefficient may be off that of IAPWS-95, relative."""


class CalculatorOptions(BenchOptions):
    """What can be chosen of a bench for calculators."""

    declared: Literal["forward", "return"] = "return"
    """Where the flow sensor of the meter is said to stand."""
    side: Literal["forward", "return"] = "return"
    """Where the calculators take it to stand; the other one, and they are set wrongly."""
    off: Annotated[float, In("%", at_least=-20, at_most=20)] = 0.0
    """By how much more the first one's heat coefficient is off than such calculators' are."""
    calculators: Annotated[int, In("1", at_least=1, at_most=8)] = 3
    """Calculators that share the sources and the sender."""


class CalculatorBench(Assembly):
    """Calculators of heat meters with two sources of resistance and a sender of pulses for all of them."""

    Options = CalculatorOptions
    procedures = ("heat.calculator",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.003",
            against="basic_referenceValue",
            against_unit="K",
            low="1",
            high="200",
        ),
    )

    STEP = 1.0

    def __init__(self, world: World, options: CalculatorOptions) -> None:
        super().__init__(world, options)
        self.chosen, rng = options, chance(options.seed, "outfit")
        self.certificates = _certified(rng)
        """What each certificate states, and what is true."""
        self.air = Air(world.random("air"))
        self.sources = [
            Calibrator5522A(world, true=self._true(name), serial=serial, name=name)
            for name, serial in (("forward", "9992001"), ("back", "9992002"))
        ]
        self.sender = BurstGenerator(world)
        self._leads = [_leads(rng)]
        self._coefficient = 1.0 + rng.uniform(-COEFFICIENT, COEFFICIENT)
        self.specs = [_worse(draw_calculator(rng, options.side, PULSES), options.off)]
        """The calculators, as they truly are."""
        for number in range(2, options.calculators + 1):
            own = chance(options.seed, f"calculator {number}")
            self._leads.append(_leads(own))
            self.specs.append(draw_calculator(own, options.side, PULSES))
        self.devices = [
            HeatCalculator(spec, partial(self._ohms, leads), lambda: self.sender.pulses)
            for spec, leads in zip(self.specs, self._leads, strict=True)
        ]
        world.physics = self._advance
        self.wired = self._wire_up()

    def _true(self, name: str) -> Callable[[float], float]:
        known = self.certificates[name]
        return lambda told: told + known.correction(told)

    def _ohms(self, leads: tuple[float, float]) -> tuple[float, float]:
        forward, back = (source.resistance() + own for source, own in zip(self.sources, leads, strict=True))
        return forward, back

    def _advance(self, begin: float, until: float) -> float:
        took = min(until - begin, self.STEP)
        for device in self.devices:
            device.move(took)
        return begin + took

    def _wire_up(self) -> dict[str, Wired]:
        world, known = self.world, self.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        told = {
            name: Certified(SOURCE, ((Text(zh="电阻", en="resistance"), known[name]),))
            for name in ("forward", "back")
        }
        return {
            "forward": Wired(self.sources[0], "socket", "9992001", certified=told["forward"]),
            "back": Wired(self.sources[1], "socket", "9992002", certified=told["back"]),
            "sender": Wired(self.sender, "socket", "MY57001234"),
            **energy_counters(world, self.devices, PULSES, "calculator"),
            "ambient": stands.ambient(world, self.air, *air),
        }

    def true_in(self, table: Table, row: int, device: int = 0) -> float:
        """Return a calculator's true error in % at the temperatures that a row of errors tells."""
        spec = self.specs[device]
        difference = self.place_in(table, row)
        back = self.place_in(table, row, "remotecal_returnTemperature")
        forward = back + difference
        k = heat_coefficient(forward, back, spec.pressure, self.chosen.declared) * self._coefficient
        told = spec.energy((resistance(forward), resistance(back)), PULSES)
        return 100.0 * (told / (k * difference) - 1.0)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        side = parameters["side"]
        return {"declared": side, "side": side, "calculators": devices_among(drivers)}

    def paper(self, today: date) -> Paper:
        return paper.calculator_paper(self.chosen.declared, self.chosen.calculators, PULSES, LEADS, today)


def _leads(rng: Random) -> tuple[float, float]:
    return rng.gauss(0.0, LEADS / 2), rng.gauss(0.0, LEADS / 2)


def _worse(spec: CalculatorSpec, percent: float) -> CalculatorSpec:
    return replace(spec, coefficient=spec.coefficient + percent / 100.0)


def _certified(rng: Random) -> dict[str, Calibrated]:
    ohms = (100.0, 115.0, 130.0, 145.0, 160.0)
    known = {
        name: draw(rng, "Ω", ohms, spread=0.001, expanded=(0.002,) * 5, digits=5, correlation=0.7)
        for name in ("forward", "back")
    }
    return known | room(rng)


SOURCE: Final = Text(zh="多功能校准源", en="Multi-product calibrator")
"""What a source is called on its certificate."""
