"""A pipe prover, the pure half: what its displacer swept, and a meter's pulses meanwhile (ISO 7278).

    BPV·CTS·CPS        base volume, at the steel's temperature and the pressure inside
    N = N_w·T_2/T_1    by double chronometry: T_1 is what whole pulses took, T_2 from detector to detector

What the liquid itself grows by temperature and pressure, CTL and CPL of prover and meter, is the ratio of
its densities there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Generic

from remotecal.model import Text
from remotecal.procedures.library.evaluation.coefficients import Single
from remotecal.procedures.library.evaluation.output import Pulses
from remotecal.procedures.library.evaluation.repeats import Repeats, Seen
from remotecal.procedures.library.evaluation.sources import CLOCK
from remotecal.uncertainty.coverage import coverage_factor
from remotecal.uncertainty.inputs import Input

if TYPE_CHECKING:
    from remotecal.model import Certificate
    from remotecal.uncertainty.number import Number, Numbers

BASE_VOLUME: Final = "remotecal_baseVolume"
"""refType of the volume between the detectors at the reference temperature and no gauge pressure."""
EXPANSION: Final = "remotecal_cubicExpansion"
"""refType of the cubic thermal expansion of its pipe; for a small volume prover, of pipe and rod together."""
STRETCH: Final = "remotecal_pressureStretch"
"""refType of D/(E·e): by how much it grows with pressure; 0 for a double wall."""

INPUTS: Final[Mapping[str, Text]] = {
    "BPV": Text(zh="体积管基准容积", en="base volume of the prover"),
    "β": Text(zh="体积管体膨胀系数", en="cubic expansion of the prover"),
    "κ": Text(zh="体积管压力膨胀 D/(E·e)", en="stretch of the prover by pressure, D/(E·e)"),
    "t_p": Text(zh="体积管内水温示值偏差", en="deviation of the water temperature in the prover"),
    "p_p": Text(zh="体积管内压力示值偏差", en="deviation of the gauge pressure in the prover"),
    "V_c": Text(zh="体积管与被检表间管段容积", en="volume between prover and meter"),
    "T": Text(zh="双计时分辨力", en="resolution of the double chronometry"),
}
"""The inputs that a prover brings into a model, by symbol."""

RANGES: Final[Mapping[int, float]] = {3: 0.02, 5: 0.05, 10: 0.12, 15: 0.17, 20: 0.22}
"""Passes → range of the meter factor in % that goes with a random uncertainty of 0.027 % (API MPMS 4.8, table
A-1; unverified)."""


def cts(expansion: Number, temperature: Number, reference: float) -> Number:
    """Return the correction for the temperature of the steel, both temperatures in °C."""
    correction: Number = 1.0 + expansion * (temperature - reference)
    return correction


def cps(stretch: Number, pressure: Number) -> Number:
    """Return the correction for the gauge pressure in Pa inside; `stretch` is D/(E·e) in 1/Pa."""
    correction: Number = 1.0 + stretch * pressure
    return correction


def interpolated(whole: float, pulse_time: float, pass_time: float) -> float:
    """Return the pulses between the detectors, by the whole ones and both times (ISO 7278-3)."""
    return whole * pass_time / pulse_time


def see_chronometry(whole: float, pulse_time: float, pass_time: float) -> str:
    """Return why times are none of one pass by double chronometry; "" if they may be.

    The whole pulses begin with the first one behind a detector and end with the first one behind the other,
    so both times differ by less than the time from one pulse to the next; uneven ones are left twice that.
    """
    apart, period = abs(pulse_time - pass_time), pulse_time / whole if whole > 0.0 else 0.0
    if apart <= 2.0 * period:
        return ""
    return (
        f"{whole:g} whole pulses took {pulse_time:g} s and the pass {pass_time:g} s: they can differ by the "
        f"time from one pulse to the next, {period:.3g} s; look at the meter's pulses and at both detectors"
    )


def meter_factor(swept: Number, prover_density: Number, meter_density: Number, indicated: Number) -> Number:
    """Return the meter factor: the volume that passed the meter over that which it indicated.

    Args:
        swept: BPV·CTS·CPS in m³.
        prover_density: of the liquid in the prover, in kg/m³.
        meter_density: of that in the meter.
        indicated: N/NKF in m³.
    """
    factor: Number = swept * prover_density / meter_density / indicated
    return factor


def allowed_range(passes: int, uncertainty: float) -> float:
    """Return the range of so many meter factors that goes with a random uncertainty, both in %.

    By a√n·d₂(n)/t₉₅(n-1), which is what the table holds for 0.027 %.
    """
    return uncertainty * math.sqrt(passes) * D2[passes] / coverage_factor(passes - 1, 0.95)


D2: Final[Mapping[int, float]] = {
    2: 1.128, 3: 1.693, 4: 2.059, 5: 2.326, 6: 2.534, 7: 2.704, 8: 2.847, 9: 2.970, 10: 3.078,
    11: 3.173, 12: 3.258, 13: 3.336, 14: 3.407, 15: 3.472, 16: 3.532, 17: 3.588, 18: 3.640, 19: 3.689,
    20: 3.735,
}  # fmt: skip
"""Mean range of so many normal values, in their standard deviations."""


class SweptVolume:
    """The prover's volume by its certificate.

    Args:
        certificate: its own.
        reference: temperature its base volume is stated for, in °C.

    Raises:
        CertificateRefused: the certificate states no base volume, expansion or stretch, each as one value.
    """

    def __init__(self, certificate: Certificate, reference: float) -> None:
        self._reference = reference
        self._base = Single("BPV", certificate, BASE_VOLUME, "m3")
        self._expansion = Single("β", certificate, EXPANSION, "1/K")
        self._stretch = Single("κ", certificate, STRETCH, "1/Pa")
        self.inputs = (*self._base.inputs, *self._expansion.inputs, *self._stretch.inputs)

    @property
    def base(self) -> float:
        """The base volume in m³."""
        return self._base.inputs[0].value

    def swept(self, x: Numbers, temperature: Number, pressure: Number) -> Number:
        """Return BPV·CTS·CPS in m³, at a temperature in °C and a gauge pressure in Pa."""
        steel = cts(self._expansion.value(x), temperature, self._reference)
        volume: Number = self._base.value(x) * steel * cps(self._stretch.value(x), pressure)
        return volume


class Interpolated(Pulses[Seen], Generic[Seen]):
    """Pulses by double chronometry: no whole one is lost, the clock's resolution is.

    Args:
        repeats: at the point.
        counted: the pulses between the detectors in a repeat.
        per_unit: pulses per m³, as the meter is set.
        tick: of the clock, over the shortest pass: relative (1).
    """

    def __init__(
        self, repeats: Repeats[Seen], counted: Callable[[Seen], float], per_unit: float, tick: float
    ) -> None:
        self._counted, self._per_unit, self._symbol = counted, per_unit, "T"
        repeats.inputs.append(
            Input.from_limits("T", 0.0, "1", tick * math.sqrt(2 / len(repeats.seen)), source=CLOCK)
        )

    def indicated(self, seen: Seen, x: Numbers) -> Number:
        amount: Number = self._counted(seen) * (1.0 + x["T"]) / self._per_unit
        return amount
