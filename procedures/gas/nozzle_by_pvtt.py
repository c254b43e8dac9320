"""Calibrate a critical nozzle by a PVTt standard: a tank collects what passes it (ISO 9300, JJG 620).

The tank is pumped empty. While the nozzle is choked its gas goes to the tank for a time that is told by the
pressure between nozzle and valves, the same at start and stop; then the gas comes to rest, and pressure,
volume and temperature tell how much it is. Filled, it is warm for minutes: what is read too early is
refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from remotecal.drivers.capabilities import FlowSource, GasCollector, Outlet, PressureGauge, Thermometer, Valve
from remotecal.errors import ParameterError, RunError
from remotecal.model import Text
from remotecal.procedures import Certificates, Drivers, Evidence, Observed, Point, Run, Stability
from remotecal.procedures.library.evaluation.standards import Standard, require_known
from remotecal.procedures.library.gas.collected import (
    CORRECTED,
    INPUTS,
    LEAK,
    TANK_EXPANSION,
    CollectedRepeats,
    CollectedSeen,
    TightTank,
    see_rest,
    tank_result,
)
from remotecal.procedures.library.gas.discharge_parameters import PvttParameters
from remotecal.procedures.library.gas.nozzle_under_test import NozzleUnderTest, pascal_in
from remotecal.procedures.library.gas.sensors import Read
from remotecal.procedures.library.gas.tanks import MOST_THERMOMETERS
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.procedures.library.measuring.surroundings import read_air

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantities import BoundReading
    from remotecal.model import Result
    from remotecal.procedures.library.gas.discharge import DischargeFinding, DischargeRepeats

READING: Final = 20.0
"""Seconds in which the tank at rest is read."""
SPEED: Final = 100.0
"""Of the vacuum pump, in %."""
STOPPING: Final = 120
"""Seconds in which the pressure behind the nozzle comes to the trigger, when the tank was shut."""
LONGEST: Final = 3600.0
"""Seconds after which a tank that is not pumped empty, or not filled, is given up."""


class NozzleByPvtt(NozzleUnderTest):
    """Calibrate a critical flow nozzle by a PVTt standard (ISO 9300, JJG 620)."""

    title: ClassVar[Text] = Text(
        zh="pVTt 法临界流喷嘴校准", en="Calibration of a critical flow nozzle by a PVTt standard"
    )

    rig: GasCollector
    pump: FlowSource
    """The vacuum pump, behind bypass and tank."""
    tank_gauge: PressureGauge
    """Absolute pressure in the tank."""
    tank_thermometers: tuple[Thermometer, ...]
    """In the tank, each in the middle of a part of it."""

    Parameters: ClassVar[type[PvttParameters]] = PvttParameters
    parameters: PvttParameters

    reach: ClassVar[Mapping[str, str]] = {"rig.supply": "pressure", "inlet_gauge.pressure": "pressure"}
    read: ClassVar[Read] = CORRECTED
    keeps: ClassVar[Mapping[str, type[Observed]]] = {LEAK: TightTank}
    inputs: ClassVar[Mapping[str, Text]] = INPUTS
    gauges: ClassVar[tuple[str, ...]] = ("inlet_gauge", "tank_gauge")
    model_equation: ClassVar[str] = (
        "C_d = q_m/(A·(1 + 2α·(t_0 - 20 °C))·C*·(1 + ε_C)·p_0/√(R·T_0/M)), "
        "q_m = {V_t·[(1 + 3α_t·(t_f - 20 °C))·ρ_f·(1 + ε_ρ) - (1 + 3α_t·(t_i - 20 °C))·ρ_i] "
        "+ V_inv·(ρ_stop - ρ_start)}/(τ - Δt)"
    )

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(Point(f"{p:g} kPa", {"pressure": p}, wanted.repeats) for p in wanted.pressures)

    def expected(self) -> Sequence[float]:
        return self.parameters.pressures

    def stands_by(self) -> Sequence[str]:
        return (*super().stands_by(), LEAK)

    def characteristics(self) -> Mapping[str, str]:
        return {
            "tank_volume": "m3",
            "tank_sampling": "K",
            "inventory_volume": "m3",
            "inventory_warming": "K",
            "trigger_delay": "s",
        }

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), TANK_EXPANSION: "1/K"}

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every thermometer in the tank has its certificate, too, and its weight."""
        super().check(certificates, drivers)
        roles = [role for role in drivers if role.startswith("tank_thermometers[")]
        if len(roles) > MOST_THERMOMETERS or len(self.parameters.weights) not in {0, len(roles)}:
            raise ParameterError(
                f"there are {len(roles)} thermometers in the tank, at most {MOST_THERMOMETERS} may be, and "
                f"{len(self.parameters.weights)} weights: mend weights"
            )
        require_known(certificates, drivers, [(role, "temperature", "°C") for role in roles])
        low, high = (1000.0 * end(self.parameters.pressures) for end in (min, max))
        for role, share in (("inlet_gauge", 1.0), ("tank_gauge", self.parameters.fill)):
            if role in certificates:
                known = Standard.certified(role, certificates[role].certificate, "Pa")
                known.require(share * low, share * high, f"the {role} is to tell")

    def prepare(self, run: Run) -> None:
        """See that the gauges count absolute pressure, and that the tank is tight."""
        self.see_absolute()
        self.rig.diverter.set(Outlet.BYPASS)
        self._empty(run)
        run.wait(self.parameters.leak_time / 2)  # what is left in it comes to the wall's temperature
        (before,) = run.read(self.tank_gauge.pressure)
        run.wait(self.parameters.leak_time)
        (after,) = run.read(self.tank_gauge.pressure)
        seen = TightTank(pressure=(before, after))
        run.observe(LEAK, seen, leak=seen.rate, allowed=self.parameters.leak, unit="Pa/s")
        if refusal := seen.unfit(self.parameters):
            raise RunError(refusal)

    def _empty(self, run: Run) -> None:
        """Pump the tank empty and shut it."""
        self.pump.speed.set(SPEED)
        self.pump.start()
        self.rig.evacuation.set(Valve.OPEN)
        begun = run.clock.now()
        while (found := self._in_tank(run)) > self.parameters.emptied:
            if run.clock.now() - begun > LONGEST:
                raise RunError(
                    f"the pump does not bring the tank below {found:.0f} Pa, and "
                    f"{self.parameters.emptied:g} Pa are wanted: look at the pump and the tank's valves"
                )
            run.wait(10.0)
        self.rig.evacuation.set(Valve.SHUT)

    def _in_tank(self, run: Run) -> float:
        (read,) = run.read(self.tank_gauge.pressure)
        return read.to("Pa").value

    def approach(self, point: Point, run: Run) -> None:
        """Bring the gas ahead of the nozzle to its pressure, and wait until it is steady."""
        pressure = point.nominal["pressure"]
        self.rig.trigger.set(pressure * self.parameters.trigger)
        self.rig.supply.set(pressure)
        self.pump.speed.set(SPEED)
        self.pump.start()
        run.wait(self.parameters.steady)
        self._settle_inlet(run)

    def _settle_inlet(self, run: Run) -> None:
        """Wait until the gas ahead of the nozzle is steady."""
        wanted, gauge = self.parameters, self.inlet_gauge.pressure
        temperature = self.inlet_thermometer.temperature
        run.settle(
            Stability(gauge, duration=wanted.steady, slope=wanted.pressure_drift * pascal_in(gauge)),
            Stability(temperature, duration=wanted.steady, slope=wanted.temperature_drift),
        )

    def measure(self, point: Point, run: Run) -> CollectedSeen:
        self._empty(run)
        self._rest(run)
        told: dict[str, Any] = {**read_air(run, self.ambient)._asdict(), **self._read_tank(run, "before")}
        told |= self._collect(point, run)
        self._rest(run)
        told |= self._read_tank(run, "after")
        seen = CollectedSeen(**told)
        if refusal := see_rest(seen, len(self.tank_thermometers), self.parameters):
            raise RunError(f"{point.name}: {refusal}")
        return seen

    def _collect(self, point: Point, run: Run) -> dict[str, Any]:
        """Let the gas go to the tank until it is filled."""
        watched = (self.inlet_gauge.pressure, self.inlet_thermometer.temperature, self.tank_gauge.pressure)
        enough = 1000.0 * point.nominal["pressure"] * self.parameters.fill
        begun, rows = run.clock.now(), [run.read(*watched)]
        self.rig.diverter.set(Outlet.TANK)
        try:
            while (there := rows[-1][2].to("Pa").value) < enough:
                took = run.clock.now() - begun
                if took > LONGEST:
                    raise RunError(
                        f"{point.name}: the tank is not filled after {took:.0f} s: look at its valves"
                    )
                rate = max((there - rows[0][2].to("Pa").value) / took, 1.0) if took else enough
                run.wait(min(max((enough - there) / rate / 10, 0.5), 30.0))
                rows.append(run.read(*watched))
        finally:
            self.rig.diverter.set(Outlet.BYPASS)
        pressures, temperatures, filling = zip(*rows, strict=True)
        time, start, stop = self._timed(point, run)
        self.see_choked(point, [start, stop, *filling], pressures)
        return {
            "inlet_pressure": pressures,
            "inlet_temperature": temperatures,
            "filling_pressure": filling,
            "collection_time": time,
            "start_pressure": start,
            "stop_pressure": stop,
        }

    def _timed(self, point: Point, run: Run) -> tuple[Measured, Measured, Measured]:
        """Return the time of the collection and the pressures it was told by, when the timer has stopped."""
        told = (self.rig.collection_time, self.rig.start_pressure, self.rig.stop_pressure)
        for _ in range(STOPPING):
            run.wait(1.0)
            time, start, stop = run.read(*told)
            if time.value > 0:
                break
        if (took := time.to("s").value) < self.parameters.shortest:
            raise RunError(
                f"{point.name}: gas was collected for {took:.3g} s, {self.parameters.shortest:g} s are "
                "wanted: the nozzle is too large for this tank, or let fill be more"
            )
        return time, start, stop

    def _rest(self, run: Run) -> None:
        """Wait until the gas in the shut tank is at rest, as cold as the wall."""
        told, gauge = self.parameters, self.tank_gauge.pressure
        shared: dict[str, float] = {"duration": 30.0, "every": 5.0, "timeout": told.settling}
        run.settle(
            Stability(gauge, slope=told.settled * pascal_in(gauge), **shared),
            *(
                Stability(each.temperature, slope=told.settled_temperature, **shared)
                for each in self.tank_thermometers
            ),
        )

    def _read_tank(self, run: Run, when: str) -> dict[str, tuple[Measured, ...]]:
        """Read the tank at rest: its pressure, and its thermometers one after another."""
        names: dict[str, BoundReading] = {"pressure": self.tank_gauge.pressure}
        names |= {f"{n}": each.temperature for n, each in enumerate(self.tank_thermometers)}
        read = sample(run, READING, names)
        pressures = read.pop("pressure")
        rows = zip(*read.values(), strict=True)
        return {
            f"tank_pressure_{when}": pressures,
            f"tank_temperatures_{when}": tuple(one for row in rows for one in row),
        }

    def of_point(self, point: Point, evidence: Evidence) -> CollectedRepeats:
        return CollectedRepeats(point, evidence, self.parameters)

    def of_standard(
        self, findings: Sequence[DischargeFinding], repeats: Sequence[DischargeRepeats[Any]]
    ) -> Result:
        return tank_result(findings, [each for each in repeats if isinstance(each, CollectedRepeats)])
