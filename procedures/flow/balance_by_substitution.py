"""Calibrate a large balance with fewer weights than its capacity, by substitution loads (EURAMET cg-18).

A person puts the weights on and takes them off, five times and more, for the repeatability; then weights and
substitution loads in turn: weights on, read; a load in their place until the balance shows about the same,
read; weights on top, read … In the end everything comes off, and the zero tells how the balance drifted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from remotecal.drivers.capabilities import AmbientMonitor, Balance
from remotecal.drivers.measured import Measured
from remotecal.errors import BenchError, EvidenceError, RunError
from remotecal.model import IN_CMC, Result, Table, Text
from remotecal.procedures import (
    Artefact,
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    Point,
    Procedure,
    Run,
)
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.digits import fixed, with_uncertainty
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum, column, error_column
from remotecal.procedures.library.flow.substituted import (
    CONVENTIONAL,
    INPUTS,
    REPEATABILITY_POINT,
    ZERO_POINT,
    Substituted,
    SubstitutedSeen,
)
from remotecal.procedures.library.flow.substitution_parameters import SubstitutionParameters
from remotecal.procedures.library.measuring.asking import GO_ON, have_done
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air


class BalanceBySubstitution(Procedure):
    """Calibrate a large balance by weights and substitution loads (EURAMET cg-18, 4.3.3)."""

    title: ClassVar[Text] = Text(
        zh="大质量衡器校准（替代法）", en="Calibration of a large balance by substitution loads"
    )
    norms: ClassVar[tuple[str, ...]] = ("EURAMET Calibration Guide No. 18",)
    model_equation: ClassVar[str] = (
        "E = I - L, L = n·m_c·(1 - (ρ_a - ρ_0)·(1/ρ_w - 1/ρ_c)) - ΔI - (ρ_a - ρ_s)·V_s·(1 + v_s)"
    )

    dut: Balance
    weights: tuple[Artefact, ...]
    """Weights with certificates of their conventional mass, all put on together."""
    ambient: AmbientMonitor

    drift_by: ClassVar[Mapping[str, str]] = {"weights": "weight_drift"}
    Parameters: ClassVar[type[SubstitutionParameters]] = SubstitutionParameters
    parameters: SubstitutionParameters

    sets: ClassVar[Mapping[str, str]] = {"load": "kg", "step": "1"}
    reach: ClassVar[Mapping[str, str]] = {"dut.mass": "load"}
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    def prepare(self, run: Run) -> None:
        """Forget the first zero: of a run that is taken up again the evaluation sees it."""
        self._begun: Measured | None = None

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        steps = (
            Point(f"{n * wanted.nominal:g} kg", {"load": n * wanted.nominal, "step": n})
            for n in range(1, wanted.steps + 1)
        )
        return (Point(REPEATABILITY_POINT), *steps, Point(ZERO_POINT))

    def certified(self) -> Sequence[str]:
        return ("weights",)

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "kg"}

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the weights are what the order says, and the air is known."""
        require_known(certificates, drivers, CORRECTED)
        keys = [key for key in certificates if key.startswith("weights")]
        total = sum(
            point.value
            for key in keys
            for point in certificates[key].certificate.single(CONVENTIONAL, "kg").points
        )
        nominal = self.parameters.nominal
        if abs(total / nominal - 1) > 1e-3:
            raise BenchError(
                f"the weights are {total:.6g} kg together, and the order says {nominal:g} kg: "
                "put those on that are ordered, or mend the order"
            )

    def measure(self, point: Point, run: Run) -> SubstitutedSeen:
        if point.name == REPEATABILITY_POINT:
            return self._again_and_again(run)
        if point.name == ZERO_POINT:
            have_done(run, EVERYTHING_OFF)
            air, zero = read_air(run, self.ambient), self._read(run)
            self._see_same_zero(zero)
            return SubstitutedSeen(zero=(zero,), **air._asdict())
        return self._step(run, int(point.nominal["step"]))

    def _again_and_again(self, run: Run) -> SubstitutedSeen:
        """Put the weights on and take them off, several times."""
        have_done(run, EVERYTHING_OFF)
        air = read_air(run, self.ambient)
        zeros, loads = [self._read(run)], []
        self._see_nothing_on(zeros[0])
        self._begun = zeros[0]
        for _ in range(self.parameters.placings):
            have_done(run, WEIGHTS_ON)
            loads.append(self._read(run))
            have_done(run, WEIGHTS_OFF)
            zeros.append(self._read(run))
            self._see_same_zero(zeros[-1])
        return SubstitutedSeen(zero=tuple(zeros), loaded=tuple(loads), **air._asdict())

    def _see_nothing_on(self, zero: Measured) -> None:
        """Raise `RunError` if the balance shows a load where nothing is to be on it."""
        shown, allowed = zero.to("kg").value, self.parameters.largest_difference * self.parameters.nominal
        if abs(shown) > allowed:
            raise RunError(
                f"the balance shows {shown:.6g} kg with nothing on: take off what is on it, set it to "
                f"zero, and {GO_ON}"
            )

    def _see_same_zero(self, zero: Measured) -> None:
        """Raise `RunError` if the zero has moved by more than is allowed since the first one of this run."""
        if self._begun is None:
            return
        moved, allowed = zero.to("kg").value - self._begun.to("kg").value, self.parameters.zero_change
        if abs(moved) > allowed:
            raise RunError(
                f"the balance's zero has moved by {moved:+.4g} kg, {allowed:g} kg are allowed: see that "
                f"everything is off, and {GO_ON}; if it stays, {ANEW}"
            )

    def _step(self, run: Run, number: int) -> SubstitutedSeen:
        """Weigh with the weights on, and with a further substitution load in their place."""
        have_done(run, WEIGHTS_ON)
        air, loaded = read_air(run, self.ambient), self._read(run)
        if number == self.parameters.steps:
            return SubstitutedSeen(loaded=(loaded,), **air._asdict())
        shown = loaded.to("kg").value
        have_done(run, substitute(number, shown))
        substituted = self._read(run)
        apart = substituted.to("kg").value - shown
        if abs(apart) > self.parameters.largest_difference * self.parameters.nominal:
            raise RunError(
                f"substitution load {number} differs from the weights by {apart:+.4g} kg: take a little off "
                f"or put it on until the balance shows the same, and {GO_ON}"
            )
        return SubstitutedSeen(loaded=(loaded,), substituted=substituted, **air._asdict())

    def _read(self, run: Run) -> Measured:
        return run.read(self.dut.settled_mass)[0]

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return the errors at all loads with their budgets."""
        wanted = self.parameters
        at = {int(point.nominal["step"]): point for point in evidence.points if "step" in point.nominal}
        at[0] = Point("0 kg", {"load": 0.0, "step": 0})
        found = [Substituted(at[n], evidence, n, wanted) for n in range(wanted.steps + 1)]
        self._see_zero(found[-1])
        findings = [one.finding() for one in found]
        accredited = CMC in evidence.characteristics
        air = AirDuring()
        for seen in map(SubstitutedSeen.of, evidence.observations):
            air.take(seen)
        return Evaluation(
            results=(self._errors(findings, found, accredited=accredited), self._repeated(found[-1])),
            budgets=budgets(findings),
            conditions=tuple(air.conditions()),
            methods=(by_gum(self.model_equation, findings, self._named(found[-1])),),
            statements=(*remarks(findings, BY_CMC), *((IN_CMC,) if accredited else ())),
        )

    def _see_zero(self, last: Substituted) -> None:
        """Raise `EvidenceError` if the zero moved too much to be known between its readings."""
        allowed = self.parameters.zero_change
        if last.zero_span > allowed:
            raise EvidenceError(
                f"the balance's zero wandered over {last.zero_span:.4g} kg, {allowed:g} kg are allowed: "
                f"{ANEW}"
            )

    def _named(self, last: Substituted) -> Mapping[str, Text]:
        """Return the inputs of the model, each weight's own part among them."""
        own = {
            f"δ_{n}": Text(zh=f"砝码 {n} 自身部分", en=f"weight {n}, its own part, relative")
            for n in range(1, last.count + 1)
        }
        return {**self.inputs, **own}

    def _errors(
        self, findings: Sequence[Finding], found: Sequence[Substituted], *, accredited: bool
    ) -> Result:
        """Return the table of errors, one row a load."""
        expanded = [finding.evaluated.expanded for finding in findings]
        columns = (
            column("载荷", "Load", "basic_referenceValue basic_tableIndex0", "kg",
                   [with_uncertainty(one.place, u) for one, u in zip(findings, expanded, strict=True)]),
            column("示值", "Indication", "basic_measuredValue", "kg",
                   [with_uncertainty(one.indicated, u) for one, u in zip(found, expanded, strict=True)]),
            error_column(findings, accredited=accredited),
            column("替代次数", "Exchanges", "remotecal_exchanges", "1",
                   [str(max(one.number - 1, 0)) for one in found]),
        )  # fmt: skip
        name = Text(zh="示值误差", en="Error of indication")
        return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=columns),))

    def _repeated(self, last: Substituted) -> Result:
        """Return the repeatability, and what was found of the zero."""
        s, _ = last.scatter
        columns = (
            column("砝码总质量", "Weights together", "remotecal_weights", "kg", [fixed(last.total, 4)]),
            column("重复性 s", "Repeatability s", "remotecal_repeatability", "kg", [fixed(s, 4)]),
            column("加载次数", "Placings", "remotecal_placings", "1", [str(self.parameters.placings)]),
            column(
                "零点变化", "Change of the zero", "remotecal_zeroChange", "kg", [fixed(last.zero_change, 4)]
            ),
        )
        name = Text(zh="重复性与零点", en="Repeatability and zero")
        return Result(name=name, ref_types=("remotecal_repeatability",), tables=(Table(columns=columns),))


ANEW = "let it warm up, look for draughts and for what touches the platform, and calibrate anew"
"""What to do about a zero that moves."""
EVERYTHING_OFF = Text(
    zh="请取下衡器上的全部砝码和替代物。",
    en="Take everything off the balance: weights and substitution loads.",
)
WEIGHTS_ON = Text(
    zh="请将全部砝码放到衡器中心（已有的替代物保持不动）。",
    en="Put all weights on, about the centre; substitution loads that stand there stay.",
)
WEIGHTS_OFF = Text(zh="请将全部砝码取下。", en="Take all weights off again.")
"""What is asked for."""


def substitute(number: int, shown: float) -> Text:
    """Return what is asked for in an exchange, where the balance showed so many kg."""
    return Text(
        zh=f"请取下全部砝码，换上替代物 {number}，增减至示值约为 {shown:g} kg。",
        en=f"Take all weights off, put substitution load {number} in their place, and add to it or take off "
        f"until the balance shows about {shown:g} kg.",
    )
