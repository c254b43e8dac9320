"""Calibrate flow sensors of heat meters in series by weighing hot water (EN 1434-5, JJG 225).

They are calibrated as water meters in series are, and by the same model; what differs is that the water is
hot, about 50 °C, that more is permitted the smaller the flow is, and which flows are tested. Tanaka's formula
ends at 40 °C, so the water's density is that of IAPWS-95.

Hot water evaporates from the weigh tank while it is filled and weighed: cover the tank, and let the bench
state how much still does (`flow.lost`); what it does not state is not charged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from remotecal.errors import ParameterError
from remotecal.model import Text
from remotecal.procedures import In
from remotecal.procedures.library.flow.in_series import BenchSeen, SeriesParameters
from remotecal.procedures.library.flow.water import InWater
from remotecal.procedures.library.flow.water_bench import MetersOnBench
from remotecal.procedures.library.meters.heat_meters import NORM, FlowLimit, PointName, SensorFlows


class SensorParameters(SeriesParameters):
    """What a calibration of flow sensors in series is told."""

    smallest_flow: Annotated[float, In("m3/h", above=0)]
    """Smallest flow q_i of the sensors."""
    overload: Annotated[float, In("1", at_least=1, at_most=3)] = 2.0
    """Their highest flow over their permanent one, q_s/q_p (unverified)."""
    accuracy_class: Literal[1, 2, 3]
    """Their accuracy class, by which their errors are permitted as the document is cited (unverified)."""
    at: tuple[PointName, ...] = ("q_p", "0.1 q_p", "q_i")
    """Where to test, in the order to measure (EN 1434-5; unverified)."""
    limit: Annotated[tuple[float, float] | None, In("%", at_least=0, at_most=20)] = None
    """What a sensor may be off: the first, and the second times q_p/q; its class's formula where none is
    given (unverified)."""
    instead: ClassVar[str] = "limit"
    norm: str = NORM
    """The document the sensors are held against."""
    water: Literal["Tanaka", "IAPWS-95"] = "IAPWS-95"
    """Formula of the water's density; Tanaka's ends at 40 °C."""
    between: Annotated[tuple[float, float], In("°C", at_least=0, at_most=150)] = (45.0, 55.0)
    """Between which temperatures the water must be (EN 1434-5; unverified)."""

    @model_validator(mode="after")
    def _points_differ_and_rise(self) -> Self:
        if not self.at or len(set(self.at)) < len(self.at):
            raise ValueError("at must name points, each once")
        if self.permanent < 10 * self.smallest_flow * (1 - 1e-9):
            raise ValueError("permanent must be ten times smallest_flow or more (2014/32/EU, annex VI)")
        if self.between[0] >= self.between[1]:
            raise ValueError("between are two temperatures, the lower one first")
        if len(set(self.aims.values())) < len(self.at):
            raise ValueError("two points of at are one flow with this smallest_flow or overload: name one")
        return self

    @property
    def flows(self) -> SensorFlows:
        """The sensors' characteristic flows."""
        return SensorFlows(self.smallest_flow, self.permanent, self.overload * self.permanent)

    @property
    def aims(self) -> Mapping[str, float]:
        return {name: self.flows.aim(name) for name in self.at}

    @property
    def called(self) -> Text:
        return Text(zh="热量表流量传感器串联校准", en="Flow sensors of heat meters in series")

    def permitted(self, temperature: float) -> FlowLimit:
        return FlowLimit(self.accuracy_class, self.permanent, self.limit)


class FlowSensorsOnBench(MetersOnBench):
    """Calibrate flow sensors of heat meters in series by weighing hot water (EN 1434-5, JJG 225)."""

    title: ClassVar[Text] = Text(
        zh="热量表流量传感器串联校准（静态质量法，启停法）",
        en="Calibration of flow sensors of heat meters in series by static weighing",
    )
    norms: ClassVar[tuple[str, ...]] = ("EN 1434-5", "JJG 225", "ISO 4185:1980")

    inputs: ClassVar[Mapping[str, Text]] = {
        **MetersOnBench.inputs,
        "Δp": Text(zh="流量传感器压力损失（q_p）", en="pressure loss of a flow sensor at q_p"),
    }
    """The inputs of the measurement model, by symbol."""

    Parameters: ClassVar[type[SensorParameters]] = SensorParameters
    parameters: SensorParameters

    def see_state(self, seen: InWater) -> None:
        """Raise `ParameterError` if the water is not as warm as it must be, at either end of the line."""
        low, high = self.parameters.between
        ends = (*seen.temperature, *(seen.outlet_temperature if isinstance(seen, BenchSeen) else ()))
        for one in ends:
            if not low <= one.to("°C").value <= high:
                raise ParameterError(
                    f"the water is {one.to('°C').value:.1f} °C by {one.source}, and must be between {low:g} "
                    f"and {high:g} °C: heat or cool it, or give `between` otherwise"
                )
        super().see_state(seen)
