"""A bench for complete heat meters: two baths, and water through a master meter and the flow sensor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final, Literal

from remotecal.certificates.trust import Capability
from remotecal.fluids.heat_coefficient import Side, heat_coefficient, liquid_density
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import Calibrated, draw
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.heat import paper
from remotecal.sim.heat.bath import Bath
from remotecal.sim.heat.calculator import CalculatorSpec, HeatCalculator, draw_calculator
from remotecal.sim.heat.devices import devices_among, energy_counters
from remotecal.sim.heat.outfit import STEM, UNIFORMITY, WARMER, room
from remotecal.sim.heat.thermometers import Immersed, PairSpec, draw_pair
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.flow_meters import mag6000
from remotecal.sim.instruments.meter import Meter, MeterSpec, Shape
from remotecal.sim.instruments.meter import certified as certified_curve
from remotecal.sim.instruments.power_guard import GuardPlc
from remotecal.sim.instruments.thermometers import MilliK, probe
from remotecal.sim.instruments.well import Well
from remotecal.sim.machine import Machine
from remotecal.sim.ramp import Ramp
from remotecal.sim.surroundings import Air, Wave
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from random import Random

    from remotecal.model import Table
    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World

PERMANENT, RATIO, FULL = 2.5, 50.0, 3.0
"""q_p in m³/h, q_p/q_i, and the flow in m³/h with the pump at full speed."""
PULSES_PER_VOLUME, PULSES_PER_ENERGY = 20_000.0, 10_000.0
COEFFICIENT: Final = 2e-5
"""How far the norm's heat coefficient may be off that of IAPWS-95, relative."""


LARGEST_LOSS: Final = 25e3
"""Pressure in Pa that a meter takes away at q_p, at most."""
SPACED: Final = 0.1
"""The pipe's volume from meter to meter, as a share of that between the master meter and the first."""
COMPRESSIBILITY: Final = 4.6e-10
"""That of water, in 1/Pa."""


@dataclass(frozen=True, slots=True)
class CompleteMeter:
    """A complete heat meter on the bench, as it truly is."""

    pair: PairSpec
    """Its thermometers."""
    immersed: Sequence[Immersed]
    """They in the baths of the flow and of the return."""
    places: tuple[str, str]
    """Where in these."""
    warmer: float
    """By how many kelvins the water is warmer at its flow sensor than at the master meter."""
    sensor: Meter
    """Its flow sensor."""
    device: HeatCalculator
    """Its calculator."""


class CompleteOptions(BenchOptions):
    """What can be chosen of a bench for complete heat meters."""

    side: Literal["forward", "return"] = "return"
    """Where the meters take their flow sensors to stand; they are declared to stand in the return."""
    swapped: bool = False
    """Whether the references hang in each other's baths."""
    off: Annotated[float, In("%", at_least=-20, at_most=20)] = 0.0
    """By how much more the first one's flow sensor is off than such sensors are."""
    meters: Annotated[int, In("1", at_least=1, at_most=8)] = 3
    """Meters in series, their thermometers in the same baths."""
    swing: Annotated[float, In("K", at_least=0, at_most=4)] = 0.1
    """By how much the water in the line becomes warmer and colder within an hour."""
    connection: Annotated[float, In("L", above=0, at_most=200)] = 4.0
    """Volume of the pipe between the master meter and the first meter; from meter to meter it is a tenth."""


class CompleteBench(Assembly):
    """Complete heat meters with their thermometers in two baths, in line with a master meter."""

    Options = CompleteOptions
    procedures = ("heat.complete",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.05",
            against="basic_referenceValue",
            against_unit="K",
            low="1",
            high="200",
        ),
    )

    STEP, STILL, SLOW = 2.0, 5.0, 60.0
    """Longest step in s, while water flows and while none does; seconds between two looks at what drifts."""

    def __init__(self, world: World, options: CompleteOptions) -> None:
        super().__init__(world, options)
        self.chosen, rng = options, chance(options.seed, "outfit")
        self.certificates = _certified(rng)
        """What each certificate states, and what is true."""
        self.air = Air(world.random("air"))
        self.tanks = [Bath(world, self._room, UNIFORMITY / 2, name) for name in ("forward", "return")]
        pair, lags = _pair(rng), _lags(rng)
        self.pump = Machine(world, Ramp(0.2))
        self._water = Wave(world.random("water"), rng.uniform(20.0, 22.0), options.swing, 3600.0)
        self._looked = -math.inf
        self._rested = True
        warmer = rng.gauss(0.0, WARMER / 2)
        master = MeterSpec(FULL / 3600, 1e5, certified_curve(self.certificates["master"]), noise=5e-5)
        self.master = Meter(master, world.random("master"))
        sensor = _sensor(rng, options.off)
        self._coefficient = 1.0 + rng.uniform(-COEFFICIENT, COEFFICIENT)
        self.meters = [self._meter(1, pair, lags, warmer, sensor, _calculator(rng, options.side))]
        """The meters, in the direction of the flow."""
        for number in range(2, options.meters + 1):
            own = chance(options.seed, f"meter {number}")
            drawn = _pair(own), _lags(own), own.gauss(0.0, WARMER / 2), _sensor(own, 0.0)
            self.meters.append(self._meter(number, *drawn, _calculator(own, options.side)))
        self._loss = LARGEST_LOSS * chance(options.seed, "pressure loss").random()
        self._dense, self._there = 998.0, [998.0 for _ in self.meters]
        self._off = rng.gauss(0.0, 0.15), rng.gauss(0.0, 0.15)
        self.guard = GuardPlc(world, [self.pump, *self.tanks])
        world.physics = self._advance
        self.wired = self._wire_up()

    def _room(self) -> float:
        return self.air.temperature(self.world.time)

    def _meter(
        self,
        number: int,
        pair: PairSpec,
        lags: tuple[float, float],
        warmer: float,
        sensor: MeterSpec,
        spec: CalculatorSpec,
    ) -> CompleteMeter:
        """Return a meter of the line; the first one is alone where there is but one."""
        more = "" if number == 1 else str(number)
        immersed = [
            Immersed(curve, lag, stem, 0.0, self.tanks[0].temperature)
            for curve, lag, stem in zip((pair.forward, pair.back), lags, pair.stem, strict=True)
        ]

        def ohms() -> tuple[float, float]:
            forward, back = (one.ohms(self._room()) for one in immersed)
            return forward, back

        meter = Meter(sensor, self.world.random(f"sensor {more}".strip()))
        device = HeatCalculator(spec, ohms, lambda: math.floor(meter.cycles))
        return CompleteMeter(pair, immersed, (f"{more}f", f"{more}r"), warmer, meter, device)

    def _advance(self, begin: float, until: float) -> float:
        turns = self.pump.started or self.pump.speed > 0
        took = min(until - begin, self.STEP if turns else self.STILL)
        for tank in self.tanks:
            tank.move(took)
        for meter in self.meters:
            for tank, one, place in zip(self.tanks, meter.immersed, meter.places, strict=True):
                one.move(took, tank.at(place))
        if turns:
            self._flow(took)
        self._rested = not turns
        for meter in self.meters:
            meter.device.move(took)
        return begin + took

    def _flow(self, took: float) -> None:
        """Let the water flow for a step."""
        flow = self.pump.speed * FULL / 3600.0
        volume = flow * took
        denser = self._drifted()
        passing = [(self.master, volume, self._dense)]
        lost = self._loss * (3600.0 * flow / PERMANENT) ** 2
        for ahead, (meter, there) in enumerate(zip(self.meters, self._there, strict=True)):
            wider = 1.0 + COMPRESSIBILITY * ahead * lost
            held = self.chosen.connection * 1e-3 * (1.0 + SPACED * ahead)
            mass = volume * self._dense * wider - held * denser
            passing.append((meter.sensor, mass / there, there))
        for sensor, passed, density in passing:
            sensor.prepare(flow, 20.0, took)
            sensor.take(passed, took, density)

    def _drifted(self) -> float:
        """Tell the density of the water at all meters anew, in kg/m³, now and then: it drifts slowly.

        Returns by how much denser the water in the line became since, while it flowed.
        """
        if not self._rested and self.world.time - self._looked <= self.SLOW:
            return 0.0
        before, warm = self._dense, self._water.at(self.world.time)
        self._looked, self._dense = self.world.time, liquid_density(warm, 4e5)
        self._there = [liquid_density(warm + meter.warmer, 4e5) for meter in self.meters]
        return 0.0 if self._rested else self._dense - before

    def _wire_up(self) -> dict[str, Wired]:
        world, known = self.world, self.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        told = Certified(MASTER, ((Text(zh="体积流量", en="volume flow"), known["master"]),))
        water = lambda: self._water.at(world.time)  # noqa: E731
        tanks = self.tanks[::-1] if self.chosen.swapped else self.tanks
        return {
            "forward_bath": self._bath(0, "9142B0017"),
            "return_bath": self._bath(1, "9142B0018"),
            "forward_reference": self._thermometer("forward_reference", "21-P2461", lambda: tanks[0].fluid),
            "return_reference": self._thermometer("return_reference", "21-P2462", lambda: tanks[1].fluid),
            "guard": Wired(self.guard.on_modbus(), "socket", settings={"unit": 1}),
            "pump": Wired(Drive(world, self.pump), "serial", settings={"unit": 1}),
            "master": Wired(mag6000(world, self.master), "serial", settings={"unit": 1}, certified=told),
            "water_thermometer": self._thermometer("water_thermometer", "21-P2463", water),
            **energy_counters(world, [meter.device for meter in self.meters], PULSES_PER_ENERGY, "meter"),
            "ambient": stands.ambient(world, self.air, *air),
        }

    def _bath(self, number: int, serial: str) -> Wired:
        tank, off, span = self.tanks[number], self._off[number], (-10.0, 150.0)
        name = f"{'forward' if number == 0 else 'return'}_bath"
        return Wired(Well(self.world, tank, off=off, span=span, serial=serial, name=name), "serial", serial)

    def _thermometer(self, name: str, serial: str, temperature: Callable[[], float]) -> Wired:
        known = self.certificates[name]
        shown = MilliK(self.world, {1: probe(self.world, known, temperature, name)}, serial=serial, name=name)
        told = Certified(THERMOMETER, ((Text(zh="温度", en="temperature"), known),))
        return Wired(shown, "serial", serial, {"channel": 1, "largest_resistance": 460}, told)

    def true_in(self, table: Table, row: int, device: int = 0) -> float:
        """Return a meter's true error in % at the temperatures and the flow that a row of errors tells."""
        meter = self.meters[device]
        spec = meter.device.spec
        places = ("basic_referenceValue", "remotecal_returnTemperature", "remotecal_flow")
        difference, back, flow = (self.place_in(table, row, name) for name in places)
        forward = back + difference
        k = heat_coefficient(forward, back, spec.pressure, "return") * self._coefficient
        ohms = meter.pair.forward.ohms(forward), meter.pair.back.ohms(back)
        told = spec.energy(ohms, PULSES_PER_VOLUME) * (1.0 + meter.sensor.error(flow / 3600.0, 20.0))
        return 100.0 * (told / (k * difference) - 1.0)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:  # noqa: ARG003
        return {"meters": devices_among(drivers)}

    def paper(self, today: date) -> Paper:
        return paper.complete_paper(
            self.chosen.meters, PERMANENT, PERMANENT / RATIO, FULL, PULSES_PER_ENERGY, self._pipes(), today
        )

    def _pipes(self) -> dict[str, float]:
        """Return what the bench states of its pipes, in L: as they were measured, to 5 %."""
        rng, true = chance(self.chosen.seed, "pipes"), self.chosen.connection
        whole = {"connecting_volume": true, "meter_spacing": SPACED * true}
        told = {name: float(f"{volume * rng.gauss(1.0, 0.025):.3g}") for name, volume in whole.items()}
        return told if self.chosen.meters > 1 else {"connecting_volume": told["connecting_volume"]}


def _pair(rng: Random) -> PairSpec:
    return draw_pair(rng, apart=0.015, stem=STEM / 2, warmed=(0.0, 0.0))


def _lags(rng: Random) -> tuple[float, float]:
    return rng.uniform(12.0, 30.0), rng.uniform(12.0, 30.0)


def _calculator(rng: Random, side: Side) -> CalculatorSpec:
    spec = draw_calculator(rng, side, PULSES_PER_VOLUME)
    return replace(spec, off=(spec.off[0] / 2, spec.off[1] / 2))


def _sensor(rng: Random, off: float) -> MeterSpec:
    """Draw a flow sensor of class 2."""
    curve = Shape(
        FULL / 3600.0,
        level=rng.gauss(0.0, 0.003) + off / 100.0,
        rise=rng.gauss(-0.002, 0.001),
        slope=rng.gauss(0.0, 0.001),
    )
    return MeterSpec(FULL / 3600.0, PULSES_PER_VOLUME, curve, noise=3e-4, low_cutoff=0.002)


def _certified(rng: Random) -> dict[str, Calibrated]:
    flows, baths = (0.03, 0.1, 0.3, 1.0, 3.0), (0.0, 50.0, 100.0, 150.0)
    known = {
        "master": draw(
            rng, "1", flows, spread=0.001, expanded=(0.0015,) * 5, of="m3/h", digits=5, correlation=0.8
        ),
        "water_thermometer": draw(rng, "°C", (5.0, 20.0, 40.0), spread=0.05, expanded=(0.05,) * 3, digits=3),
    }
    for name in ("forward_reference", "return_reference"):
        known[name] = draw(rng, "°C", baths, spread=0.01, expanded=(0.012,) * 4, digits=3, correlation=0.8)
    return known | room(rng)


THERMOMETER: Final = Text(zh="标准铂电阻测温仪", en="Reference platinum resistance thermometer")
MASTER: Final = Text(zh="标准流量计", en="Master meter")
"""What instruments are called on their certificates."""
