"""The meter under test, as a procedure of any fluid has it: its role, its points, its readings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from remotecal.drivers.capabilities import Ammeter, PulseCounter, VolumeTotalizer
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import ParameterError
from remotecal.model import Text
from remotecal.procedures import Drivers, Point, Procedure
from remotecal.procedures.library.evaluation.output import see_resolution
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
        see_resolution(drivers, "dut.volume", self.parameters.total_resolution, "m3")
        for name, kind in (("pulses_per_volume", PulseCounter), ("full_scale", Ammeter)):
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
        return {"total": self.dut.volume} if isinstance(self.dut, VolumeTotalizer) else {}

    def meter_current(self) -> dict[str, BoundReading]:
        """Return the meter's current, by its name in `MeterSeen`, if it is read by one."""
        return {"current": self.dut.current} if isinstance(self.dut, Ammeter) else {}


def can(drivers: Drivers, role: str, *kinds: type) -> bool:
    """Tell whether a role is filled by a driver with one of the capabilities."""
    return role in drivers and any(kind in drivers[role].__mro__ for kind in kinds)
