"""What the calibration of a complete heat meter is told."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import model_validator

from remotecal.model import Text
from remotecal.procedures import In
from remotecal.procedures.library.heat.limits import CALCULATOR, PAIR, complete_limit
from remotecal.procedures.library.heat.parameters import LEAST_RATIO, HeatParameters
from remotecal.procedures.library.meters.heat_meters import never_more

PARTS: Final = (
    Text(zh="流量传感器", en="flow sensor"),
    Text(zh="配对温度传感器", en="pair"),
    Text(zh="计算器", en="calculator"),
)
"""What a heat meter consists of."""


class CompleteParameters(HeatParameters):
    """What the calibration of a complete heat meter is told."""

    accuracy_class: Literal[1, 2, 3]
    """Its class, by which its flow sensor's errors are permitted as the document is cited (unverified)."""
    permanent: Annotated[float, In("m3/h", above=0)]
    """Its permanent flow q_p."""
    smallest_flow: Annotated[float, In("m3/h", above=0)]
    """Its smallest flow q_i."""
    side: Literal["forward", "return"]
    """Where its flow sensor stands: in the warm pipe, or in the one that leads back."""
    differences: Annotated[tuple[float, ...], In("K", above=0)] = ()
    """Differences to measure at; 1.1 times the smallest one, 15 K, and 2.5 K below the largest, if not given:
    the middle of where the norm wants them (unverified)."""
    flows: Annotated[tuple[float, ...], In("m3/h", above=0)] = ()
    """Flow at each of them; 0.95 q_p, 0.21 q_p, and 1.05 q_i, if not given (unverified)."""
    returns: Annotated[tuple[float, ...], In("°C", at_least=0, at_most=200)] = ()
    """Temperature of the return at each; 40 °C, or as near as the range allows, if not given."""
    pulses_per_energy: Annotated[float | None, In("1/kW/h", above=0)] = None
    """Pulses of its output for a kilowatt hour, where these are counted."""
    energy_resolution: Annotated[float, In("kW*h", above=0)] = 0.001
    """Smallest step of its display, where that is read."""
    master_resolution: Annotated[float, In("m3", at_least=0)] = 1e-6
    """Smallest step of the master meter's total."""
    pressure: Annotated[float, In("Pa", at_least=1e5, at_most=10e6)] = 1.6e6
    """Absolute pressure for which it knows the heat coefficient."""
    coefficient_limit: Annotated[float, In("1", at_least=0, at_most=0.01)] = 2e-5
    """By how much the norm's heat coefficient may be other than that of IAPWS-95, relative (unverified)."""
    repeats: Annotated[int, In("1", at_least=2, at_most=100)] = 3
    """Repeats at each difference."""
    duration: Annotated[float, In("s", above=0)] = 600.0
    """Shortest time the water flows in a repeat."""
    smallest_volume: Annotated[float, In("m3", at_least=0)] = 0.05
    """Least that flows in a repeat."""
    full_flow: Annotated[float, In("m3/h", above=0)]
    """Flow with the pump at full speed."""
    flow_tolerance: Annotated[float, In("%", above=0, at_most=50)] = 10.0
    """How far the mean flow of a repeat may be from the one that was asked for."""
    coming_to_rest: Annotated[float, In("s", at_least=1)] = 30.0
    """Time for water, meters and the calculator's counting to come to rest."""
    pressure_loss: Annotated[float, In("kPa", at_least=0, at_most=100)] = 25.0
    """What each meter takes away at q_p, at most; of several in series, those behind have as much less
    (EN 1434-1, unverified)."""
    rest: Annotated[float, In("s", at_least=0)] = 600.0
    """Time from when both baths are steady to the first repeat."""
    steady: Annotated[float, In("s", above=0)] = 300.0
    """How long they must have been steady."""
    drift: Annotated[float, In("K/s", above=0)] = 1e-5
    """How fast they may drift then, by the references."""
    patience: Annotated[float, In("s", above=0)] = 6 * 3600.0
    """Time they are given to come to a temperature and to rest."""
    flow_permitted: Annotated[tuple[float, float] | None, In("%", at_least=0, at_most=20)] = None
    """What its flow sensor may be off: the first, and the second times q_p/q; its class's formula where none
    is given (unverified)."""
    pair_permitted: Annotated[tuple[float, float], In("%", at_least=0, at_most=20)] = PAIR
    """What its pair may be off: the first, and the second times Δθ_min/Δθ (unverified)."""
    calculator_permitted: Annotated[tuple[float, float], In("%", at_least=0, at_most=20)] = CALCULATOR
    """What its calculator may be off, likewise (unverified)."""
    found_apart: Annotated[tuple[float, ...], In("%")] = ()
    """Sum of the parts' errors at each difference, by their certificates, to be set against the whole."""
    found_by: tuple[str, ...] = ()
    """Numbers of these certificates: of the flow sensor, the pair, and the calculator."""

    @model_validator(mode="after")
    def _combinations_are_within_the_range(self) -> Self:
        count = len(self.at)
        for name, several in (
            ("flows", self.flows),
            ("returns", self.returns),
            ("found_apart", self.found_apart),
        ):
            if several and len(several) != count:
                raise ValueError(f"{name} has {len(several)} values, and there are {count} differences")
        if self.found_by and not (self.found_apart and len(self.found_by) == len(PARTS)):
            raise ValueError(
                "found_by are the numbers of three certificates, of the flow sensor, the pair and the "
                "calculator, by which found_apart was computed: give both"
            )
        if self.permanent < LEAST_RATIO * self.smallest_flow * (1 - 1e-9):
            raise ValueError("permanent must be ten times smallest_flow or more (2014/32/EU, annex VI)")
        if len({difference for difference, _, _ in self.places}) < count:
            raise ValueError("each of differences must be another one")
        for difference, back, flow in self.places:
            within = self.smallest_difference <= difference <= self.largest_difference
            if not within or back < self.lowest or back + difference > self.highest + 1e-9:
                raise ValueError(
                    f"a difference of {difference:g} K from {back:g} °C is outside what the meter measures"
                )
            if not self.smallest_flow * (1 - 1e-9) <= flow <= self.full_flow:
                raise ValueError(f"a flow of {flow:g} m³/h is below smallest_flow, or above full_flow")
        return self

    @property
    def at(self) -> tuple[float, ...]:
        """Differences in K, in the order to measure."""
        least, most = self.smallest_difference, self.largest_difference
        middle = (15.0,) if 1.2 * least < 15.0 < most else ()
        return self.differences or (round(1.1 * least, 9), *middle, most - 2.5)

    @property
    def places(self) -> tuple[tuple[float, float, float], ...]:
        """Differences in K, temperatures of the return in °C, flows in m³/h, in the order to measure."""
        at = self.at
        backs = self.returns or tuple(min(max(40.0, self.lowest), self.highest - one) for one in at)
        last = len(at) - 1
        usual = tuple(
            0.95 * self.permanent
            if n == 0
            else 1.05 * self.smallest_flow
            if n == last
            else 0.21 * self.permanent
            for n in range(len(at))
        )
        flows = self.flows or usual
        return tuple(zip(at, backs, flows, strict=True))

    def counting(self, difference: float, flow: float) -> tuple[float, float]:
        """Return at what difference and flow a meter is judged that was measured there.

        The norm's formulas end at the smallest ones: below them a meter may be off no more than there.
        """
        return max(difference, self.smallest_difference), max(flow, self.smallest_flow)

    def limit(self, difference: float, flow: float) -> float:
        """Return what the complete meter may be off at a difference in K and a flow in m³/h, to 0.01 %."""
        at, at_flow = self.counting(difference, flow)
        of_whole = complete_limit(
            self.accuracy_class,
            (self.permanent, at_flow),
            (self.smallest_difference, at),
            flow=self.flow_permitted,
            pair=self.pair_permitted,
            calculator=self.calculator_permitted,
        )
        return never_more(of_whole, 2)

    def lasts(self, flow: float) -> float:
        """Return how long the water flows in a repeat at a flow in m³/h, in s."""
        return max(self.duration, 3600.0 * self.smallest_volume / flow)
