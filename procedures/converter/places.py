"""The pure half of a converter's calibration: its errors at one place of the grid, each by itself and whole.

For one packet of N pulses, with K pulses per m³, and what pressure and temperature truly were:

    e_V = ΔV_m/(N/K) - 1        e_p = p_i/p - 1        e_T = T_i/T - 1 (in kelvins)
    e_Z = (Z_b/Z)(p_i, T_i)/(Z_b/Z)(p, T) - 1, by the method that is programmed
    e_Vb = ΔV_b/(N/K·C(p, T)) - 1
    e_f = (1 + e_Vb)(1 + e_T)/((1 + e_V)(1 + e_p)(1 + e_Z)) - 1

e_f closes the sum e_Vb ≈ e_V + e_p - e_T + e_Z: it is what the converter's arithmetic adds, by wrong base
conditions, another method, rounding. The reference pressure and temperature are in both e_p, e_T and e_Vb, so
they all but cancel in e_f.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.model import Text
from remotecal.procedures import By, Often, Waited
from remotecal.procedures.library.converter.methods import Conversion, ShownTogether
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.evaluation.standards import DRIFT
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence
    from remotecal.procedures.library.converter.parameters import ConverterParameters

PRESSURE, TEMPERATURE = "pressure", "temperature"
"""What a point sets, in Pa and °C."""

UNIFORMITY, HEIGHT = "well_uniformity", "reference_height"
"""Facts of the bench: how much warmer the converter's sensor is in the well than the reference, and how much
higher its pressure sensor is than what the controller's pressure is for."""

MOLAR_MASS: Final = 28.0134e-3
"""Of nitrogen, in kg/mol; air's is 3 % more, which counts for nothing over less than a metre."""
GAS_CONSTANT: Final = 8.314462618
GRAVITY: Final = 9.81
"""In m/s²; a tenth of a per cent of it counts for nothing here."""

ROOM: Final = 293.15
"""Temperature of the gas in the line in K: what it is more or less counts for nothing either."""


COUNTED: Final = Waited("settling", since="factor")
"""What an observation says of the totals behind a packet."""


class ConverterSeen(InAir):
    """What a repeat yields: standards and converter together, and the totals before and after a packet."""

    in_order: ClassVar[tuple[str, ...]] = (
        "measured_before measured_after",
        "converted_before converted_after",
        "disturbed_before disturbed_after",
    )

    reference_kind: str
    """What the controller counted: absolute or gauge pressure."""
    reference: Annotated[tuple[Measured, ...], "Pa", By("controller", "pressure"), Often("readings")]
    """The controller."""
    bath: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature"), Often("readings")]
    """The reference thermometer in the well."""
    pressure: Annotated[tuple[Measured, ...], "Pa", By("dut", "pressure"), Often("readings")]
    """Absolute pressure by the converter."""
    temperature: Annotated[tuple[Measured, ...], "°C", By("dut", "temperature"), Often("readings")]
    """Temperature by the converter."""
    factor: Annotated[tuple[Measured, ...], "1", By("dut", "factor"), Often("readings")]
    """Its conversion factor."""
    measured_before: Annotated[Measured, "m3", By("dut", "measured_volume")]
    """Its volume by pulses."""
    measured_after: Annotated[Measured, "m3", By("dut", "measured_volume"), COUNTED]
    converted_before: Annotated[Measured, "m3", By("dut", "base_volume")]
    """Its volume at base conditions."""
    converted_after: Annotated[Measured, "m3", By("dut", "base_volume"), COUNTED]
    disturbed_before: Annotated[Measured, "m3", By("dut", "disturbed_volume")]
    """What it counted while an alarm stood."""
    disturbed_after: Annotated[Measured, "m3", By("dut", "disturbed_volume"), COUNTED]


SOAKED: Final = Text(zh="温度漂移×时间常数", en="temperature_drift × soak_time")
"""Where it is known from what a thermometer lags behind."""
EXACTLY: Final = 1e-9
"""What computing alone may make of a step of one pulse."""

OF_PRESSURE: Final = frozenset({"p_std", "p_a", "h", "p_res"})
OF_TEMPERATURE: Final = frozenset({"t_ref", "δ_w", "δ_s", "T_res"})
OF_WHOLE: Final = (OF_PRESSURE | OF_TEMPERATURE | {"V_b_res"}) - {"p_res", "T_res"}
OF_CALCULATOR: Final = OF_WHOLE | {"V_res", "p_res", "T_res"}
"""The inputs each error takes."""

ErrorOf = Callable[[ConverterSeen, Numbers], "Number"]
"""An error in a repeat, as a share."""

INPUTS: Final[Mapping[str, Text]] = {
    "E_rep": Text(zh="重复性", en="repeatability"),
    "δ_h": Text(zh="回差", en="hysteresis: rising and falling"),
    "p_std": Text(zh="标准压力示值偏差", en="deviation of the reference pressure"),
    "p_a": Text(zh="大气压示值偏差", en="deviation of the atmospheric pressure"),
    "h": Text(zh="高度差", en="height of the converter above the reference level"),
    "t_ref": Text(zh="标准温度示值偏差", en="deviation of the reference temperature"),
    "δ_w": Text(zh="恒温槽均匀性", en="uniformity of the well"),
    "δ_s": Text(zh="传感器未完全热平衡", en="what the sensor's temperature may still have lacked"),
    "p_res": Text(zh="压力示值分辨力", en="resolution of the pressure shown"),
    "T_res": Text(zh="温度示值分辨力", en="resolution of the temperature shown"),
    "V_res": Text(zh="工况体积分辨力", en="resolution of the volume by pulses"),
    "V_b_res": Text(zh="标况体积分辨力", en="resolution of the volume at base conditions"),
}
"""The inputs of the measurement model, by symbol."""


class AtPlace(Repeats[ConverterSeen]):
    """What was seen at places that are evaluated as one: one of the grid, one pressure, one temperature.

    Args:
        evidence: of the run.
        seen: what the repeats yielded.
        parameters: of the procedure.
        conversion: the reference's.
    """

    def __init__(
        self,
        evidence: Evidence,
        seen: Sequence[ConverterSeen],
        parameters: ConverterParameters,
        conversion: Conversion,
    ) -> None:
        super().__init__(seen[0].entry.point, evidence, seen)
        self.parameters, self.conversion = parameters, conversion
        self.see_kind("the controller", lambda one: one.reference_kind, parameters.standard_kind)
        told = [one for each in seen for one in each.reference]
        bath = [one for each in seen for one in each.bath]
        self._std = self.correction("p_std", "controller", told, "Pa", extended=False)
        self._air = (
            self.correction("p_a", "ambient", [one.air_pressure for one in seen], "Pa")
            if any(one.reference_kind == "gauge" for one in seen)
            else None
        )
        self._thermometer = self.correction("t_ref", "thermometer", bath, "°C", extended=False)
        self.characteristic("h", HEIGHT, "m")
        self.characteristic("δ_w", UNIFORMITY, "K")
        late = parameters.temperature_drift * parameters.soak_time
        self.inputs.append(Input.from_limits("δ_s", 0.0, "K", late, source=SOAKED))
        steps = {"V_b_res": parameters.base_resolution}
        if parameters.step * parameters.pulses_per_volume > 1 + EXACTLY:
            steps["V_res"] = (
                parameters.step
            )  # otherwise each pulse is seen, and the packet has exactly so many
        for symbol, step in steps.items():
            self.rounded(symbol, "m3", step, ORDER)
        # Come to rest it shows the same each time, so the mean of readings is as coarse as one of them.
        shown = (
            ("p_res", "Pa", parameters.pressure_resolution),
            ("T_res", "K", parameters.temperature_resolution),
        )
        for symbol, unit, step in shown:
            self.by_chance(Input.from_limits(symbol, 0.0, unit, step / 2, source=ORDER))

    def limited(self, symbols: Collection[str]) -> AtPlace:
        """Return the same with those inputs alone that an error takes, by their symbols."""
        found = copy(self)
        found.inputs = [each for each in self.inputs if each.symbol.removeprefix(DRIFT) in symbols]
        return found

    def pressure(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return the true absolute pressure at the converter in a repeat, in Pa."""
        p = self._std.corrected(x, mean(seen.reference, "Pa"))
        if self._air is not None and seen.reference_kind == "gauge":
            p = p + self._air.corrected(x, seen.air_pressure.value)
        higher: Number = p * (1.0 - x["h"] * (MOLAR_MASS * GRAVITY / (GAS_CONSTANT * ROOM)))
        return higher

    def temperature(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return the true temperature of the converter's sensor in a repeat, in °C."""
        known: Number = self._thermometer.corrected(x, mean(seen.bath, "°C")) + x["δ_w"] + x["δ_s"]
        return known

    def factor(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return the reference's conversion factor in a repeat."""
        return self.conversion.factor(self.temperature(seen, x), self.pressure(seen, x))

    def shown_pressure(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return the pressure it shows in a repeat, in Pa, as far as its step tells."""
        found: Number = mean(seen.pressure, "Pa") + x["p_res"]
        return found

    def shown_temperature(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return the temperature it shows in a repeat, in °C, as far as its step tells."""
        found: Number = mean(seen.temperature, "°C") + x["T_res"]
        return found

    def of_pressure(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return e_p."""
        found: Number = self.shown_pressure(seen, x) / self.pressure(seen, x) - 1.0
        return found

    def of_temperature(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return e_T, of kelvins."""
        shown = self.shown_temperature(seen, x) + 273.15
        found: Number = shown / (self.temperature(seen, x) + 273.15) - 1.0
        return found

    def of_z(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return e_Z: what the errors of pressure and temperature make in Z_b/Z."""
        shown = self.conversion.ratio(self.shown_temperature(seen, x), self.shown_pressure(seen, x))
        found: Number = shown / self.conversion.ratio(self.temperature(seen, x), self.pressure(seen, x)) - 1.0
        return found

    def of_factor(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return e_C, by the conversion factor that it shows."""
        found: Number = mean(seen.factor, "1") / self.factor(seen, x) - 1.0
        return found

    def of_counting(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return e_V."""
        counted = self.passed(seen, "measured", "m3") + x.get("V_res", 0.0)
        found: Number = counted / self.parameters.packet - 1.0
        return found

    def of_whole(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return e_Vb."""
        converted = self.passed(seen, "converted", "m3") + x["V_b_res"]
        found: Number = converted / (self.parameters.packet * self.factor(seen, x)) - 1.0
        return found

    def of_calculator(self, seen: ConverterSeen, x: Numbers) -> Number:
        """Return e_f, by which the parts and the whole differ."""
        parts = (1.0 + self.of_counting(seen, x)) * (1.0 + self.of_pressure(seen, x))
        parts = parts * (1.0 + self.of_z(seen, x))
        found: Number = (1.0 + self.of_whole(seen, x)) * (1.0 + self.of_temperature(seen, x)) / parts - 1.0
        return found

    def mean_error(self, error: ErrorOf) -> float:
        """Return the mean of an error over the repeats, in %."""
        return statistics.fmean(self.errors(error, 100.0))

    def shown(self) -> ShownTogether:
        """Return what the converter showed, on the mean."""
        return ShownTogether(
            statistics.fmean(mean(one.temperature, "°C") for one in self.seen),
            statistics.fmean(mean(one.pressure, "Pa") for one in self.seen),
            statistics.fmean(mean(one.factor, "1") for one in self.seen),
        )

    def true(self) -> tuple[float, float, float]:
        """Return temperature in °C, absolute pressure in Pa and C by the standards, on the mean."""
        known = self.estimates()
        return (
            statistics.fmean(estimate(self.temperature(one, known)) for one in self.seen),
            statistics.fmean(estimate(self.pressure(one, known)) for one in self.seen),
            statistics.fmean(estimate(self.factor(one, known)) for one in self.seen),
        )


def see_undisturbed(name: str, converted: float, disturbed: float) -> str:
    """Return why a repeat can't count as its volume was counted with an alarm; "" if it was not.

    Args:
        name: of the point.
        converted: what was added at base conditions.
        disturbed: what was added to the disturbed volume.
    """
    if disturbed == 0 and converted > 0:
        return ""
    return (
        f"{name}: the converter counted {disturbed:g} m3 as disturbed and {converted:g} m3 at base "
        "conditions: an alarm stood, and what it converted was with a substitute value; look at its limits "
        "of alarm, and let the alarm go before it is measured again"
    )


def see_alive(shown: Mapping[float, float], what: str) -> None:
    """Raise `EvidenceError` if a converter showed the very same where it should not have.

    Args:
        shown: true value → what it showed.
        what: it showed.
    """
    if len(shown) > 1 and len(set(shown.values())) == 1:
        raise EvidenceError(
            f"the converter showed the same {what} at {len(shown)} places: that is a substitute value, or a "
            "sensor it does not read"
        )
