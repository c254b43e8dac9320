"""A volumetric tank by its certificate, and what it holds when its scale is read.

    V_s = (V(h) - V(h_0))·(1 + β·(t_s - t_0))

V(h) is what the certificate states for a reading h of the scale, for a tank that was drained and dripped as
long as here; h_0 is what the scale showed of the drained one, which is 0 but for what stayed in it other than
at its calibration. β is its cubic expansion, t_s the temperature of the water in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from remotecal.errors import CertificateRefused
from remotecal.model import Text
from remotecal.procedures.library.evaluation.coefficients import Single
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.evaluation.standards import Deviating, Standard
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.interpolation import CertifiedCurve
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.model import Certificate
    from remotecal.uncertainty.number import Number, Numbers

VOLUME: Final = "remotecal_tankVolume"
"""refType of what the tank holds, against readings of its scale (`basic_measuredValue`)."""
EXPANSION: Final = "remotecal_cubicExpansion"
"""refType of the tank's cubic thermal expansion."""

INPUTS: Final[Mapping[str, Text]] = {
    "V_s": Text(zh="量器容积证书偏差", en="deviation of the tank's volume"),
    "h_res": Text(zh="标尺分辨力", en="resolution of the tank's scale"),
    "h_0": Text(zh="标尺分辨力（空罐）", en="resolution of the tank's scale, drained"),
    "β": Text(zh="量器体膨胀系数", en="cubic expansion of the tank"),
    "t_s": Text(zh="量器内水温示值偏差", en="deviation of the water temperature in the tank"),
}
"""The inputs that a volumetric tank brings into a model, by symbol."""


class VolumetricTank:
    """A volumetric tank in use about one reading of its scale.

    Args:
        certificate: its own.
        level: about where its scale is read, in mm.
        step: smallest step of the scale, in mm.
        repeats: how many readings are averaged.
        reference: temperature its volume is stated for, in °C.

    Raises:
        CertificateRefused: the certificate states no volumes against readings, or no expansion; or the scale
            is read where it does not hold.
    """

    def __init__(
        self, certificate: Certificate, level: float, step: float, repeats: int, reference: float
    ) -> None:
        self._volume, self._reference = scale_of(certificate).around(level), reference
        self._expansion = expansion = expansion_of(certificate)
        rounded = step / 2 / repeats**0.5
        self.resolution = [
            Input.from_limits(symbol, 0.0, "mm", rounded, source=ORDER) for symbol in ("h_res", "h_0")
        ]
        """Of the scale's steps, by chance from reading to reading."""
        self._slope, self._drained = self._rise(level), _below(self._volume)
        self.inputs: Sequence[Input] = (*self._volume.inputs, *expansion.inputs)

    def _rise(self, level: float) -> float:
        """Return what the tank holds more for a mm of its scale, in m³."""
        known = {each.symbol: 0.0 for each in self._volume.inputs}
        low, high = level * (1 - 1e-6), level
        rise = self._volume.value(known, high) - self._volume.value(known, low)
        return estimate(rise) / (high - low)

    def took(self, x: Numbers, before: float, after: float, temperature: Number) -> Number:
        """Return what it took in m³, by readings of its scale in mm, drained and filled, at t in °C."""
        left = self._drained * (before + x["h_0"])
        stated = self._volume.value(x, after) + self._slope * x["h_res"] - left
        return grown(stated, self._expansion.value(x), temperature, self._reference)


def _below(volume: Deviating) -> float:
    """Return what a tank holds for a mm of its scale about 0, in m³: from there the scale goes straight."""
    stated = volume.standard.stated
    if not isinstance(stated, CertifiedCurve):
        raise CertificateRefused("the tank's certificate states no volumes against a scale")
    low, _ = stated.ends
    return stated.value(low) / low if low > 0.0 else stated.value(1.0) - stated.value(0.0)


def scale_of(certificate: Certificate) -> Standard:
    """Return the volumes in m³ that a tank's certificate states against readings of its scale in mm."""
    return Standard.certified("V_s", certificate, "m3", value=VOLUME, at_unit="mm")


def expansion_of(certificate: Certificate) -> Single:
    """Return the cubic expansion in 1/K that a vessel's certificate states."""
    return Single("β", certificate, EXPANSION, "1/K")


def held_by(certificate: Certificate) -> tuple[float, float]:
    """Return from which volume to which a tank's certificate holds, in m³."""
    known = scale_of(certificate).stated
    if not isinstance(known, CertifiedCurve):
        raise CertificateRefused(f"certificate {certificate.number} states no volumes against a scale")
    low, high = (known.value(place) for place in known.ends)
    return low, high


def grown(volume: Number, expansion: Number, temperature: Number, reference: float) -> Number:
    """Return the volume of a vessel at a temperature, from that at the reference temperature, both in °C."""
    wider: Number = volume * (1.0 + expansion * (temperature - reference))
    return wider
