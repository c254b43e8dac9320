"""The pure half of a gas pycnometer: chambers by a sphere, and a solid's density, with their budget."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.model import Text
from remotecal.procedures import By
from remotecal.procedures.library.density import bodies, gas
from remotecal.procedures.library.density.bodies import Buoyed
from remotecal.procedures.library.density.results import VolumeFinding
from remotecal.procedures.library.density.standing import (
    VOLUME,
    WEIGHED,
    use_eccentricity,
    use_expansion,
    use_steps,
)
from remotecal.procedures.library.evaluation import air
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.evaluation.coefficients import Single
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Distribution, Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.density.parameters import PycnometerParameters

INPUTS: Final[Mapping[str, Text]] = {
    **air.INPUTS,
    "W_0": Text(zh="天平空载示值偏差", en="deviation of the empty balance"),
    "W_a": Text(zh="称量示值偏差", en="deviation of the balance with the sample"),
    **WEIGHED,
    "p_z": Text(zh="压力表零位示值偏差", en="deviation of the gauge, open to the air"),
    "p_1": Text(zh="膨胀前压力示值偏差", en="deviation of the gauge, before the expansion"),
    "p_20": Text(zh="膨胀后压力示值偏差（空样品室）", en="deviation of the gauge, expanded, the cell empty"),
    "p_2k": Text(zh="膨胀后压力示值偏差（标准球）", en="deviation of the gauge, expanded, with the sphere"),
    "p_2": Text(zh="膨胀后压力示值偏差（样品）", en="deviation of the gauge, expanded, with the sample"),
    "t": Text(zh="样品室温度计示值偏差", en="deviation of the cell's thermometer"),
    "δ_T": Text(zh="膨胀后气体温度偏差", en="what the gas lacks of its temperature after the expansion"),
    "B": Text(zh="第二维里系数", en="second virial coefficient"),
    "V_k": Text(zh="标准球体积（20 °C）", en="volume of the sphere at 20 °C"),
    "γ_k": Text(zh="标准球体膨胀系数", en="cubic thermal expansion of the sphere"),
    "γ": Text(zh="样品体膨胀系数", en="cubic thermal expansion of the sample"),
    "E_rep": Text(zh="重复性", en="repeatability"),
}
"""The inputs of the measurement model, by symbol."""


class PycnometerSeen(InAir):
    """What a repeat yields; of each run the gauge open to the air, filled, and after the expansion."""

    in_order: ClassVar[tuple[str, ...]] = (
        "pan in_air",
        "empty empty empty with_sphere with_sphere with_sphere sample sample sample",
        "cell cell",
    )

    pan: Annotated[Measured, "kg", By("balance", "settled_mass")]
    """The balance with nothing on its pan."""
    in_air: Annotated[Measured, "kg", By("balance", "settled_mass")]
    """The sample."""
    empty: Annotated[tuple[Measured, ...], "Pa", By("dut", "pressure")]
    """With the cell empty."""
    with_sphere: Annotated[tuple[Measured, ...], "Pa", By("dut", "pressure")]
    """With the sphere."""
    sample: Annotated[tuple[Measured, ...], "Pa", By("dut", "pressure")]
    """With the sample."""
    cell: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature")]
    """The cell, before and after."""


class PycnometerRepeats(Repeats[PycnometerSeen]):
    """The repeats of a sample; arguments as `dipped.DippedRepeats`."""

    def __init__(
        self,
        point: Point,
        evidence: Evidence,
        seen: Sequence[PycnometerSeen],
        parameters: PycnometerParameters,
    ) -> None:
        super().__init__(point, evidence, seen)
        self._parameters = parameters
        self._air = AirAround(self)
        self._no_load = self.correction("W_0", "balance", [s.pan for s in seen], "kg")
        self._load = self.correction("W_a", "balance", [s.in_air for s in seen], "kg")
        use_steps(self, "W_ra", parameters)
        use_eccentricity(self, "W_ea", parameters)
        runs = [run for s in seen for run in (s.empty, s.with_sphere, s.sample)]
        self._zero, self._filled = (
            self.correction(symbol, "dut", [run[at] for run in runs], "Pa")
            for at, symbol in enumerate(("p_z", "p_1"))
        )
        # The pressures after the three expansions lie apart, and the volume follows from their differences.
        self._expanded = {
            part: self.correction(symbol, "dut", [getattr(s, part)[2] for s in seen], "Pa")
            for part, symbol in (("empty", "p_20"), ("with_sphere", "p_2k"), ("sample", "p_2"))
        }
        self._thermometer = self.correction("t", "thermometer", [one for s in seen for one in s.cell], "°C")
        self.inputs.append(
            Input.from_limits("δ_T", 0.0, "K", parameters.isothermal, Distribution.TRIANGULAR, source=ORDER)
        )
        virial = gas.VIRIAL[parameters.gas]
        spread = abs(virial) * gas.VIRIAL_SPREAD
        self.inputs.append(
            Input.from_limits("B", virial, "m3/mol", spread, source=gas.CALLED[parameters.gas])
        )
        self._sphere = self.use(Single("V_k", self.certificate("sphere"), VOLUME, "m3"))
        use_expansion(self, "γ_k", parameters.sphere_material)
        use_expansion(self, "γ", parameters.material)

    def _x(self, seen: PycnometerSeen, x: Numbers, part: str, lacks: Number = 0.0) -> Number:
        """Return X of a run.

        Args:
            seen: the repeat.
            x: the inputs, by symbol.
            part: which of its runs.
            lacks: what the gas lacks of its temperature after the expansion, in K.
        """
        gauges = self._zero, self._filled, self._expanded[part]
        zero, first, second = (
            gauge.corrected(x, mean((reading,), "Pa"))
            for gauge, reading in zip(gauges, getattr(seen, part), strict=True)
        )
        outside, t = self._air.pressure(seen, x), self.temperature(seen, x)
        n_0, n_1, n_2 = (gas.ideal(outside + part, x["B"], t) for part in (0.0, first - zero, second - zero))
        return gas.drop(n_1 - n_0, n_2 * (1.0 + lacks / (t + 273.15)) - n_0)

    def temperature(self, seen: PycnometerSeen, x: Numbers) -> Number:
        """Return the cell's temperature, in °C."""
        return self._thermometer.corrected(x, mean(seen.cell, "°C"))

    def _chambers(self, seen: PycnometerSeen, x: Numbers) -> tuple[Number, Number]:
        sphere = bodies.warmer(self._sphere.value(x), x["γ_k"], self.temperature(seen, x))
        return gas.chambers(sphere, self._x(seen, x, "empty"), self._x(seen, x, "with_sphere"))

    def volume(self, seen: PycnometerSeen, x: Numbers) -> Number:
        """Return the sample's volume in a repeat, in m³."""
        return gas.displaced(*self._chambers(seen, x), self._x(seen, x, "sample", x["δ_T"]))

    def density(self, seen: PycnometerSeen, x: Numbers) -> Number:
        """Return the sample's density at 20 °C in a repeat, in kg/m³."""
        load = self._load.corrected(x, mean((seen.in_air,), "kg"))
        net = load - self._no_load.corrected(x, mean((seen.pan,), "kg"))
        net = net + x["W_ra"] + x["W_ea"]
        found = bodies.density(Buoyed(net, self._air.density(seen, x)), self.volume(seen, x))
        return bodies.at_reference(found, x["γ"], self.temperature(seen, x))

    def chambers(self) -> tuple[float, float, float]:
        """Return the mean V_c and V_r in m³, and U (k = 2) of the sphere that told them, as a share."""
        known = self.estimates()
        both = [self._chambers(seen, known) for seen in self.seen]
        cell, reference = (statistics.fmean(map(estimate, each)) for each in zip(*both, strict=True))
        (sphere,) = self._sphere.inputs
        return cell, reference, 2.0 * sphere.u / sphere.value

    def found(self) -> VolumeFinding:
        """Return what was found."""
        wanted, known = self._parameters, self.estimates()
        evaluated = self.evaluate(self.density, "kg/m3", coverage=wanted.coverage, k=wanted.coverage_factor)
        t = [estimate(self.temperature(seen, known)) for seen in self.seen]
        at_t = statistics.fmean(estimate(self.volume(seen, known)) for seen in self.seen)
        warm = bodies.warmer(1.0, known["γ"], statistics.fmean(t))
        return VolumeFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(zh="固体密度（20 °C）", en="Density of the solid at 20 °C"),
            reference=self.errors(self.density),
            errors=self.errors(self.density),
            evaluated=evaluated,
            beyond=self.beyond,
            volume=at_t / estimate(warm),
            temperature=statistics.fmean(t),
        )
