"""What certificates and the bench say of solid standards, and of weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeVar

from remotecal.errors import BenchError, CertificateRefused, ParameterError
from remotecal.model import Text
from remotecal.procedures import Observed
from remotecal.procedures.library.density.bodies import EXPANSION, EXPANSION_SPREAD, MATERIALS
from remotecal.procedures.library.evaluation.coefficients import Single
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.uncertainty.inputs import Input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.procedures import Certificates
    from remotecal.procedures.library.density.parameters import BalanceParameters
    from remotecal.procedures.library.evaluation.repeats import Repeats

GRADIENT: Final = Text(zh="液体中的温度梯度", en="gradient in the liquid")
"""Source of the difference between a body and the thermometer."""
DENSITY: Final = "remotecal_density"
VOLUME: Final = "remotecal_volume"
MASS: Final = "basic_mass"
CONVENTIONAL: Final = "remotecal_conventionalMass"
"""refTypes of a standard's density and volume at 20 °C, of its mass, and of a weight's conventional mass."""

DRIFT: Final = "standard_drift"
"""Fact of a bench that may be stated: by how much a standard changed since it was calibrated."""

WATER: Final = "water_density"
"""Fact of a bench: by which share its water is denser than its formula has it."""

NEAR: Final = 0.02
"""How far a standard may be from what the order says of it, as a share."""

S = TypeVar("S", bound=Observed)


def see_near(certificates: Certificates, role: str, ref_type: str, unit: str, said: float) -> None:
    """See that a certificate states about what the order says, in `unit`, so that none is exchanged.

    Raises:
        BenchError: nothing of this number is on the bench.
        CertificateRefused: its certificate does not state it.
        ParameterError: it states something else.
    """
    used = certificates.get(role)
    if used is None:
        raise BenchError(f"there is no {role} on the bench: give it an artefact, or mend the order")
    try:
        (known,) = Single("x", used.certificate, ref_type, unit).inputs
    except CertificateRefused as refusal:
        raise CertificateRefused(f"{role}: {refusal}") from None
    if abs(known.value / said - 1) > NEAR:
        raise ParameterError(
            f"{role} has {known.value:.6g} {unit} by its certificate, and the order says {said:.6g} {unit}: "
            f"mend the order, or the order of the artefacts on the bench{_confused(known.value / said, unit)}"
        )


def _confused(ratio: float, unit: str) -> str:
    """Return which units may have been confused where values are far apart."""
    thousand = abs(ratio / 1000 - 1) < NEAR or abs(ratio * 1000 - 1) < NEAR
    return f"; {CONFUSED[unit]}" if thousand else ""


CONFUSED: Final = {"kg/m3": "1 g/cm3 is 1000 kg/m3", "m3": "1 cm3 is 0.001 L", "kg": "1 g is 0.001 kg"}
"""What to remember of a unit where a value is a thousand times too large or small."""


WEIGHED: Final[Mapping[str, Text]] = {
    "W_ra": Text(zh="天平分辨力（空气中）", en="resolution of the balance, in air"),
    "W_ea": Text(zh="天平偏载（空气中）", en="eccentricity of the balance, in air"),
}
SUNK: Final[Mapping[str, Text]] = {
    "W_rl": Text(zh="天平分辨力（液体中）", en="resolution of the balance, in the liquid"),
    "W_el": Text(zh="天平偏载（液体中）", en="eccentricity of the balance, in the liquid"),
}
"""What weighings bring into a model beside the balance's certificate: on the pan, and below it."""


def use_steps(repeats: Repeats[S], symbol: str, parameters: BalanceParameters, readings: int = 1) -> None:
    """Make the resolution of a balance an input, in kg.

    Args:
        repeats: at the point.
        symbol: of the input.
        parameters: of the run.
        readings: how many of the body a repeat has, each less as many of the empty balance.
    """
    repeats.rounded(symbol, "kg", parameters.balance_step / math.sqrt(readings), ORDER)


def use_eccentricity(repeats: Repeats[S], symbol: str, parameters: BalanceParameters) -> None:
    """Make what a balance's reading depends on where a body stands or hangs an input, in kg."""
    repeats.inputs.append(Input.from_limits(symbol, 0.0, "kg", parameters.eccentricity, source=ORDER))


def use_expansion(repeats: Repeats[S], symbol: str, material: str) -> None:
    """Make the cubic expansion of a body of some material an input."""
    value = EXPANSION[material]
    spread = f"±{EXPANSION_SPREAD:.0%}"
    source = Text(zh=f"{MATERIALS[material]}的常用值，{spread}", en=f"{material}, usual value, {spread}")
    repeats.inputs.append(Input.from_limits(symbol, value, "1/K", EXPANSION_SPREAD * value, source=source))


def use_bubble(repeats: Repeats[S], symbol: str, most: float) -> None:
    """Make the air that stayed on a body an input, in m³: from none to `most` mm³."""
    half = most * 1e-9 / 2
    source = Text(zh="未见气泡", en="no bubble was seen")
    repeats.inputs.append(Input.from_limits(symbol, half, "m3", half, source=source))


def use_gradient(repeats: Repeats[S], symbol: str, most: float) -> None:
    """Make the difference of temperature between body and thermometer an input, in K."""
    repeats.inputs.append(Input.from_limits(symbol, 0.0, "K", most, source=GRADIENT))
