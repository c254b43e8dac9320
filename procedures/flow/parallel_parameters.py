"""What a calibration against master meters in parallel is told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Final, Self

from pydantic import model_validator

from remotecal.procedures import In
from remotecal.procedures.library.flow.parameters import FlowParameters

MOST_MASTERS: Final = 16
"""How many branches a rig may have."""


class ParallelParameters(FlowParameters):
    """What a calibration against master meters in parallel is told."""

    master_flows: Annotated[tuple[float, ...], In("m3/h", above=0)]
    """Highest flow of each master meter, in the order the bench lists them: by this they are chosen."""
    least_share: Annotated[float, In("1", above=0, at_most=1)] = 0.2
    """Share of its highest flow that a master runs at least at (unverified)."""
    most_share: Annotated[float, In("1", above=0, at_most=1)] = 0.95
    """Share of its highest flow that a master runs at most at (unverified)."""
    master_resolution: Annotated[float, In("m3", at_least=0)] = 1e-6
    """Smallest step of the masters' totals."""
    header_capacity: Annotated[float, In("m3/Pa", above=0)]
    """How much more water the header holds for each pascal, by water, pipe and trapped air together: by it a
    leak of the shut branches is told. It is found by letting a measured quantity out; with more air in it
    than then a leak looks smaller than it is."""
    leak_pressure: Annotated[float, In("kPa", above=0)] = 150.0
    """Gauge pressure the header must be brought to before the shut branches are watched for a leak."""
    leak_time: Annotated[float, In("s", at_least=10)] = 60.0
    """How long they are watched."""
    leak_share: Annotated[float, In("1", above=0, at_most=0.01)] = 2e-4
    """Leak of the shut branches that is let pass, as a share of the lowest flow."""
    start_speed: Annotated[float, In("%", above=0, at_most=100)] = 30.0
    """Speed of the pump while branches are opened and shut, so that none is overrun."""

    @model_validator(mode="after")
    def _flows_can_be_told(self) -> Self:
        if len(self.master_flows) > MOST_MASTERS or not self.master_flows:
            raise ValueError(f"a rig has 1 to {MOST_MASTERS} master meters: mend master_flows")
        if not self.least_share < self.most_share:
            raise ValueError("least_share must be less than most_share")
        for flow in self.flows:
            if not self.chosen(flow):
                raise ValueError(
                    f"no master meters run at {self.least_share:g} to {self.most_share:g} of their highest "
                    f"flows where they tell {flow:g} m3/h together: mend flows, or the bench"
                )
        return self

    def chosen(self, flow: float) -> tuple[int, ...]:
        """Return the numbers of the master meters for a flow in m³/h, counted from 1 (`choose`)."""
        return choose(self.master_flows, flow, self.least_share, self.most_share)


def choose(highest: Sequence[float], flow: float, least: float, most: float) -> tuple[int, ...]:
    """Return which masters run at a flow, counted from 1: the fewest that it suits, and of these the fullest.

    Masters share the flow in proportion to their highest ones; it suits where all run between the shares
    `least` and `most` of these. None are returned where it suits no set.
    """
    numbers = range(1, len(highest) + 1)
    for count in numbers:
        fits = [
            (-share, some)
            for some in combinations(numbers, count)
            if least <= (share := flow / sum(highest[n - 1] for n in some)) <= most
        ]
        if fits:
            return min(fits)[1]
    return ()
