"""Calibrate a gas meter by critical nozzles behind it; a vacuum pump draws air through both (ISO 9300).

Which nozzles are open at a flow follows from the order: those that come nearest to it together. Before the
first flow the bank is shut, pumped empty, and watched for a leak. A nozzle passes what it does, and no more,
while the air in its throat is as fast as sound: whether it is, the pressure behind it tells at every repeat,
and one that was not choked is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    Ammeter,
    FlowSource,
    NozzleBank,
    PressureGauge,
    PulseCounter,
    Thermometer,
    Valve,
)
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import BenchError, ParameterError, RunError
from remotecal.model import Condition, Text
from remotecal.procedures import (
    Artefact,
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    Observed,
    Point,
    Run,
    Stability,
)
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.gas import results
from remotecal.procedures.library.gas.critical import air_equation, inlet
from remotecal.procedures.library.gas.meter_under_test import GasMeterUnderTest
from remotecal.procedures.library.gas.parameters import NozzleParameters
from remotecal.procedures.library.gas.passing import (
    CORRECTED,
    INPUTS,
    LEAK,
    GasSeen,
    NozzleRepeats,
    TightBank,
    leak_allowed,
)
from remotecal.procedures.library.gas.sensors import OF_ROOM, Air, During
from remotecal.procedures.library.measuring.sampling import amount, read_totals, sample, see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.branches import bits_of, numbers_in
from remotecal.procedures.library.meters.critical import Inlet, see_choked
from remotecal.procedures.library.meters.nozzle import (
    EXPANSION,
    PLENUM,
    Nozzle,
    choked_to,
    require_choked,
)
from remotecal.procedures.library.meters.under_test import can

USUAL: Final = (85e3, 106e3)
"""What the pressure ahead of nozzles that draw from a room is, in Pa: it decides which part of a certificate
must hold."""
NEAR: Final = 0.03
"""How far what a nozzle passes by its certificate may be from what the order says, as a share."""
EMPTYING: Final = 30.0
"""Seconds in which the pump empties the volume behind the nozzles."""


class MeterByNozzles(GasMeterUnderTest):
    """Calibrate a gas meter by critical flow nozzles (ISO 9300)."""

    title: ClassVar[Text] = Text(
        zh="临界流喷嘴法气体流量计校准", en="Calibration of a gas meter by critical flow nozzles"
    )
    norms: ClassVar[tuple[str, ...]] = ("ISO 9300", "JJG 620")

    nozzles: tuple[Artefact, ...]
    """The nozzles, in the order of the bank's valves."""
    bank: NozzleBank
    pump: FlowSource
    """The vacuum pump behind the nozzles."""
    inlet_gauge: PressureGauge
    """Absolute pressure ahead of the nozzles."""
    inlet_thermometer: Thermometer
    back_gauge: PressureGauge
    """Absolute pressure behind them."""
    meter_gauge: PressureGauge
    """Absolute pressure at the meter under test."""
    meter_thermometer: Thermometer
    ambient: AmbientMonitor

    Parameters: ClassVar[type[NozzleParameters]] = NozzleParameters
    parameters: NozzleParameters

    keeps: ClassVar[Mapping[str, type[Observed]]] = {LEAK: TightBank}
    reach: ClassVar[Mapping[str, str]] = {"dut.flow": "flow"}
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    model_equation: ClassVar[str] = (
        "E = V_i/V - 1, V = Σ A·C_d·(1 + 2α·(t_0 - 20 °C))·C*·√(R·T_0/M)·Z_0·(ρ_0/ρ_m)·τ·(1 + ε_C)/(1 + ε_ρ) "
        "+ V_c·(ρ_end - ρ_start)/ρ_m + q_l·τ"
    )
    """The measurement model in one line, for the certificate."""

    def stands_by(self) -> Sequence[str]:
        return (*super().stands_by(), LEAK)

    def characteristics(self) -> Mapping[str, str]:
        return {"connecting_volume": "m3", "reading_delay": "s"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), PLENUM: "m", EXPANSION: "1/K"}

    def certified(self) -> Sequence[str]:
        return ("nozzles",)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has its certificate, and every nozzle passes what the order says."""
        own = [(role, quantity, unit) for role, quantity, _, unit in CORRECTED.values()]
        room = [("ambient", quantity, unit) for quantity, unit in OF_ROOM.values()]
        current = [("dut", "current", "mA")] if can(drivers, "dut", Ammeter) else []
        require_known(certificates, drivers, [*own, *(() if self.flowing == "dry" else room), *current])
        used = {number for flow in self.parameters.wanted for number in self.parameters.chosen(flow)}
        self._nozzles = {number: self._check_nozzle(number, certificates) for number in sorted(used)}
        ahead = self._ahead(sum(USUAL) / 2).state
        require_choked(self.parameters.back_pressure, self._nozzles.values(), ahead)

    @property
    def flowing(self) -> Air:
        return self.parameters.air

    def _ahead(self, pressure: float) -> Inlet:
        """Return dry air at 20 °C and a pressure in Pa."""
        return inlet(air_equation(self.parameters.air), 20.0, pressure, 0.0)

    def _check_nozzle(self, number: int, certificates: Certificates) -> Nozzle:
        """Return a nozzle that passes what the order says."""
        stated = certificates.get(f"nozzles[{number}]")
        if stated is None:
            raise BenchError(
                f"there is no nozzle {number} on the bench: give it an artefact, or mend nozzle_flows"
            )
        nozzle = Nozzle(number, stated.certificate)
        low, high = (self._ahead(p).reynolds(nozzle.diameter, lambda _: nozzle.area) for p in USUAL)
        nozzle.require(low, high)
        ahead = self._ahead(sum(USUAL) / 2)
        reynolds = ahead.reynolds(nozzle.diameter, nozzle.effective)
        nozzle.parts(reynolds)
        passes, told = (
            3600.0 * ahead.volume * nozzle.effective(reynolds),
            self.parameters.nozzle_flows[number - 1],
        )
        if abs(passes / told - 1) > NEAR:
            raise ParameterError(
                f"nozzle {number} passes {passes:.4g} m3/h by its certificate, nozzle_flows says {told:g}: "
                "mend nozzle_flows, or the order of the nozzles on the bench"
            )
        return nozzle

    def prepare(self, run: Run) -> None:
        """See that the gauges count absolute pressure, and that the shut bank is tight."""
        for role in ("inlet_gauge", "back_gauge", "meter_gauge"):
            gauge: PressureGauge = getattr(self, role)
            if not gauge.is_absolute():
                raise ParameterError(f"the {role} must show absolute pressure: mend its settings")
        self._see_tight(run)

    def _see_tight(self, run: Run) -> None:
        """Empty the volume behind the shut nozzles, stop the pump, see how fast the pressure comes back."""
        self.bank.opened.set(0)
        self.bank.vent.set(Valve.SHUT)
        self.pump.speed.set(self.parameters.speed)
        self.pump.start()
        run.wait(EMPTYING)
        self.pump.stop()
        run.wait(EMPTYING)
        before, room = run.read(self.back_gauge.pressure, self.ambient.air_pressure)
        run.wait(self.parameters.leak_time)
        (after,) = run.read(self.back_gauge.pressure)
        seen, told = TightBank(room=room, back_before=before, back_after=after), self.parameters
        run.observe(LEAK, seen, leak=seen.leak(told), allowed=leak_allowed(told), unit="m3/h")
        if refusal := seen.unfit(told):
            raise RunError(refusal)

    def approach(self, point: Point, run: Run) -> None:
        """Open the nozzles for the flow, and wait until the air ahead of them is steady."""
        numbers = self.parameters.chosen(point.nominal["flow"])
        bits = bits_of(numbers)
        self.bank.vent.set(Valve.SHUT)
        self.bank.opened.set(bits)
        self.pump.speed.set(self.parameters.speed)
        self.pump.start()
        run.wait(EMPTYING)
        serials = [self.nozzles[number - 1].serial for number in numbers]
        run.note("nozzles", point=point.name, numbers=list(numbers), serials=serials)
        wanted, gauge = self.parameters, self.inlet_gauge.pressure
        drift = wanted.pressure_drift * _per(gauge)
        run.settle(
            Stability(gauge, duration=wanted.steady, slope=drift),
            Stability(
                self.inlet_thermometer.temperature, duration=wanted.steady, slope=wanted.temperature_drift
            ),
        )

    def measure(self, point: Point, run: Run) -> GasSeen:
        if isinstance(self.dut, PulseCounter):
            self.dut.count_freely()
        air = read_air(run, self.ambient)
        (opened,) = run.read(self.bank.standing)
        counters = self.meter_counters()
        totals = read_totals(run, {f"{name}_before": counter for name, counter in counters.items()})
        begun = run.clock.now()
        watched = sample(run, self.lasts(point), self._watched())
        took = run.clock.now() - begun
        totals |= read_totals(run, {f"{name}_after": counter for name, counter in counters.items()})
        for name, counter in counters.items():
            passed = amount(counter, totals[f"{name}_before"], totals[f"{name}_after"])
            see_amount("what the meter counted", passed)
        told: dict[str, Any] = {**air._asdict(), **watched, **totals}
        seen = GasSeen(opened=opened, duration=took, **told)
        self._see(point, seen)
        return seen

    def _see(self, point: Point, seen: GasSeen) -> None:
        """Raise `RunError` if a repeat can't count, while it can be measured again."""
        stood, wanted = numbers_in(seen.opened.value), self.parameters.chosen(point.nominal["flow"])
        if stood != wanted:
            raise RunError(
                f"{point.name}: the nozzles {stood} stand open, and {wanted} are to: look at the valves"
            )
        back = max(one.to("Pa").value for one in seen.back_pressure)
        ahead = min(one.to("Pa").value for one in seen.inlet_pressure)
        limit = choked_to(self.parameters.back_pressure, [self._nozzles[number] for number in wanted])
        if refusal := see_choked(point.name, back, ahead, limit):
            raise RunError(refusal)

    def _watched(self) -> dict[str, BoundReading]:
        watched: dict[str, BoundReading] = {
            "inlet_pressure": self.inlet_gauge.pressure,
            "inlet_temperature": self.inlet_thermometer.temperature,
            "back_pressure": self.back_gauge.pressure,
            "meter_pressure": self.meter_gauge.pressure,
            "meter_temperature": self.meter_thermometer.temperature,
        }
        return watched | self.meter_current()

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, the weighted mean error, budgets and conformity."""
        repeats = [NozzleRepeats(point, evidence, self.parameters) for point in evidence.points]
        findings = [each.found() for each in repeats]
        through = [each.through() for each in repeats]
        nozzles = results.nozzles_table(findings, through, evidence.wording)
        made = self.judged(evidence, findings, (nozzles,), self._conditions(evidence))
        said = results.choked_by(results.OF_BANK) if evidence.wording else ()
        return made.model_copy(update={"statements": (*made.statements, *said)})

    def _conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        during = During(CORRECTED, CALLED)
        for one in evidence.observations:
            during.take(GasSeen.of(one))
        fluid = results.gas(self.parameters.air, air_equation(self.parameters.air))
        return (fluid, *during.conditions())


CALLED: Final[Mapping[str, tuple[str, Text]]] = {
    "p_0": ("inletPressure", Text(zh="喷嘴前压力（绝压）", en="Pressure ahead of the nozzles (absolute)")),
    "t_0": ("inletTemperature", Text(zh="喷嘴前温度", en="Temperature ahead of the nozzles")),
    "p_m": ("meterPressure", Text(zh="被检表处压力（绝压）", en="Pressure at the meter (absolute)")),
    "t_m": ("meterTemperature", Text(zh="被检表处温度", en="Temperature at the meter")),
}
"""Symbol → refType and name of the condition it was read under."""


def _per(gauge: BoundReading) -> float:
    """Return what a pascal is in a gauge's unit."""
    from remotecal import units

    return units.scale("Pa", gauge.declaration.unit)
