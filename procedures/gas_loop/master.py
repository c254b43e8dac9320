"""Master meters by their certificates: the error over the Reynolds number, and what masters have in common.

A certificate states errors at Reynolds numbers (`basic_measurementError` against `remotecal_reynoldsNumber`),
as a turbine's follow them, or at flows (against `remotecal_referenceFlow`), as those of rotary and ultrasonic
meters do; the K factor of a meter that gives pulses, its highest flow, the diameter its Reynolds numbers are
for, and how much of its uncertainty all meters of that laboratory share (`in_common`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

from remotecal.errors import CertificateRefused, EvidenceError
from remotecal.model import Text
from remotecal.procedures.library.evaluation.coefficients import convention
from remotecal.procedures.library.evaluation.in_common import Parts, in_common, laboratory_of
from remotecal.procedures.library.evaluation.standards import DRIFT, drifted
from remotecal.procedures.library.gas_loop.filling import reynolds
from remotecal.procedures.library.gas_loop.reynolds import HIGHEST_ORDER, ReynoldsFit
from remotecal.procedures.library.meters.branches import bits_of
from remotecal.uncertainty.inputs import Input
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.fluids.gas_equations import GasState
    from remotecal.model import Certificate
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.uncertainty.number import Number, Numbers

ERROR: Final = "basic_measurementError"
REYNOLDS: Final = "remotecal_reynoldsNumber"
"""refType of the Reynolds number an error is stated at."""
FLOW: Final = "remotecal_referenceFlow"
"""refType of the flow an error is stated at, where it follows the flow."""
FACTOR: Final = "remotecal_kFactor"
"""refType of the K factor, which errors are told by; it is a convention and has no uncertainty."""
DIAMETER: Final = "remotecal_pipeDiameter"
"""refType of the diameter that Reynolds numbers are for; a convention, too."""
HIGHEST: Final = "remotecal_highestFlow"
"""refType of the highest flow."""
MOST: Final = 8
"""How many branches a loop may have."""

INPUTS: Final[dict[str, Text]] = {
    **{
        f"E_{n}": Text(zh=f"标准表 {n} 误差（自身部分）", en=f"error of master {n}, its own part")
        for n in range(1, MOST + 1)
    },
    **{
        f"f_{n}": Text(zh=f"标准表 {n} 误差曲线拟合", en=f"curve through the errors of master {n}")
        for n in range(1, MOST + 1)
    },
    **{
        f"δ_E{n}": Text(
            zh=f"标准表误差公共部分（实验室 {n}）", en=f"error, what the masters of laboratory {n} share"
        )
        for n in range(1, MOST + 2)
    },
    "E_c": Text(zh="核查表误差（自身部分）", en="error of the check meter, its own part"),
    "f_c": Text(zh="核查表误差曲线拟合", en="curve through the errors of the check meter"),
}
"""The inputs masters bring into a model, by symbol."""


class Master:
    """A master meter, or a check meter, by its certificate.

    Args:
        key: what its inputs are told apart by: its place on the bench, counted from 1, or `c`.
        certificate: its own.
        order: highest order of the curve through its errors.

    Raises:
        CertificateRefused: it does not state what is needed, or by too few points.
    """

    def __init__(self, key: int | str, certificate: Certificate, order: int = HIGHEST_ORDER) -> None:
        self.key, self.certificate = key, certificate
        self.by_flow = not certificate.states(REYNOLDS)
        """Whether its error follows the flow, and not the Reynolds number."""
        stated = certificate.points(ERROR, FLOW if self.by_flow else REYNOLDS, "1")
        scale, across = convert(1.0, stated.unit, "1"), "m3/h" if self.by_flow else "1"
        ascending = sorted(stated.points, key=lambda one: one.at)
        rows = [(convert(one.at, stated.at_unit, across), one) for one in ascending]
        self._points = [(at, scale * one.expanded / one.k, one.dof) for at, one in rows]
        self.fit = ReynoldsFit.through(
            [at for at, _ in rows],
            [scale * one.value for _, one in rows],
            [scale * one.expanded / one.k for _, one in rows],
            highest=order,
            over="a flow in m3/h of" if self.by_flow else "Re",
        )
        self.diameter = convention(certificate, DIAMETER, "m")
        """Of the pipe, in m."""
        self.highest = convention(certificate, HIGHEST, "m3/h")
        """Highest flow, in m³/h."""

    @property
    def laboratory(self) -> str:
        """Who calibrated it."""
        return laboratory_of(self.certificate)

    @property
    def factor(self) -> float:
        """K factor in 1/m³ (CertificateRefused if it states none)."""
        return convention(self.certificate, FACTOR, "1/m3")

    def reynolds(self, state: GasState, flow: float) -> float:
        """Return its Reynolds number at a flow in m³/h."""
        return reynolds(state, flow / 3600.0, self.diameter)

    def place(self, state: GasState, flow: float) -> float:
        """Return where on its curve it works at a flow in m³/h: that flow, or its Reynolds number."""
        return flow if self.by_flow else self.reynolds(state, flow)

    def require(self, number: float) -> None:
        """Raise `CertificateRefused` unless its errors are certified at a place."""
        try:
            self.fit.require(number)
        except CertificateRefused as refusal:
            called = "check meter" if self.key == "c" else f"master {self.key}"
            raise CertificateRefused(f"{called}, certificate {self.certificate.number}: {refusal}") from None

    def require_about(self, number: float, told: LoopParameters) -> None:
        """Raise `CertificateRefused` unless its errors are certified wherever a run may bring a place to.

        Beyond its certificate the evaluation reads nothing, and a run that came there would be in vain.
        """
        self.require(number)
        off = 1.0 + told.flow_tolerance / 100.0
        off *= 1.0 if self.by_flow else 1.0 + told.pressure_tolerance / 100.0
        try:
            self.require(number / off)
            self.require(number * off)
        except CertificateRefused as refusal:
            raise CertificateRefused(
                f"a run may be off by flow_tolerance, and in Re by pressure_tolerance: {refusal}; "
                "or allow less"
            ) from None

    def parts(self, number: float) -> Parts:
        """Return what of its stated uncertainty it shares with others, and what is its own."""
        self.require(number)
        above = next((n for n, point in enumerate(self._points) if point[0] >= number), len(self._points) - 1)
        near = self._points[max(above - 1, 0) : above + 1]
        return Parts.of(self.certificate, max(u for _, u, _ in near), min(dof for *_, dof in near))

    def inputs(self, number: float) -> tuple[Input, ...]:
        """Return what is its own, as inputs: of the certificate, and of the curve through its points."""
        source, parts = self.certificate.number, self.parts(number)
        own = Input.normal(f"E_{self.key}", 0.0, "1", parts.own, dof=parts.dof, source=source)
        return (
            replace(own, stated=self.fit.value(number)),
            *drifted(own.symbol, self.certificate.drift, "1"),
            Input.student_t(
                f"f_{self.key}", 0.0, "1", self.fit.u(number), float(self.fit.dof), source=source
            ),
        )


class Together:
    """Meters that work together, with their inputs: each one's own, and one for each laboratory.

    Args:
        meters: which.
        numbers: where on its curve each works (`Master.place`).
        laboratories: all that calibrated meters of the loop; their order numbers what each one's share.
    """

    def __init__(
        self, meters: Sequence[Master], numbers: Sequence[float], laboratories: Sequence[str]
    ) -> None:
        pairs = tuple(zip(meters, numbers, strict=True))
        for meter, number in pairs:
            meter.require(number)
        self._shared = {
            laboratory: in_common(f"δ_E{place}", laboratory, theirs)
            for place, laboratory in enumerate(laboratories, 1)
            if (theirs := [meter.parts(re) for meter, re in pairs if meter.laboratory == laboratory])
        }
        own = [each for meter, re in pairs for each in meter.inputs(re)]
        self.inputs: tuple[Input, ...] = (*self._shared.values(), *own)
        self._at = {meter.key: (meter, re) for meter, re in pairs}

    def error(self, key: int | str, x: Numbers) -> Number:
        """Return the relative error of one of them, by the inputs."""
        meter, number = self._at[key]
        shared = self._shared[meter.laboratory]
        deviation = meter.parts(number).weight(shared) * x[shared.symbol]
        own = x[f"E_{key}"] + x.get(f"{DRIFT}E_{key}", 0.0)
        error: Number = meter.fit.value(number) + deviation + own + x[f"f_{key}"]
        return error


@dataclass(frozen=True, slots=True)
class Opening:
    """Which masters are to be open at a point, and where each then works."""

    numbers: tuple[int, ...]
    """Counted from 1."""
    places: tuple[float, ...]
    """Where on its curve each works."""
    reynolds: tuple[float, ...]
    load: float
    """Share of its highest flow that each runs at."""

    @property
    def bits(self) -> int:
        """A bit for each branch."""
        return bits_of(self.numbers)


def choose(
    masters: Sequence[Master], flow: float, state: GasState, parameters: LoopParameters, name: str
) -> Opening:
    """Return which masters make a flow in m³/h: the fewest, and of these the most loaded ones.

    A flow divides by the masters' size, so all that are open run at the same share of their highest flow,
    which must be one that they are good at; and each where on its curve it is certified.

    Raises:
        CertificateRefused: none can; the point's `name` and the reasons are told.
    """
    refused = []
    for count in range(1, len(masters) + 1):
        found = []
        for some in combinations(masters, count):
            load = flow / sum(each.highest for each in some)
            numbers = tuple(int(each.key) for each in some)
            if not parameters.least_load * (1 - 1e-9) <= load <= parameters.most_load * (1 + 1e-9):
                continue
            at = tuple(each.place(state, load * each.highest) for each in some)
            if reason := _outside(some, at):
                refused.append(reason)
                continue
            reynolds = tuple(each.reynolds(state, load * each.highest) for each in some)
            found.append(Opening(numbers, at, reynolds, load))
        if found:
            return max(found, key=lambda choice: (round(choice.load, 9), [-n for n in choice.numbers]))
    loads = f"{parameters.least_load:g} to {parameters.most_load:g} of their highest flows"
    sizes = ", ".join(f"{each.highest:g}" for each in masters)
    why = refused[0] if refused else f"no masters of {sizes} m3/h make it at {loads}"
    raise CertificateRefused(f"{name}: {why}")


def _outside(masters: Iterable[Master], numbers: Iterable[float]) -> str:
    for each, number in zip(masters, numbers, strict=True):
        try:
            each.require(number)
        except CertificateRefused as refusal:
            return str(refusal)
    return ""


def masters_of(evidence: Evidence, order: int) -> list[Master]:
    """Return the masters of a loop by their certificates."""
    found: list[Master] = []
    while (used := evidence.certificates.get(f"masters[{len(found) + 1}]")) is not None:
        found.append(Master(len(found) + 1, used.certificate, order))
    if not found:
        raise EvidenceError("no master has a certificate: give the artefacts of the role masters theirs")
    return found


def laboratories(evidence: Evidence) -> Sequence[str]:
    """Return who calibrated meters of the loop, in the order the bench lists these, the check meter last."""
    roles = [role for role in evidence.certificates if role.startswith("masters[") or role == "check_meter"]
    ordered = sorted(roles, key=lambda role: (role == "check_meter", role))
    return tuple(dict.fromkeys(laboratory_of(evidence.certificates[role].certificate) for role in ordered))


def choice_at(
    point: Point, masters: Sequence[Master], parameters: LoopParameters, filling: LoopGas
) -> Opening:
    """Return which masters are to be open at a point: by what it asks for, at the cooler's temperature."""
    state = filling.state(parameters.cooling, 1000.0 * point.nominal["pressure"])
    return choose(masters, point.nominal["flow"], state, parameters, point.name)
