"""The density of the air around, with its inputs: the state as it was read, and the formula itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from remotecal.fluids.air import air_formula
from remotecal.model import Text
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.procedures.library.evaluation.repeats import Repeats
    from remotecal.procedures.library.evaluation.standards import Deviating
    from remotecal.procedures.library.measuring.surroundings import InAir

INPUTS: Mapping[str, Text] = {
    "p_a": Text(zh="大气压示值偏差", en="deviation of the atmospheric pressure"),
    "t_a": Text(zh="气温示值偏差", en="deviation of the air temperature"),
    "h_a": Text(zh="湿度示值偏差", en="deviation of the humidity"),
    "ρ_a": Text(zh="空气密度公式", en="formula of the air's density"),
}
"""The inputs it brings into a model, by symbol."""

CORRECTED: Sequence[tuple[str, str, str]] = (
    ("ambient", "air_pressure", "Pa"),
    ("ambient", "air_temperature", "°C"),
    ("ambient", "humidity", "%"),
)
"""Whose readings it corrects: role, quantity, unit to work in."""

A = TypeVar("A", bound="InAir")


class AirAround(Generic[A]):
    """The air around, its readings corrected by the certificates, or the makers' limits, in role `ambient`.

    Args:
        repeats: at the point.
        barometer: the atmospheric pressure's correction, where the model has it already.
    """

    def __init__(self, repeats: Repeats[A], barometer: Deviating | None = None) -> None:
        seen = repeats.seen
        self._barometer = barometer or repeats.correction(
            "p_a", "ambient", [one.air_pressure for one in seen], "Pa"
        )
        self._thermometer = repeats.correction("t_a", "ambient", [one.air_temperature for one in seen], "°C")
        self._hygrometer = repeats.correction("h_a", "ambient", [one.humidity for one in seen], "%")
        known = repeats.estimates()
        states = (self._state(one, known) for one in seen)
        self._formula = air_formula([(estimate(t), estimate(p), estimate(h)) for t, p, h in states])
        source = self._formula.source
        repeats.inputs.append(Input.normal("ρ_a", 0.0, "1", self._formula.u, source=source))

    def pressure(self, seen: A, x: Numbers) -> Number:
        """Return the atmospheric pressure in a repeat, in Pa."""
        return self._barometer.corrected(x, seen.air_pressure.value)

    def temperature(self, seen: A, x: Numbers) -> Number:
        """Return the air's temperature in a repeat, in °C."""
        return self._thermometer.corrected(x, seen.air_temperature.value)

    def density(self, seen: A, x: Numbers) -> Number:
        """Return the air's density in a repeat, in kg/m³."""
        density: Number = self._formula.density(*self._state(seen, x)) * (1.0 + x["ρ_a"])
        return density

    def _state(self, seen: A, x: Numbers) -> tuple[Number, Number, Number]:
        humidity = self._hygrometer.corrected(x, seen.humidity.value)
        return self.temperature(seen, x), self.pressure(seen, x), humidity / 100
