"""What calibrations by a bell prover are told."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters
from remotecal.procedures.library.gas.discharge_parameters import DischargeParameters
from remotecal.procedures.library.gas.sensors import Air
from remotecal.procedures.library.meters.gas_meters import GasMeterParameters


class OfBell(Parameters):
    """What every calibration by a bell prover is told of the bell."""

    upper: Annotated[float, In("mm", above=0)] = 1000.0
    """Height up to which the bell is filled."""
    lower: Annotated[float, In("mm", above=0)] = 100.0
    """Height down to which it may sink."""
    stroke: Annotated[float, In("mm", above=0)] = 150.0
    """By how much it must sink in a repeat at least."""
    leak: Annotated[float, In("mm/s", above=0)] = 2e-4
    """How fast the shut bell may sink."""
    leak_time: Annotated[float, In("s", at_least=10)] = 600.0
    """How long it is watched for that before the first point."""
    dead_height: Annotated[float, In("mm", at_least=0)] = 0.0
    """The dead volume as a height of the bell: its gas grows and shrinks as well, which is no leak."""
    settled_temperature: Annotated[float, In("K/s", above=0)] = 5e-4
    """How fast the temperature at each thermometer under the bell may change before a repeat."""
    settling: Annotated[float, In("s", above=60)] = 3600.0
    """How long that is waited for at most."""
    spread: Annotated[float, In("K", above=0)] = 0.2
    """How far any thermometer under the bell may be from the mean of all, as they read, uncorrected."""
    equality: Annotated[float, In("K", above=0)] = 0.3
    """How far the gas under the bell may be from that at what is calibrated, as they read."""
    air: Air = "dry"
    """What flows: dried air, by Lemmon 2000, or the room's with its humidity, by GERG-2008."""

    @model_validator(mode="after")
    def _can_sink(self) -> Self:
        if not self.lower + self.stroke < self.upper:
            raise ValueError("the bell can't sink by stroke between upper and lower: mend one of them")
        return self


class MeterByBellParameters(GasMeterParameters, OfBell):
    """What the calibration of a gas meter by a bell prover is told."""

    open_flow: Annotated[float, In("m3/h", above=0)]
    """What passes with the regulating valve wide open, about: by it the flows are set."""
    flow_tolerance: Annotated[float, In("%", above=0, at_most=20)] = 5.0
    """How far the flow may be from the one asked for."""
    run_up: Annotated[float, In("s", at_least=1)] = 10.0
    """How long it flows before the first readings."""

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        if beyond := [flow for flow in self.wanted if flow > self.open_flow]:
            raise ValueError(f"{beyond[0]:g} m3/h can't be made: open_flow is {self.open_flow:g} m3/h")
        return self


class NozzleByBellParameters(DischargeParameters, OfBell):
    """What the calibration of a critical nozzle by a bell prover is told."""

    duration: Annotated[float, In("s", at_least=20)] = 60.0
    """Shortest time of one repeat."""
    run_up: Annotated[float, In("s", at_least=1)] = 20.0
    """How long it flows before the first readings."""
    room: Annotated[tuple[float, float], In("kPa", above=0)] = (85.0, 106.0)
    """From and to which pressure ahead of it the nozzle is going to be used: C_d is stated as one value for
    all of them, for a bell has no other pressure than the room's."""
    change: Annotated[float, In("1", above=0)] = 3.412
    """b in C_d = a - b/√Re, about: by how much C_d changes on the way there (unverified; 3.412 and 2.720 are
    told of toroidal nozzles by ISO 9300)."""
    stroke: Annotated[float, In("mm", above=0)] = 300.0
    """By how much the bell must sink in a repeat at least."""

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        if not self.room[0] < self.room[1]:
            raise ValueError("room is from a lower to a higher pressure")
        return self
