"""A meter with pressure and temperature built in, whole: its base volume beside its uncorrected volume.

For one repeat, with V, p_d and T_d by the loop's standards:

    e_Vb = ΔV_b/(V·C(p_d, T_d)) - 1,  C = (p/p_b)(T_b/T)(Z_b/Z)
    e_V = V_i/V - 1    e_p = p_i/p_d - 1    e_T = T_i/T_d - 1    e_Z = (Z_b/Z)(p_i, T_i)/(Z_b/Z)(p_d, T_d) - 1
    e_f = (1 + e_Vb)(1 + e_T)/((1 + e_V)(1 + e_p)(1 + e_Z)) - 1

The same standards are in whole and parts, so they hang together, and all but cancel in e_f, which is what the
device's arithmetic adds. Errors of one device are not findings by themselves: the coefficients say so.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.errors import EvidenceError, ParameterError
from remotecal.fluids.base_conditions import (
    BaseConditions,
    CompressionFactor,
    by_equation,
    conversion_factor,
    ideal,
)
from remotecal.model import Column, Result, Statement, Table, Text
from remotecal.procedures.library.evaluation.digits import fixed, with_uncertainty
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.evaluation.tables import column, stated_column
from remotecal.procedures.library.gas_loop.passing import LoopRepeats
from remotecal.procedures.library.gas_loop.results import plain_column
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate
from remotecal.uncertainty.together import evaluate_together

if TYPE_CHECKING:
    from remotecal.drivers.capabilities import VolumeConverter
    from remotecal.drivers.measured import Measured
    from remotecal.procedures import Run
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen
    from remotecal.uncertainty.budget import Evaluated

STEP: Final = "V_b_res"
OF_PRESSURE, OF_TEMPERATURE = "p_res", "T_res"
"""Symbols of the steps in which it shows them."""
LATE_PRESSURE, LATE_TEMPERATURE = "p_lag", "T_lag"
"""Symbols of what its filter has them lag behind."""
BETWEEN: Final = "δ_C"
INPUTS: Final[Mapping[str, Text]] = {
    STEP: Text(zh="标况体积分辨力", en="resolution of the volume at base conditions"),
    OF_PRESSURE: Text(zh="压力示值分辨力", en="resolution of the pressure shown"),
    OF_TEMPERATURE: Text(zh="温度示值分辨力", en="resolution of the temperature shown"),
    LATE_PRESSURE: Text(zh="压力滤波滞后", en="lag of the filtered pressure"),
    LATE_TEMPERATURE: Text(zh="温度滤波滞后", en="lag of the filtered temperature"),
    BETWEEN: Text(zh="读数间换算系数的变化", en="change of the conversion factor between readings"),
}
CHANGED: Final = Text(zh="被检表处读数的变化", en="change of the readings at the meter")
AS_PROGRAMMED: Final = 1e-4
"""How far base conditions that are read may be from the order's, as a share of kelvins or of the pressure."""
MODEL: Final = (
    "e_Vb = ΔV_b/(V·C) − 1, C = (p_d/p_b)·(T_b/T_d)·(Z_b/Z_d), e_p = p_i/p_d − 1, e_T = T_i/T_d − 1"
)
"""The measurement model of the whole in one line, for the certificate."""

ErrorOf = Callable[["LoopSeen", Numbers], Number]


class ProgrammedConversion:
    """The conversion factor as it is programmed.

    Raises:
        ParameterError: the order does not say by which method, or that does not hold for the gas.
    """

    def __init__(self, parameters: LoopParameters, filling: LoopGas) -> None:
        if parameters.method is None:
            raise ParameterError(
                "parameters.method is missing: state by which method the meter converts, as it is programmed"
            )
        self.base = BaseConditions(parameters.base_temperature, 1000.0 * parameters.base_pressure)
        self._z: CompressionFactor = ideal
        if parameters.method != "ideal":
            self._z = by_equation(filling.equation_by(parameters.method), filling.gas())

    def factor(self, t: Number, p: Number) -> Number:
        """Return C at a temperature in °C and an absolute pressure in Pa."""
        return conversion_factor(t, p, self.base, self._z)

    def ratio(self, t: Number, p: Number) -> Number:
        """Return Z_b/Z there."""
        found: Number = self._z(self.base.t, self.base.p) / self._z(t, p)
        return found


MEANT: Final = (("pressure", "Pa", 0.0), ("temperature", "°C", 273.15))
"""What C goes with, its unit and what makes it absolute."""


def _span(readings: Sequence[Measured], unit: str, zero: float) -> float:
    """Return how far readings lie apart, relative to the absolute quantity."""
    values = [one.to(unit).value + zero for one in readings]
    return (max(values) - min(values)) / min(values)


def see_programmed(run: Run, device: VolumeConverter, parameters: LoopParameters) -> None:
    """Refuse a device that says that other base conditions, or another method, are programmed.

    Raises:
        ParameterError: it does.
    """
    p_b, t_b = run.read(device.base_pressure, device.base_temperature)
    found, told = (p_b.to("kPa").value, t_b.to("K").value), device.method()
    run.note("programmed", base_pressure=found[0], base_temperature=found[1] - 273.15, method=told)
    asked = parameters.base_pressure, parameters.base_temperature + 273.15
    if any(abs(one / other - 1) > AS_PROGRAMMED for one, other in zip(found, asked, strict=True)):
        raise ParameterError(
            f"the meter's base conditions are {found[0]:.6g} kPa and {found[1] - 273.15:.5g} °C, the order "
            f"says {asked[0]:.6g} kPa and {parameters.base_temperature:.5g} °C: mend either"
        )
    if told and told != parameters.method:
        raise ParameterError(f"the meter converts by {told}, the order says {parameters.method}: mend either")


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeDevice(Finding):
    """What was found of the whole device at one point, in %; references are conversion factors."""

    volume: Evaluated
    """e_V."""
    pressure: Evaluated
    """e_p."""
    temperature: Evaluated
    """e_T, of kelvins."""
    compressibility: float
    """e_Z."""
    calculator: Evaluated
    """e_f, which closes parts and whole."""
    correlations: tuple[float, float, float]
    """Of e_Vb with e_V, e_p and e_T."""

    @property
    def composed(self) -> float:
        """What the parts make together: e_V + e_p - e_T + e_Z, as a product."""
        product = (1 + self.volume.value / 100) * (1 + self.pressure.value / 100)
        product *= 1 + self.compressibility / 100
        return 100 * (product / (1 + self.temperature.value / 100) - 1)

    @property
    def closes(self) -> bool:
        """Whether parts and whole agree within the uncertainty of their difference."""
        return abs(self.calculator.value) <= self.calculator.expanded


class IntegratedRepeats(LoopRepeats):
    """The repeats at one point, of a meter that tells its volume at base conditions as well.

    Raises:
        EvidenceError: as `LoopRepeats`; or it counted a volume as disturbed.
    """

    def _know_more(self) -> None:
        self._conversion = ProgrammedConversion(self.parameters, self.planned)
        for seen in self.seen:
            if self.passed(seen, "disturbed", "m3"):
                raise EvidenceError(
                    f"{self.point.name}: the meter counted with an alarm, by a substitute value"
                )
        told = self.parameters
        self.rounded(STEP, "m3", told.base_resolution, ORDER)
        self.by_chance(Input.from_limits(OF_PRESSURE, 0.0, "Pa", told.pressure_resolution / 2, source=ORDER))
        self.by_chance(
            Input.from_limits(OF_TEMPERATURE, 0.0, "K", told.temperature_resolution / 2, source=ORDER)
        )
        self.inputs += [
            self._late(LATE_PRESSURE, "pressure", "Pa"),
            self._late(LATE_TEMPERATURE, "temperature", "K"),
            self._between(),
        ]

    def _late(self, symbol: str, quantity: str, unit: str) -> Input:
        """Return how far what is filtered lags behind: by what changes within the filter's time constant.

        What it was before a repeat was waited for (`filtered`).
        """
        fastest = max(
            (max(values) - min(values)) / self.lasted(seen)
            for seen in self.seen
            for values in (
                [one.to("Pa" if unit == "Pa" else "°C").value for one in getattr(seen, f"meter_{quantity}")],
            )
        )
        return Input.from_limits(symbol, 0.0, unit, self.parameters.damping * fastest, source=CHANGED)

    def _between(self) -> Input:
        """Return what the mean of readings may miss of C: half of what it changed from one to the next.

        The device converts all the time; standards and device are looked at so many times in a repeat. How
        much C changes is known by the readings (GUM 4.3.1), and not only by what the order lets pass.
        """
        missed = max(
            sum(_span(getattr(seen, f"meter_{name}"), unit, zero) for name, unit, zero in MEANT)
            / (2 * len(seen.meter_pressure))
            for seen in self.seen
        )
        return Input.from_limits(BETWEEN, 0.0, "1", missed, source=CHANGED)

    def whole(self) -> WholeDevice:
        """Return what was found of the whole device, after `found`."""
        errors = self._of_volume, self._of_pressure, self._of_temperature
        known = self.estimates()
        return WholeDevice(
            point=self.point,
            observed_at=self.points,
            title=Text(zh=f"标况体积 {self.point.name}", en=f"Volume at base conditions, {self.point.name}"),
            reference=[estimate(self._factor(seen, known)) for seen in self.seen],
            errors=self.errors(self._of_whole, 100.0),
            evaluated=self.evaluate(
                self._of_whole,
                "%",
                scale=100.0,
                coverage=self.parameters.coverage,
                k=self.parameters.coverage_factor,
            ),
            beyond=self.beyond,
            volume=self._alone(self._of_volume),
            pressure=self._alone(self._of_pressure),
            temperature=self._alone(self._of_temperature),
            compressibility=statistics.fmean(self.errors(self._of_z, 100.0)),
            calculator=self._alone(self._of_calculator),
            correlations=self._correlations(errors),
        )

    def _budget(self, error: ErrorOf) -> Budget:
        """Return the budget of an error, as the mean of all repeats."""
        (scatter,) = self._repeatability(self.errors(error, 100.0), "%")

        def model(**x: Number) -> Number:
            total: Number = 0.0
            for seen in self.seen:
                total = total + error(seen, x)
            found: Number = total * (100.0 / len(self.seen)) + x[REPEATABILITY]
            return found

        known = self.beside(scatter, error, 100.0)
        return Budget(model, (scatter, *known), "%", self.correlations)

    def _alone(self, error: ErrorOf) -> Evaluated:
        """Return an error by itself; no CMC is stated for it."""
        wanted = self.parameters
        return self._budget(error).evaluate(coverage=wanted.coverage, k=wanted.coverage_factor)

    def _correlations(self, errors: Sequence[ErrorOf]) -> tuple[float, float, float]:
        budgets = [self._budget(error) for error in (self._of_whole, *errors)]
        # What is left of the steps beside the scatter differs from error to error, as that does.
        found = evaluate_together(budgets, {each.symbol for each in self.inputs} - {*self.rounding})
        with_v, with_p, with_t = (found.correlation(0, n) for n in (1, 2, 3))
        return with_v, with_p, with_t

    def _factor(self, seen: LoopSeen, x: Numbers) -> Number:
        """Return the reference's conversion factor in a repeat."""
        return self._conversion.factor(*self.at("d", seen, x))

    def _shown(self, seen: LoopSeen, x: Numbers) -> tuple[Number, Number]:
        """Return temperature in °C and pressure in Pa by the device, as far as its steps tell."""
        if not (seen.device_temperature and seen.device_pressure):
            raise EvidenceError(f"{self.point.name}: the meter's own pressure and temperature were not read")
        t, p = mean(seen.device_temperature, "°C"), mean(seen.device_pressure, "Pa")
        return t + x[OF_TEMPERATURE] + x[LATE_TEMPERATURE], p + x[OF_PRESSURE] + x[LATE_PRESSURE]

    def _of_volume(self, seen: LoopSeen, x: Numbers) -> Number:
        found: Number = self._indicated(seen, x, lambda one, _: one.lasted()) / self.volume(seen, x) - 1.0
        return found

    def _of_pressure(self, seen: LoopSeen, x: Numbers) -> Number:
        found: Number = self._shown(seen, x)[1] / self.at("d", seen, x)[1] - 1.0
        return found

    def _of_temperature(self, seen: LoopSeen, x: Numbers) -> Number:
        shown = self._shown(seen, x)[0] + 273.15
        found: Number = shown / (self.at("d", seen, x)[0] + 273.15) - 1.0
        return found

    def _of_z(self, seen: LoopSeen, x: Numbers) -> Number:
        shown, true = (
            self._conversion.ratio(*self._shown(seen, x)),
            self._conversion.ratio(*self.at("d", seen, x)),
        )
        found: Number = shown / true - 1.0
        return found

    def _of_whole(self, seen: LoopSeen, x: Numbers) -> Number:
        converted = self.passed(seen, "base", "m3") + x[STEP]
        t, p = self.at("d", seen, x)
        # What it converts by lags as what it shows does: less pressure, and less base volume.
        late = x[LATE_PRESSURE] / estimate(p) - x[LATE_TEMPERATURE] / (estimate(t) + 273.15)
        factor = self._conversion.factor(t, p) * (1.0 + x[BETWEEN]) * (1.0 - late)
        found: Number = converted / (self.volume(seen, x) * factor) - 1.0
        return found

    def _of_calculator(self, seen: LoopSeen, x: Numbers) -> Number:
        parts = (1.0 + self._of_volume(seen, x)) * (1.0 + self._of_pressure(seen, x))
        parts = parts * (1.0 + self._of_z(seen, x))
        found: Number = (1.0 + self._of_whole(seen, x)) * (1.0 + self._of_temperature(seen, x)) / parts - 1.0
        return found


def tables(
    findings: Sequence[WholeDevice], reynolds: Sequence[str], *, accredited: bool
) -> tuple[Result, Result]:
    """Return the whole device's errors with the meter's beside them, and how the parts make the whole.

    Args:
        findings: one a row.
        reynolds: of the meter's pipe at each, as it stands in the table of errors.
        accredited: whether the results are within the accredited scope, which the CMC belongs to.
    """

    def re() -> list[str]:
        return list(reynolds)

    whole = (
        column("雷诺数 Re", "Reynolds number Re", "basic_referenceValue basic_tableIndex0", "1", re()),
        column("标准换算系数 C", "Reference C", "remotecal_referenceFactor", "1",
               [with_uncertainty(one.place, one.place * one.evaluated.expanded / 100) for one in findings]),
        column("工况体积误差 e_V", "Uncorrected volume e_V", "remotecal_meterError", "%",
               [one.volume.reported().value for one in findings]),
        stated_column("标况体积误差 e_Vb", "Volume at base conditions e_Vb", "remotecal_baseVolumeError",
                      findings, accredited=accredited),
    )  # fmt: skip
    said = [one.calculator.reported() for one in findings]
    names = ("e_V", "e_p", "e_T")
    columns = [
        column("雷诺数 Re", "Reynolds number Re", "basic_referenceValue basic_tableIndex0", "1", re()),
        *_with_u("e_p", "pressureError", [one.pressure for one in findings]),
        *_with_u("e_T", "temperatureErrorRelative", [one.temperature for one in findings]),
        plain_column("e_Z", "compressibilityError", "%", [fixed(one.compressibility, 4) for one in findings]),
        plain_column("e_V + e_p − e_T + e_Z", "composedError", "%",
                     [fixed(one.composed, 3) for one in findings]),
        plain_column("e_Vb", "wholeError", "%", [fixed(one.evaluated.value, 3) for one in findings]),
        plain_column("e_f", "calculatorError", "%", [one.value for one in said]),
        plain_column("U(e_f)", "calculatorUncertainty", "%", [one.expanded for one in said]),
        *(
            plain_column(f"r({name}, e_Vb)", f"correlation{n}", "1",
                   [fixed(one.correlations[n - 1], 2) for one in findings])
            for n, name in enumerate(names, 1)
        ),
    ]  # fmt: skip
    return (
        Result(
            name=Text(zh="整机：标况体积", en="The whole device: volume at base conditions"),
            ref_types=("remotecal_wholeDevice",),
            tables=(Table(columns=whole),),
        ),
        Result(
            name=Text(zh="各部分误差与整机误差", en="Errors of the parts and of the whole"),
            ref_types=("remotecal_partsAndWhole",),
            tables=(Table(columns=tuple(columns)),),
        ),
    )


def _with_u(symbol: str, ref_type: str, every: Sequence[Evaluated]) -> tuple[Column, Column]:
    reported = [one.reported() for one in every]
    return (
        plain_column(symbol, ref_type, "%", [one.value for one in reported]),
        plain_column(f"U({symbol})", f"{ref_type}Uncertainty", "%", [one.expanded for one in reported]),
    )


def remark(findings: Sequence[WholeDevice]) -> Statement:
    """Return what is said of whether the parts make the whole."""
    apart = [one for one in findings if not one.closes]
    if apart:
        zh, en = (joint.join(one.point.name for one in apart) for joint in ("；", "; "))
        text = Text(
            zh=f"闭合检验：{zh} 处整机误差与各部分之和之差超出其扩展不确定度，差异来自换算计算"
            "（参比条件、压缩因子方法、气体组成）。",
            en=f"Closure: at {en} the whole and the sum of the parts differ by more than the expanded "
            "uncertainty of the difference: look at its base conditions, method for Z and composition.",
        )
    else:
        text = Text(
            zh="闭合检验：各处整机误差与各部分之和（e_V + e_p − e_T + e_Z）之差均不超过其扩展不确定度。",
            en="Closure: everywhere the whole and the sum of the parts, e_V + e_p − e_T + e_Z, agree within "
            "the expanded uncertainty of their difference.",
        )
    return Statement(ref_types=("remotecal_closure",), declaration=text)
