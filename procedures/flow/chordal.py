"""A multipath ultrasonic meter by its geometry, the pure half of calibrating it without flow.

    v_i = L_i/(2·cos φ_i)·(1/t_1 - 1/t_2)      along path i; t_1 downstream, t_2 upstream, less the delays
    Q   = A·Σ w_i·v_i,  A = π·D²/4             w_i: weights of the integration, their sum is 1

The geometry was surveyed with the meter dry, the delays in still water, and both stand in a file (TOML):
lengths in m, angles in degrees, delays in s, each with the expanded uncertainty (k = 2) beside it.
"""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from remotecal.configuration import Written, checked, parse_toml
from remotecal.errors import ConfigurationError, EvidenceError
from remotecal.model import Text
from remotecal.procedures.library.evaluation.sources import NO_COMMON_PART
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import cos

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remotecal.uncertainty.number import Number, Numbers

FEWEST_SECTIONS, FEWEST_DIAMETERS = 3, 4
"""How many cross sections the diameter is measured in at least, and in how many directions (JJF 1358)."""
MOST_PATHS: Final = 18
"""How many paths a meter may have."""

Positive = Annotated[float, Field(gt=0)]


class PathGeometry(Written):
    """One acoustic path, as it was surveyed."""

    length: Positive
    """From transducer to transducer in the water, in m."""
    length_expanded: Positive
    angle: Annotated[float, Field(gt=0, lt=90)]
    """Between path and axis, in degrees."""
    angle_expanded: Positive
    weight: Positive
    """Of the integration."""
    delay_expanded: Positive
    """How far the difference of its transit times may be from what it was in still water, in s."""


class Geometry(Written):
    """A multipath meter, as it was surveyed."""

    by: str
    """Who surveyed it, and with what."""
    diameters: tuple[tuple[Positive, ...], ...]
    """Inner diameters in m: for each cross section those in all directions."""
    diameter_expanded: Positive
    """Expanded uncertainty of one of them, in m."""
    length_common_expanded: Annotated[float | None, Field(ge=0)] = None
    """The part of each length's expanded uncertainty that is the survey's, and the same for all, in m; all of
    it is, where none is told."""
    angle_common_expanded: Annotated[float | None, Field(ge=0)] = None
    """The same of the angles, in degrees."""
    temperature: Annotated[float | None, Field(gt=-40, lt=100)] = None
    """Of the body when it was surveyed, in °C, where that is told."""
    temperature_expanded: Annotated[float | None, Field(ge=0)] = None
    """Its expanded uncertainty, in K."""
    profile_expanded: Positive
    """Expanded uncertainty of the integration over the profile, relative (1)."""
    paths: tuple[PathGeometry, ...]


class SetUp(Written):
    """What a meter has been told of its own geometry."""

    diameter: Positive
    """In m."""
    paths: tuple[tuple[float, float], ...]
    """Length in m and angle in degrees of each path."""


def geometry_in(content: bytes) -> Geometry:
    """Return the geometry in a file.

    Raises:
        EvidenceError: the file is none, or what was surveyed is not enough.
    """
    try:
        told = parse_toml(content, Path("the geometry file"), ConfigurationError)
        found = checked(Geometry, told, "the geometry file", ConfigurationError)
    except ConfigurationError as refusal:
        raise EvidenceError(str(refusal)) from None
    if len(found.diameters) < FEWEST_SECTIONS or min(map(len, found.diameters)) < FEWEST_DIAMETERS:
        raise EvidenceError(
            f"the geometry file has diameters of {len(found.diameters)} cross sections, and "
            f"{FEWEST_SECTIONS} of {FEWEST_DIAMETERS} directions each are the least: survey the others"
        )
    if not 1 <= len(found.paths) <= MOST_PATHS:
        raise EvidenceError(f"the geometry file has {len(found.paths)} paths, and 1 to {MOST_PATHS} can be")
    for what, common, whole in (
        ("length", found.length_common_expanded, min(path.length_expanded for path in found.paths)),
        ("angle", found.angle_common_expanded, min(path.angle_expanded for path in found.paths)),
    ):
        if common is not None and common > whole * (1 + 1e-9):
            raise EvidenceError(
                f"the geometry file has {common:g} as {what}_common_expanded, and {whole:g} as the whole of "
                "a path: mend either"
            )
    if abs((total := sum(path.weight for path in found.paths)) - 1.0) > 1e-4:
        raise EvidenceError(f"the weights in the geometry file add up to {total:.6g}, and 1 is due")
    return found


def velocity(length: Number, angle: Number, downstream: Number, upstream: Number) -> Number:
    """Return the velocity along the axis in m/s that transit times tell; m, degrees and s."""
    v: Number = factor(length, angle) * (1.0 / downstream - 1.0 / upstream)
    return v


def factor(length: Number, angle: Number) -> Number:
    """Return L/(2·cos φ) in m, of a length in m and an angle in degrees."""
    path: Number = length / (2.0 * cos(angle * (math.pi / 180.0)))
    return path


def chord(length: float, angle: float, diameter: float) -> float:
    """Return how far a path is from the axis, as a share of the radius."""
    return math.sqrt(max(1.0 - (length * math.sin(math.radians(angle)) / diameter) ** 2, 0.0))


INPUTS: Final[Mapping[str, Text]] = {
    "D": Text(zh="内径", en="inner diameter"),
    "ε_p": Text(zh="流速分布积分", en="integration over the profile"),
    "L_c": Text(zh="各声道长度公共部分", en="what the survey of all lengths has in common"),
    "φ_c": Text(zh="各声道角度公共部分", en="what the survey of all angles has in common"),
    **{f"L_{n}": Text(zh=f"声道 {n} 长度", en=f"length of path {n}") for n in range(1, MOST_PATHS + 1)},
    **{f"φ_{n}": Text(zh=f"声道 {n} 角度", en=f"angle of path {n}") for n in range(1, MOST_PATHS + 1)},
    **{f"τ_{n}": Text(zh=f"声道 {n} 时延差", en=f"delay of path {n}") for n in range(1, MOST_PATHS + 1)},
}
"""The inputs that the geometry brings into a model, by symbol."""


def diameter_of(geometry: Geometry) -> tuple[float, float]:
    """Return the mean diameter in m, and its standard uncertainty: of the survey, and by how round it is."""
    every = [one for section in geometry.diameters for one in section]
    scatter = statistics.stdev(every) / math.sqrt(len(every))
    return statistics.fmean(every), math.hypot(geometry.diameter_expanded / 2, scatter)


def inputs_of(geometry: Geometry, source: str) -> tuple[Input, ...]:
    """Return what was surveyed as inputs of a model."""
    diameter, u = diameter_of(geometry)
    found = [
        Input.normal("D", diameter, "m", u, source=source),
        Input.from_certificate("ε_p", 0.0, "1", geometry.profile_expanded, 2.0, source=source),
    ]
    lengths = [path.length_expanded for path in geometry.paths]
    angles = [path.angle_expanded for path in geometry.paths]
    shared = geometry.length_common_expanded, geometry.angle_common_expanded
    found += [
        _in_common("L_c", "m", lengths, shared[0], source),
        _in_common("φ_c", "°", angles, shared[1], source),
    ]
    for n, path in enumerate(geometry.paths, 1):
        length, angle = _own(path.length_expanded, shared[0]), _own(path.angle_expanded, shared[1])
        found += [
            Input.from_certificate(f"L_{n}", path.length, "m", length, 2.0, source=source),
            Input.from_certificate(f"φ_{n}", path.angle, "°", angle, 2.0, source=source),
            Input.from_certificate(f"τ_{n}", 0.0, "s", path.delay_expanded, 2.0, source=source),
        ]
    return tuple(found)


def _in_common(symbol: str, unit: str, whole: Sequence[float], common: float | None, source: str) -> Input:
    """Return what all paths are off together: what the survey tells of it, or all there is."""
    if common is None:
        return Input.from_certificate(
            symbol, 0.0, unit, max(whole), 2.0, source=Text.joined([source, NO_COMMON_PART])
        )
    return Input.from_certificate(symbol, 0.0, unit, common, 2.0, source=source)


def _own(whole: float, common: float | None) -> float:
    """Return what is left of an expanded uncertainty for a path alone."""
    return 0.0 if common is None else math.sqrt(max(whole**2 - common**2, 0.0))


def told_over_true(
    geometry: Geometry,
    x: Numbers,
    set_up: SetUp,
    velocity_: float,
    sound: float,
    grown: Callable[[Numbers, Number], Number] | None = None,
) -> Number:
    """Return the flow that the meter tells over the true one, at a velocity in m/s.

    Args:
        geometry: as surveyed.
        x: its inputs, by symbol.
        set_up: what the meter has been told of itself.
        velocity_: mean velocity in m/s.
        sound: speed of sound in m/s.
        grown: returns how many times as much as surveyed the body leads along a path of an angle in degrees.
    """
    told: Number = 0.0
    for n, (path, (length, angle)) in enumerate(zip(geometry.paths, set_up.paths, strict=True), 1):
        true_length, true_angle = x[f"L_{n}"] + x["L_c"], x[f"φ_{n}"] + x["φ_c"]
        difference = 2.0 * true_length * cos(true_angle * (math.pi / 180.0)) * velocity_ / sound**2
        ratio = factor(length, angle) / factor(true_length, true_angle)
        if grown is not None:
            ratio = ratio / grown(x, true_angle)
        told = told + path.weight * ratio * (1.0 + x[f"τ_{n}"] / difference)
    wide = set_up.diameter / x["D"]
    over: Number = wide * wide * told * (1.0 + x["ε_p"])
    return over
