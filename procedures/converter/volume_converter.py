"""Calibrate a volume converter: pressure by a controller, temperature in a well, pulses by a generator.

At each temperature of the well the pressure goes up and down through its levels. At every one of them a
packet of exactly N pulses comes in, while the standards and what the converter shows are read together. So
pressure, temperature, conversion factor and counting have errors each by itself, and the volume at base
conditions has one of the whole (EN 12405-1, the meter left out). The reference's conversion factor is by the
method that is programmed into the converter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    HeatSource,
    PressureController,
    PulseGenerator,
    Thermometer,
    VolumeConverter,
)
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import BenchError, ParameterError, RunError
from remotecal.model import Text
from remotecal.procedures import (
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    Point,
    Procedure,
    Run,
    Stability,
)
from remotecal.procedures.library.converter.evaluated import evaluated
from remotecal.procedures.library.converter.methods import Conversion
from remotecal.procedures.library.converter.parameters import ConverterParameters
from remotecal.procedures.library.converter.places import (
    HEIGHT,
    INPUTS,
    PRESSURE,
    TEMPERATURE,
    UNIFORMITY,
    ConverterSeen,
    see_undisturbed,
)
from remotecal.procedures.library.evaluation.output import see_resolution
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.series import FALLING, RISING, cycle, is_rising
from remotecal.procedures.library.evaluation.standards import Standard, require_known
from remotecal.procedures.library.measuring.sampling import amount, read_totals, sample, see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.measuring.sweep import Sweep
from remotecal.procedures.library.measuring.trim import Trim
from remotecal.units import convert

AIR: Final = (90e3, 106e3)
"""What the air's pressure is in most places, in Pa: by it a controller of gauge pressure is looked at."""
FILTERS: Final = 12
"""Time constants of the converter's filter that are waited after each step: 6e-6 of it is then left."""
HEATING: Final = 6 * 3600.0
"""Longest time in s for the well and the sensor in it to come to rest."""
LOOK: Final = 5.0
"""Seconds from one look at a temperature to the next."""
APART: Final = 1.0
BACK: Final = 5.0
"""How far the controller may be from what it was told, and how far before a set point it begins anew where it
went past, in % of the highest pressure."""
OVER: Final = 0.5
"""How far beyond the well's temperatures, in K, a converter may show and its method must still hold."""
AS_PROGRAMMED: Final = 1e-4
"""How far base conditions that are read may be from the order's, as a share of kelvins or of the pressure."""


class ConverterCalibration(Procedure):
    """Calibrate a volume converter by pressure, temperature and packets of pulses (EN 12405-1)."""

    title: ClassVar[Text] = Text(zh="气体体积修正仪校准", en="Calibration of a gas volume conversion device")
    norms: ClassVar[tuple[str, ...]] = ("EN 12405-1",)

    dut: VolumeConverter
    controller: PressureController
    """Makes the pressure at the converter's sensor, and tells what it is."""
    well: HeatSource
    """The bath or well the converter's temperature sensor is in."""
    thermometer: Thermometer
    """The reference beside that sensor."""
    generator: PulseGenerator
    """Stands for the gas meter."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[ConverterParameters]] = ConverterParameters
    parameters: ConverterParameters

    sets: ClassVar[Mapping[str, str]] = {PRESSURE: "Pa", TEMPERATURE: "°C"}
    reach: ClassVar[Mapping[str, str]] = {
        "controller.setpoint": PRESSURE,
        "dut.pressure": PRESSURE,
        "well.setpoint": TEMPERATURE,
        "thermometer.temperature": TEMPERATURE,
        "dut.temperature": TEMPERATURE,
    }
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    model_equation: ClassVar[str] = (
        "e_Vb = ΔV_b·K/(N·C) − 1, C = (p/p_b)·(T_b/T)·(Z_b/Z), p = (p_std + p_a)·(1 − M·g·h/(R·T_0)), "
        "T = t_ref + δ_w + δ_s + 273.15, e_p = p_i/p − 1, e_T = T_i/T − 1"
    )
    """The measurement model in one line, for a controller of gauge pressure; an absolute one has no p_a."""

    def __init__(self, parameters: ConverterParameters, roles: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters, roles)
        self._last: Point | None = None
        """Where the converter was led last; None where its way was lost, or has not begun."""

    @property
    def sweep(self) -> Sweep:
        """The levels of pressure, and how the converter comes to them at each temperature."""
        wanted = self.parameters
        stay = max(wanted.dwell, FILTERS * wanted.filter_time)
        return Sweep(
            wanted.pressures, quantity=PRESSURE, unit="Pa", called="kPa", dwell=stay, dwell_at_ends=stay
        )

    def points(self) -> Sequence[Point]:
        found = []
        for number, t in enumerate(self.parameters.temperatures, 1):
            for point in self.sweep.points():
                way = RISING if is_rising(point) else FALLING
                name = f"{t:g} °C, {point.nominal[PRESSURE] / 1000:g} kPa, {way}"
                nominal = {TEMPERATURE: t, PRESSURE: point.nominal[PRESSURE]}
                found.append(Point(name, nominal, series=(way, cycle(number))))
        return tuple(found)

    def shows(self, quantity: str, driver: type[Any], nominal: float) -> tuple[float, float]:
        """Return what is shown where a point has a nominal value: a controller may count from the air."""
        if quantity.startswith("controller.") and self.parameters.standard_kind == "gauge":
            return nominal - AIR[1], nominal - AIR[0]
        return nominal, nominal

    def allowance(self) -> Mapping[str, float]:
        """Return how far beyond a level the controller may go for it to be there."""
        return {PRESSURE: APART / 100 * self.parameters.top}

    def characteristics(self) -> Mapping[str, str]:
        return {UNIFORMITY: "K", HEIGHT: "m"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%"}

    def suits(self, drivers: Drivers) -> None:
        """See that the methods can be computed with what is programmed, and to which steps it is read."""
        wanted = self.parameters
        for name, (step, unit) in wanted.steps.items():
            see_resolution(drivers, f"dut.{name}", step, unit)
        for method in (wanted.method, wanted.compared_with or wanted.method):
            conversion = Conversion(wanted.base, wanted.programmed.compression(method))
            for t in (min(wanted.temperatures) - OVER, max(wanted.temperatures) + OVER):
                for p in (wanted.pressures[0], wanted.top):
                    conversion.factor(t, p)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the standards' certificates hold on the whole grid."""
        for role in ("controller", "thermometer"):
            if role not in certificates:
                raise BenchError(f"the {role} is a standard and has no certificate: give it one")
        gauge = self.parameters.standard_kind == "gauge"
        around = [("ambient", "air_pressure", "Pa")] if gauge else []
        corrected = [("controller", PRESSURE, "Pa"), ("thermometer", TEMPERATURE, "°C"), *around]
        require_known(certificates, drivers, corrected)
        low, high = self.parameters.pressures[0], self.parameters.top
        if gauge:
            low, high = low - AIR[1], high - AIR[0]
        known = Standard.certified("p_std", certificates["controller"].certificate, "Pa")
        known.require(low, high, "the controller is to tell")
        known = Standard.certified("t_ref", certificates["thermometer"].certificate, "°C")
        ends = min(self.parameters.temperatures), max(self.parameters.temperatures)
        known.require(*ends, "the thermometer is to tell")

    def prepare(self, run: Run) -> None:
        """See that the controller counts as the order says, and that the converter is programmed so."""
        self._last = None
        absolute = self.controller.is_absolute()
        if absolute is not (self.parameters.standard_kind == "absolute"):
            is_ = "absolute" if absolute else "gauge"
            raise ParameterError(f"the controller counts {is_} pressure: say so by parameters.standard_kind")
        if self.parameters.slew is not None:
            self.controller.slew.set(self.parameters.slew, "Pa/s")
        self._see_programmed(run)

    def _see_programmed(self, run: Run) -> None:
        """Refuse a converter that says that other base conditions, or another method, are programmed."""
        wanted = self.parameters
        p_b, t_b = run.read(self.dut.base_pressure, self.dut.base_temperature)
        found = p_b.to("Pa").value, t_b.to("K").value
        told = self.dut.method()
        run.note("programmed", base_pressure=found[0], base_temperature=found[1] - 273.15, method=told)
        asked = wanted.base.p, wanted.base.t + 273.15
        if any(abs(one / other - 1) > AS_PROGRAMMED for one, other in zip(found, asked, strict=True)):
            raise ParameterError(
                f"the converter's base conditions are {found[0] / 1000:.6g} kPa and {found[1] - 273.15:.5g} "
                f"°C, the order says {asked[0] / 1000:.6g} kPa and {wanted.base.t:.5g} °C: mend either"
            )
        if told and told != wanted.method:
            raise ParameterError(
                f"the converter computes by {told}, the order says {wanted.method}: it is judged by the "
                "method that is programmed, so state that one"
            )

    def approach(self, point: Point, run: Run) -> None:
        """Bring well and sensor to the temperature, and the pressure to its level from the right side."""
        t = point.nominal[TEMPERATURE]
        if self._last is None or self._last.nominal[TEMPERATURE] != t:
            self._last = None
            self._heat(t, run)
        sweep = self.sweep
        was = sweep.values[0] if self._last is None else self._last.nominal[PRESSURE]
        way = sweep.way(self._last, point)
        for value in way[:-1]:
            self._bring(value, run, rising=value > was)
            was = value
        self._bring(way[-1], run, rising=is_rising(point))
        run.wait(sweep.rest(way[-1]))
        self._last = point

    def _heat(self, t: float, run: Run) -> None:
        """Bring the well to a temperature in °C, and let the sensor in it come to that, too."""
        wanted = self.parameters
        self.well.setpoint.set(t, "°C")
        self.well.start()
        run.settle(self._steady(self.thermometer.temperature))
        run.wait(wanted.soak)
        run.settle(self._steady(self.thermometer.temperature), self._steady(self.dut.temperature))
        if not self.well.is_stable():
            raise RunError(
                f"the well is not stable at {t:g} °C by its own limits: look at it, and wait longer"
            )

    def _steady(self, temperature: BoundReading) -> Stability:
        wanted = self.parameters
        return Stability(
            temperature,
            duration=wanted.steady_temperature,
            slope=wanted.temperature_drift,
            every=LOOK,
            timeout=HEATING,
        )

    def _bring(self, value: float, run: Run, *, rising: bool) -> None:
        """Bring the controller's pressure to an absolute one in Pa, from below or from above."""
        shift = 0.0
        if self.parameters.standard_kind == "gauge":
            (air,) = run.read(self.ambient.air_pressure)
            shift = -air.to("Pa").value
        shown, unit = self.controller.pressure, self.controller.pressure.declaration.unit
        self.controller.setpoint.set(value + shift, "Pa")
        self.controller.control()
        wanted, share = self.parameters, convert(self.parameters.top, "Pa", unit) / 100
        low, high = (convert(end + shift, "Pa", unit) for end in (wanted.pressures[0], wanted.top))
        trim = Trim(
            self.controller.setpoint,
            Stability(shown, duration=10, spread=wanted.steady * share, timeout=1800),
            within=wanted.off * share,
            past=wanted.off * share,
            back=BACK * share,
            low=low,
            high=high,
            apart=APART * share,
            arrived=self.controller.in_limits,
        )
        trim.to(run, convert(value + shift, "Pa", unit), rising=rising)

    def takes(self, point: Point) -> float:
        return self.parameters.duration + self.parameters.settling

    def arrives(self, point: Point, last: Point | None) -> float:
        same = last is not None and last.nominal[TEMPERATURE] == point.nominal[TEMPERATURE]
        heated = 0.0 if same else self.parameters.soak + 2 * self.parameters.steady_temperature
        return heated + self.sweep.rest(point.nominal[PRESSURE])

    def measure(self, point: Point, run: Run) -> ConverterSeen:
        wanted = self.parameters
        air = read_air(run, self.ambient)
        totals = read_totals(run, {f"{name}_before": total for name, total in self._totals().items()})
        self.generator.send(wanted.pulses, wanted.frequency)
        watched = sample(run, wanted.duration, self._watched(), wanted.readings)
        run.wait(wanted.settling)
        totals |= read_totals(run, {f"{name}_after": total for name, total in self._totals().items()})
        passed = {
            name: amount(total, totals[f"{name}_before"], totals[f"{name}_after"])
            for name, total in self._totals().items()
        }
        see_amount("what the converter counted of the packet", passed["measured"])
        if refusal := see_undisturbed(point.name, passed["converted"], passed["disturbed"]):
            raise RunError(refusal)
        told: dict[str, Any] = {**air._asdict(), **watched, **totals}
        return ConverterSeen(reference_kind=wanted.standard_kind, **told)

    def _totals(self) -> dict[str, BoundReading]:
        dut = self.dut
        return {
            "measured": dut.measured_volume,
            "converted": dut.base_volume,
            "disturbed": dut.disturbed_volume,
        }

    def _watched(self) -> dict[str, BoundReading]:
        return {
            "reference": self.controller.pressure,
            "bath": self.thermometer.temperature,
            "pressure": self.dut.pressure,
            "temperature": self.dut.temperature,
            "factor": self.dut.factor,
        }

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return the errors of whole and parts, budgets and conformity."""
        return evaluated(evidence, self.parameters, self._model(), self.inputs)

    def _model(self) -> str:
        """Return the measurement model for what the controller counts."""
        if self.parameters.standard_kind == "gauge":
            return self.model_equation
        return self.model_equation.replace("(p_std + p_a)", "p_std")
