"""Calibrate a gas meter by a bell prover: the bell sinks, and what leaves it passes the meter.

The bell is filled before each repeat, and its gas has to come to rest; heights and the meter's total are read
while it goes on flowing, at the beginning and at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    Ammeter,
    PressureGauge,
    PulseCounter,
    Thermometer,
    Valve,
)
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError, ParameterError, RunError
from remotecal.model import Text
from remotecal.procedures import By, Certificates, Drivers, Evaluation, Evidence, Point, Run
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.gas import bell, results, sensors
from remotecal.procedures.library.gas.bell import AS_IT_SINKS, Bell, UnderBell, bell_result, lasted, see_equal
from remotecal.procedures.library.gas.bell_parameters import MeterByBellParameters, OfBell
from remotecal.procedures.library.gas.by_bell import ByBell
from remotecal.procedures.library.gas.critical import air_equation, density
from remotecal.procedures.library.gas.meter_under_test import GasMeterUnderTest
from remotecal.procedures.library.gas.sensors import OF_ROOM, Air, During, Read, Sensors
from remotecal.procedures.library.measuring.sampling import amount, read_totals, see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters import passing as meters
from remotecal.procedures.library.meters.passing import MeterRepeats, MeterSeen
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.procedures.library.meters.under_test import can
from remotecal.uncertainty.number import Number, Numbers


class BellMeterSeen(UnderBell, MeterSeen):
    """What a repeat yields: the bell, and the meter behind it; as long as the bell sinks all is read."""

    current: Annotated[tuple[Measured, ...] | None, "mA", By("dut", "current"), AS_IT_SINKS] = None
    meter_pressure: Annotated[tuple[Measured, ...], "Pa", By("meter_gauge", "pressure"), AS_IT_SINKS]
    """Absolute pressure at the meter."""
    meter_temperature: Annotated[
        tuple[Measured, ...], "°C", By("meter_thermometer", "temperature"), AS_IT_SINKS
    ]
    """Temperature at the meter."""


CORRECTED: Final[Read] = {
    **bell.CORRECTED,
    "p_m": ("meter_gauge", "pressure", "meter_pressure", "Pa"),
    "t_m": ("meter_thermometer", "temperature", "meter_temperature", "°C"),
}
"""What is read under the bell and at the meter."""

INPUTS: Final[Mapping[str, Text]] = {
    **meters.INPUTS,
    **bell.INPUTS,
    **sensors.INPUTS,
    "p_m": Text(zh="被检表处压力示值偏差", en="deviation of the pressure at the meter"),
    "t_m": Text(zh="被检表处温度示值偏差", en="deviation of the temperature at the meter"),
}
"""The inputs of the measurement model, by symbol."""


class BellMeterRepeats(MeterRepeats[BellMeterSeen]):
    """The repeats at one flow, with what is known of the bell.

    Raises:
        EvidenceError: the gas under the bell and at the meter was not at one temperature.
    """

    def __init__(self, point: Point, evidence: Evidence, parameters: MeterByBellParameters) -> None:
        super().__init__(point, evidence, BellMeterSeen.at(evidence, point), parameters)
        self._equation = air_equation(parameters.air)
        self._sensors = Sensors(self, CORRECTED, parameters.air)
        self._bell = Bell(self, self._sensors, self._equation, parameters)
        for one in self.seen:
            if refusal := see_equal(one, one.meter_temperature, self._bell.count, parameters):
                raise EvidenceError(f"{point.name}: {refusal}")
        self.read_meter()

    def took(self, seen: BellMeterSeen, x: Numbers) -> Number:
        """Return the time between the readings of the meter, in s."""
        time = lasted(seen)
        pairs = (seen.pulses_before, seen.pulses_after), (seen.total_before, seen.total_after)
        for before, after in pairs:
            if before is not None and after is not None:
                time = after.at - before.at
        found: Number = time + x["Δt"]
        return found

    def volume(self, seen: BellMeterSeen, x: Numbers) -> Number:
        """Return what passed through the meter between its readings, in m³ as it was there."""
        meter = self._sensors.at("t_m", seen, x), self._sensors.at("p_m", seen, x)
        dense = density(self._equation, meter, self._sensors.water(seen, x))
        passed: Number = self._bell.mass(seen, x) / dense * (self.took(seen, x) / lasted(seen))
        return passed

    def found(self) -> MeterFinding:
        """Return the error at this flow."""
        return self.solve(self.volume, self.took)


class MeterByBell(ByBell, GasMeterUnderTest):
    """Calibrate a gas meter by a bell prover."""

    title: ClassVar[Text] = Text(zh="钟罩法气体流量计校准", en="Calibration of a gas meter by a bell prover")
    norms: ClassVar[tuple[str, ...]] = ()

    meter_gauge: PressureGauge
    """Absolute pressure at the meter under test."""
    meter_thermometer: Thermometer
    ambient: AmbientMonitor

    Parameters: ClassVar[type[MeterByBellParameters]] = MeterByBellParameters
    parameters: MeterByBellParameters

    inputs: ClassVar[Mapping[str, Text]] = INPUTS
    model_equation: ClassVar[str] = (
        "E = V_i/V - 1, V = [ρ_1·(V_d + A·h_1) - ρ_2·(V_d + A·h_2) - ρ_1·A·v_l·τ]/ρ_m·(τ + Δt)/τ, "
        "A = A_b·(1 + 2α_b·(t_b - 20 °C))·(1 + ε_f)"
    )

    @property
    def of_bell(self) -> OfBell:
        return self.parameters

    @property
    def flowing(self) -> Air:
        return self.parameters.air

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has its certificate."""
        read = [(role, quantity, unit) for role, quantity, _, unit in CORRECTED.values()]
        under = [(role, "temperature", "°C") for role in drivers if role.startswith("bell_thermometers[")]
        room = [("ambient", quantity, unit) for quantity, unit in OF_ROOM.values()]
        current = [("dut", "current", "mA")] if can(drivers, "dut", Ammeter) else []
        wanted = [*read, *under, *(() if self.flowing == "dry" else room), *current]
        require_known(certificates, drivers, wanted)

    def prepare(self, run: Run) -> None:
        """See that the gauges count absolute pressure, and that the bell is tight."""
        for role in ("bell_gauge", "meter_gauge"):
            gauge: PressureGauge = getattr(self, role)
            if not gauge.is_absolute():
                raise ParameterError(f"the {role} must show absolute pressure: mend its settings")
        self.see_tight(run)

    def approach(self, point: Point, run: Run) -> None:
        """Set the regulating valve for the flow."""
        self.rig.regulator.set(100.0 * point.nominal["flow"] / self.parameters.open_flow)
        run.wait(self.parameters.run_up)

    def measure(self, point: Point, run: Run) -> BellMeterSeen:
        if isinstance(self.dut, PulseCounter):
            self.dut.count_freely()
        self.fill(run)
        air = read_air(run, self.ambient)
        self.rig.outlet.set(Valve.OPEN)
        run.wait(self.parameters.run_up)
        counters, current = self.meter_counters(), self.meter_current()
        height = self.rig.height
        before = tuple(read_totals(run, {"height": height, **counters}).values())
        watched = (
            self.bell_gauge.pressure,
            self.meter_gauge.pressure,
            self.meter_thermometer.temperature,
            *current.values(),
            *(each.temperature for each in self.bell_thermometers),
        )
        rows = self.sink(run, self.lasts(point), watched)
        after = tuple(read_totals(run, {"height": height, **counters}).values())
        self.rig.outlet.set(Valve.SHUT)
        pressures, at_meter, warm, *others = zip(*rows, strict=True)
        told: dict[str, Any] = dict(air._asdict())
        for (name, counter), first, last in zip(counters.items(), before[1:], after[1:], strict=True):
            see_amount("what the meter counted", amount(counter, first, last))
            told |= {f"{name}_before": first, f"{name}_after": last}
        if current:
            told["current"] = others.pop(0)
        seen = BellMeterSeen(
            **told,
            height_before=before[0],
            height_after=after[0],
            bell_pressure=pressures,
            bell_temperatures=tuple(one for row in zip(*others, strict=True) for one in row),
            meter_pressure=at_meter,
            meter_temperature=warm,
            duration=after[0].at - before[0].at,
        )
        if refusal := see_equal(seen, warm, len(self.bell_thermometers), self.of_bell):
            raise RunError(f"{point.name}: {refusal}")
        return seen

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, the weighted mean error, budgets and conformity."""
        repeats = [BellMeterRepeats(point, evidence, self.parameters) for point in evidence.points]
        findings = [each.found() for each in repeats]
        self._see_flows(findings)
        during = During(CORRECTED, CALLED)
        for one in evidence.observations:
            during.take(BellMeterSeen.of(one))
        fluid = results.gas(self.flowing, air_equation(self.flowing))
        standard = bell_result([point.name for point in evidence.points], [each.seen for each in repeats])
        return self.judged(evidence, findings, (standard,), (fluid, *during.conditions()))

    def _see_flows(self, findings: Sequence[MeterFinding]) -> None:
        for finding in findings:
            asked = finding.point.nominal["flow"]
            if abs(finding.place / asked - 1) * 100 > self.parameters.flow_tolerance:
                raise EvidenceError(
                    f"{finding.point.name}: {finding.place:.4g} m3/h flowed: mend open_flow, or let "
                    "flow_tolerance be more"
                )


CALLED: Final[Mapping[str, tuple[str, Text]]] = {
    "p_m": ("meterPressure", Text(zh="被检表处压力（绝压）", en="Pressure at the meter (absolute)")),
    "t_m": ("meterTemperature", Text(zh="被检表处温度", en="Temperature at the meter")),
}
"""Symbol → refType and name of the condition it was read under."""
