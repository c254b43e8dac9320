"""The meter under test, as a procedure of any fluid has it: its role, its points, its readings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from remotecal.drivers.capabilities import Ammeter, MassTotalizer, PulseCounter, VolumeTotalizer
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import ParameterError
from remotecal.model import Text
from remotecal.procedures import Drivers, Point, Procedure
from remotecal.procedures.library.evaluation.output import see_resolution
from remotecal.procedures.library.meters.measurand import MASS
from remotecal.procedures.library.meters.parameters import ReadingParameters

METER = Text(en="the meter")
"""What the item is called in its verdict."""


class MeterUnderTest(Procedure):
    """A calibration of a flow meter, whatever flows and whatever the reference."""

    Parameters: ClassVar[type[ReadingParameters]] = ReadingParameters
    parameters: ReadingParameters

    dut: PulseCounter | Ammeter | VolumeTotalizer
    """How the meter under test is read: counted pulses, a current, or its own total."""

    sets: ClassVar[Mapping[str, str]] = {"flow": "m3/h"}
    read_by: ClassVar[tuple[type, ...]] = (PulseCounter, Ammeter)

    def suits(self, drivers: Drivers) -> None:
        """See that the meter's output is described."""
        what = self.parameters.measurand
        if (step := getattr(self.parameters, what.resolution)) is not None:
            see_resolution(drivers, f"dut.{what.total}", step, what.unit)
        totals = MassTotalizer if what is MASS else VolumeTotalizer
        kinds = ((what.pulses, PulseCounter), (what.full_scale, Ammeter), (what.resolution, totals))
        for name, kind in kinds:
            if can(drivers, "dut", kind) and getattr(self.parameters, name) is None:
                raise ParameterError(
                    f"parameters.{name} is missing: the meter under test is read by {drivers['dut'].__name__}"
                )

    def takes(self, point: Point) -> float:
        return self.lasts(point)

    def lasts(self, point: Point) -> float:
        """Return how long a repeat must last at a point, in s."""
        counted = isinstance(self.dut, PulseCounter)
        return self.parameters.shortest_repeat(point.nominal["flow"], counted=counted)

    def meter_counters(self) -> dict[str, BoundReading]:
        """Return what the meter counts on and on, by the name it has in `MeterSeen`; a current has none."""
        if isinstance(self.dut, PulseCounter):
            return {"pulses": self.dut.running_pulses}
        total = self.meter_total()
        return {} if total is None else {"total": total}

    def meter_total(self) -> BoundReading | None:
        """Return the total the meter tells itself, of what it indicates; None if it tells none."""
        if self.parameters.measurand is MASS:
            return self.dut.total_mass if isinstance(self.dut, MassTotalizer) else None
        return self.dut.volume if isinstance(self.dut, VolumeTotalizer) else None

    def meter_current(self) -> dict[str, BoundReading]:
        """Return the meter's current, by its name in `MeterSeen`, if it is read by one."""
        return {"current": self.dut.current} if isinstance(self.dut, Ammeter) else {}


def can(drivers: Drivers, role: str, *kinds: type) -> bool:
    """Tell whether a role is filled by a driver with one of the capabilities."""
    return role in drivers and any(kind in drivers[role].__mro__ for kind in kinds)
