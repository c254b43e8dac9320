"""A whole simulated converter bench: instruments on their ports, a bench file, certificates, a work order.

```python
with ConverterBench.up(Path("bench"), seed=7) as up:
    print(up.bench, up.order, up.true_error(8.3))
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from remotecal.certificates.trust import Capability
from remotecal.drivers.flonidan.uniflo1200 import CALLED, FlonidanUniflo1200
from remotecal.fluids.base_conditions import conversion_factor
from remotecal.model import Text
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.converter import paper
from remotecal.sim.converter.device import ConversionDevice, computing
from remotecal.sim.converter.line import AbsoluteLine
from remotecal.sim.converter.options import ConverterOptions
from remotecal.sim.converter.outfit import converter, drawn
from remotecal.sim.instruments.converters import ek280, uniflo1200
from remotecal.sim.instruments.druck import Pace
from remotecal.sim.instruments.generator import BurstGenerator
from remotecal.sim.instruments.well import Block, Well
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from datetime import date

    from remotecal.model import Result, Table
    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World

MOLAR_MASS, GAS_CONSTANT, GRAVITY = 28.0134e-3, 8.314462618, 9.81
"""Of nitrogen in kg/mol, in J/(mol K), in m/s²."""


class ConverterBench(Assembly):
    """Volume converter on a pressure controller, its thermometer in a well, and a pulse generator."""

    Options = ConverterOptions
    procedures = ("converter.volume_converter",)
    scope = tuple(
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.002",
            against="basic_referenceValue",
            against_unit=unit,
            low=low,
            high=high,
        )
        for unit, low, high in (("1", "0.1", "200"), ("kPa", "80", "11000"), ("°C", "-30", "80"))
    )

    def __init__(self, world: World, options: ConverterOptions) -> None:
        super().__init__(world, options)
        self.chosen, rng = options, chance(options.seed, "outfit")
        full = options.pressures[-1]
        self.certificates = drawn(rng, full)
        """What each certificate or characterisation states, and what is true."""
        self.air = Air(world.random("air"))
        self.line = AbsoluteLine(world, self.certificates["controller"], self._air)
        self.block = Block(lambda: self.air.temperature(world.time))
        self.sender = BurstGenerator(world)
        self.spec = converter(rng, options)
        self._off = rng.gauss(0.0, 0.1)
        uniformity = self.certificates["uniformity"].correction(0.0)
        self.device = ConversionDevice(
            self.spec,
            self._at_device,
            lambda: 1000.0 * self._air(),
            lambda: self.block.temperature + uniformity,
            lambda: self.sender.pulses,
            world.random("device"),
        )
        world.physics = self._advance
        self.wired = self._wire_up()

    def _air(self) -> float:
        return self.air.pressure(self.world.time) / 1000.0

    def _at_device(self) -> float:
        """Return the absolute pressure in Pa at the converter, which stands above the controller."""
        height, warm = self.certificates["height"].correction(0.0), self.air.temperature(self.world.time)
        return self.line.absolute() * (1.0 - MOLAR_MASS * GRAVITY * height / (GAS_CONSTANT * (warm + 273.15)))

    def _advance(self, begin: float, until: float) -> float:
        took = min(until - begin, ConversionDevice.STEP)
        self.block.move(took)
        self.device.move(took)
        return begin + took

    def _wire_up(self) -> dict[str, Wired]:
        world, known, full = self.world, self.certificates, self.chosen.pressures[-1]
        pace = Pace(
            world,
            self.line,
            indicated=self.line.indicated,
            air=self._air,
            range_name=f"{0.012 * full:.9g}bara",
            full_scale=1.2 * full,
        )
        told = Certified(paper.STANDARD, ((Text(zh="绝压", en="absolute pressure"), known["controller"]),))
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        settings = {"max_slew": max(1, round(full / 20))}
        return {
            "controller": Wired(pace, "socket", "9990001", settings, told),
            "well": Wired(Well(world, self.block, off=self._off), "serial", "9142B0017"),
            "thermometer": stands.thermometer(
                world, known["thermometer"], lambda: self.block.temperature, "thermometer"
            ),
            "generator": Wired(self.sender, "socket", "MY57001234"),
            "ambient": stands.ambient(world, self.air, *air),
            "dut": self._converter(),
        }

    def _converter(self) -> Wired:
        options = self.chosen
        if options.maker == "EK280":
            return Wired(ek280(self.world, self.device), "socket", settings={"unit": 1})
        formula = next((one for one, name in CALLED.items() if name == options.method))
        simulated = uniflo1200(
            self.world, self.device, formula=formula, pulses_per_volume=options.pulses_per_volume
        )
        return Wired(simulated, "serial", settings={"unit": 1})

    def true_error(self, at: float) -> float:
        """Return the error of the volume at base conditions in use, in %, where C is about `at`.

        It is come to from either side, so the pressure lies anywhere within its loop.
        """
        options, base = self.chosen, self.spec.base
        programmed, its = computing(options.method), computing(self.spec.method)
        places = [(t, 1000.0 * p) for t in options.temperatures for p in options.pressures]
        stated = {
            place: estimate(conversion_factor(place[0], place[1], base, programmed)) for place in places
        }
        t, p = min(places, key=lambda place: abs(stated[place] - at))
        shown = self._shown(p, f"in use at {at:.4g}")
        c = self._told(estimate(conversion_factor(t + self.spec.warmer(t), shown, base, its)))
        return 100.0 * (c / stated[t, p] - 1.0)

    def _shown(self, pressure: float, when: str) -> float:
        """Return what its sensor shows of a pressure in Pa some time in use, come to from either side."""
        rng = self.world.random(when)
        shown = pressure + self.spec.off(pressure) + rng.uniform(-1, 1) * self.spec.apart(pressure)
        if self.spec.atmosphere:
            with self.world.present():
                shown += self.spec.atmosphere - 1000.0 * self._air()
        return shown

    def _told(self, factor: float) -> float:
        """Return a conversion factor as it tells it."""
        return float(f"{factor:.{self.spec.digits - 1}e}") if self.spec.digits else factor

    def true_beside(self, results: Sequence[Result]) -> Iterator[tuple[str, float, float, float]]:
        """Yield the errors of its pressure, of its temperature and of its calculator, in %."""
        tables = {one.ref_types[0]: one.tables[0] for one in results}
        pressures, temperatures = tables["remotecal_pressureErrors"], tables["remotecal_temperatureErrors"]
        for row, (error, expanded) in enumerate(_stated(pressures)):
            p = 1000.0 * self.place_in(pressures, row)
            yield "e_p", error, expanded, 100.0 * (self._shown(p, f"in use at {p:.6g} Pa") / p - 1.0)
        for row, (error, expanded) in enumerate(_stated(temperatures)):
            t = self.place_in(temperatures, row)
            yield "e_T", error, expanded, 100.0 * self.spec.warmer(t) / (t + 273.15)
        parts = tables["remotecal_partsAndWhole"]
        found = parts.column("remotecal_calculatorError")
        for row in range(len(found.values) if found is not None else 0):
            names = ("calculatorError", "calculatorUncertainty", "temperature", "absolutePressure")
            error, expanded, t, kpa = (self.place_in(parts, row, f"remotecal_{name}") for name in names)
            yield "e_f", error, expanded, self._true_calculator(t, 1000.0 * kpa)

    def _true_calculator(self, celsius: float, pressure: float) -> float:
        """Return the error in % of what it computes of the temperature and the pressure it shows."""
        at = celsius + self.spec.warmer(celsius), pressure + self.spec.off(pressure)
        right, its = (
            estimate(conversion_factor(*at, self.spec.base, computing(method)))
            for method in (self.chosen.method, self.spec.method)
        )
        return 100.0 * (self._told(its) / right - 1.0)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        pressures = tuple(each / 1000.0 for each in cast("Sequence[float]", parameters["pressures"]))
        maker = "UNIFLO 1200" if FlonidanUniflo1200 in drivers.get("dut", object).__mro__ else "EK280"
        return {
            "maker": maker,
            "pressures": pressures,
            "temperatures": tuple(cast("Sequence[float]", parameters["temperatures"])),
            "pulses_per_volume": parameters["pulses_per_volume"],
            "method": parameters["method"],
        }

    def paper(self, today: date) -> Paper:
        return paper.paper(self.spec, self.chosen, today)


def _stated(table: Table) -> Iterator[tuple[float, float]]:
    """Yield the errors a table states, each with its expanded uncertainty."""
    column = table.column("basic_measurementError")
    if column is not None and column.uncertainty is not None:
        expanded = map(float, column.uncertainty.expanded)
        yield from zip(column.floats(), expanded, strict=True)


BENCHES: Final[dict[str, type[Assembly]]] = {"converter": ConverterBench}
"""What the catalogue offers, by name."""
