"""A bank of critical nozzles behind the check meter: the loop's second check, by another chain than meters.

    c = V_n/V - 1,  V_n = [Σ A·C_d·(1 + 2α(t_0 - 20 °C))·C*·p_0/√(R·T_0/M)·τ·(1 + ε_C)/(1 + ε_n)
                           + V_b·(ρ_end - ρ_start)]/ρ_d

V is what the masters say passed the meter under test, ρ_d the density there, V_b the volume from there to the
nozzles. What all master meters of a
laboratory err by together the check meter errs by, too, and its closure can't see it: nozzles can.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.errors import CertificateRefused, EvidenceError
from remotecal.model import Text
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.in_common import laboratory_of
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.gas_loop.closure import COVERAGE
from remotecal.procedures.library.gas_loop.line_pack import StoredGas
from remotecal.procedures.library.gas_loop.passing import LoopRepeats
from remotecal.procedures.library.meters import nozzle
from remotecal.procedures.library.meters.branches import numbers_in
from remotecal.procedures.library.meters.critical import Inlet, at_rest, choose, flux, see_choked
from remotecal.procedures.library.meters.nozzle import (
    EXPANSION,
    PLENUM,
    REFERENCE_TEMPERATURE,
    Nozzle,
    Open,
    choked_to,
)
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.bench import CertificateUsed
    from remotecal.fluids.gas_equations import GasState
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen

INPUTS: Final[Mapping[str, Text]] = {
    **nozzle.INPUTS,
    "p_n": Text(zh="喷嘴前压力示值偏差", en="deviation of the pressure ahead of the nozzles"),
    "t_n": Text(zh="喷嘴前温度示值偏差", en="deviation of the temperature ahead of the nozzles"),
    "w_n": Text(zh="喷嘴前气体与温度计套管温差", en="difference of gas and thermometer well at the nozzles"),
    "α": Text(zh="喷嘴热膨胀系数", en="thermal expansion of the nozzles"),
    "ε_C": Text(zh="临界流函数 C*（状态方程）", en="critical flow function C*, by the equation of state"),
    "ε_n": Text(
        zh="质量与体积换算密度（状态方程）", en="density, for a mass against a volume, by the equation"
    ),
    "V_b": Text(zh="被检表至喷嘴间管容", en="volume between meter and nozzles"),
    "Δp_b": Text(zh="被检表至喷嘴管容内压力变化", en="change of pressure between meter and nozzles"),
    "Δt_b": Text(zh="被检表至喷嘴管容内温度变化", en="change of temperature between meter and nozzles"),
}
"""What a bank brings into the loop's model, by symbol."""

BANK_VOLUME: Final = "bank_volume"
"""Fact of the bench: the volume between the meter under test and the nozzles, in m³."""

MODEL: Final = (
    "c_n = V_n/V − 1, V_n = [Σ A·C_d·(1 + 2α·(t_0 − 20 °C))·C*·p_0/√(R·T_0/M)·τ·(1 + ε_C)/(1 + ε_n) "
    "+ V_b·(ρ_end − ρ_start)]/ρ_d"
)
"""The measurement model of the closure, in one line."""


class NozzlesOfLoop:
    """The nozzles of a loop, and which are for a flow.

    Args:
        nozzles: in the order of the bank's valves.
        filling: the gas.
    """

    def __init__(self, nozzles: Sequence[Nozzle], filling: LoopGas) -> None:
        self.nozzles, self._filling = tuple(nozzles), filling

    @classmethod
    def of(cls, certificates: Mapping[str, CertificateUsed], filling: LoopGas) -> NozzlesOfLoop:
        """Return them by their certificates, which are those of the roles `nozzles[1]` and so on."""
        found: list[Nozzle] = []
        while (used := certificates.get(f"nozzles[{len(found) + 1}]")) is not None:
            found.append(Nozzle(len(found) + 1, used.certificate))
        return cls(found, filling)

    def of_gas(self, filling: LoopGas) -> NozzlesOfLoop:
        """Return them in another gas, such as one whose water was read."""
        return NozzlesOfLoop(self.nozzles, filling)

    def at(self, t: float, p: float) -> Inlet:
        """Return the gas at rest ahead of them, at `t` in °C and `p` in Pa."""
        equation, gas = self._filling.equation, self._filling.gas()
        return Inlet(equation.state(gas, t, p), estimate(equation.critical_flow(gas, t, p)))

    def chosen(self, point: Point, told: LoopParameters) -> tuple[int, ...]:
        """Return the numbers of the nozzles for a point: they come nearest to its flow (`choose`).

        Only those that are certified at the Reynolds number they would work at count.

        Raises:
            CertificateRefused: together none make it within `flow_tolerance`.
        """
        ahead, flow = self.at(told.cooling, 1000.0 * point.nominal["pressure"]), point.nominal["flow"]
        makes: dict[int, float] = {}
        refused = ""
        for each in self.nozzles:
            try:
                reynolds = ahead.reynolds(each.diameter, each.effective)
                makes[each.number] = 3600.0 * ahead.volume * each.effective(reynolds)
            except CertificateRefused as refusal:
                refused = f"; nozzle {each.number} does not count: {refusal}"
        numbers = tuple(makes)
        some = tuple(numbers[n - 1] for n in choose(tuple(makes.values()), flow)) if makes else ()
        made = sum(makes[number] for number in some)
        if abs(made / flow - 1.0) * 100.0 > told.flow_tolerance:
            raise CertificateRefused(
                f"{point.name}: the nearest that the nozzles make together is {made:.4g} m3/h, and "
                f"{told.flow_tolerance:g} % is allowed: mend flows, let flow_tolerance be more, or leave "
                f"by_nozzles out{refused}"
            )
        return some

    def some(self, numbers: Sequence[int]) -> list[Nozzle]:
        """Return the nozzles of some numbers."""
        return [self.nozzles[number - 1] for number in numbers]

    def choked_to(self, numbers: Sequence[int], told: LoopParameters) -> float:
        """Return up to which ratio of pressures some nozzles that are open together count as choked."""
        return choked_to(told.back_pressure, self.some(numbers))

    def mass_flow(self, numbers: Sequence[int], t: float, p: float) -> float:
        """Return what passes nozzles in kg/s, by their certificates."""
        ahead = self.at(t, p)
        areas = (each.effective(ahead.reynolds(each.diameter, each.effective)) for each in self.some(numbers))
        return ahead.flux * sum(areas)


def ratio_of(seen: LoopSeen) -> tuple[float, float]:
    """Return the largest pressure behind the nozzles and the smallest ahead of them in a repeat, in Pa.

    Raises:
        EvidenceError: they were not read.
    """
    if not (seen.back_pressure and seen.bank_pressure):
        raise EvidenceError(f"{seen.entry.point.name}: the pressures at the bank of nozzles were not read")
    back = max(one.to("Pa").value for one in seen.back_pressure)
    return back, min(one.to("Pa").value for one in seen.bank_pressure)


def not_so(point: Point, seen: LoopSeen, numbers: Sequence[int], limit: float) -> str:
    """Return why a repeat can't count: other nozzles stood open, or they were not choked; "" if it can."""
    stood = numbers_in(seen.nozzles_standing.value) if seen.nozzles_standing is not None else ()
    if stood != tuple(numbers):
        wanted = tuple(numbers)
        return f"{point.name}: the nozzles {stood} stood open, and {wanted} were to: look at the valves"
    back, ahead = ratio_of(seen)
    return see_choked(point.name, back, ahead, limit)


def bank_off_by(
    seen: LoopSeen,
    passed_masters: float,
    numbers: Sequence[int],
    bank: NozzlesOfLoop,
) -> float:
    """Return how far what passed the nozzles is off the masters in a repeat, in %, by readings as they are.

    Args:
        seen: what the repeat yielded.
        passed_masters: what the masters say passed, in kg.
        numbers: of the nozzles that were open.
        bank: the nozzles.
    """
    t, p = (mean(of or (), unit) for of, unit in ((seen.bank_temperature, "°C"), (seen.bank_pressure, "Pa")))
    return 100.0 * (bank.mass_flow(numbers, t, p) * seen.lasted() / passed_masters - 1.0)


@dataclass(frozen=True, slots=True)
class BankFinding(Finding):
    """How the nozzles agree with the masters at one point: c_n in %, U is twice u."""

    numbers: Sequence[int] = ()
    """Nozzles that were open."""
    smallest: float = 0.0
    """Least throat Reynolds number of them."""
    ratio: float = 0.0
    """Largest ratio of the pressures behind and ahead of them."""

    @property
    def kept(self) -> bool:
        """Whether it is within twice its standard uncertainty."""
        return abs(self.evaluated.value) <= COVERAGE * self.evaluated.u


class BankRepeats(LoopRepeats):
    """The repeats at one point, as the nozzles let pass.

    Raises:
        EvidenceError: as `LoopRepeats`; or other nozzles stood open, or they were not choked.
    """

    def __init__(
        self, point: Point, evidence: Evidence, parameters: LoopParameters, filling: LoopGas
    ) -> None:
        super().__init__(point, evidence, parameters, filling)
        bank = NozzlesOfLoop.of(evidence.certificates, filling)
        self.standing = bank.chosen(point, parameters)
        nozzles, limit = bank.some(self.standing), bank.choked_to(self.standing, parameters)
        for seen in self.seen:
            if refusal := not_so(point, seen, self.standing, limit):
                raise EvidenceError(refusal)
        if EXPANSION in evidence.characteristics:
            self.characteristic("α", EXPANSION, "1/K")
        self._rest = self._velocity(bank, nozzles)
        ahead = bank.at(*(estimate(one) for one in self._rest_of(*self._mean_at("n", self.estimates()))))
        self._throats = [ahead.reynolds(each.diameter, each.effective) for each in nozzles]
        laboratories = tuple(dict.fromkeys(laboratory_of(each.certificate) for each in bank.nozzles))
        self._open = Open(nozzles, self._throats, laboratories)
        self.inputs += self._open.inputs
        self._of_critical(ahead)
        self._behind = StoredGas(self, "b", BANK_VOLUME, (["d"], ["n"]))

    def _know_more(self) -> None:
        self._know("n", "", "bank", 0)

    def state(self, key: str, seen: LoopSeen, x: Numbers) -> GasState:
        """Return the gas at a place; in the meter as it is read: from a closure of masses it cancels."""
        if key == "d":
            return self.gas_in([seen]).state(*self.at(key, seen, self.estimates()), x)
        return super().state(key, seen, x)

    def _velocity(self, bank: NozzlesOfLoop, nozzles: Sequence[Nozzle]) -> tuple[float, float]:
        """Return what brings the stream to rest (`at_rest`): nothing, unless the bench states its width."""
        if PLENUM not in self.evidence.characteristics:
            return 1.0, 0.0
        found, width = bank.at(*self._mean_at("n", self.estimates())), self.constant(PLENUM, "m")
        area = sum(each.effective(found.reynolds(each.diameter, each.effective)) for each in nozzles)
        velocity = found.volume * area / (math.pi * width**2 / 4)
        return at_rest(found.state, velocity, self.parameters.recovery)

    def _rest_of(self, t: Number, p: Number) -> tuple[Number, Number]:
        factor, warmer = self._rest
        return t + warmer, p * factor

    def _of_critical(self, ahead: Inlet) -> None:
        """Add how well the equation tells C* and the density: nozzles pass mass, masters tell volume.

        Where a master tells mass the density is in what passed it too, as `ε_ρ`, and cancels.
        """
        equation, state = self.filling.equation, ahead.state
        known = equation.range_of(state.gas, state.t, state.pressure)
        self.inputs.append(Input.normal("ε_C", 0.0, "1", known.u_critical_flow, source=equation.source))
        if all(each.symbol != "ε_ρ" for each in self.inputs):
            self.inputs.append(Input.normal("ε_n", 0.0, "1", known.u_density, source=equation.source))

    def _let_pass(self, seen: LoopSeen, x: Numbers) -> Number:
        """Return what passed the meter under test in a repeat by the nozzles, in m³ as it is there."""
        t, p = self._rest_of(*self.at("n", seen, x))
        area = self._open.effective_area(x) * (1.0 + 2.0 * x.get("α", 0.0) * (t - REFERENCE_TEMPERATURE))
        flow = area * flux(self.filling.equation, self.gas_in([seen]).gas(x), t, p) * (1.0 + x["ε_C"])
        meter = self.state("d", seen, x)
        mass = flow * self.lasted(seen) / (1.0 + x.get("ε_n", 0.0) + x.get("ε_ρ", 0.0))
        passed: Number = (mass + self._behind.stored(seen, x, meter)) / meter.density
        return passed

    def closed(self) -> BankFinding:
        """Return how the nozzles agree with the masters."""

        def deviation(seen: LoopSeen, x: Numbers) -> Number:
            found: Number = self._let_pass(seen, x) / self.volume(seen, x) - 1.0
            return found

        known = self.estimates()
        pairs = [ratio_of(seen) for seen in self.seen]
        place = f"{self.point.nominal['pressure']:g} kPa, {self.point.nominal['flow']:g} m³/h"
        return BankFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(zh=f"喷嘴闭合差 {place}", en=f"Closure against nozzles, {place}"),
            reference=[3600.0 * estimate(self.volume(seen, known)) / self.lasted(seen) for seen in self.seen],
            errors=self.errors(deviation, 100.0),
            evaluated=self.evaluate(deviation, "%", scale=100.0, k=COVERAGE),
            numbers=self.standing,
            smallest=min(self._throats),
            ratio=max(back for back, _ in pairs) / min(ahead for _, ahead in pairs),
        )
