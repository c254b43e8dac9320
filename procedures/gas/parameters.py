"""What the calibration of a gas meter is told, and what that by critical nozzles is."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from remotecal.procedures import In
from remotecal.procedures.library.gas.sensors import Air
from remotecal.procedures.library.meters.critical import choose
from remotecal.procedures.library.meters.gas_meters import GasMeterParameters
from remotecal.procedures.library.meters.nozzle import MOST_NOZZLES


class NozzleParameters(GasMeterParameters):
    """What the calibration of a gas meter by critical nozzles is told."""

    nozzle_flows: Annotated[tuple[float, ...], In("m3/h", above=0)]
    """What each nozzle of the bank passes, in the order the bench lists them, as the air is ahead of it at
    20 °C: by this they are chosen, and held against their certificates before anything moves."""
    flow_tolerance: Annotated[float, In("%", above=0, at_most=20)] = 5.0
    """How far the nozzles' flow may be from the one asked for."""
    speed: Annotated[float, In("%", above=0, at_most=100)] = 100.0
    """Speed of the vacuum pump."""
    back_pressure: Annotated[float, In("1", above=0, at_most=0.98)] = 0.5
    """Pressure behind the nozzles that may be there at most, as a share of that ahead of them. Without a
    diffuser air is choked up to 0.528; with one up to a limit that is measured for each nozzle, often 0.6 to
    0.95 (unverified): of open ones the least that their certificates state decides, and where one states none
    an order of more than 0.528 is refused."""
    steady: Annotated[float, In("s", at_least=5)] = 30.0
    """How long pressure and temperature must be steady before a repeat."""
    pressure_drift: Annotated[float, In("Pa/s", above=0)] = 2.0
    """How fast the pressure ahead of the nozzles may change then."""
    temperature_drift: Annotated[float, In("K/s", above=0)] = 0.002
    """How fast the temperature there may change."""
    pack_pressure: Annotated[float, In("Pa", at_least=0)] = 5.0
    """How well the change of pressure between meter and nozzles in a repeat is known, ± (unverified)."""
    pack_temperature: Annotated[float, In("K", at_least=0)] = 0.02
    """How well the change of temperature there is known, ± (unverified)."""
    back_volume: Annotated[float, In("m3", above=0)]
    """Volume between the nozzles' valves and the pump, about: by it a leak of the shut bank is told."""
    leak_time: Annotated[float, In("s", at_least=10)] = 120.0
    """How long the shut bank is watched for a leak before the first flow."""
    leak_share: Annotated[float, In("1", above=0, at_most=0.01)] = 2e-4
    """Leak of the shut bank that is let pass, as a share of the lowest flow."""
    air: Air = "of the room"
    """What flows: the room's air with its humidity, by GERG-2008, or dried air, by Lemmon 2000."""
    recovery: Annotated[float, In("1", at_least=0, at_most=1)] = 0.75
    """What the thermometer ahead of the nozzles feels of the stream's velocity (unverified); counts where the
    bench states `plenum_diameter`."""

    @model_validator(mode="after")
    def _flows_can_be_made(self) -> Self:
        if len(self.nozzle_flows) > MOST_NOZZLES or not self.nozzle_flows:
            raise ValueError(f"a bank has 1 to {MOST_NOZZLES} nozzles: mend nozzle_flows")
        for flow in self.wanted:
            made = self.made(flow)
            if abs(made / flow - 1) * 100 > self.flow_tolerance:
                raise ValueError(
                    f"{flow:g} m3/h can't be made: the nearest that nozzles make together is {made:g} m3/h; "
                    "mend flows, or let flow_tolerance be more"
                )
        return self

    def chosen(self, flow: float) -> tuple[int, ...]:
        """Return the numbers of the nozzles for a flow in m³/h, counted from 1 (`choose`)."""
        return choose(self.nozzle_flows, flow)

    def made(self, flow: float) -> float:
        """Return what the nozzles for a flow make together, in m³/h."""
        return sum(self.nozzle_flows[number - 1] for number in self.chosen(flow))
