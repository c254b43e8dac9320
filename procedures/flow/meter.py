"""What every calibration of a water flow meter shares.

Parameters and roles, bringing the rig to a flow, reading the meter under test, and turning errors
of indication into results.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from remotecal.bench_file import Characteristic
from remotecal.drivers.capabilities import (
    Ammeter,
    FlowMeter,
    MassFlowMeter,
    MassTotalizer,
    PulseCounter,
    Valve,
    VolumeTotalizer,
)
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import EvidenceError, ParameterError, RunError
from remotecal.model import IN_CMC, Result, Text
from remotecal.procedures import Drivers, Evaluation, Evidence, Observed, Point, Run
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conformity import Constant, Further, Specification, as_it_comes
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.flow.on_rig import OF_WATER, OnWaterRig
from remotecal.procedures.library.flow.parameters import NOMINAL, FlowParameters
from remotecal.procedures.library.flow.water import ZERO_STABILITY, FlowSeen
from remotecal.procedures.library.meters.measurand import MASS, SET, set_otherwise
from remotecal.procedures.library.meters.passing import INPUTS
from remotecal.procedures.library.meters.results import MeterFinding, characteristics, error_table
from remotecal.procedures.library.meters.under_test import METER, MeterUnderTest, can
from remotecal.procedures.library.meters.zero import (
    ZERO,
    ToldIn,
    Zero,
    ZeroSeen,
    read_zero,
    zero_behind,
    zero_table,
)

PHOTO = Text(
    zh="请拍摄被检表的安装状态和铭牌。",
    en="Take a photo of the meter as it is installed, with its nameplate.",
)
"""What the person on site is asked for."""


OF_METER: Mapping[str, Text] = {
    **INPUTS,
    MASS.rounding: Text(zh="被检表累积质量分辨力", en="resolution of the meter's total of mass"),
    ZERO_STABILITY: Text(zh="被检表零点稳定性", en="zero stability of the meter"),
}
"""The inputs that the meter brings into the measurement model, by symbol."""

BY_MASS: Mapping[str, str] = {"V_i/V": "m_i/(V·ρ)", "(ρ_p/ρ)": "ρ_p", "Δm_c/ρ": "Δm_c"}
"""What the model's equation says of volume, and what instead of a meter of mass."""


class FlowProcedure(OnWaterRig, MeterUnderTest):
    """A calibration of a water flow meter, whatever the reference."""

    dut: PulseCounter | Ammeter | VolumeTotalizer | MassTotalizer  # type: ignore[assignment]  # one more way
    """How the meter under test is read: counted pulses, a current, or its own total of volume or mass."""
    zero_display: MassFlowMeter | FlowMeter | None
    """What shows the meter's flow for its zero, its own interface or a person, where `dut` only reads it."""

    Parameters: ClassVar[type[FlowParameters]] = FlowParameters
    parameters: FlowParameters

    reach: ClassVar[Mapping[str, str]] = {"rig.flow": "flow", "reference.flow": "flow"}

    keeps: ClassVar[Mapping[str, type[Observed]]] = {ZERO: ZeroSeen}

    inputs: ClassVar[Mapping[str, Text]] = {**OF_METER, **OF_WATER}
    """The inputs of the measurement model, by symbol."""

    def __init__(self, parameters: FlowParameters, roles: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters, roles)
        self._zeroed = False
        """Whether the meter's zero was read in this run."""

    def points(self) -> Sequence[Point]:
        repeats = self.parameters.repeats
        return tuple(Point(f"{flow:g} m3/h", {"flow": flow}, repeats) for flow in self.parameters.flows)

    def stands_by(self) -> Sequence[str]:
        return (*super().stands_by(), *(() if self._zero_told() is None else (ZERO,)))

    def characteristics(self) -> Mapping[str, str]:
        return {**super().characteristics(), "connecting_volume": "m3", **self._stated_twice()}

    def _stated_twice(self) -> Mapping[str, str]:
        """Return what of a meter of mass the bench must state as the order does."""
        return {name: unit for name, unit in MASS.set.items() if getattr(self.parameters, name) is not None}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%", **SET}

    def see_facts(self, facts: Mapping[str, Characteristic]) -> None:
        super().see_facts(facts)
        if contradiction := set_otherwise(self.parameters, facts):
            raise ParameterError(contradiction)

    def held_against(self) -> tuple[str, ...]:
        return (self.parameters.by_kind.norm,)

    def suits(self, drivers: Drivers) -> None:
        super().suits(drivers)
        wanted = self.parameters
        totals = MassTotalizer if wanted.measurand is MASS else VolumeTotalizer
        total = can(drivers, "dut", MassTotalizer, VolumeTotalizer)
        if total and not can(drivers, "dut", PulseCounter, Ammeter, totals):
            raise ParameterError(
                f"{drivers['dut'].__name__} tells no total of {wanted.indicates}: mend `indicates`, or the "
                "bench file"
            )
        shown = [can(drivers, role, FlowMeter, MassFlowMeter) for role in ("dut", "zero_display")]
        if "dut" in drivers and wanted.zero_readings is not None and not any(shown):
            raise ParameterError(
                "the order has the meter's zero read, and nothing on the bench shows its flow: give the role "
                "zero_display to its own interface or to a person who reads it (MassFlowMeterByHand)"
            )

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        """Return whose readings the evaluation corrects: role, quantity, unit to work in."""
        current = (("dut", "current", "mA"),) if can(drivers, "dut", Ammeter) else ()
        return (*super().corrected(drivers), *current)

    def prepare(self, run: Run) -> None:
        """Let the water run through the line."""
        self._zeroed = False
        if self.parameters.photo:
            run.ask(PHOTO, kind="file")
        super().prepare(run)

    def approach(self, point: Point, run: Run) -> None:
        """Bring the rig to a flow; before the first one, once the line is full, the meter's zero is read."""
        super().approach(point, run)
        if (told := self._zero_told()) is not None and not self._zeroed:
            self._read_zero(run, told)
            self._zeroed = True
            super().approach(point, run)

    def _zero_told(self) -> ToldIn | None:
        """Return how a zero is told; None where the order has none read."""
        count = self.parameters.zero_readings
        return None if count is None else ToldIn(count, MASS.flow, NOMINAL)

    def _read_zero(self, run: Run, told: ToldIn) -> None:
        """Stop the flow in the filled line and read what the meter shows; `RunError` beyond its limits."""
        self.pump.stop()
        run.wait(self.parameters.steady)
        self.rig.outlet.set(Valve.SHUT)
        run.wait(self.parameters.steady)
        zero = self._shown(run, told)
        if wrong := self.parameters.within(zero):
            raise RunError(wrong)
        self.rig.outlet.set(Valve.OPEN)

    def _shown(self, run: Run, told: ToldIn) -> Zero:
        for one in (self.dut, self.zero_display):
            if isinstance(one, MassFlowMeter):
                return read_zero(run, one.mass_flow, told, {})
            if isinstance(one, FlowMeter):
                return read_zero(run, one.flow, told, {})
        raise RunError("nothing on the bench shows the meter's flow, so its zero can't be read")

    def watched(self) -> Mapping[str, BoundReading]:
        """Return what drifts slowly during a repeat, and the meter's current if it has one."""
        return {**super().watched(), **self.meter_current()}

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, characteristics, budgets and conformity."""
        findings = [self.evaluate_point(point, evidence) for point in evidence.points]
        wanted = self.parameters
        held, fiducial = wanted.by_kind, wanted.fiducial is not None
        specification = Specification(Constant(wanted.accuracy_class, "%", fiducial), held.norm, wanted.rule)
        spread = Further(
            Text(zh="重复性", en="repeatability"),
            max(finding.repeatability for finding in findings),
            held.share * wanted.accuracy_class,
            "%",
            unverified=as_it_comes(wanted, "repeatability_share"),
        )
        accredited = CMC in evidence.characteristics
        return Evaluation(
            results=(
                error_table(findings, specification, accredited=accredited),
                characteristics(findings, wanted.judged_by),
                *self._zeros(evidence),
                *self.further(evidence, findings),
            ),
            budgets=budgets(findings),
            conditions=self.conditions(evidence),
            methods=(by_gum(self._equation(evidence), findings, self.inputs),),
            statements=(
                *conformity.statements(findings, specification, METER, (spread,)),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def _equation(self, evidence: Evidence) -> str:
        """Return the measurement model in one line, of what the meter indicates."""
        equation = self.model_of(evidence)
        for volume, mass in BY_MASS.items() if self.parameters.measurand is MASS else ():
            equation = equation.replace(volume, mass)
        head, comma, rest = equation.partition(", ")
        if self.parameters.zero_stability is not None:
            standing = getattr(self.parameters, "method", "") == "standing"
            rests = standing and self.parameters.low_flow_cutoff is None  # the zero counts at rest, too
            head += f" + {ZERO_STABILITY}/q_m" + ("·t_z/t" if rests else "")
        if self.parameters.fiducial is not None:
            head = f"E = ({head.removeprefix('E = ')})·q/q_FS"
        return f"{head}{comma}{rest}"

    def _zeros(self, evidence: Evidence) -> tuple[Result, ...]:
        """Return the zeros that were read; nothing where the order asks for none.

        Raises:
            EvidenceError: nothing tells a repeat's though the order asks for it, or it is beyond its limits.
        """
        wanted, told, found = self.parameters, self._zero_told(), dict[Zero, None]()
        if told is None or wanted.zero_limit is None or wanted.zero_drift is None:
            return ()
        for entry in evidence.observations:
            seen = self.yields().of(entry)
            said = seen.zero_said() if isinstance(seen, FlowSeen) else {}
            zero = zero_behind(entry, said, evidence, told, {})
            if zero is None:
                raise EvidenceError(
                    f"{entry.place}: the order has the meter's zero read, and nothing tells it"
                )
            if wrong := wanted.within(zero):
                raise EvidenceError(f"{entry.place}: {wrong}")
            found[zero] = None
        return (zero_table(tuple(found), wanted.zero_limit, wanted.zero_drift, MASS.flow),)

    def further(
        self,
        evidence: Evidence,
        findings: Sequence[MeterFinding],
    ) -> tuple[Result, ...]:
        """Return what else the certificate tells."""
        return ()

    def model_of(self, evidence: Evidence) -> str:
        """Return the measurement model in one line, by what the bench stated."""
        return self.model_equation

    model_equation: ClassVar[str]
    """The measurement model in one line, for the certificate."""

    @abstractmethod
    def evaluate_point(self, point: Point, evidence: Evidence) -> MeterFinding:
        """Return what was found at one flow."""
