"""A whole simulated gas loop: instruments on their ports, masters, a bench file, certificates, an order.

```python
with ClosedLoop.up(Path("loop"), seed=7) as up:
    print(up.bench, up.order, up.true_error(1e6))
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from remotecal.certificates.trust import Capability
from remotecal.drivers.capabilities import Ammeter, MassTotalizer, VolumeConverter
from remotecal.errors import ConfigurationError
from remotecal.fluids.base_conditions import by_equation, conversion_factor, ideal
from remotecal.model import Text
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.gas_loop import paper
from remotecal.sim.gas_loop.gas import COMPOSITION, TrueGas
from remotecal.sim.gas_loop.integrated import IntegratedMeter, IntegratedSpec
from remotecal.sim.gas_loop.meter import ON_A_BUS
from remotecal.sim.gas_loop.options import LoopOptions
from remotecal.sim.gas_loop.outfit import (
    WELL,
    Wanted,
    certified,
    drawn,
    gauges,
    mass_zero_of,
    of_bank,
    of_dew_point,
    sensors_share,
    thermometers,
    volume_to_bank,
    wells,
    zero_of,
)
from remotecal.sim.gas_loop.rig import LoopRig
from remotecal.sim.instruments.converters import ek280
from remotecal.sim.instruments.counter import UniversalCounter
from remotecal.sim.instruments.dew_point import dmt340
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.flow_meters import micro_motion
from remotecal.sim.instruments.gas_ultrasonic import TABLE, gas_ultrasonic
from remotecal.sim.instruments.keller import keller
from remotecal.sim.instruments.thermometers import MilliK, probe
from remotecal.sim.wiring import Wired
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from datetime import date

    from remotecal.model import Result, Table
    from remotecal.procedures import Drivers
    from remotecal.sim.instruments.meter import Meter
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World

VOLUME_STEP: Final = 1e-4
"""The same as a volume, in m³: up to 1600 m³."""
MASS_STEP: Final = 1e-3
"""Step of a Coriolis meter's total, in kg: single precision has as much up to 16 t."""


class ClosedLoop(Assembly):
    """Sealed loop under pressure with master meters in parallel, a check meter, a blower and a cooler."""

    Options = LoopOptions
    procedures = ("gas_loop.meter_by_masters",)
    scope = tuple(
        Capability(
            quantity=quantity,
            unit="%",
            cmc="0.1",
            against="basic_referenceValue",
            against_unit="1",
            low="1000",
            high="100000000",
        )
        for quantity in ("basic_measurementError", "remotecal_baseVolumeError")
    )

    def __init__(self, world: World, options: LoopOptions) -> None:
        if options.kinds and len(options.kinds) != len(options.masters):
            raise ConfigurationError("kinds tells of each master what it is: one of each, or none")
        if options.check == "coriolis":
            raise ConfigurationError("the check meter tells volume: take another one than a Coriolis meter")
        if options.dew_meter and options.dew_point is None:
            raise ConfigurationError("dew_meter needs a moist gas: give dew_point, too")
        if options.zero and options.output not in {"total", "coriolis"}:
            raise ConfigurationError(
                'zero is of an ultrasonic meter under test, or a Coriolis one: give output = "total", or '
                '"coriolis", too'
            )
        super().__init__(world, options)
        rng, count = chance(options.seed, "outfit"), len(options.masters)
        self.chosen = options
        self.certificates = certified(rng, count)
        """What each certificate or characterisation states, and what is true."""
        self._wells = wells(rng, count)
        if options.bank:
            of_it = chance(options.seed, "bank")
            self.certificates |= of_bank(of_it)
            self._wells["bank_thermometer"] = of_it.uniform(-WELL, WELL)
            self.certificates["bank_volume"] = volume_to_bank(of_it)
        if options.dew_meter:
            self.certificates |= of_dew_point(chance(options.seed, "dew point"))
        wanted = Wanted(
            options.highest,
            options.masters,
            TrueGas(options.gas, options.dew_point),
            options.leak,
            options.branch_leak,
            options.kinds,
            options.meter_lag,
            options.pressures if options.bank else (),
            options.calibrated_off / 100.0,
            options.check,
            self._denser(options),
            self._disturbed(options),
            *self._zeros(options),
        )
        self.rig = LoopRig(drawn(rng, wanted, self.certificates), world)
        """The physics."""
        self.device_spec = IntegratedSpec.draw(rng, options)
        """What is true of a meter with pressure and temperature built in."""
        self.wired = self._wire_up(count)

    @staticmethod
    def _denser(options: LoopOptions) -> float:
        """Draw by how much the gas is denser than the equation tells, relative, where a mass is told."""
        if "coriolis" not in options.kinds:
            return 0.0
        filling, highest = TrueGas(options.gas, options.dew_point), 1000.0 * max(options.pressures)
        u = filling.equation.range_of(filling.gas, 20.0, highest).u_density
        return chance(options.seed, "density").gauss(0.0, u)

    @staticmethod
    def _disturbed(options: LoopOptions) -> float:
        """Draw by how much the flow, as it comes to it, changes what the meter shows, relative."""
        by = chance(options.seed, "disturbed")
        return sum(by.uniform(-most, most) for most in (options.pulsation, options.installation)) / 100.0

    def _wire_up(self, count: int) -> dict[str, Wired]:
        world, rig, known = self.world, self.rig, self.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        return {
            "blower": Wired(Drive(world, rig.blower), "serial", settings={"unit": 1}),
            "loop": Wired(rig.plc.on_modbus(), "socket", settings={"unit": 1}),
            **{f"reader_{n}": self._reads_master(n, meter) for n, meter in enumerate(rig.masters, 1)},
            "check_reader": self._reads_check(),
            **{name: self._gauge(name, place) for place, name in enumerate(gauges(count), 1)},
            **{name: self._thermometer(name, place) for place, name in enumerate(thermometers(count), 1)},
            "ambient": stands.ambient(world, rig.air, *air),
            "dut": self._meter(),
            **(self._at_bank() if self.chosen.bank else {}),
            **(self._dew_meter() if self.chosen.dew_meter else {}),
        }

    def _at_bank(self) -> dict[str, Wired]:
        rig = self.rig
        back = keller(self.world, lambda: rig.back * rig.places.bank_pressure / 1e5, name="back_gauge")
        return {
            "bank_gauge": self._gauge("bank_gauge", 20),
            "bank_thermometer": self._thermometer("bank_thermometer", 20),
            "back_gauge": Wired(back, "serial", "K-21", {"unit": 1, "absolute": True}),
        }

    def _dew_meter(self) -> dict[str, Wired]:
        known, serial = self.certificates["dew_point_meter"], "D0710040"
        true = cast("float", self.chosen.dew_point)
        shown = dmt340(self.world, lambda: known.indicated(true), serial=serial, name="dew_point_meter")
        told = Certified(
            Text(zh="露点变送器", en="Dew-point transmitter"), ((Text(zh="露点", en="dew point"), known),)
        )
        return {"dew_point_meter": Wired(shown, "serial", serial, {"unit": 1}, told)}

    @property
    def gated(self) -> bool:
        """Whether one signal opens all counters."""
        chosen = self.chosen
        counted = not ON_A_BUS.intersection((*chosen.kinds, chosen.check))
        return chosen.gate and counted and chosen.output in {"pulses", "current"}

    @staticmethod
    def _zeros(options: LoopOptions) -> tuple[tuple[float, float], float]:
        """Draw what the meter under test shows while the gas stands, as a volume and as a mass."""
        drawn = chance(options.seed, "zero")
        if options.zero and options.output == "coriolis":
            return (0.0, 0.0), mass_zero_of(drawn, options.highest)
        return zero_of(drawn, options.highest) if options.zero else (0.0, 0.0), 0.0

    def _reads_master(self, number: int, meter: Meter) -> Wired:
        """Return what reads a master: a counter of its pulses, or an ultrasonic or Coriolis one's own bus."""
        kind, name = self.rig.spec.masters[number - 1].kind, f"reader {number}"
        if kind == "coriolis":
            return Wired(micro_motion(self.world, meter, name=name), "socket", settings={"unit": 1})
        if kind != "ultrasonic":
            return self._reader(number, meter)
        rig, off = self.rig, self.chosen.sound_off
        return self._ultrasonic(name, meter, lambda: rig.places.master_temperature, off)

    def _reads_check(self) -> Wired:
        rig = self.rig
        if self.chosen.check != "ultrasonic":
            return self._reader(9, rig.check)
        off = self.chosen.check_sound_off
        return self._ultrasonic("check reader", rig.check, lambda: rig.places.check_temperature, off)

    def _ultrasonic(
        self,
        name: str,
        meter: Meter,
        celsius: Callable[[], float],
        off: float,
        flow: Callable[[], float] | None = None,
    ) -> Wired:
        """Return an ultrasonic meter that tells the speed of sound off by some percent."""
        wrong, rig = 1.0 + off / 100.0, self.rig
        told = gas_ultrasonic(
            self.world,
            lambda: meter.indicated,
            lambda: wrong * rig.sound(celsius()),
            name,
            flow or (lambda: 3600.0 * meter.flow),
        )
        return Wired(told, "socket", settings={"unit": 1, "table": TABLE})

    def _reader(self, number: int, meter: Meter) -> Wired:
        serial = f"MY5000123{number}"
        name = f"counter {number}"
        gate = self.rig.plc.gate
        counter = UniversalCounter(self.world, lambda: meter.cycles, gate, name, serial=serial)
        return Wired(counter, "socket", serial)

    def _gauge(self, name: str, place: int) -> Wired:
        known, true = self.certificates[name], self._pressure_at(name)
        shown = keller(self.world, lambda: known.indicated(true()) / 1e5, name=name)
        told = Certified(
            Text(zh="绝压变送器", en="Absolute pressure transmitter"),
            ((Text(zh="绝压", en="absolute pressure"), known), sensors_share()),
        )
        return Wired(shown, "serial", f"K-{place:02}", {"unit": 1, "absolute": True}, told)

    def _pressure_at(self, name: str) -> Callable[[], float]:
        rig = self.rig
        if name == "meter_gauge":
            return lambda: rig.places.meter_pressure
        if name == "check_gauge":
            return lambda: rig.places.check_pressure
        if name == "bank_gauge":
            return lambda: rig.places.bank_pressure
        return lambda: rig.places.master_pressure

    def _thermometer(self, name: str, place: int) -> Wired:
        known, well, felt = self.certificates[name], self._wells[name], self.rig.heat.felt
        of = name.partition("_")[0]
        where = {"meter": "meter", "check": "check", "bank": "check"}.get(of, "masters")
        serial = f"21-P25{place:02}"
        shown = probe(self.world, known, lambda: felt[where] + well, name)
        readout = MilliK(self.world, {1: shown}, serial=serial, name=name)
        told = Certified(
            Text(zh="铂电阻测温仪", en="Platinum resistance thermometer"),
            ((Text(zh="温度", en="temperature"), known), sensors_share()),
        )
        return Wired(readout, "serial", serial, {"channel": 1, "largest_resistance": 460}, told)

    def _meter(self) -> Wired:
        meter = self.rig.meter
        if self.chosen.output == "current":
            return stands.multimeter(self.world, lambda: meter.current, self.certificates["ammeter"])
        if self.chosen.output == "total":
            rig, off = self.rig, self.chosen.meter_sound_off
            return self._ultrasonic("dut", meter, lambda: rig.places.meter_temperature, off, rig.shown)
        if self.chosen.output == "coriolis":
            return Wired(
                micro_motion(self.world, meter, name="dut", flow=self.rig.shown),
                "socket",
                settings={"unit": 1},
            )
        if self.chosen.output == "base":
            device = IntegratedMeter(self.device_spec, self.rig.spec.filling)
            self.rig.followers.append(device.follow)
            return Wired(ek280(self.world, device), "socket", settings={"unit": 1})
        return self._reader(8, meter)

    def true_error(self, at: float) -> float:
        """Return the meter's true error in % at a Reynolds number, as it is read."""
        spec = self.rig.spec
        output = spec.dut.output_error if self.chosen.output == "current" else 0.0
        return 100.0 * ((1.0 + spec.dut_curve(at)) * (1.0 + output) - 1.0)

    def true_in(self, table: Table, row: int, device: int = 0) -> float:
        """Return the true error of a row; what a meter with a zero shows more is its error, too."""
        error = super().true_in(table, row, device)
        if not self.chosen.zero:
            return error
        flow = self.place_in(table, row, "remotecal_referenceFlow") / 3600.0
        pressure = 1000.0 * self.place_in(table, row, "remotecal_meterPressure")
        return error + 100.0 * self.rig.zero(pressure) / flow

    def true_whole(self, at: float, celsius: float, pressure: float) -> float:
        """Return the true error in % of the volume at base conditions, for a meter that tells one.

        Args:
            at: Reynolds number.
            celsius: temperature of the gas in it, in °C.
            pressure: absolute, in Pa.
        """
        filling, base = self.rig.spec.filling, self.device_spec.base
        z = by_equation(filling.equation, filling.gas)
        right = estimate(conversion_factor(celsius, pressure, base, z))
        shown_p, shown_t = self.device_spec.shown(pressure, celsius)
        its = ideal if self.device_spec.ideal else z
        made = estimate(conversion_factor(shown_t, shown_p, base, its))
        return 100.0 * ((1.0 + self.true_error(at) / 100.0) * made / right - 1.0)

    def true_beside(self, results: Sequence[Result]) -> Iterator[tuple[str, float, float, float]]:
        """Yield the errors of the volume at base conditions, of a meter that tells one."""
        tables = {one.ref_types[0]: one.tables[0] for one in results}
        whole, flows = tables.get("remotecal_wholeDevice"), tables.get("remotecal_loopFlow")
        found = None if whole is None else whole.column("remotecal_baseVolumeError")
        if whole is None or flows is None or found is None or found.uncertainty is None:
            return
        curve = tables["remotecal_errorCurve"]
        for row, (error, expanded) in enumerate(zip(found.floats(), found.uncertainty.expanded, strict=True)):
            at = self.place_in(whole, row)
            celsius = self.place_in(flows, row, "remotecal_meterTemperature")
            pressure = 1000.0 * self.place_in(curve, row, "remotecal_meterPressure")
            yield "e_Vb", error, float(expanded), self.true_whole(at, celsius, pressure)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        kinds = drivers.get("dut", object).__mro__
        output = "current" if Ammeter in kinds else "base" if VolumeConverter in kinds else "pulses"
        if MassTotalizer in kinds:
            output = "coriolis"
        zero = parameters.get("zero_time") is not None
        chosen = {
            "highest": parameters["highest"],
            "pressures": tuple(cast("Sequence[float]", parameters["pressures"])),
            "output": "total" if zero and output == "pulses" else output,
            "zero": zero,
            "gas": parameters.get("gas", "air"),
            "bank": parameters.get("by_nozzles", False),
            "dew_meter": "dew_point_meter" in drivers,
            "pulsation": parameters.get("pulsation", 0.0),
            "installation": parameters.get("installation", 0.0),
        }
        return (
            chosen
            if parameters.get("dew_point") is None
            else {**chosen, "dew_point": parameters["dew_point"]}
        )

    def paper(self, today: date) -> Paper:
        chosen, spec = self.chosen, self.rig.spec
        told: dict[str, object] = {"pressures": list(chosen.pressures), "gas": chosen.gas}
        if chosen.gas == "natural gas":
            told |= {"components": list(COMPOSITION), "fractions": list(COMPOSITION.values())}
        if chosen.dew_point is not None:
            told["dew_point"] = chosen.dew_point
        told |= {name: most for name in ("pulsation", "installation") if (most := getattr(chosen, name))}
        if chosen.bank:
            told |= {"by_nozzles": True, "back_pressure": chosen.choked_to}
        step = 1e-6
        steps = (
            ("ultrasonic" in chosen.kinds, {"master_resolution": step}),
            ("coriolis" in chosen.kinds, {"master_mass_resolution": MASS_STEP}),
            (chosen.check == "ultrasonic", {"check_resolution": step}),
        )
        for read_so, resolution in steps:
            told |= resolution if read_so else {}
        ways: dict[str, dict[str, object]] = {
            "pulses": {"pulses_per_volume": spec.dut.pulses},
            "current": {"full_scale": chosen.highest},
            "total": {"total_resolution": step},
            "coriolis": {"total_resolution": VOLUME_STEP},
            "base": {
                "method": spec.filling.equation.name,
                "total_resolution": step,
                "base_resolution": step,
                **chosen.resolutions(),
            },
        }
        told |= ways[chosen.output] | ({"zero_time": 60.0} if chosen.zero else {})
        return paper.paper(spec, told, self.certificates, today, gate=self.gated)


BENCHES: Final[dict[str, type[Assembly]]] = {"gas-loop": ClosedLoop}
"""What the catalogue offers, by name."""
