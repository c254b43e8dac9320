"""The pure half of a calibration by critical nozzles: from readings at one flow to the meter's error.

For one repeat, with nozzles behind the meter:

    V = Σ A·C_d·(1 + 2α(t_0 - 20 °C))·q_V·τ·(1 + ε_C)/(1 + ε_ρ)
        + V_c·(ρ_end - ρ_start + ρ_0·(Δp_c/p_0 - Δt_c/T_0))/ρ_m + q_l·τ
    E = V_i/V - 1

q_V is what a throat of 1 m² draws (`critical`); V_i is N/K, the meter's total, or q_i·τ.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.model import Text
from remotecal.procedures import By, StoodBy, Waited
from remotecal.procedures.library.evaluation.earlier import knew
from remotecal.procedures.library.evaluation.in_common import laboratory_of
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.sources import LEAK_TEST
from remotecal.procedures.library.gas import sensors
from remotecal.procedures.library.gas.critical import air_equation, drawn, inlet
from remotecal.procedures.library.gas.results import Through
from remotecal.procedures.library.gas.sensors import Read, Sensors
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.meters import nozzle
from remotecal.procedures.library.meters import passing as meters
from remotecal.procedures.library.meters.branches import numbers_in
from remotecal.procedures.library.meters.critical import Inlet, at_rest, see_choked
from remotecal.procedures.library.meters.line_pack import Pipe
from remotecal.procedures.library.meters.nozzle import EXPANSION, PLENUM, REFERENCE_TEMPERATURE, Nozzle, Open
from remotecal.procedures.library.meters.passing import MeterRepeats, MeterSeen
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.gas.parameters import NozzleParameters


class GasSeen(MeterSeen):
    """What a repeat yields: the air on its way from the room through meter and nozzles."""

    opened: Annotated[Measured, "1", By("bank", "standing")]
    """Which nozzles stood open, a bit each."""
    inlet_pressure: Annotated[tuple[Measured, ...], "Pa", By("inlet_gauge", "pressure"), SAMPLED]
    """Absolute pressure ahead of the nozzles, while the repeat lasted."""
    inlet_temperature: Annotated[tuple[Measured, ...], "°C", By("inlet_thermometer", "temperature"), SAMPLED]
    """Temperature there."""
    back_pressure: Annotated[tuple[Measured, ...], "Pa", By("back_gauge", "pressure"), SAMPLED]
    """Absolute pressure behind the nozzles."""
    meter_pressure: Annotated[tuple[Measured, ...], "Pa", By("meter_gauge", "pressure"), SAMPLED]
    """Absolute pressure at the meter."""
    meter_temperature: Annotated[tuple[Measured, ...], "°C", By("meter_thermometer", "temperature"), SAMPLED]
    """Temperature at the meter."""


LEAK: Final = "leak"
"""What the shut bank is watched for before the repeats."""


class TightBank(StoodBy["NozzleParameters"]):
    """What is read of the shut bank, pumped empty, before it is watched for a leak, and after."""

    in_order: ClassVar[tuple[str, ...]] = ("back_before back_after",)

    room: Annotated[Measured, "Pa", By("ambient", "air_pressure")]
    """Pressure of the air that would leak in."""
    back_before: Annotated[Measured, "Pa", By("back_gauge", "pressure")]
    """Absolute pressure behind the nozzles."""
    back_after: Annotated[
        Measured, "Pa", By("back_gauge", "pressure"), Waited("leak_time", since="back_before")
    ]
    """What it is once a leak had time to show."""

    def leak(self, told: NozzleParameters) -> float:
        """Return what it lets in, in m³/h of the room's air."""
        before, after, room = (one.to("Pa").value for one in (self.back_before, self.back_after, self.room))
        return (
            3600.0 * told.back_volume * (after - before) / (self.back_after.at - self.back_before.at) / room
        )

    def refusal(self, parameters: NozzleParameters) -> str:
        leak, allowed = self.leak(parameters), leak_allowed(parameters)
        if leak > allowed:
            return (
                f"the shut bank leaks {leak:.3g} m3/h, more than {allowed:.3g} m3/h: look at the nozzles' "
                "valves, which let pass what nobody counts, and at the vent"
            )
        return ""

    def undecided(self, parameters: NozzleParameters) -> str:
        before, after, room = (one.to("kPa").value for one in (self.back_before, self.back_after, self.room))
        if before > room / 2:
            return (
                f"the shut bank was watched for a leak from {before:.4g} kPa, and the room is at {room:.4g} "
                "kPa: a leak shows where less than half of that is left; look at the pump and the vent"
            )
        if -self.leak(parameters) <= leak_allowed(parameters):
            return ""
        return (
            f"the pressure in the shut bank fell from {before:.4g} to {after:.4g} kPa, further than a leak "
            "may let it rise, and so would hide one: look whether the pump stood still, and whether the "
            "temperature is steady"
        )


def leak_allowed(told: NozzleParameters) -> float:
    """Return what the shut bank may let in, in m³/h."""
    return told.leak_share * min(told.wanted)


CORRECTED: Final[Read] = {
    "p_0": ("inlet_gauge", "pressure", "inlet_pressure", "Pa"),
    "t_0": ("inlet_thermometer", "temperature", "inlet_temperature", "°C"),
    "p_m": ("meter_gauge", "pressure", "meter_pressure", "Pa"),
    "t_m": ("meter_thermometer", "temperature", "meter_temperature", "°C"),
}
"""What is read ahead of the nozzles and at the meter."""

INPUTS: Final[Mapping[str, Text]] = {
    **meters.INPUTS,
    **nozzle.INPUTS,
    **sensors.INPUTS,
    "p_0": Text(zh="喷嘴前压力示值偏差", en="deviation of the pressure ahead of the nozzles"),
    "t_0": Text(zh="喷嘴前温度示值偏差", en="deviation of the temperature ahead of the nozzles"),
    "p_m": Text(zh="被检表处压力示值偏差", en="deviation of the pressure at the meter"),
    "t_m": Text(zh="被检表处温度示值偏差", en="deviation of the temperature at the meter"),
    "α": Text(zh="喷嘴热膨胀系数", en="thermal expansion of the nozzles"),
    "ε_C": Text(zh="临界流函数 C*（状态方程）", en="critical flow function C*, by the equation of state"),
    "ε_ρ": Text(zh="密度（状态方程）", en="density, by the equation of state"),
    "V_c": Text(zh="被检表与喷嘴间管容", en="volume between meter and nozzles"),
    "Δp_c": Text(zh="管容内压力变化", en="change of pressure between meter and nozzles"),
    "Δt_c": Text(zh="管容内温度变化", en="change of temperature between meter and nozzles"),
    "Δt": Text(zh="计时", en="time between the readings of the meter"),
    "q_l": Text(zh="泄漏", en="leak of the shut nozzles"),
}
"""The inputs of the measurement model, by symbol."""


class NozzleRepeats(MeterRepeats[GasSeen]):
    """The repeats at one flow: what is known of the air, the nozzles, and how the meter tells what passed.

    Raises:
        EvidenceError: other nozzles stood open than those for this flow, or they were not choked.
    """

    def __init__(self, point: Point, evidence: Evidence, parameters: NozzleParameters) -> None:
        super().__init__(point, evidence, GasSeen.at(evidence, point), parameters)
        self.parameters, self.equation = parameters, air_equation(parameters.air)
        self.numbers = parameters.chosen(point.nominal["flow"])
        bank = [Nozzle(number, self.certificate(f"nozzles[{number}]")) for number in self.numbers]
        self.limit = nozzle.choked_to(parameters.back_pressure, bank)
        """Up to which ratio of the pressures behind and ahead they count as choked."""
        for seen in self.seen:
            self._see(seen)
        self._sensors = Sensors(self, CORRECTED, parameters.air)
        self._facts()
        self._faster = self._velocity(bank)
        self.ahead = self._mean_inlet()
        """The air ahead of the nozzles, on the mean of all repeats."""
        self.reynolds = [self.ahead.reynolds(each.diameter, each.effective) for each in bank]
        """Of each nozzle, in the order of their numbers."""
        self.open = Open(bank, self.reynolds, self._laboratories())
        self.inputs += self.open.inputs
        self._of_equation()
        self.read_meter()

    def _see(self, seen: GasSeen) -> None:
        stood = numbers_in(seen.opened.value)
        if stood != self.numbers:
            raise EvidenceError(
                f"{self.point.name}: the nozzles {stood} stood open, and {self.numbers} were to"
            )
        back = max(one.value for one in seen.back_pressure)
        ahead = min(one.value for one in seen.inlet_pressure)
        if refusal := see_choked(self.point.name, back, ahead, self.limit):
            raise EvidenceError(refusal)

    def _facts(self) -> None:
        told = self.parameters if knew(self.evidence, "pack_pressure") else None
        self._pipe = Pipe(self, "c", "connecting_volume", told)
        self.characteristic("Δt", "reading_delay", "s")
        leak = leak_allowed(self.parameters)
        self.inputs.append(Input.from_limits("q_l", 0.0, "m3/h", leak, source=LEAK_TEST))
        if EXPANSION in self.evidence.characteristics:
            self.characteristic("α", EXPANSION, "1/K")

    def _laboratories(self) -> Sequence[str]:
        """Return who calibrated nozzles of the bank, in the order the bench lists these."""
        numbers = range(1, len(self.parameters.nozzle_flows) + 1)
        roles = [role for number in numbers if (role := f"nozzles[{number}]") in self.evidence.certificates]
        return tuple(dict.fromkeys(laboratory_of(self.certificate(role)) for role in roles))

    def _of_equation(self) -> None:
        """Add how well the equation of state itself is known."""
        state = self.ahead.state
        known, source = self.equation.range_of(state.gas, state.t, state.pressure), self.equation.source
        self.inputs += [
            Input.normal("ε_C", 0.0, "1", known.u_critical_flow, source=source),
            Input.normal("ε_ρ", 0.0, "1", known.u_density, source=source),
        ]

    def _rest(self, seen: GasSeen, x: Numbers) -> tuple[Number, Number]:
        """Return temperature in °C and pressure in Pa of the air at rest ahead of the nozzles."""
        factor, warmer = self._faster
        return self._sensors.at("t_0", seen, x) + warmer, self._sensors.at("p_0", seen, x) * factor

    def _velocity(self, bank: Sequence[Nozzle]) -> tuple[float, float]:
        """Return what brings the stream to rest (`at_rest`): nothing, unless the bench states its width."""
        self._faster = 1.0, 0.0
        if PLENUM not in self.evidence.characteristics:
            return self._faster
        found, width = self._mean_inlet(), self.constant(PLENUM, "m")
        area = sum(each.effective(found.reynolds(each.diameter, each.effective)) for each in bank)
        return at_rest(found.state, found.volume * area / (math.pi * width**2 / 4), self.parameters.recovery)

    def _mean_inlet(self) -> Inlet:
        known = self.estimates()
        rests = [self._rest(seen, known) for seen in self.seen]
        t, p = (statistics.fmean(estimate(one[i]) for one in rests) for i in (0, 1))
        water = statistics.fmean(estimate(self._sensors.water(seen, known)) for seen in self.seen)
        return inlet(self.equation, t, p, water)

    def volume(self, seen: GasSeen, x: Numbers) -> Number:
        """Return what passed through the meter in a repeat, in m³ as it was there."""
        t_0, p_0 = self._rest(seen, x)
        meter, water = (
            (self._sensors.at("t_m", seen, x), self._sensors.at("p_m", seen, x)),
            self._sensors.water(seen, x),
        )
        throats = self.open.effective_area(x) * (1.0 + 2.0 * x.get("α", 0.0) * (t_0 - REFERENCE_TEMPERATURE))
        flow = throats * drawn(self.equation, (t_0, p_0), meter, water) * (1.0 + x["ε_C"]) / (1.0 + x["ε_ρ"])
        pack = self._pipe.stored(x, *packed(seen))
        passed: Number = (flow + x["q_l"] / 3600.0) * (self.lasted(seen) + x["Δt"]) + pack
        return passed

    def found(self) -> MeterFinding:
        """Return the error at this flow."""
        return self.solve(self.volume, lambda seen, x: self.lasted(seen) + x["Δt"])

    def through(self) -> Through:
        """Return what passed the nozzles."""
        known = self.estimates()
        back = max(max(one.value for one in seen.back_pressure) for seen in self.seen)
        ahead = min(min(one.value for one in seen.inlet_pressure) for seen in self.seen)
        water = statistics.fmean(estimate(self._sensors.water(seen, known)) for seen in self.seen)
        area = estimate(self.open.effective_area(known))
        return Through(self.numbers, self.reynolds, self.ahead, water, back / ahead, area, self.limit)


def packed(seen: GasSeen) -> tuple[float, float, float, float]:
    """Return what a pipe stores by (`Pipe.stored`), of the air ahead of the nozzles.

    That is how much denser it became, how dense it is about, both as shares of the meter's density, its
    temperature in °C and its pressure in Pa.
    """

    def density(place: int) -> float:
        return seen.inlet_pressure[place].value / (seen.inlet_temperature[place].value + 273.15)

    meter = mean(seen.meter_pressure, "Pa") / (mean(seen.meter_temperature, "°C") + 273.15)
    t, p = mean(seen.inlet_temperature, "°C"), mean(seen.inlet_pressure, "Pa")
    return (density(-1) - density(0)) / meter, p / (t + 273.15) / meter, t, p
