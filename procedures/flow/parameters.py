"""What everything on a water rig is told, and every calibration of a water flow meter."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters
from remotecal.procedures.library.meters.parameters import MeterParameters
from remotecal.procedures.library.meters.results import Judged


class RigParameters(Parameters):
    """What everything that is done on a water rig is told."""

    flow_tolerance: Annotated[float, In("%", above=0, at_most=10)] = 3.0
    """How far the flow may be from the one asked for."""
    flow_spread: Annotated[float, In("%", above=0, at_most=10)] = 2.0
    """How much the flow may spread over `steady` to count as stable."""
    steady: Annotated[float, In("s", at_least=5)] = 20.0
    """How long the flow must be stable before a repeat."""
    temperature_drift: Annotated[float, In("K/s", above=0)] = 0.002
    """How fast the water's temperature may change before a repeat."""
    water: Literal["Tanaka", "IAPWS-95"] = "Tanaka"
    """Formula of the water's density."""


class FlowParameters(RigParameters, MeterParameters):
    """What every calibration of a water flow meter is told."""

    flows: Annotated[tuple[float, ...], In("m3/h", above=0)]
    """Flows to calibrate at, in the order to measure."""
    accuracy_class: Annotated[float, In("%", above=0, at_most=5)]
    """Maximum permissible error, ±, relative."""
    norm: str = "JJG 1033-2007"
    """The regulation the meter is held against."""
    judged_by: Judged = "error"
    """What the meter's characteristics are: its error, or the linearity of its K factor."""
    photo: bool = False
    """Ask for a photo of the meter as it is installed, before anything moves; for attended runs."""

    @model_validator(mode="after")
    def _flows_differ(self) -> Self:
        if not self.flows or len(set(self.flows)) < len(self.flows):
            raise ValueError("flows must be given, each once")
        return self
