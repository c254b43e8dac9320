"""What calibrations of gauges share: which pressure they count, and the error of what they show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from remotecal.errors import ParameterError
from remotecal.procedures.library.evaluation.output import Indication
from remotecal.procedures.library.pressure.against import AtPressure, ErrorOf, S
from remotecal.uncertainty.number import Number, Numbers
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.drivers.capabilities import PressureGauge
    from remotecal.drivers.measured import Measured
    from remotecal.procedures.library.pressure.parameters import IndicatingParameters


def see_kind(gauge: PressureGauge, *, absolute: bool) -> None:
    """Raise `ParameterError` unless a gauge counts pressures from where the order says."""
    if gauge.is_absolute() != absolute:
        is_ = "gauge" if absolute else "absolute"
        raise ParameterError(f"the gauge under test shows {is_} pressure: parameters.absolute says otherwise")


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
