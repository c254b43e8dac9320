"""The critical nozzle under test, whichever standard measures what passes it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from remotecal import units
from remotecal.drivers.capabilities import AmbientMonitor, PressureGauge, Thermometer
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import ParameterError, RunError
from remotecal.model import IN_CMC, Statement, Text
from remotecal.procedures import Certificates, Drivers, Evaluation, Evidence, Point, Procedure
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.gas import results
from remotecal.procedures.library.gas.critical import air_equation, inlet
from remotecal.procedures.library.gas.discharge import CORRECTED, DischargeFinding, DischargeRepeats
from remotecal.procedures.library.gas.discharge_parameters import DischargeParameters
from remotecal.procedures.library.gas.discharge_results import nozzle_results
from remotecal.procedures.library.gas.sensors import OF_ROOM, During, Read
from remotecal.procedures.library.meters.critical import beyond_throat, see_choked
from remotecal.procedures.library.meters.nozzle import EXPANSION, PLENUM

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.model import Result


class NozzleUnderTest(Procedure):
    """A calibration of a critical nozzle, by whatever measures what passes it (ISO 9300, JJG 620)."""

    norms: ClassVar[tuple[str, ...]] = ("ISO 9300", "JJG 620")

    inlet_gauge: PressureGauge
    """Absolute pressure ahead of the nozzle."""
    inlet_thermometer: Thermometer
    ambient: AmbientMonitor

    Parameters: ClassVar[type[DischargeParameters]] = DischargeParameters
    parameters: DischargeParameters

    sets: ClassVar[Mapping[str, str]] = {"pressure": "kPa"}
    read: ClassVar[Read] = {}
    """What is read beside the gas ahead of the nozzle."""
    called: ClassVar[Mapping[str, tuple[str, Text]]] = {}
    """Symbol → refType and name of a condition, of what is read in the standard."""
    inputs: ClassVar[Mapping[str, Text]] = {}
    model_equation: ClassVar[str] = ""
    """The measurement model in one line, for the certificate."""
    one_value: ClassVar[bool] = False
    """Whether C_d is stated as one value for whatever Reynolds number."""
    gauges: ClassVar[tuple[str, ...]] = ("inlet_gauge",)
    """Roles whose gauges must show absolute pressure."""

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "1", PLENUM: "m", EXPANSION: "1/K"}

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has its certificate, and that choking is not the order's to say."""
        self._require_choked()
        read = [(role, quantity, unit) for role, quantity, _, unit in {**CORRECTED, **self.read}.values()]
        room = [("ambient", quantity, unit) for quantity, unit in OF_ROOM.values()]
        require_known(certificates, drivers, [*read, *([] if self.parameters.air == "dry" else room)])

    @abstractmethod
    def expected(self) -> Sequence[float]:
        """Return the pressures in kPa that are to be ahead of the nozzle, about."""

    def _require_choked(self) -> None:
        """See that what a throat alone does not bear was found of this nozzle (`require_choked`)."""
        told, equation = self.parameters, air_equation(self.parameters.air)
        if told.choked_to is not None:
            return
        for pressure in self.expected():
            ahead = inlet(equation, 20.0, 1000.0 * pressure, 0.0).state
            if beyond := beyond_throat(told.back_pressure, ahead):
                raise ParameterError(
                    f"{beyond}: the order does not tell up to which ratio the nozzle was found choked "
                    "(choked_to); have it measured, or let back_pressure be less"
                )

    def see_absolute(self) -> None:
        """Raise `ParameterError` if a gauge shows gauge pressure."""
        for role in self.gauges:
            gauge: PressureGauge = getattr(self, role)
            if not gauge.is_absolute():
                raise ParameterError(f"the {role} must show absolute pressure: mend its settings")

    def see_choked(self, point: Point, back: Sequence[Measured], ahead: Sequence[Measured]) -> None:
        """Raise `RunError` if a repeat can't count, while it can be measured again."""
        most, least = max(one.to("Pa").value for one in back), min(one.to("Pa").value for one in ahead)
        if refusal := see_choked(point.name, most, least, self.parameters.most_behind):
            raise RunError(refusal)

    @abstractmethod
    def of_point(self, point: Point, evidence: Evidence) -> DischargeRepeats[Any]:
        """Return the repeats at a point, with what is known of the standard."""

    @abstractmethod
    def of_standard(
        self, findings: Sequence[DischargeFinding], repeats: Sequence[DischargeRepeats[Any]]
    ) -> Result:
        """Return what the standard saw at each point."""

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return C_d over Re with its budgets, and what the nozzle shares with others."""
        repeats = [self.of_point(point, evidence) for point in evidence.points]
        findings = [each.found() for each in repeats]
        during = During({**CORRECTED, **self.read}, {**CALLED, **self.called})
        for one in evidence.observations:
            during.take(type(repeats[0].seen[0]).of(one))
        fluid = results.gas(self.parameters.air, air_equation(self.parameters.air))
        standard = self.of_standard(findings, repeats)
        return Evaluation(
            results=nozzle_results(findings, self.parameters.throat, standard, one_value=self.one_value),
            budgets=budgets(findings),
            libraries=air_equation(self.parameters.air).libraries,
            conditions=(fluid, *during.conditions()),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(
                *remarks(findings, BY_CMC),
                *self._choking(evidence.wording),
                *((IN_CMC,) if CMC in evidence.characteristics else ()),
            ),
        )

    def _choking(self, wording: int) -> tuple[Statement, ...]:
        """Return what the certificate says of the ratio up to which it is choked; nobody found that here."""
        told = self.parameters
        if told.choked_to is None:
            order = f"{told.back_pressure:g}"
            limit = Text(zh=f"{order}（由程序和委托单规定）", en=f"{order}, which procedure and order allow")
            return results.choked_by(limit) if wording else ()
        said = Text(
            zh=f"委托单称，该喷嘴在背压比不高于 {told.choked_to:g} 时为临界流；此次校准未测定该比值。"
            f"计入的测量中背压比不高于 {told.most_behind:g}。",
            en="By the order the nozzle was found choked up to a ratio of the pressures behind and ahead of "
            f"{told.choked_to:g}; that was not determined here. None counts above {told.most_behind:g}.",
        )
        return (Statement(ref_types=("remotecal_remark",), declaration=said),)


CALLED: Final[Mapping[str, tuple[str, Text]]] = {
    "p_0": ("inletPressure", Text(zh="喷嘴前压力（绝压）", en="Pressure ahead of the nozzle (absolute)")),
    "t_0": ("inletTemperature", Text(zh="喷嘴前温度", en="Temperature ahead of the nozzle")),
}
"""Symbol → refType and name of the condition it was read under."""


def pascal_in(gauge: BoundReading) -> float:
    """Return what a pascal is in a gauge's unit."""
    return units.scale("Pa", gauge.declaration.unit)
