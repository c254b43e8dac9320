"""What everything that is done on a water rig shares: its roles, and bringing it to a flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from remotecal.drivers.capabilities import AmbientMonitor, FlowSource, Thermometer, Valve, WaterRig
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import RunError
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.model import Condition, Text
from remotecal.procedures import Certificates, Drivers, Evidence, Point, Procedure, Run, Stability
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.flow.parameters import RigParameters
from remotecal.procedures.library.flow.results import water
from remotecal.procedures.library.flow.water import InWater
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.procedures.library.measuring.surroundings import AirDuring

ADJUSTMENTS = 8
"""How often the pump's speed is corrected before the flow counts as out of reach."""

OF_WATER: Final[Mapping[str, Text]] = {
    "t_m": Text(zh="被检表处水温示值偏差", en="deviation of the water temperature at the meter"),
    "p_m": Text(zh="被检表处压力示值偏差", en="deviation of the gauge pressure at the meter"),
    "p_a": Text(zh="大气压示值偏差", en="deviation of the atmospheric pressure"),
    "ρ": Text(zh="水密度公式与水质", en="formula of the water's density, and the water itself"),
}
"""The inputs that the water brings into the measurement model, by symbol."""


class OnWaterRig(Procedure):
    """What is done on a rig through whose line water flows."""

    Parameters: ClassVar[type[RigParameters]] = RigParameters
    parameters: RigParameters

    rig: WaterRig
    pump: FlowSource
    thermometer: Thermometer
    """Water temperature at the meter under test."""
    ambient: AmbientMonitor

    sets: ClassVar[Mapping[str, str]] = {"flow": "m3/h"}

    def characteristics(self) -> Mapping[str, str]:
        return {"water_density": "1"}

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        """Return whose readings the evaluation corrects: role, quantity, unit to work in."""
        return (
            ("thermometer", "temperature", "°C"),
            ("rig", "pressure", "Pa"),
            ("ambient", "air_pressure", "Pa"),
        )

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has a certificate that tells its error, or its maker's limit of error."""
        require_known(certificates, drivers, self.corrected(drivers))

    def prepare(self, run: Run) -> None:
        """Let the water run through the line."""
        self.rig.inlet.set(Valve.OPEN)
        self.rig.outlet.set(Valve.OPEN)
        self.rig.regulator.set(100.0)

    def approach(self, point: Point, run: Run) -> None:
        """Correct the pump's speed until the rig shows the flow asked for, and wait until it is steady."""
        asked = point.nominal["flow"]
        speed = self.pump.speed.read().value or 50.0
        self.pump.speed.set(speed)
        self.pump.start()
        for _ in range(ADJUSTMENTS):
            run.wait(self.parameters.steady)
            (reading,) = run.read(self.rig.flow)
            found = reading.to("m3/h").value
            if found <= 0:
                raise RunError(f"no flow at {speed:.1f} % of the pump's speed: is a valve shut?")
            if abs(found / asked - 1) * 100 <= self.parameters.flow_tolerance:
                self.settle(point, run)
                return
            speed *= asked / found
            if speed > self.pump.speed.declaration.span[1]:
                raise RunError(f"the pump can't reach {asked:g} m3/h: at full speed there would be less")
            self.pump.speed.set(speed)
        raise RunError(
            f"the flow can't be set to {asked:g} m3/h: it is {found:.4g} after {ADJUSTMENTS} corrections"
        )

    def arrives(self, point: Point, last: Point | None) -> float:
        """Return that of one correction of the speed and of coming to rest; there may be more."""
        return 3.0 * self.parameters.steady

    def settle(self, point: Point, run: Run) -> None:
        """Wait until flow and water temperature are steady."""
        wanted = self.parameters
        spread = point.nominal["flow"] * wanted.flow_spread / 100
        run.settle(
            Stability(self.rig.flow, duration=wanted.steady, spread=spread),
            Stability(self.thermometer.temperature, duration=wanted.steady, slope=wanted.temperature_drift),
        )

    def watched(self) -> Mapping[str, BoundReading]:
        """Return what drifts slowly during a repeat, by its name in what the repeat yields."""
        return {"temperature": self.thermometer.temperature, "pressure": self.rig.pressure}

    def watch(self, run: Run, duration: float) -> dict[str, tuple[Measured, ...]]:
        """Read what drifts slowly while `duration` seconds pass."""
        return sample(run, duration, self.watched())

    def see_state(self, seen: InWater) -> None:
        """Raise `ParameterError` if no formula covers the water of a repeat, while it can be mended."""
        pressure = seen.pressure[0].to("Pa").value + seen.air_pressure.to("Pa").value
        WATER_FORMULAS[self.parameters.water].density(seen.temperature[0].to("°C").value, pressure)

    def conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        """Return the state of air and water during the run."""
        air, temperature, pressure = AirDuring(), Ends("°C"), Ends("kPa")
        for seen in map(self.yields().of, evidence.observations):
            if isinstance(seen, InWater):
                air.take(seen)
                temperature.take(*seen.temperature)
                pressure.take(*seen.pressure)
        of_water = (
            Text(zh="水温", en="Water temperature"),
            Text(zh="水压（表压）", en="Water pressure (gauge)"),
        )
        return (
            water(self.parameters.water),
            *air.conditions(),
            between("remotecal_fluidTemperature", of_water[0], temperature, 2),
            between("remotecal_fluidPressure", of_water[1], pressure, 0),
        )
