"""Calibrating a water flow meter by what it let into a tank, whatever then tells how much that is.

*Flying* start and finish: the flow is steady, a diverter sends the water into the tank and back, and its
edges open and close the timer and the gate of the pulse counter. *Standing* start and finish: the valve
behind the meter starts and stops the flow, and the meter counts freely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from remotecal.drivers.capabilities import (
    CollectingRig,
    MassTotalizer,
    Outlet,
    PulseCounter,
    Valve,
    VolumeTotalizer,
)
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError, ParameterError
from remotecal.model import Text
from remotecal.procedures import By, Drivers, In, Run
from remotecal.procedures.library.flow.meter import FlowProcedure
from remotecal.procedures.library.flow.parameters import FlowParameters
from remotecal.procedures.library.flow.water import FlowSeen, WaterRepeats
from remotecal.procedures.library.measuring.sampling import amount
from remotecal.procedures.library.meters.between import CONNECTION, stored
from remotecal.procedures.library.meters.measurand import MASS
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.procedures.library.meters.under_test import can
from remotecal.uncertainty.number import Number, Numbers

OF_COLLECTING: Final[Mapping[str, Text]] = {
    "V_c": Text(zh="连接管段容积", en="volume between meter and diverter"),
    "Δt": Text(zh="换向器时间修正", en="diverter correction"),
}
"""The inputs that collecting the water brings into the measurement model, by symbol."""


class TankParameters(FlowParameters):
    """What a calibration by what was collected in a tank is told."""

    method: Literal["flying", "standing"] = "flying"
    """Start and finish: by the diverter in a steady flow, or by the valve from rest to rest."""
    dripping: Annotated[float, In("s", at_least=1)] = 10.0
    """Time for the tank to come to rest before it is weighed or read."""


class TankSeen(FlowSeen):
    """What a repeat yields of how long the water was collected."""

    time: Annotated[Measured | None, "s", By("rig", "collection_time")] = None
    """Between the diverter's two passages, for a flying start."""


T = TypeVar("T", bound=TankSeen)


class IntoTank(FlowProcedure):
    """A calibration of a water flow meter by what was collected in a tank."""

    rig: CollectingRig

    Parameters: ClassVar[type[TankParameters]] = TankParameters
    parameters: TankParameters

    inputs: ClassVar[Mapping[str, Text]] = {**FlowProcedure.inputs, **OF_COLLECTING}

    def characteristics(self) -> Mapping[str, str]:
        facts = super().characteristics()
        return {**facts, "diverter_correction": "s"} if self.parameters.method == "flying" else facts

    def suits(self, drivers: Drivers) -> None:
        super().suits(drivers)
        standing = self.parameters.method == "standing"
        totals = MassTotalizer if self.parameters.measurand is MASS else VolumeTotalizer
        if can(drivers, "dut", totals) and not standing:
            raise ParameterError(
                'a total read over the bus can\'t be gated by the diverter: choose method = "standing"'
            )
        if standing and "dut" in drivers and not can(drivers, "dut", PulseCounter, totals):
            raise ParameterError('a current can\'t be totalized from rest to rest: choose method = "flying"')

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        self.rig.diverter.set(Outlet.BYPASS)

    def collect(self, run: Run, duration: float) -> dict[str, Any]:
        """Collect for `duration` s; return what a repeat yields of that."""
        flying = self.parameters.method == "flying"
        return (self._fly if flying else self._stand)(run, duration)

    def _fly(self, run: Run, duration: float) -> dict[str, Any]:
        """Collect between two passages of the diverter, in a steady flow."""
        if isinstance(self.dut, PulseCounter):
            self.dut.count_gated()
        self.rig.diverter.set(Outlet.TANK)
        told: dict[str, Any] = {**self.watch(run, duration)}
        self.rig.diverter.set(Outlet.BYPASS)
        run.wait(1.0)
        told["time"] = self.rig.collection_time.read()
        if isinstance(self.dut, PulseCounter):
            told["pulses"] = self.dut.gated_pulses.read()
        return told

    def _stand(self, run: Run, duration: float) -> dict[str, Any]:
        """Collect from rest to rest, by the valve behind the meter."""
        self.rig.outlet.set(Valve.SHUT)
        run.wait(self.parameters.dripping)
        self.rig.diverter.set(Outlet.TANK)
        run.wait(1.0)
        told: dict[str, Any] = {}
        total = self.meter_total()
        if isinstance(self.dut, PulseCounter):
            self.dut.count_freely()
        elif total is not None:
            told["total_before"] = total.read()
        begun = run.clock.now()
        self.rig.outlet.set(Valve.OPEN)
        told |= self.watch(run, duration)
        self.rig.outlet.set(Valve.SHUT)
        told["duration"] = run.clock.now() - begun
        run.wait(self.parameters.dripping)
        if isinstance(self.dut, PulseCounter):
            told["pulses"] = self.dut.running_pulses.read()
        elif total is not None:
            told["total_after"] = total.read()
            amount(total, told["total_before"], told["total_after"])
        self.rig.diverter.set(Outlet.BYPASS)
        self.rig.outlet.set(Valve.OPEN)
        return told

    def solved(self, repeats: WaterRepeats[T], mass: Callable[[T, Numbers], Number]) -> MeterFinding:
        """Return what was found at a flow, from the mass in kg that a repeat collected."""
        repeats.characteristic("V_c", CONNECTION, "m3")
        if flying := self.parameters.method == "flying":
            repeats.characteristic("Δt", "diverter_correction", "s")
        else:
            repeats.see_rest(self.parameters.dripping)

        def passage(seen: T, x: Numbers) -> Number:
            lasted = seen.duration if seen.time is None else seen.time.value
            if lasted is None or (seen.time is None) is flying:
                raise EvidenceError(f"{repeats.point.name}: a repeat does not tell how long it collected")
            return lasted

        def amount_passed(seen: T, x: Numbers) -> Number:
            between = stored(x["V_c"], repeats.density(seen, x, 0), repeats.density(seen, x, -1))
            passed: Number = repeats.at_meter(mass(seen, x) + between, seen, x)
            time = passage(seen, x)
            return passed * time / (time + x["Δt"]) if flying else passed

        return repeats.solve(amount_passed, passage)
