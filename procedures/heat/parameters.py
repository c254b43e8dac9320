"""What calibrations of heat meters are told."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters
from remotecal.procedures.library.heat.limits import CALCULATOR, PAIR

BEYOND: Final = 10.0
"""How far in K a thermometer's curve may be used outside the baths it was measured in (unverified)."""
LEAST_RATIO: Final = 10.0
"""Least ratio of a heat meter's largest and smallest difference, and of its q_p and q_i (2014/32/EU)."""


class HeatParameters(Parameters):
    """What all parts of a heat meter's calibration are told."""

    lowest: Annotated[float, In("°C", at_least=0, at_most=200)]
    """Lower end θ_min of the meter's temperature range."""
    highest: Annotated[float, In("°C", at_least=0, at_most=200)]
    """Upper end θ_max."""
    smallest_difference: Annotated[float, In("K", at_least=1, at_most=50)]
    """Smallest temperature difference Δθ_min of the meter."""
    largest_difference: Annotated[float, In("K", above=0, at_most=200)]
    """Largest one, Δθ_max."""
    norm: str = "EN 1434-1:2022"
    """The document the meter is held against."""
    rule: Literal["simple acceptance", "guard band U", "verification"] = "verification"
    """Decision rule of the statement of conformity."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor, where it shall be exactly this; the coverage probability then follows from it."""

    @model_validator(mode="after")
    def _range_holds_differences(self) -> Self:
        if not self.smallest_difference < self.largest_difference <= self.highest - self.lowest:
            raise ValueError(
                "smallest_difference must be below largest_difference, and that no more than lies between "
                "lowest and highest"
            )
        if self.largest_difference < LEAST_RATIO * self.smallest_difference * (1 - 1e-9):
            raise ValueError(
                "largest_difference must be ten times smallest_difference or more (2014/32/EU, annex VI)"
            )
        return self


class PairParameters(HeatParameters):
    """What the calibration of pairs of thermometers is told."""

    nominal: Annotated[float, In("Ω", above=0, at_most=10_000)] = 100.0
    """Resistance of its thermometers at 0 °C, by which the calculator knows them."""
    temperatures: Annotated[tuple[float, ...], In("°C", at_least=0, at_most=200)] = ()
    """Temperatures of the bath; if not given, 5 K inside both ends of the range, and between them."""
    differences: Annotated[tuple[float, ...], In("K", above=0)] = ()
    """Differences to state errors at; from the smallest to the largest one if not given."""
    step: Annotated[float, In("K", above=0, at_most=50)] = 10.0
    """Step of the temperatures of the return at which the worst error is looked for."""
    hot_return: Annotated[float, In("°C", above=0)] = 80.0
    """Temperature of the return above which only larger differences count (unverified)."""
    hot_difference: Annotated[float, In("K", at_least=0)] = 10.0
    """The smallest that counts there (unverified)."""
    repeats: Annotated[int, In("1", at_least=2, at_most=1000)] = 8
    """Repeats in each bath."""
    samples: Annotated[int, In("1", at_least=1, at_most=1000)] = 4
    """Readings of every thermometer in a repeat."""
    duration: Annotated[float, In("s", above=0)] = 40.0
    """How long a repeat takes."""
    rest: Annotated[float, In("s", at_least=0)] = 900.0
    """Time from when the bath is steady to the first repeat: thick thermometers follow late."""
    steady: Annotated[float, In("s", above=0)] = 600.0
    """How long the bath must have been steady."""
    drift: Annotated[float, In("K/s", above=0)] = 4e-6
    """How fast it may drift then, by the reference."""
    spread: Annotated[float, In("K", above=0)] = 0.02
    """How far apart its readings may lie then."""
    patience: Annotated[float, In("s", above=0)] = 6 * 3600.0
    """Time the bath is given to come to a temperature and to rest."""
    plausible: Annotated[float, In("K", above=0)] = 3.0
    """How far a thermometer may be off the bath before its wiring is doubted."""
    permitted: Annotated[tuple[float, float], In("%", at_least=0, at_most=20)] = PAIR
    """What the pair may be off: the first, and the second times Δθ_min/Δθ (unverified)."""
    pair_norm: str = "EN 60751"
    """Whose curve the calculator takes the thermometers for."""
    medium: Literal["water", "oil"] | None = None
    """What the bath is filled with. A certificate of thermometers is to state this and the next three; where
    they are not given here, it says so."""
    immersion: Annotated[float | None, In("mm", above=0, at_most=2000)] = None
    """How deep the thermometers hang in it."""
    current: Annotated[float | None, In("mA", above=0, at_most=10)] = None
    """Current by which the bridges measure them."""
    wires: Annotated[int | None, In("1", at_least=2, at_most=4)] = None
    """How many wires lead to each."""

    @model_validator(mode="after")
    def _baths_cover_the_range(self) -> Self:
        at = self.baths
        if len(set(at)) < 3:
            raise ValueError("a thermometer's curve has three coefficients: give three temperatures or more")
        if min(at) > self.lowest + BEYOND or max(at) < self.highest - BEYOND:
            raise ValueError(
                f"the curve would be used more than {BEYOND:g} K outside the baths: temperatures must come "
                "nearer to lowest and highest"
            )
        wrong = [d for d in self.at if not self.smallest_difference <= d <= self.largest_difference]
        if wrong:
            raise ValueError(f"differences of {wrong} K are outside what the meter measures")
        return self

    @property
    def baths(self) -> tuple[float, ...]:
        """Temperatures of the bath in the order to measure: from the hottest one, to end cool."""
        given = self.temperatures or (
            self.lowest + 5.0,
            round((self.lowest + self.highest) / 2, 1),
            self.highest - 5.0,
        )
        return tuple(sorted(given, reverse=True))

    @property
    def at(self) -> tuple[float, ...]:
        """Differences errors are stated at, rising."""
        if self.differences:
            return tuple(sorted(set(self.differences)))
        least, most = self.smallest_difference, self.largest_difference
        between = (2 * least, 10.0, 20.0, 50.0)
        return tuple(sorted({least, most, *(one for one in between if least < one < most)}))

    def returns(self, difference: float) -> tuple[float, ...]:
        """Return the temperatures of the return at which a difference can be and counts, rising."""
        end = self.highest - difference
        if difference < self.hot_difference:
            end = min(end, max(self.hot_return, self.lowest))
        steps = int((end - self.lowest) / self.step + 1e-9)
        along = [self.lowest + n * self.step for n in range(steps + 1)]
        return tuple(along if end - along[-1] < 1e-9 else [*along, end])


class CalculatorParameters(HeatParameters):
    """What the calibration of a calculator is told."""

    nominal: Annotated[float, In("Ω", above=0, at_most=10_000)] = 100.0
    """Resistance of its thermometers at 0 °C, by which the calculator knows them."""
    side: Literal["forward", "return"]
    """Where the flow sensor stands that it is set for: in the warm pipe, or in the one that leads back."""
    pulses_per_volume: Annotated[float, In("1/m3", above=0)]
    """Pulses of that flow sensor for a cubic metre, as the calculator is set."""
    pulses_per_energy: Annotated[float | None, In("1/kW/h", above=0)] = None
    """Pulses of its own output for a kilowatt hour, where these are counted."""
    energy_resolution: Annotated[float, In("kW*h", above=0)] = 0.001
    """Smallest step of its display, where that is read."""
    differences: Annotated[tuple[float, ...], In("K", above=0)] = ()
    """Differences to simulate; about the smallest one, 15 K, and near the largest one, if not given."""
    returns: Annotated[tuple[float, ...], In("°C", at_least=0, at_most=200)] = ()
    """Temperature of the return at each of them; 50 °C, or as near as the range allows, if not given."""
    pressure: Annotated[float, In("Pa", at_least=1e5, at_most=10e6)] = 1.6e6
    """Absolute pressure for which it knows the heat coefficient."""
    coefficient_limit: Annotated[float, In("1", at_least=0, at_most=0.01)] = 2e-5
    """By how much the norm's heat coefficient may be other than that of IAPWS-95, relative (unverified)."""
    repeats: Annotated[int, In("1", at_least=2, at_most=1000)] = 5
    """Packets at each difference."""
    packet: Annotated[int, In("1", at_least=10, at_most=100_000_000)] = 5000
    """Pulses in a packet."""
    frequency: Annotated[float, In("Hz", above=0, at_most=10_000)] = 50.0
    """How fast they are sent."""
    settling: Annotated[float, In("s", at_least=0)] = 60.0
    """Time the calculator is given to see new temperatures."""
    integration: Annotated[float, In("s", at_least=0)] = 30.0
    """Time it is given to count what was sent, before it is read."""
    permitted: Annotated[tuple[float, float], In("%", at_least=0, at_most=20)] = CALCULATOR
    """What the calculator may be off: the first, and the second times Δθ_min/Δθ (unverified)."""

    @property
    def sending(self) -> float:
        """How long it takes to send a packet and to have it counted, in s."""
        return self.packet / self.frequency + self.integration

    @model_validator(mode="after")
    def _places_are_within_the_range(self) -> Self:
        if self.returns and len(self.returns) != len(self.differences):
            raise ValueError("returns has one temperature for each of differences: give both")
        for difference, back in self.places:
            within = self.smallest_difference <= difference <= self.largest_difference
            if not within or back < self.lowest or back + difference > self.highest + 1e-9:
                raise ValueError(
                    f"a difference of {difference:g} K from {back:g} °C is outside what the meter measures"
                )
        return self

    @property
    def places(self) -> tuple[tuple[float, float], ...]:
        """Differences in K and temperatures of the return in °C, in the order to simulate."""
        least, most = self.smallest_difference, self.largest_difference
        middle = (15.0,) if 1.2 * least < 15.0 < most else ()
        at = self.differences or (least, *middle, most)
        usual = [min(max(50.0, self.lowest), self.highest - one) for one in at]
        return tuple(zip(at, self.returns or usual, strict=True))
