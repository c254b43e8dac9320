"""The pure half of what tells the pressure: a reference gauge or a controller, or a piston gauge.

Whatever tells it, the device has less by the head of the medium between the levels (`head`):

    p_ref = p_std - (ρ_f - ρ_a)·g·l     p_std: at the standard's level; l: the device's height above it
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar

from remotecal.drivers.measured import Measured
from remotecal.model import Text
from remotecal.procedures import By, Often
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.procedures.library.pressure.head import LevelHead
from remotecal.procedures.library.pressure.piston import PistonGauge
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence
    from remotecal.procedures.library.pressure.parameters import PressureParameters

DRIFT: Final = "reference_drift"
"""Fact of a bench that may be stated: what the standard shows more than when it was calibrated."""

Kind = Literal["gauge", "absolute"]
"""What pressures are counted from: the air's, or none."""

S = TypeVar("S", bound=InAir)

ErrorOf = Callable[[S, Numbers], Number]
"""The device's error in a repeat."""

REFERENCE_TEMPERATURE: Final = 20.0
"""Temperature in °C a device is meant for."""


class AtPressure(Repeats[S], ABC):
    """The readings at one set point, of all cycles and both directions.

    Args:
        value: the set point in Pa, as the device counts it.
        evidence: of the run.
        seen: what the repeats yielded there.
        parameters: of the run.
    """

    def __init__(
        self, value: float, evidence: Evidence, seen: Sequence[S], parameters: PressureParameters
    ) -> None:
        super().__init__(seen[0].entry.point, evidence, seen)
        self.value, self.parameters = value, parameters
        self._device: Kind = "absolute" if parameters.absolute else "gauge"
        self.air = None if parameters.absolute else AirAround(self)
        """The air around, where the device counts from its pressure."""
        self._head = LevelHead(self, parameters.medium, self.air)

    @abstractmethod
    def told(self, seen: S, x: Numbers) -> Number:
        """Return the pressure in Pa at the standard's level in a repeat, counted as the device counts it."""

    def reference(self, seen: S, x: Numbers) -> Number:
        """Return the true pressure at the device in Pa, counted as the device counts it."""
        air = 0.0 if self._device == "absolute" else seen.air_pressure.value
        lowered: Number = self.told(seen, x) - self._head.lost(seen, x, self.value + air)
        return lowered

    def drifts(self) -> None:
        """Add what the standard has drifted since its calibration, where the bench states that."""
        if DRIFT in self.evidence.characteristics:
            self.characteristic("δ_d", DRIFT, "Pa")

    def pressures(self) -> list[float]:
        """Return the true pressure of each repeat, in Pa."""
        known = self.estimates()
        return [estimate(self.reference(seen, known)) for seen in self.seen]

    def warmth(self, width: float, unit: str) -> Input:
        """Return what the device may have changed by the temperature, of a span of `width` in `unit`."""
        away = max(abs(one.air_temperature.value - REFERENCE_TEMPERATURE) for one in self.seen)
        most = self.parameters.temperature_coefficient * away * width
        source = Text(zh="被检仪表的温度系数", en="the device's temperature coefficient")
        return Input.from_limits("δ_t", 0.0, unit, most, source=source)


def drift_equation(evidence: Evidence) -> str:
    """Return what the equation of a reference pressure has of the standard's drift, if it is stated."""
    return " - δ_d" if DRIFT in evidence.characteristics else ""


class BesideGauge(InAir):
    """What a repeat yields where an instrument tells the pressure."""

    reference: Annotated[
        tuple[Measured, ...],
        "Pa",
        By("reference", "pressure"),
        By("controller", "pressure"),
        Often("readings"),
    ]
    """The standard, reading by reading together with the device."""
    reference_kind: str
    """What its pressures are counted from: `gauge` or `absolute`."""


G = TypeVar("G", bound=BesideGauge)


def standard_role(roles: Mapping[str, object]) -> str:
    """Return the role that tells the pressure: the reference gauge's, or without one the controller's."""
    return "reference" if "reference" in roles else "controller"


class AgainstGauge(AtPressure[G]):
    """A set point whose pressure a reference gauge tells, or the controller."""

    def __init__(
        self, value: float, evidence: Evidence, seen: Sequence[G], parameters: PressureParameters
    ) -> None:
        super().__init__(value, evidence, seen, parameters)
        readings = [reading for one in self.seen for reading in one.reference]
        kind: Kind = "absolute" if parameters.standard_absolute else "gauge"
        self.see_kind("the standard", lambda one: one.reference_kind, kind)
        self._standard = self.correction(
            "p_std", standard_role(evidence.instruments), readings, "Pa", extended=False
        )
        self.drifts()
        if self.air is None and any(one.reference_kind != self._device for one in self.seen):
            air = [one.air_pressure for one in self.seen]
            self._barometer = self.correction("p_a", "ambient", air, "Pa")

    def told(self, seen: G, x: Numbers) -> Number:
        shown = self._standard.corrected(x, mean(seen.reference, "Pa"))
        pressure: Number = shown - x.get("δ_d", 0.0)
        if seen.reference_kind == self._device:
            return pressure
        if self.air is not None:
            from_gauge: Number = pressure - self.air.pressure(seen, x)
            return from_gauge
        absolute: Number = pressure + self._barometer.corrected(x, seen.air_pressure.value)
        return absolute


class UnderPiston(InAir):
    """What a repeat yields where a piston gauge makes the pressure."""

    piston_temperature: Annotated[
        tuple[Measured, ...], "°C", By("thermometer", "temperature"), Often("readings")
    ]
    """The piston, reading by reading together with the device."""


P = TypeVar("P", bound=UnderPiston)


class AgainstPiston(AtPressure[P]):
    """A set point that a piston gauge makes, or the air alone.

    Args:
        value: the set point in Pa, gauge pressure.
        evidence: of the run.
        seen: what the repeats yielded there.
        parameters: of the run.
        on: numbers of the weights on the piston; none where the line is open to the air.
    """

    def __init__(
        self,
        value: float,
        evidence: Evidence,
        seen: Sequence[P],
        parameters: PressureParameters,
        on: Sequence[int],
    ) -> None:
        super().__init__(value, evidence, seen, parameters)
        self._piston = None
        if on:
            self._piston = PistonGauge(self, on, self.air or AirAround(self), liquid=parameters.liquid)
            self.drifts()
            readings = [reading for one in self.seen for reading in one.piston_temperature]
            self._thermometer = self.correction("t_p", "thermometer", readings, "°C")

    def told(self, seen: P, x: Numbers) -> Number:
        if self._piston is None:
            return 0.0
        temperature = self._thermometer.corrected(x, mean(seen.piston_temperature, "°C"))
        pressure: Number = self._piston.pressure(seen, x, temperature) - x.get("δ_d", 0.0)
        return pressure
