"""What every calibration of a critical nozzle is told."""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters
from remotecal.procedures.library.gas.sensors import Air


class DischargeParameters(Parameters):
    """What every calibration of a critical nozzle is told."""

    throat: Annotated[float, In("mm", above=0)]
    """Diameter of the throat at 20 °C: C_d goes with it, and the certificate states it as a convention."""
    repeats: Annotated[int, In("1", at_least=2, at_most=30)] = 3
    """Repeats at each inlet pressure."""
    back_pressure: Annotated[float, In("1", above=0, at_most=0.98)] = 0.5
    """Pressure behind the nozzle that may be there at most, as a share of that ahead of it. Without a
    diffuser air is choked up to 0.528; with one up to a limit that is measured for each nozzle, often 0.6 to
    0.95 (unverified): an order of more than 0.528 is refused where it does not tell `choked_to`."""
    choked_to: Annotated[float | None, In("1", above=0, at_most=0.98)] = None
    """Up to which ratio of these pressures the nozzle was found choked (MBPR), less its uncertainty, as its
    certificate has it, or a test with rising pressure behind it. Nothing beyond it counts, and the new
    certificate says where it is from."""
    spread: Annotated[float, In("K", above=0)] = 0.2
    """How far any thermometer in the standard may be from the mean of all, as they read, uncorrected."""
    air: Air = "of the room"
    """What flows: the room's air with its humidity, by GERG-2008, or dried air, by Lemmon 2000."""
    recovery: Annotated[float, In("1", at_least=0, at_most=1)] = 0.75
    """What the thermometer ahead of the nozzle feels of the stream's velocity (unverified); counts where the
    bench states `plenum_diameter`."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor of the expanded uncertainties, where it shall be exactly this, such as 2; the coverage
    probability then follows from it."""

    @property
    def most_behind(self) -> float:
        """Up to which ratio of the pressures behind and ahead the nozzle counts as choked."""
        return self.back_pressure if self.choked_to is None else min(self.back_pressure, self.choked_to)

    @property
    def diameter(self) -> float:
        """Of the throat, in m."""
        return self.throat / 1000.0

    @property
    def area(self) -> float:
        """Of the throat, in m²."""
        return math.pi * self.diameter**2 / 4


class PvttParameters(DischargeParameters):
    """What the calibration of a critical nozzle by a PVTt standard is told."""

    pressures: Annotated[tuple[float, ...], In("kPa", above=0)]
    """Absolute pressures ahead of the nozzle, in the order to measure. The certificate holds between the
    Reynolds numbers they make; a nozzle that draws from a room needs them from below its air's pressure to
    above it."""
    steady: Annotated[float, In("s", at_least=5)] = 30.0
    """How long pressure and temperature ahead of the nozzle must be steady before a repeat."""
    pressure_drift: Annotated[float, In("Pa/s", above=0)] = 2.0
    """How fast the pressure ahead of it may change then."""
    temperature_drift: Annotated[float, In("K/s", above=0)] = 0.002
    """How fast the temperature there may change."""
    fill: Annotated[float, In("1", above=0, below=1)] = 0.4
    """Pressure in the tank up to which gas is collected, as a share of that ahead of the nozzle."""
    trigger: Annotated[float, In("1", above=0, below=1)] = 0.47
    """Pressure in the inventory volume at which the timer starts and stops, as the same share: above
    `fill`, so that both moments are alike, and choked."""
    shortest: Annotated[float, In("s", at_least=1)] = 20.0
    """Shortest time in which gas may be collected."""
    emptied: Annotated[float, In("Pa", above=0)] = 200.0
    """Pressure down to which the tank is pumped empty."""
    leak: Annotated[float, In("Pa/s", above=0)] = 0.005
    """How fast the pressure in the shut, empty tank may rise."""
    leak_time: Annotated[float, In("s", at_least=10)] = 300.0
    """How long the empty tank is watched for that before the first point."""
    settled: Annotated[float, In("Pa/s", above=0)] = 0.05
    """How fast the pressure in the shut tank may change when it is read: while its gas cools it falls."""
    settled_temperature: Annotated[float, In("K/s", above=0)] = 5e-4
    """How fast the temperature at each thermometer in the tank may change then."""
    settling: Annotated[float, In("s", above=60)] = 3600.0
    """How long that is waited for at most."""
    weights: Annotated[tuple[float, ...], In("1", above=0)] = ()
    """What each thermometer in the tank stands for, in proportion to the volume about it; all for the same
    where not given."""

    @model_validator(mode="after")
    def _can_be_collected(self) -> Self:
        if not self.pressures or len(set(self.pressures)) < len(self.pressures):
            raise ValueError("pressures must be given, each once")
        if not self.fill < self.trigger <= self.most_behind:
            raise ValueError(
                "trigger must be above fill, or start and stop of the timer are unlike, and no more than "
                "back_pressure or choked_to, or the nozzle is not choked then"
            )
        return self
