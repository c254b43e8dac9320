"""By how much an ultrasonic meter's body is larger in use than when it was surveyed dry.

Warmer by t_u - t_s it is larger by α·(t_u - t_s) in all directions: the same transit times then are
of more water than by its survey, about 3·α·(t_u - t_s) (ISO 17089-1, unverified). Under a gauge pressure p a
thin wall gives way round the pipe and not along it (Barlow): its diameter by κ·p/2, κ = D/(E·e), with E the
modulus of elasticity and e the thickness of the wall. What a path runs across the pipe grows alike, and what
it runs along the axis, X, does not; so L²/(2·X) = L/(2·cos φ) grows by κ·p·sin² φ.

    g_i = (1 + α·(t_u - t_s))³·(1 + κ·p/2)²·(1 + κ·p·sin² φ_i)

A meter that corrects this by itself is given nothing of it in the order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import model_validator

from remotecal.errors import EvidenceError
from remotecal.model import Text
from remotecal.procedures import In, Parameters
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import sin

if TYPE_CHECKING:
    from remotecal.procedures.library.flow.chordal import Geometry
    from remotecal.uncertainty.number import Number, Numbers

WARMTH: Final[Mapping[str, Text]] = {
    "α": Text(zh="表体线膨胀系数", en="linear thermal expansion of the body"),
    "t_s": Text(zh="几何测量时表体温度", en="temperature of the body when it was surveyed"),
    "t_u": Text(zh="使用时表体温度", en="temperature of the body in use"),
}
PRESSURE: Final[Mapping[str, Text]] = {
    "κ": Text(zh="表体弹性 D/(E·e)", en="stretch of the body by pressure, D/(E·e)"),
    "p_u": Text(zh="使用时水压（表压）", en="gauge pressure of the water in use"),
}
INPUTS: Final[Mapping[str, Text]] = {**WARMTH, **PRESSURE}
"""The inputs that a body in use brings into the model, by symbol."""


class BodyParameters(Parameters):
    """What is told of a body that is used warmer, colder or under more pressure than it was surveyed."""

    use_temperature: Annotated[float | None, In("°C", at_least=0, at_most=100)] = None
    """Temperature of the body in use; that of the survey counts where none is given."""
    use_temperature_spread: Annotated[float, In("K", at_least=0, at_most=50)] = 5.0
    """By how much it may be otherwise, ±."""
    expansion: Annotated[float | None, In("1/K", at_least=0, at_most=1e-4)] = None
    """Linear thermal expansion of the body: 1.2e-5 of carbon steel, 1.6e-5 of austenitic (unverified)."""
    expansion_spread: Annotated[float, In("1", at_least=0, at_most=1)] = 0.1
    """By which share it may be otherwise, ± (unverified)."""
    use_pressure: Annotated[float | None, In("Pa", at_least=0, at_most=1e7)] = None
    """Gauge pressure of the water in use; none, as at the survey, where none is given."""
    use_pressure_spread: Annotated[float, In("Pa", at_least=0, at_most=1e7)] = 5e4
    """By how much it may be otherwise, ±."""
    stretch: Annotated[float | None, In("1/Pa", at_least=0, at_most=1e-7)] = None
    """By which share the body's cross section grows with pressure: D/(E·e) of a thin wall."""
    stretch_spread: Annotated[float, In("1", at_least=0, at_most=1)] = 0.2
    """By which share it may be otherwise, ± (unverified)."""

    @model_validator(mode="after")
    def _in_pairs(self) -> Self:
        for one, other in (("use_temperature", "expansion"), ("use_pressure", "stretch")):
            if (getattr(self, one) is None) is not (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} are given together, or neither")
        return self


class BodyInUse:
    """A meter's body in use.

    Args:
        wanted: what the order tells of it.
        geometry: as surveyed.

    Raises:
        EvidenceError: it is used at another temperature, and the survey does not tell at which it was.
    """

    def __init__(self, wanted: BodyParameters, geometry: Geometry) -> None:
        self._warm = self._pressed = False
        self.inputs: list[Input] = []
        """What it brings into the model."""
        if wanted.expansion is not None and wanted.use_temperature is not None:
            self._warm = True
            if geometry.temperature is None or geometry.temperature_expanded is None:
                raise EvidenceError(
                    "the geometry file has no temperature and temperature_expanded of the body as it was "
                    "surveyed, and the order gives use_temperature: add them, or leave that out"
                )
            self.inputs += [
                _about("α", wanted.expansion, "1/K", wanted.expansion * wanted.expansion_spread),
                _about("t_u", wanted.use_temperature, "°C", wanted.use_temperature_spread),
                Input.from_certificate(
                    "t_s", geometry.temperature, "°C", geometry.temperature_expanded, 2.0, source=geometry.by
                ),
            ]
        if wanted.stretch is not None and wanted.use_pressure is not None:
            self._pressed = True
            self.inputs += [
                _about("κ", wanted.stretch, "1/Pa", wanted.stretch * wanted.stretch_spread),
                _about("p_u", wanted.use_pressure, "Pa", wanted.use_pressure_spread),
            ]

    def grown(self, x: Numbers, angle: Number) -> Number:
        """Return how many times as much as surveyed it leads along a path of an angle in degrees."""
        factor: Number = 1.0
        if self._warm:
            longer = 1.0 + x["α"] * (x["t_u"] - x["t_s"])
            factor = longer * longer * longer
        if self._pressed:
            wider = x["κ"] * x["p_u"]
            across = sin(angle * (math.pi / 180.0))
            factor = factor * (1.0 + wider / 2.0) * (1.0 + wider / 2.0) * (1.0 + wider * across * across)
        return factor


def _about(symbol: str, value: float, unit: str, spread: float) -> Input:
    return Input.from_limits(symbol, value, unit, spread, source=ORDER)
