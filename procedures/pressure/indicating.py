"""What calibrations of gauges share: which pressure they count, and the error of what they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from remotecal.drivers.capabilities import PressureGauge
from remotecal.errors import ParameterError
from remotecal.model import Text
from remotecal.procedures import Drivers, Run
from remotecal.procedures.library.evaluation.output import Indication, see_resolution
from remotecal.procedures.library.pressure.against import AtPressure, ErrorOf, S
from remotecal.procedures.library.pressure.device import PressureProcedure
from remotecal.procedures.library.pressure.parameters import IndicatingParameters
from remotecal.procedures.library.pressure.places import PRESSURE
from remotecal.uncertainty.number import Number, Numbers
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured


class Indicating(PressureProcedure[S]):
    """A calibration of a gauge, which indicates the pressure itself."""

    dut: PressureGauge
    item: ClassVar[Text] = Text(en="the gauge")
    parameters: IndicatingParameters
    reach: ClassVar[Mapping[str, str]] = {"dut.pressure": PRESSURE}
    inputs: ClassVar[Mapping[str, Text]] = {
        **PressureProcedure.inputs,
        "p_res": Text(zh="被检表分辨力", en="resolution of the gauge"),
    }

    def suits(self, drivers: Drivers) -> None:
        """See that the gauge can be read as finely as the order says."""
        super().suits(drivers)
        see_resolution(drivers, "dut.pressure", self.parameters.resolution, "Pa")

    def prepare(self, run: Run) -> None:
        """See that the gauge counts from where the order says."""
        super().prepare(run)
        absolute = self.dut.is_absolute()
        if absolute != self.parameters.absolute:
            is_ = "absolute" if absolute else "gauge"
            raise ParameterError(
                f"the gauge under test shows {is_} pressure: parameters.absolute says otherwise"
            )

    def expect(self, value: float, run: Run) -> None:
        super().expect(value, run)
        run.expect(self.dut.pressure, value, "Pa")


def shown_error(
    repeats: AtPressure[S], readings: Callable[[S], Sequence[Measured]], parameters: IndicatingParameters
) -> ErrorOf[S]:
    """Return the error of what a gauge shows, in the results' unit, and add its resolution to the inputs."""
    scale = convert(1.0, "Pa", parameters.unit)
    shown = Indication(repeats, readings, parameters.resolution, "Pa", "p_res")

    def error(seen: S, x: Numbers) -> Number:
        found: Number = (shown.indicated(seen, x) - repeats.reference(seen, x)) * scale
        return found

    return error
