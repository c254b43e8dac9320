"""What every calibration of a pressure device is told, and the sequences it may follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters
from remotecal.procedures.library.measuring.sweep import Sweep
from remotecal.procedures.library.pressure.head import MOLAR_MASS, MOST, Medium
from remotecal.units import convert

Unit = Literal["Pa", "hPa", "kPa", "MPa", "mbar", "bar", "psi"]
"""Units results may be stated in."""

FAR_BELOW: Final[Mapping[str, float]] = {
    "kPa": 0.5, "hPa": 0.5, "mbar": 0.5, "psi": 0.05, "bar": 0.005, "MPa": 0.0005,
}  # fmt: skip
"""By unit of the results, the span below which nobody states results in it, and a number was meant so."""


@dataclass(frozen=True, slots=True)
class Prescribed:
    """How often a device goes through how many set points."""

    document: str
    """The document it is of."""
    points: int
    """Set points in even steps, both ends among them."""
    cycles: int
    """Cycles that rise."""
    preloads: int
    """Cycles before, without readings."""
    last_falls: bool = True
    """Whether the last cycle falls, too."""
    again: int = 0
    """Set points risen to twice more, for the repeatability of a single cycle: from zero in even steps."""
    least: float = 0.0
    """Smallest expanded uncertainty that may be reported, in % of the span."""


SEQUENCES: Final[Mapping[str, Prescribed]] = {
    "cg-17 basic": Prescribed("EURAMET cg-17", 6, cycles=1, preloads=1, again=2, least=0.2),
    "cg-17 standard": Prescribed("EURAMET cg-17", 11, cycles=1, preloads=1, again=4),
    "cg-17 comprehensive": Prescribed("EURAMET cg-17", 11, cycles=3, preloads=1),
    "DKD-R 6-1 A": Prescribed("DKD-R 6-1", 9, cycles=3, preloads=3),
    "DKD-R 6-1 B": Prescribed("DKD-R 6-1", 9, cycles=2, preloads=2, last_falls=False),
    "DKD-R 6-1 C": Prescribed("DKD-R 6-1", 5, cycles=1, preloads=1),
    "JJG 882": Prescribed("JJG 882", 5, cycles=3, preloads=1),
}
"""By document. Points, cycles and floor of "cg-17 basic" are those of EURAMET cg-17 (4.1), points and cycles
of JJG 882 those of its edition of 2004; all else, preloads above all, is general practice that has not been
seen in the documents themselves."""

Followed = Literal[
    "cg-17 basic",
    "cg-17 standard",
    "cg-17 comprehensive",
    "DKD-R 6-1 A",
    "DKD-R 6-1 B",
    "DKD-R 6-1 C",
    "JJG 882",
]
"""Which of these is followed."""


class PressureParameters(Parameters):
    """What every calibration of a pressure device is told."""

    span: Annotated[tuple[float, float], In("Pa")]
    """Lower and upper end of the device's range."""
    sequence: Followed = "DKD-R 6-1 A"
    """Which sequence of set points is followed; what is given below differs from it."""
    pressures: Annotated[tuple[float, ...], In("Pa")] = ()
    """Set points in ascending order, where they are no even steps through the range."""
    cycles: Annotated[int | None, In("1", at_least=1, at_most=10)] = None
    """Cycles that rise and fall."""
    preloads: Annotated[int | None, In("1", at_least=0, at_most=10)] = None
    """Cycles before, without readings."""
    dwell: Annotated[float, In("s", at_least=5)] = 60.0
    """Time at a set point before it is read: tubing, oil and gas that was heated come to rest."""
    dwell_at_ends: Annotated[float, In("s", at_least=5)] = 180.0
    """The same at the lowest and at the highest set point, where it turns."""
    readings: Annotated[int, In("1", at_least=1, at_most=100)] = 5
    """Readings at a set point, whose mean counts."""
    every: Annotated[float, In("s", above=0)] = 2.0
    """Time from one of them to the next."""
    unit: Unit = "kPa"
    """Unit of the results."""
    absolute: bool = False
    """Whether the device measures absolute pressure; gauge pressure otherwise."""
    medium: Medium = "nitrogen"
    """What transmits the pressure; a liquid's density is a fact of the bench."""
    mounting: Literal["upright", "lying"] = "upright"
    """How the device is mounted."""
    level: Literal["connection", "centre", "mark"] = "connection"
    """Where on the device its reference level is: its pressure connection, the centre of its dial, a mark."""
    accuracy_class: Annotated[float, In("%", above=0, at_most=10)]
    """Maximum permissible error, ±, in % of the span."""
    class_at_top: Annotated[float | None, In("%", above=0, at_most=10)] = None
    """The same over the last tenth of the range, at its end of larger magnitude, where it differs: 2.5 for
    class 1.6 (JJG 52-1999; for later editions unverified)."""
    hysteresis_share: Annotated[float, In("1", above=0, at_most=2)] = 1.0
    """Hysteresis allowed, as a share of the maximum permissible error (JJG 52-1999). For
    other devices it is unverified, that of transmitters above all, which depends on their class."""
    standard_share: Annotated[float, In("1", above=0, at_most=1)] = 1 / 3
    """What the standard's expanded uncertainty may be of the maximum permissible error at most."""
    temperature_coefficient: Annotated[float, In("1/K", at_least=0)] = 0.0
    """By which share of the span the device may change for each kelvin from 20 °C, at most."""
    norm: str
    """The regulation the device is held against."""
    rule: Literal["verification", "guard band U", "simple acceptance"] = "verification"
    """Decision rule of the statement of conformity."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties, where no factor is given."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = 2.0
    """Coverage factor of the expanded uncertainties; the coverage probability follows from it."""

    @model_validator(mode="after")
    def _ranges_rise(self) -> Self:
        low, high = self.span
        if not low < high:
            raise ValueError(f"span begins at its lower end, and is no span from {low:g} to {high:g} Pa")
        told = convert(high - low, "Pa", self.unit)
        if told < FAR_BELOW.get(self.unit, 0.0):
            raise ValueError(
                f"the span is {low:g} to {high:g} Pa, no more than {told:.2g} {self.unit}: numbers without a "
                f'unit are in Pa; write "{low:g} {self.unit}" and "{high:g} {self.unit}", or take unit = Pa'
            )
        wanted = self.pressures or self.span
        if min(wanted) < low or max(wanted) > high:
            raise ValueError(f"the set points leave the range from {low:g} to {high:g} Pa")
        if not self.liquid and max(wanted) > MOST:
            raise ValueError(
                f"{self.medium} is taken as nearly ideal up to {MOST:g} Pa: what it weighs beyond is unknown"
            )
        return self

    @property
    def liquid(self) -> bool:
        """Whether a liquid transmits the pressure."""
        return self.medium not in MOLAR_MASS

    @property
    def standard_absolute(self) -> bool:
        """Whether what tells the pressure counts absolute pressure: as the device does."""
        return self.absolute

    @property
    def width(self) -> float:
        """Width of the range in Pa."""
        return self.span[1] - self.span[0]

    @property
    def single(self) -> bool:
        """Whether one cycle counts, and its repeatability is that of some set points."""
        return bool(SEQUENCES[self.sequence].again) and self._as_prescribed

    @property
    def _as_prescribed(self) -> bool:
        """Whether there are as many cycles as the sequence has."""
        return self.cycles in {None, SEQUENCES[self.sequence].cycles}

    @property
    def document(self) -> str:
        """The document whose sequence is followed."""
        return SEQUENCES[self.sequence].document

    @property
    def by_means(self) -> bool:
        """Whether the hysteresis is that of the means of all cycles, and not the mean of theirs."""
        return self.document == "JJG 882"

    @property
    def steps(self) -> tuple[float, ...]:
        """The set points of the sequence in Pa: even steps through the range."""
        (low, high), steps = self.span, SEQUENCES[self.sequence].points - 1
        return tuple(low + (high - low) * step / steps for step in range(steps + 1))

    @property
    def least(self) -> float:
        """Smallest expanded uncertainty that may be reported, in % of the span."""
        return SEQUENCES[self.sequence].least

    def sweep(self) -> Sweep:
        """Return the set points, and how the device comes to them."""
        prescribed, values = SEQUENCES[self.sequence], self.pressures or self.steps
        return Sweep(
            values,
            quantity="pressure",
            unit="Pa",
            called=self.unit,
            cycles=self.cycles or prescribed.cycles,
            last_falls=prescribed.last_falls or not self._as_prescribed,
            again=self._again(values) if self.single else (),
            preloads=prescribed.preloads if self.preloads is None else self.preloads,
            dwell=self.dwell,
            dwell_at_ends=self.dwell_at_ends,
        )

    def _again(self, values: tuple[float, ...]) -> tuple[float, ...]:
        """Return the set points that are risen to again, the lowest among them."""
        many = SEQUENCES[self.sequence].again
        return tuple(dict.fromkeys(values[len(values) * part // many] for part in range(many)))


class ControlledParameters(PressureParameters):
    """What a calibration is told in which a controller makes the pressure."""

    standard_kind: Literal["gauge", "absolute"] | None = None
    """What the pressures of whatever tells them are counted from; as the device's, if it is not given."""
    slew: Annotated[float | None, In("Pa/s", above=0)] = None
    """Fastest change of pressure, where it shall be less than the bench allows."""
    steady: Annotated[float, In("%", above=0, at_most=1)] = 0.02
    """How much the pressure may change within 10 s and count as steady, in % of the span."""
    off: Annotated[float, In("%", above=0, at_most=5)] = 0.1
    """How far the pressure may be from its set point, in % of the span; no further than it may go past it."""
    past: Annotated[float, In("%", above=0, at_most=5)] = 0.1
    """How far it may go past a set point on its way, in % of the span; beyond that it comes again."""
    back: Annotated[float, In("%", above=0, at_most=50)] = 5.0
    """How far before the set point it begins anew then, in % of the span, and not beyond the range."""
    apart: Annotated[float, In("%", above=0, at_most=5)] = 1.0
    """How far controller and reference may be apart, in % of the span; nothing is set further beyond the
    range than that, and a reference that does not follow ends the run."""

    @model_validator(mode="after")
    def _a_set_point_that_is_reached_is_not_passed(self) -> Self:
        if self.off > self.past:
            raise ValueError(
                f"off is {self.off:g} % and past {self.past:g} %: a pressure that counts as reached from one "
                "side would count as gone past from the other; let off be past at most"
            )
        return self

    @property
    def standard_absolute(self) -> bool:
        """Whether what tells the pressure counts absolute pressure."""
        return self.absolute if self.standard_kind is None else self.standard_kind == "absolute"


class IndicatingParameters(PressureParameters):
    """What the calibration of a gauge is told, whatever makes the pressure."""

    resolution: Annotated[float, In("Pa", above=0)]
    """Smallest step of the indication; of a dial, what of a graduation is read."""
    norm: str = "JJG 875"
    """The regulation the gauge is held against; JJG 52 for elastic gauges."""
