"""What everything on a water rig is told, and every calibration of a water flow meter."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters
from remotecal.procedures.library.evaluation.conformity import as_it_comes
from remotecal.procedures.library.meters.kinds import KINDS, KindName, MeterKind
from remotecal.procedures.library.meters.measurand import MASS, VOLUME, Measurand
from remotecal.procedures.library.meters.parameters import MeterParameters
from remotecal.procedures.library.meters.results import Judged
from remotecal.procedures.library.meters.zero import Zero


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


NOMINAL: Final = 1000.0
"""Density of water in kg/m³, near enough to plan by."""


TOLD_OF_ZERO: Final = ("zero_readings", "zero_limit", "zero_drift", "zero_stability")
"""What is told of a zero, all of it or nothing."""


class ZeroParameters(Parameters):
    """What is told of the zero of a meter that has one, all of it or nothing."""

    zero_readings: Annotated[int | None, In("1", at_least=4, at_most=1000)] = None
    """How often the meter's zero is read before anything else, filled and with the flow stopped, by what it
    shows of the flow. Where it is not given no zero is read."""
    zero_limit: Annotated[float | None, In("kg/h", above=0)] = None
    """Zero allowed, ±; of a meter that shows volume flow, water of 1000 kg/m³."""
    zero_drift: Annotated[float | None, In("kg/h", above=0)] = None
    """How far the second half of its readings may lie from the first."""
    zero_stability: Annotated[float | None, In("kg/h", above=0)] = None
    """Zero stability by its maker, ±: what the zero may be otherwise at any time. It is in the uncertainty,
    the more the lower the flow."""
    low_flow_cutoff: Annotated[float | None, In("kg/h", above=0)] = None
    """Flow below which the meter counts nothing, as it is set: from rest to rest its zero then counts only
    while it flows. Where it is not given the meter counts its zero at rest, too."""

    @model_validator(mode="after")
    def _zero_is_whole(self) -> Self:
        given = [name for name in ZeroParameters.model_fields if getattr(self, name) is not None]
        if given and (missing := [name for name in TOLD_OF_ZERO if name not in given]):
            raise ValueError(
                f"{', '.join(missing)} must be given where {given[0]} is: a zero is told whole, or not at all"
            )
        zero = (self.zero_limit or 0.0) + (self.zero_stability or 0.0)
        if self.low_flow_cutoff is not None and self.low_flow_cutoff < zero:
            raise ValueError(
                f"low_flow_cutoff of {self.low_flow_cutoff:g} kg/h does not keep a zero of up to {zero:g} "
                "kg/h (zero_limit and zero_stability) from being counted at rest: set the meter's cut-off "
                "higher, or leave it out"
            )
        return self

    def within(self, zero: Zero) -> str:
        """Return what is wrong with a zero in kg/h, and what to do; "" if nothing is."""
        return zero.beyond(self.zero_limit or 0.0, self.zero_drift or 0.0, MASS.flow)


class FlowParameters(RigParameters, MeterParameters, ZeroParameters):
    """What every calibration of a water flow meter is told."""

    flows: Annotated[tuple[float, ...], In("m3/h", above=0)]
    """Flows to calibrate at, in the order to measure."""
    accuracy_class: Annotated[float, In("%", above=0, at_most=5)]
    """Maximum permissible error, ±, relative."""
    norm: str = "JJG 1033-2007"
    """The regulation the meter is held against."""
    judged_by: Judged = "error"
    """What the meter's characteristics are: its error, or the linearity of its K factor."""
    kind: KindName | None = None
    """Kind of the meter: what its regulation asks for, where norm and repeatability_share are left as they
    come (unverified)."""
    indicates: Literal["volume", "mass"] = "volume"
    """What the meter indicates, by pulses, current or total: its errors are errors of that."""
    pulses_per_mass: Annotated[float | None, In("1/kg", above=0)] = None
    """K factor set in a meter of mass that gives pulses."""
    mass_full_scale: Annotated[float | None, In("kg/h", above=0)] = None
    """Flow at 20 mA, for a meter of mass read by its current."""
    mass_resolution: Annotated[float | None, In("kg", at_least=0)] = None
    """Smallest step of the total, for a meter of mass read by it."""
    fiducial_flow: Annotated[float | None, In("m3/h", above=0)] = None
    """Upper limit of the meter's range, where its errors and the maximum permissible one are shares of that
    (fiducial errors); relative errors where it is not given."""
    photo: bool = False
    """Ask for a photo of the meter as it is installed, before anything moves; for attended runs."""

    @model_validator(mode="after")
    def _flows_differ(self) -> Self:
        if not self.flows or len(set(self.flows)) < len(self.flows):
            raise ValueError("flows must be given, each once")
        return self

    @model_validator(mode="after")
    def _of_one_quantity(self) -> Self:
        other = VOLUME if self.indicates == "mass" else MASS
        for name in (*other.set, *(("mass_resolution",) if other is MASS else ())):
            if getattr(self, name) is not None:
                raise ValueError(f"the meter indicates {self.indicates}, so {name} is not its: leave it out")
        if self.fiducial_flow is not None and self.indicates == "mass":
            raise ValueError("errors of mass are relative: leave fiducial_flow out")
        return self

    @model_validator(mode="after")
    def _as_its_kind(self) -> Self:
        if self.indicates == "mass" and self.zero_readings is None:
            raise ValueError(f"a meter of mass has a zero, which is read first: give {ZERO}")
        if self.kind is None:
            return self
        kind = KINDS[self.kind]
        if kind.zero_first and self.zero_readings is None:
            raise ValueError(f"the zero of a {self.kind} meter is read first: give {ZERO}")
        if self.fiducial_flow is not None and not kind.fiducial:
            raise ValueError(f"errors of a {self.kind} meter are relative: leave fiducial_flow out")
        return self

    @property
    def measurand(self) -> Measurand:
        return MASS if self.indicates == "mass" else VOLUME

    @property
    def fiducial(self) -> float | None:
        return self.fiducial_flow

    @property
    def planned_pulses(self) -> float | None:
        by_mass = self.pulses_per_mass
        return self.pulses_per_volume if by_mass is None else by_mass * NOMINAL

    @property
    def by_kind(self) -> MeterKind:
        """What the meter is held against: the order's word, and its kind's where that is left as it comes."""
        known = MeterKind(self.norm, self.repeatability_share) if self.kind is None else KINDS[self.kind]
        norm = known.norm if as_it_comes(self, "norm") else self.norm
        share = known.share if as_it_comes(self, "repeatability_share") else self.repeatability_share
        return MeterKind(norm, share)


ZERO: Final = ", ".join(TOLD_OF_ZERO)
"""All that must be told of a zero."""
