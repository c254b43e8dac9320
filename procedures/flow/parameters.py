"""What every calibration of a flow meter is told."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters
from remotecal.procedures.library.flow.results import Judged


class FlowParameters(Parameters):
    """What every calibration of a flow meter is told."""

    flows: Annotated[tuple[float, ...], In("m3/h", above=0)]
    """Flows to calibrate at, in the order to measure."""
    repeats: Annotated[int, In("1", at_least=2, at_most=30)] = 3
    """Repeats at each flow; the verification regulations ask for three, six for class 0.2 and better."""
    duration: Annotated[float, In("s", at_least=30)] = 60.0
    """Shortest time of one repeat."""
    fewest_pulses: Annotated[int, In("1", at_least=1)] = 10_000
    """Pulses of the meter one repeat must have at least, where it gives pulses."""
    flow_tolerance: Annotated[float, In("%", above=0, at_most=10)] = 3.0
    """How far the flow may be from the one asked for."""
    flow_spread: Annotated[float, In("%", above=0, at_most=10)] = 2.0
    """How much the flow may spread over `steady` to count as stable."""
    steady: Annotated[float, In("s", at_least=5)] = 20.0
    """How long the flow must be stable before a repeat."""
    temperature_drift: Annotated[float, In("K/s", above=0)] = 0.002
    """How fast the water's temperature may change before a repeat."""
    pulses_per_volume: Annotated[float | None, In("1/m3", above=0)] = None
    """K factor set in the meter, for one that gives pulses."""
    full_scale: Annotated[float | None, In("m3/h", above=0)] = None
    """Flow at 20 mA, for a meter read by its current."""
    accuracy_class: Annotated[float, In("%", above=0, at_most=5)]
    """Maximum permissible error, ±, relative."""
    norm: str = "JJG 1033-2007"
    """The regulation the meter is held against."""
    rule: Literal["verification", "guard band U", "simple acceptance"] = "verification"
    """Decision rule of the statement of conformity."""
    repeatability_share: Annotated[float, In("1", above=0, at_most=1)] = 1 / 3
    """Repeatability allowed, as a share of the maximum permissible error; 1/2 for Coriolis meters."""
    judged_by: Judged = "error"
    """What the meter's characteristics are: its error, or the linearity of its K factor."""
    water: Literal["Tanaka", "IAPWS-95"] = "Tanaka"
    """Formula of the water's density."""
    total_resolution: Annotated[float, In("m3", at_least=0)] = 1e-6
    """Smallest step of the total, for a meter read by it."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor of the expanded uncertainties, where it shall be exactly this, such as 2; the coverage
    probability then follows from it."""
    photo: bool = False
    """Ask for a photo of the meter as it is installed, before anything moves; for attended runs."""

    @model_validator(mode="after")
    def _flows_differ(self) -> Self:
        if not self.flows or len(set(self.flows)) < len(self.flows):
            raise ValueError("flows must be given, each once")
        return self
