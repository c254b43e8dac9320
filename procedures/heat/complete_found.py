"""The pure half of calibrating a complete heat meter: from what passed and was cooled to its error.

V = ((V_m + V_r)/(1 + e_m)·ρ(t_w) - (V_c + n·V_s)·(ρ_e - ρ_b))/ρ(t_w + δt)
                                            through the flow sensor, by the master meter ahead of it; V_c is
                                            the pipe between them, V_s that to the next meter, b and e are
                                            before and after; behind n others ρ(t_w, p_w + n·Δp·(q/q_p)²)
θ = t + g - s·(t - t_a)                     of each thermometer of the meter, by the reference beside it
E = W/(k(θ_f, θ_r, p)·(1 + δ_k)·(θ_f - θ_r)·V) - 1
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.fluids.heat_coefficient import heat_coefficient, liquid_density
from remotecal.model import Text
from remotecal.procedures import By, Waited
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY, Repeats
from remotecal.procedures.library.evaluation.sources import NORM_FORMULA, NOT_STATED, ORDER
from remotecal.procedures.library.heat.energy import EnergyFinding, EnergySeen, energy_output
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.meters.between import CONNECTION, SPACING, stored
from remotecal.uncertainty.conformity import Tolerance
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.evaluation.several import DevicePlace
    from remotecal.procedures.library.heat.complete_parameters import CompleteParameters

UNIFORMITY, STEM, WARMER = "uniformity", "stem_conduction", "warmer_at_meter"
"""Facts of the bench: the difference in K between a thermometer's place and the reference's; what share of
the excess over the room a stem takes away; by how many K the water is warmer at the meter than at the
master."""
LINE_PRESSURE: Final = 4e5
"""About the absolute pressure in the line in Pa, which hardly matters to the ratio of two densities."""


class CompleteSeen(EnergySeen):
    """What a repeat yields: what flowed from rest to rest, and both baths meanwhile."""

    in_order: ClassVar[tuple[str, ...]] = ("master_before master_after",)

    forward: Annotated[tuple[Measured, ...], "°C", By("forward_reference", "temperature"), SAMPLED]
    """The reference in the bath of the flow."""
    back: Annotated[tuple[Measured, ...], "°C", By("return_reference", "temperature"), SAMPLED]
    """That of the return."""
    water: Annotated[tuple[Measured, ...], "°C", By("water_thermometer", "temperature"), SAMPLED]
    """The water in the line."""
    master_before: Annotated[Measured, "m3", By("master", "volume")]
    """Total of the master meter."""
    master_after: Annotated[Measured, "m3", By("master", "volume"), Waited("coming_to_rest", since="water")]
    duration: Annotated[float, "s"]
    """How long it flowed, by the run's clock."""


@dataclass(frozen=True, slots=True)
class CompleteLimit:
    """What a complete meter may be off where it was measured: the arithmetic sum of its parts' limits."""

    limits: Mapping[float, float]
    """Difference in K → limit in %, at the flow there."""

    def at(self, place: float) -> Tolerance:
        """Return the limits at a difference in K that was measured at."""
        return Tolerance.symmetric(self.limits[place])

    def __str__(self) -> str:
        told = ", ".join(f"±{limit:.3g} % (Δθ = {at:.4g} K)" for at, limit in self.limits.items())
        return f"E_f + E_t + E_c: {told}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteFinding(EnergyFinding):
    """The error at a difference and a flow."""

    flow: float
    """Mean flow in m³/h."""

    @property
    def judged_at(self) -> float:
        """The difference that there was: baths come to rest a little beside what was asked for."""
        return self.place


class CompleteRepeats(Repeats[CompleteSeen]):
    """The repeats at one difference and flow."""

    def __init__(
        self,
        point: Point,
        evidence: Evidence,
        seen: Sequence[CompleteSeen],
        parameters: CompleteParameters,
        place: DevicePlace,
    ) -> None:
        super().__init__(point, evidence, seen)
        self.see_rest(parameters.coming_to_rest)
        self.wanted, self._flow = parameters, point.nominal["flow"]
        self._ahead = place.number - 1
        """How many meters are ahead of it in the line."""
        told = {"f": self._all("forward"), "r": self._all("back")}
        roles = {"f": "forward_reference", "r": "return_reference"}
        self._known = {
            side: self.correction(f"t_{side}", roles[side], told[side], "°C", extended=False) for side in told
        }
        water = self._all("water")
        self._water = self.correction("t_w", "water_thermometer", water, "°C")
        self.read_by("master", [one.master_after for one in self.seen])
        flows = [self._by_master(one) for one in self.seen]
        self._master = self.certified("e_m", "master", "1", place=statistics.fmean(flows), at_unit="m3/h")
        self._note_beyond("master", self._master.standard, flows)
        self.rounded("V_r", "m3", parameters.master_resolution, ORDER)
        for side in told:
            self.characteristic(f"g_{side}", UNIFORMITY, "K")
            self.characteristic(f"s_{side}", STEM, "1")
        self.characteristic("δt", WARMER, "K")
        self._pipe("V_c", CONNECTION)
        if self._ahead:
            self._pipe("V_s", SPACING)
            loss = 500.0 * parameters.pressure_loss  # half of it, in Pa: it may be anything up to the limit
            self.inputs.append(Input.from_limits("Δp", loss, "Pa", loss, source=ORDER))
        limit = parameters.coefficient_limit
        self.inputs.append(Input.from_limits("δ_k", 0.0, "1", limit, source=NORM_FORMULA))
        self._output = energy_output(self, parameters, place)

    def _pipe(self, symbol: str, fact: str) -> None:
        """Make it an input how much water a pipe holds, which the bench need not state."""
        if fact in self.evidence.characteristics:
            self.characteristic(symbol, fact, "m3")
        else:
            self.inputs.append(Input.from_limits(symbol, 0.0, "m3", 0.0, source=NOT_STATED))

    def _all(self, part: str) -> list[Measured]:
        return [reading for one in self.seen for reading in getattr(one, part)]

    def _by_master(self, seen: CompleteSeen) -> float:
        """Return the mean flow of a repeat by what the master meter tells, in m³/h."""
        return 3600.0 * self.passed(seen, "master", "m3") / seen.duration

    def volume(self, seen: CompleteSeen, x: Numbers) -> Number:
        """Return what passed through the flow sensor, in m³."""
        water = self._water.corrected(x, mean(seen.water, "°C"))
        told = self.passed(seen, "master", "m3") + x["V_r"]
        passed = told / (1.0 + self._master.value(x, self._by_master(seen)))
        there = liquid_density(water + x["δt"], LINE_PRESSURE)
        mass = passed * liquid_density(water, LINE_PRESSURE + self._lost(x)) - self._stored(seen, x)
        volume: Number = mass / there
        return volume

    def _stored(self, seen: CompleteSeen, x: Numbers) -> Number:
        """Return how much more water the pipe ahead of the flow sensor holds afterwards, in kg."""
        if self.evidence.characteristics.keys().isdisjoint((CONNECTION, SPACING)):
            return 0.0
        pipe = x["V_c"] + (self._ahead * x["V_s"] if self._ahead else 0.0)
        begin, end = (
            liquid_density(self._water.corrected(x, seen.water[at].to("°C").value), LINE_PRESSURE)
            for at in (0, -1)
        )
        return stored(pipe, begin, end)

    def _lost(self, x: Numbers) -> Number:
        """Return what the meters ahead take away of the pressure at the master meter, in Pa."""
        lost: Number = 0.0
        if self._ahead:
            lost = self._ahead * (self._flow / self.wanted.permanent) ** 2 * x["Δp"]
        return lost

    def bears(self, seen: CompleteSeen, x: Numbers, side: str) -> Number:
        """Return the temperature in °C of one of the meter's thermometers."""
        read = seen.forward if side == "f" else seen.back
        bath, room = mean(read, "°C"), seen.air_temperature.value
        there: Number = self._known[side].corrected(x, bath) + x[f"g_{side}"] - x[f"s_{side}"] * (bath - room)
        return there

    def error(self, seen: CompleteSeen, x: Numbers) -> Number:
        """Return the relative error in a repeat."""
        wanted = self.wanted
        forward, back = (self.bears(seen, x, side) for side in ("f", "r"))
        k = heat_coefficient(forward, back, wanted.pressure, wanted.side) * (1.0 + x["δ_k"])
        delivered = k * (forward - back) * self.volume(seen, x)
        relative: Number = self._output.indicated(seen, x) / delivered - 1.0
        return relative

    def found(self) -> CompleteFinding:
        """Return the error at this difference and flow."""
        wanted, known = self.wanted, self.estimates()
        at = [[estimate(self.bears(one, known, side)) for side in ("f", "r")] for one in self.seen]
        flows = [3600.0 * estimate(self.volume(one, known)) / one.duration for one in self.seen]
        difference, flow = self.point.nominal["difference"], statistics.fmean(flows)
        return CompleteFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(
                zh=f"温差 {difference:g} K，流量 {self._flow:.4g} m³/h",
                en=f"Difference {difference:g} K, flow {self._flow:.4g} m³/h",
            ),
            reference=[forward - back for forward, back in at],
            errors=self.errors(self.error, 100.0),
            evaluated=self.evaluate(
                self.error, "%", scale=100.0, coverage=wanted.coverage, k=wanted.coverage_factor
            ),
            beyond=self.beyond,
            back=statistics.fmean(back for _, back in at),
            flow=flow,
        )


INPUTS: Final[Mapping[str, Text]] = {
    REPEATABILITY: Text(zh="重复性", en="repeatability of the error"),
    "t_f": Text(zh="供水槽标准温度计示值偏差", en="deviation of the reference in the bath of the flow"),
    "t_r": Text(zh="回水槽标准温度计示值偏差", en="deviation of the reference in the bath of the return"),
    "g_f": Text(zh="供水槽温场不均匀", en="uniformity of the bath of the flow"),
    "g_r": Text(zh="回水槽温场不均匀", en="uniformity of the bath of the return"),
    "s_f": Text(zh="供水传感器导热误差", en="stem conduction of the flow thermometer"),
    "s_r": Text(zh="回水传感器导热误差", en="stem conduction of the return thermometer"),
    "t_w": Text(zh="水温示值偏差", en="deviation of the water's temperature"),
    "δt": Text(zh="被检表与标准表处水温差", en="water warmer at the meter than at the master meter"),
    "V_c": Text(zh="标准表与首台热量表间管段容积", en="volume between the master meter and the first meter"),
    "V_s": Text(zh="表间管段容积", en="volume from one meter to the next"),
    "Δp": Text(zh="前面每台热量表的压力损失（q_p）", en="pressure loss of a meter ahead at q_p"),
    "e_m": Text(zh="标准表误差", en="error of the master meter"),
    "V_r": Text(zh="标准表累积量分辨力", en="resolution of the master meter's total"),
    "δ_k": Text(zh="热系数 k", en="heat coefficient k"),
    "N": Text(zh="热量脉冲计数（±1）", en="counted pulses of energy (±1)"),
    "W_res": Text(zh="热量示值分辨力", en="resolution of the energy on the display"),
}
"""The inputs of the measurement model, by symbol."""
