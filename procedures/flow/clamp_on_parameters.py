"""What a calibration by a clamp-on meter on site is told: the pipe, the place, the mountings."""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import model_validator

from remotecal.model import Text
from remotecal.procedures import In
from remotecal.procedures.library.meters.parameters import ReadingParameters


class ClampOnParameters(ReadingParameters):
    """What a calibration by a clamp-on meter on site is told."""

    flows: Annotated[tuple[float, ...], In("m3/h", above=0)]
    """Flows to calibrate at, as far as the plant can make them, in the order to measure."""
    flow_tolerance: Annotated[float, In("%", above=0, at_most=30)] = 10.0
    """How far the flow may be from the one asked for; it is a plant's, not a rig's. The clamp-on meter's
    certificate must hold so far beyond the flows."""
    reference_resolution: Annotated[float, In("m3", at_least=0)] = 1e-6
    """Smallest step of the clamp-on meter's total."""
    mountings: Annotated[int, In("1", at_least=3, at_most=10)] = 5
    """How often the clamp-on meter is mounted; all flows are measured with each mounting."""
    steady: Annotated[float, In("s", at_least=5)] = 60.0
    """How long to wait when the flow was changed."""
    outer_diameter: Annotated[float, In("mm", above=0)]
    """Outer diameter of the pipe, such as by a tape round it."""
    outer_diameter_expanded: Annotated[float, In("mm", above=0)]
    """Its expanded uncertainty (k = 2)."""
    wall: Annotated[float, In("mm", above=0)]
    """Thickness of the wall, such as by an ultrasonic gauge round the pipe."""
    wall_expanded: Annotated[float, In("mm", above=0)]
    """Expanded uncertainty of the wall's thickness (k = 2)."""
    lining: Annotated[float, In("mm", at_least=0)] = 0.0
    """Thickness of the lining, and of what has grown on it."""
    lining_expanded: Annotated[float, In("mm", at_least=0)] = 0.0
    """Expanded uncertainty of that thickness (k = 2)."""
    told_inner_diameter: Annotated[float | None, In("mm", above=0)] = None
    """Inner diameter set in the clamp-on meter, where it is not that of outer diameter, wall and lining."""
    diameter_exponent: Annotated[int, In("1", at_least=1, at_most=3)] = 3
    """Power of the inner diameter the clamp-on meter's flow goes by: 3 where it finds the speed of sound by
    its own transit time, 1 where it is told that, 2 where only the area counts (unverified)."""
    pipe_expansion: Annotated[float, In("1/K", at_least=0, at_most=1e-3)] = 1.17e-5
    """Linear expansion of the pipe (unverified)."""
    upstream: Annotated[float, In("1", at_least=0)]
    """Straight run ahead of the clamp-on meter, in diameters."""
    downstream: Annotated[float, In("1", at_least=0)]
    """Straight run behind it, in diameters."""
    upstream_needed: Annotated[float, In("1", at_least=0)] = 10.0
    """The least straight run ahead of it, in diameters (unverified)."""
    downstream_needed: Annotated[float, In("1", at_least=0)] = 5.0
    """The least behind it (unverified)."""
    profile: Annotated[float, In("%", at_least=0, at_most=10)] = 1.0
    """How much, ±, the profile at this place may count other than where it was calibrated (unverified)."""
    calibrated_at: Annotated[float, In("°C", at_least=0, at_most=100)] = 20.0
    """Temperature of the water when the clamp-on meter was calibrated."""
    temperature_effect: Annotated[float, In("%/K", at_least=0, at_most=1)] = 0.02
    """How much, ±, each kelvin from there may count (unverified)."""
    calibrated_bore: Annotated[float | None, In("mm", above=0)] = None
    """Inner diameter of the pipe it was calibrated in, where its certificate goes by flow and not by
    velocity."""

    @model_validator(mode="after")
    def _site_will_do(self) -> Self:
        if not self.flows or len(set(self.flows)) < len(self.flows):
            raise ValueError("flows must be given, each once")
        if self.inner <= 0:
            raise ValueError("wall and lining leave no pipe: outer_diameter, wall and lining are in mm")
        if self.upstream < self.upstream_needed or self.downstream < self.downstream_needed:
            raise ValueError(
                f"a straight run of {self.upstream:g} diameters ahead and {self.downstream:g} behind is less "
                f"than {self.upstream_needed:g} and {self.downstream_needed:g}: choose another place, or "
                "state a shorter need and a wider `profile` for it"
            )
        return self

    @property
    def inner(self) -> float:
        """The pipe's inner diameter in mm, as it was measured on site."""
        return self.outer_diameter - 2.0 * (self.wall + self.lining)

    @property
    def told_inner(self) -> float:
        """The inner diameter in mm that the clamp-on meter has been told."""
        return self.told_inner_diameter or self.inner

    @property
    def bore_of_certificate(self) -> float | None:
        """Inner diameter in m of the pipe it was calibrated in, where that is told."""
        return None if self.calibrated_bore is None else self.calibrated_bore / 1000.0

    @property
    def extremes(self) -> tuple[float, float]:
        """The least and the greatest mean velocity in m/s that a plant may make."""
        share = self.flow_tolerance / 100.0
        return self.velocity(min(self.flows) * (1.0 - share)), self.velocity(max(self.flows) * (1.0 + share))

    @property
    def straight_run(self) -> Text:
        """The straight run in words, for a budget."""
        ahead, behind = f"{self.upstream:g} D", f"{self.downstream:g} D"
        return Text(zh=f"直管段：前 {ahead}，后 {behind}", en=f"{ahead} ahead, {behind} behind")

    def velocity(self, flow: float) -> float:
        """Return the mean velocity in m/s at a flow in m³/h."""
        return flow / 3600.0 / (math.pi / 4 * (self.inner / 1000.0) ** 2)
