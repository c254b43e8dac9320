"""The pure half of a calibration in a pressurised loop: from readings at one point to the meter's error.

For one repeat, with the masters ahead of the meter under test:

    V = [Σ V_j/(1 + E_j(Re_j))·ρ_j/ρ_d - V_c·(ρ_end - ρ_start)/ρ_d - q_l·τ]·(1 + Δt/τ),  E = V_i/V - 1

V_j is N_j/K_j, or a total; a master that tells mass gives M_j/ρ_d. Where the masters are behind the meter,
what is stored and what leaks is added. Only a ratio of densities counts, by one equation of state.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from remotecal.errors import EvidenceError
from remotecal.fluids.gas_equations import GasState, carried
from remotecal.model import Text
from remotecal.procedures.library.evaluation.output import Current, mean
from remotecal.procedures.library.evaluation.sources import COUNTED, LEAK_TEST, ONE_GATE, ORDER
from remotecal.procedures.library.gas_loop import disturbance, master, sensors
from remotecal.procedures.library.gas_loop.filling import LoopGas
from remotecal.procedures.library.gas_loop.line_pack import StoredGas
from remotecal.procedures.library.gas_loop.master import (
    MOST,
    Master,
    Together,
    choice_at,
    laboratories,
    masters_of,
)
from remotecal.procedures.library.gas_loop.moisture import DEVIATION, as_corrected
from remotecal.procedures.library.gas_loop.seen import LoopSeen, of_each
from remotecal.procedures.library.gas_loop.sensors import Sensor, Shared
from remotecal.procedures.library.gas_loop.soaking import SOAKING, soaking
from remotecal.procedures.library.meters import passing as meters
from remotecal.procedures.library.meters.branches import numbers_in
from remotecal.procedures.library.meters.passing import MeterRepeats
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.evaluation.standards import Deviating
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters


def _named(symbol: str, zh: str, en: str) -> dict[str, Text]:
    numbered = range(1, master.MOST + 1)
    return {f"{symbol}_{n}": Text(zh=f"标准表 {n} {zh}", en=f"{en} at master {n}") for n in numbered} | {
        f"{symbol}_d": Text(zh=f"被检表{zh}", en=f"{en} at the meter"),
        f"{symbol}_c": Text(zh=f"核查表{zh}", en=f"{en} at the check meter"),
    }


INPUTS: Final[Mapping[str, Text]] = {
    **meters.INPUTS,
    **master.INPUTS,
    **sensors.INPUTS,
    **disturbance.INPUTS,
    **_named("p", "处压力示值偏差", "deviation of the pressure"),
    **_named("t", "处温度示值偏差", "deviation of the temperature"),
    **_named("w", "处气体与温度计套管温差", "difference of gas and thermometer well"),
    SOAKING: Text(zh="被检表温度计未达热平衡", en="thermometer at the meter may still soak"),
    **{
        f"N_{n}": Text(zh=f"标准表 {n} 脉冲计数（±1）", en=f"counted pulses of master {n} (±1)")
        for n in range(1, master.MOST + 1)
    },
    **{
        f"r_{n}": Text(zh=f"标准表 {n} 累积量分辨力", en=f"resolution of the total of master {n}")
        for n in range(1, master.MOST + 1)
    },
    "r_c": Text(zh="核查表累积量分辨力", en="resolution of the check meter's total"),
    "N_c": Text(zh="核查表脉冲计数（±1）", en="counted pulses of the check meter (±1)"),
    "ε_Z": Text(zh="两端密度比（状态方程）", en="ratio of the densities, by the equation of state"),
    "ε_ρ": Text(zh="密度（状态方程）", en="density, by the equation of state"),
    "H_s": Text(zh="高位发热量（SGERG-88）", en="calorific value (SGERG-88)"),
    "d_r": Text(zh="相对密度（SGERG-88）", en="relative density (SGERG-88)"),
    "t_dp": Text(zh="充气露点", en="dew point of the filling"),
    DEVIATION: Text(zh="露点示值偏差", en="deviation of the dew point"),
    "ε_w": Text(zh="含水量公式", en="formula for the water content"),
    "V_c": Text(zh="标准表与被检表间管容", en="volume between masters and meter"),
    "Δp_c": Text(zh="管容内压力变化", en="change of pressure between the meters"),
    "Δt_c": Text(zh="管容内温度变化", en="change of temperature between the meters"),
    "Δt": Text(zh="计数同步", en="time between the readings of the counters"),
    "q_l": Text(zh="泄漏", en="leak of the loop"),
}
"""The inputs of the measurement model, by symbol."""


def passed_meter(
    masters: Sequence[tuple[Number, Number, GasState]],
    meter: GasState,
    pack: Number = 0.0,
    *,
    masters_first: bool = True,
) -> Number:
    """Return the volume that passed through the meter, in m³ as it was there.

    Args:
        masters: of each one, the volume it told in m³, its relative error, the gas in it.
        meter: the gas in the meter.
        pack: by how many kilograms more gas is stored between them at the end.
        masters_first: whether the gas comes to the masters first.
    """
    total: Number = 0.0
    for told, error, state in masters:
        total = total + carried(told / (1.0 + error), state, meter)
    towards = 1.0 if masters_first else -1.0
    passed: Number = total - towards * pack / meter.density
    return passed


PLACES: Final = {"d": "meter", "c": "check", "n": "bank"}
"""What the places are called that are no master's, by key."""


class LoopRepeats(MeterRepeats[LoopSeen]):
    """The repeats at one point: what is known of the gas, the masters, and how the meter tells what passed.

    Args:
        point: the point.
        evidence: of the run.
        parameters: what the order tells.
        filling: the gas.

    Raises:
        EvidenceError: other branches stood open than those for this point.
        CertificateRefused: a master is not certified where it worked.
    """

    around: ClassVar[bool] = True

    def __init__(
        self, point: Point, evidence: Evidence, parameters: LoopParameters, filling: LoopGas
    ) -> None:
        super().__init__(point, evidence, LoopSeen.at(evidence, point), parameters)
        self.parameters, self.planned = parameters, filling
        masters = masters_of(evidence, parameters.fit_order)
        self.choice = choice_at(point, masters, parameters, filling)
        self.numbers = self.choice.numbers
        for seen in self.seen:
            self._see_branches(seen)
            self._see_readers(seen)
        self.open = [masters[number - 1] for number in self.numbers]
        self._place: dict[str, tuple[Deviating, Deviating]] = {}
        self._shared = {"p": Shared({}, (), {}), "t": Shared({}, (), {})}
        for n, number in enumerate(self.numbers):
            self._know(str(number), f"[{number}]", "master", n)
        self._know("d", "", "meter", 0)
        self.inputs.append(soaking(self))
        self.gas_in = as_corrected(self, filling, parameters)
        """Tells the gas of some repeats."""
        self.filling = self.gas_in(self.seen)
        """The gas in the mean of all."""
        self._know_more()
        self._share()
        self.inputs += self.filling.inputs()
        self.states = self._mean_states()
        """The gas at the estimates, on the mean of all repeats: each open master, last the meter."""
        working = list(zip(self.open, self.states, self._branch_flows(), strict=False))
        self.reynolds = [each.reynolds(state, flow) for each, state, flow in working]
        """Of each open master."""
        self.places = [each.place(state, flow) for each, state, flow in working]
        """Where on its curve each of them works."""
        self.together = Together(*self._working(), laboratories(evidence))
        self.inputs += self.together.inputs
        self._facts()
        self._of_equation()

    def _share(self) -> None:
        """Keep apart what gauges, and what thermometers, of one calibrator have in common."""
        known = self.estimates()
        read = {key: self._mean_at(key, known) for key in self._place}
        whole = {each.symbol: each for each in self.inputs}
        for n, (symbol, zero) in enumerate((("t", 273.15), ("p", 0.0))):
            placed = {}
            for key in self._place:
                used = self.evidence.certificates.get(self._role(key, symbol))
                certificate = used.certificate if used is not None else None
                placed[key] = Sensor(certificate, read[key][n] + zero, whole[f"{symbol}_{key}"])
            shared = Shared.of(symbol, placed)
            self.inputs = [shared.own.get(each.symbol, each) for each in self.inputs]
            self.inputs += shared.inputs
            self._shared[symbol] = shared

    @staticmethod
    def _role(key: str, symbol: str) -> str:
        """Return the role of the gauge (`p`) or thermometer (`t`) at a place."""
        kind = {"p": "gauge", "t": "thermometer"}[symbol]
        return f"{kind}s[{key}]" if key.isdigit() else f"{PLACES[key]}_{kind}"

    def _mean_at(self, key: str, known: Numbers) -> tuple[float, float]:
        """Return temperature in °C and pressure in Pa at a place, on the mean of all repeats."""
        pairs = [self.at(key, seen, known) for seen in self.seen]
        t, p = (statistics.fmean(estimate(pair[n]) for pair in pairs) for n in (0, 1))
        return t, p

    def _know_more(self) -> None:
        """Add what is known of further places."""

    def _working(self) -> tuple[list[Master], list[float]]:
        """Return the meters whose errors count, and where on its curve each works."""
        return self.open, self.places

    def _see_branches(self, seen: LoopSeen) -> None:
        stood = numbers_in(seen.standing.value, MOST)
        if stood != self.numbers:
            raise EvidenceError(
                f"{self.point.name}: the branches {stood} stood open, and {self.numbers} were to"
            )

    def _see_readers(self, seen: LoopSeen) -> None:
        """See that what each open master counted was read by its own reader: another's has another curve."""
        for counted in (seen.masters_before, seen.masters_after, seen.masters_pulses):
            if counted is None:
                continue
            if len(counted) != len(self.numbers):
                raise EvidenceError(
                    f"{self.point.name}: {len(counted)} counters were read, and {len(self.numbers)} masters "
                    "stood open"
                )
            for number, reading in zip(self.numbers, counted, strict=True):
                self.read_by(f"readers[{number}]", [reading])
        self.read_by(f"readers[{self.numbers[0]}]", seen.masters_passing)

    def _know(self, key: str, of_role: str, place: str, n: int) -> None:
        """Add what is known of gauge and thermometer at a place."""
        count = len(self.numbers) if place == "master" else 1
        gauge, thermometer = (
            (f"gauges{of_role}", f"thermometers{of_role}")
            if place == "master"
            else (f"{place}_gauge", f"{place}_thermometer")
        )
        pressures, temperatures = (
            [
                one
                for seen in self.seen
                for one in of_each(getattr(seen, f"{place}_{quantity}") or (), count)[n]
            ]
            for quantity in ("pressure", "temperature")
        )
        self._place[key] = (
            self.correction(f"p_{key}", gauge, pressures, "Pa", extended=False),
            self.correction(f"t_{key}", thermometer, temperatures, "°C"),
        )
        well = self.parameters.well
        self.inputs.append(Input.from_limits(f"w_{key}", 0.0, "K", well, source=ORDER))

    def _facts(self) -> None:
        told = self.parameters
        self._pack = StoredGas(self, "c", "connecting_volume", ([*map(str, self.numbers)], ["d"]))
        if self.seen[0].gate_time is None:
            self.read_at_once("Δt")
        else:
            late = told.gate_delay
            self.inputs.append(Input.from_limits("Δt", 0.0, "s", late, source=ONE_GATE))
        leak = told.leak_allowed
        self.inputs.append(Input.from_limits("q_l", 0.0, "m3/h", leak, source=LEAK_TEST))
        for number, unit in zip(self.numbers, self._units(), strict=True):
            self._count(str(number), "masters", unit)

    def _count(self, key: str, role: str, unit: str) -> None:
        """Make what counting is off by an input: a pulse, or a step of a total."""
        symbol = f"N_{key}" if unit == "1" else f"r_{key}"
        if unit == "1":
            self.rounded(symbol, unit, 1.0, COUNTED)
        else:
            self.rounded(symbol, unit, self.parameters.step_of(role, unit), ORDER)

    def _units(self) -> list[str]:
        """Return what each open master counts in: pulses, m³ or kg."""
        return [one.unit for one in self.seen[0].counted("masters", self.evidence)]

    def _of_equation(self) -> None:
        """Add how well the equation of state is known: by ratio, or in full where a master tells mass."""
        *masters, meter = self.states
        equation = self.filling.equation
        known = equation.range_of(meter.gas, meter.t, meter.pressure)
        if "kg" in self._units():
            self.inputs.append(Input.normal("ε_ρ", 0.0, "1", known.u_density, source=equation.source))
        else:
            from remotecal.fluids.gas_equations import u_of_ratio

            u = max(u_of_ratio(known, each, meter) for each in masters)
            self.inputs.append(Input.normal("ε_Z", 0.0, "1", u, source=equation.source))

    def at(self, key: str, seen: LoopSeen, x: Numbers) -> tuple[Number, Number]:
        """Return temperature in °C and pressure in Pa at a place in a repeat, by the certificates."""
        count, n = self._turn(key)
        place = PLACES.get(key, "master")
        gauge, thermometer = self._place[key]
        pressures = of_each(getattr(seen, f"{place}_pressure"), count)[n]
        temperatures = of_each(getattr(seen, f"{place}_temperature"), count)[n]
        kelvins = thermometer.corrected(x, mean(temperatures, "°C")) + 273.15
        soaks = x.get(SOAKING, 0.0) if key == "d" else 0.0
        t = self._shared["t"].applied(key, kelvins, x) - 273.15 + x.get(f"w_{key}", 0.0) + soaks
        return t, self._shared["p"].applied(key, gauge.corrected(x, mean(pressures, "Pa")), x)

    def state(self, key: str, seen: LoopSeen, x: Numbers) -> GasState:
        """Return the gas at a place in a repeat."""
        return self.gas_in([seen]).state(*self.at(key, seen, x), x)

    def _mean_states(self) -> list[GasState]:
        known = self.estimates()
        return [self.filling.state(*self._mean_at(key, known)) for key in (*map(str, self.numbers), "d")]

    def _branch_flows(self) -> list[float]:
        """Return what passed each open master in the mean, in m³/h, by what it told."""
        return [
            statistics.fmean(
                3600.0 * estimate(self._told_by(n, seen, self.estimates())) / self.lasted(seen)
                for seen in self.seen
            )
            for n in range(len(self.numbers))
        ]

    def _told_by(self, n: int, seen: LoopSeen, x: Numbers) -> Number:
        """Return the volume that the nth open master told in a repeat, in m³; a mass as the volume it had."""
        amount = seen.counted("masters", self.evidence)[n]
        number, told = self.numbers[n], amount.value
        if amount.unit == "1":
            pulses: Number = told + x.get(f"N_{number}", 0.0)
            volume: Number = pulses / self.open[n].factor
            return volume
        total: Number = told + x.get(f"r_{number}", 0.0)
        if amount.unit == "kg":
            total = total / estimate(self.states[n].density)
        return total

    def lasted(self, seen: LoopSeen) -> float:
        """Return how long a repeat lasted, in s."""
        return seen.lasted()

    def density_at(self, key: str, seen: LoopSeen, reading: int) -> float:
        """Return the density in kg/m³ at a place by one reading there in a repeat, by the estimates."""
        known, (count, n) = self.estimates(), self._turn(key)
        gauge, thermometer = self._place[key]
        place = PLACES.get(key, "master")
        p = of_each(getattr(seen, f"{place}_pressure"), count)[n][reading].to("Pa").value
        t = of_each(getattr(seen, f"{place}_temperature"), count)[n][reading].to("°C").value
        corrected = thermometer.corrected(known, t), gauge.corrected(known, p)
        return self.gas_in([seen]).density(*(estimate(one) for one in corrected))

    def _turn(self, key: str) -> tuple[int, int]:
        """Return among how many places that are read in turn one is, and the how manieth it is."""
        return (len(self.numbers), self.numbers.index(int(key))) if key.isdigit() else (1, 0)

    def volume(self, seen: LoopSeen, x: Numbers) -> Number:
        """Return what passed through the meter in a repeat, in m³ as it was there."""
        meter = self.state("d", seen, x)
        masters = [
            (self._told_by(n, seen, x), self.together.error(number, x), self._through(n, seen, x, meter))
            for n, number in enumerate(self.numbers)
        ]
        first = self.parameters.masters_first
        passed = passed_meter(masters, meter, self._pack.stored(seen, x, meter), masters_first=first)
        took = self.lasted(seen)
        leaked = x["q_l"] / 3600.0 * took
        passed = passed - leaked if first else passed + leaked
        whole: Number = (
            passed * (1.0 + x["Δt"] / took) * (1.0 + x.get("ε_Z", 0.0)) / (1.0 + x.get("ε_ρ", 0.0))
        )
        return disturbance.applied(whole, x)

    def read_meter(self) -> None:
        super().read_meter()
        self.inputs += disturbance.inputs(self.parameters)

    def _took(self, seen: LoopSeen, x: Numbers) -> Number:
        """Return how long it took, in s: for a current as the masters told, for in `volume` is Δt already."""
        took: Number = self.lasted(seen)
        return took if isinstance(self._output, Current) else took + x["Δt"]

    def _through(self, n: int, seen: LoopSeen, x: Numbers, meter: GasState) -> GasState:
        """Return the gas that a master's volume is of: in it, or at the mean where it told mass."""
        if self._units()[n] == "kg":
            return self.states[n]
        return self.state(str(self.numbers[n]), seen, x)

    def found(self) -> MeterFinding:
        """Return the error of the meter under test at this point."""
        self.read_meter()
        found = self.solve(self.volume, self._took)
        pressure, flow = self.point.nominal["pressure"], self.point.nominal["flow"]
        place = f"{pressure:g} kPa, {flow:g} m³/h"
        title = Text(zh=f"流量点 {place}", en=f"Flow point {place}")
        return replace(found, title=title)
