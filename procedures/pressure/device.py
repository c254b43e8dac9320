"""What every calibration of a pressure device shares, whatever it tells its pressure by.

A controller brings the pressure to the set points, up and down; the controller itself or a reference gauge
beside it tells what it is.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, cast

from remotecal.drivers.capabilities import AmbientMonitor, PressureController, PressureGauge
from remotecal.errors import BenchError, CertificateRefused, ParameterError
from remotecal.model import IN_CMC, Method, Text
from remotecal.procedures import Certificates, Drivers, Evaluation, Evidence, Point, Procedure, Run, Stability
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conformity import Constant, Further, Specification, Zones
from remotecal.procedures.library.evaluation.remarks import remarks
from remotecal.procedures.library.evaluation.series import is_rising, passages
from remotecal.procedures.library.evaluation.standards import Standard, require_known
from remotecal.procedures.library.evaluation.tables import budgets, inputs_of
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.measuring.sweep import Sweep
from remotecal.procedures.library.measuring.trim import Trim
from remotecal.procedures.library.pressure import head, results
from remotecal.procedures.library.pressure.parameters import PressureParameters
from remotecal.procedures.library.pressure.places import (
    INPUTS,
    PRESSURE,
    AtPressure,
    DeviceFound,
    ErrorOf,
    Kind,
    PressureFinding,
    S,
    found_at,
    standard_role,
)
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.drivers.quantities import BoundReading
    from remotecal.journal.observation import Value

ZERO = Text(
    zh="压力已通大气。请调整被检表零位,完成后请选择。",
    en="The line is open to the air. Set the zero of the device, then choose.",
)
"""What the person on site is asked for where the device is to be adjusted."""

DONE, CANT = "zero is set", "it can't be set"
"""What may be answered."""


class PressureProcedure(Procedure, Generic[S]):
    """A calibration of a pressure device against a controller, or a reference gauge on its line."""

    Parameters: ClassVar[type[PressureParameters]] = PressureParameters
    parameters: PressureParameters

    controller: PressureController
    """Brings the pressure to the set points."""
    reference: PressureGauge | None
    """Tells the pressure where there is one; otherwise the controller does."""
    ambient: AmbientMonitor

    sets: ClassVar[Mapping[str, str]] = {PRESSURE: "Pa"}
    reach: ClassVar[Mapping[str, str]] = {"controller.setpoint": PRESSURE, "reference.pressure": PRESSURE}

    item: ClassVar[Text]
    """What the device is called in its verdict."""
    model_equation: ClassVar[str]
    """The measurement model in one line, for the certificate."""
    inputs: ClassVar[Mapping[str, Text]] = INPUTS
    """The inputs of the measurement model, by symbol."""

    def __init__(self, parameters: PressureParameters, roles: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters, roles)
        self._last: Point | None = None
        """Where the device was led last; None where its way was lost, or has not begun."""

    @property
    def sweep(self) -> Sweep:
        """The set points, and how the device comes to them."""
        return self.parameters.sweep()

    @property
    @abstractmethod
    def unit(self) -> str:
        """Unit of the errors."""

    @property
    @abstractmethod
    def full(self) -> float:
        """What the device's span is in that unit."""

    @abstractmethod
    def ideal(self, pressure: float) -> float:
        """Return what the device should indicate at a pressure in Pa, in that unit."""

    @abstractmethod
    def error(self, repeats: AtPressure[S]) -> ErrorOf[S]:
        """Return the device's error in a repeat, in that unit, and add the inputs that reading it takes."""

    def points(self) -> Sequence[Point]:
        return self.sweep.points()

    def characteristics(self) -> Mapping[str, str]:
        return head.characteristics(self.parameters.medium)

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        """Return whose readings the evaluation corrects: role, quantity, unit to work in."""
        return ((standard_role(drivers), PRESSURE, "Pa"), ("ambient", "air_pressure", "Pa"))

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the standard has a certificate, and is good enough for the device."""
        role, wanted = standard_role(drivers), self.parameters
        if role not in certificates:
            raise BenchError(f"the {role} tells the pressure and has no certificate: give it one")
        require_known(certificates, drivers, self.corrected(drivers))
        known = Standard.certified("p_std", certificates[role].certificate, "Pa", extended=True)
        limit = wanted.accuracy_class / 100 * wanted.width
        top = 2 * known.u(wanted.span[1])
        if top > wanted.standard_share * limit:
            raise CertificateRefused(
                f"{role}: U = {top:.3g} Pa at {wanted.span[1]:g} Pa is more than {wanted.standard_share:.2g} "
                f"of the maximum permissible error, {limit:.3g} Pa: use a better standard, or allow more by "
                "standard_share"
            )

    def prepare(self, run: Run) -> None:
        """See to the controller's speed; the way to the first point is that of a device at rest."""
        self._last = None
        if self.parameters.slew is not None:
            self.controller.slew.set(self.parameters.slew, "Pa/s")

    def approach(self, point: Point, run: Run) -> None:
        """Lead the device to a point from its side, and let it come to rest there."""
        sweep, was = self.sweep, self.sweep.values[0]
        way = sweep.way(self._last, point)
        for value in way[:-1]:
            self._bring(value, run, rising=value > was)
            was = value
        self._bring(way[-1], run, rising=is_rising(point))
        self._last = point

    def _bring(self, value: float, run: Run, *, rising: bool) -> None:
        """Bring the pressure to a set point in Pa as the device counts it, and stay there."""
        device = self.parameters.absolute
        if value == 0 and not device and not self.controller.is_absolute():
            self.controller.vent()
        else:
            standard = self.reference or self.controller
            shown = value + self._more(run, standard)
            told = value + self._more(run, self.controller)
            self.controller.setpoint.set(told, "Pa")
            self.controller.control()
            unit = standard.pressure.declaration.unit
            trim = self._trim(standard.pressure, convert(told - shown, "Pa", unit))
            trim.to(run, convert(shown, "Pa", unit), rising=rising)
        run.wait(self.sweep.rest(value))

    def _more(self, run: Run, instrument: PressureGauge) -> float:
        """Return what an instrument shows more than the device, in Pa, as it counts from elsewhere."""
        device, its = self.parameters.absolute, instrument.is_absolute()
        if device == its:
            return 0.0
        (air,) = run.read(self.ambient.air_pressure)
        return air.to("Pa").value if its else -air.to("Pa").value

    def _trim(self, shown: BoundReading, shift: float) -> Trim:
        wanted = self.parameters
        share = convert(wanted.width, "Pa", shown.declaration.unit) / 100
        return Trim(
            self.controller.setpoint,
            Stability(shown, duration=10, spread=wanted.steady * share, timeout=1800),
            within=wanted.off * share,
            past=wanted.past * share,
            back=wanted.back * share,
            shift=shift,
            arrived=self.controller.in_limits,
        )

    def read(self, run: Run, device: Mapping[str, BoundReading]) -> dict[str, Any]:
        """Read the standard and the device together, again and again; returns the parts of an observation."""
        wanted, standard = self.parameters, self.reference or self.controller
        air = read_air(run, self.ambient)
        kind: Kind = "absolute" if standard.is_absolute() else "gauge"
        quantities = {"reference": standard.pressure, **device}
        read = sample(run, wanted.readings * wanted.every, quantities, wanted.readings)
        return {**air._asdict(), "reference_kind": kind, **read}

    def adjust(self, run: Run) -> Mapping[str, Value]:
        """Let the person on site set the zero, with the line open to the air; what was answered is kept."""
        lowest = self.sweep.values[0]
        if lowest != 0 or self.parameters.absolute:
            raise ParameterError(
                f"zero is set with the line open to the air, and the range begins at {lowest:g} Pa"
            )
        self._bring(0.0, run, rising=False)
        self._last = None
        return {"zero": run.ask(ZERO, (DONE, CANT))}

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, characteristics, budgets and conformity."""
        findings, whole = self.found(evidence)
        wanted, unit = self.parameters, self.unit
        specification = Specification(self._permissible(), wanted.norm, wanted.rule)
        limit = wanted.accuracy_class / 100 * self.full
        turned = Further(HYSTERESIS, whole.hysteresis, wanted.hysteresis_share * limit, unit)
        accredited = "cmc" in evidence.characteristics
        return Evaluation(
            results=(
                results.error_table(findings, specification, wanted, accredited=accredited),
                results.characteristics(findings, whole),
            ),
            budgets=budgets(findings),
            conditions=results.conditions(self._seen(evidence), wanted, evidence),
            methods=(
                Method(
                    name=Text(zh="测量不确定度评定", en="Evaluation of measurement uncertainty"),
                    ref_types=("basic_uncertainty",),
                    norms=("JCGM 100:2008", "JJF 1059.1-2012"),
                    description=Text.plain(self.model_equation),
                    inputs=inputs_of(findings, self.inputs),
                ),
            ),
            statements=(
                *conformity.statements(findings, specification, self.item, (turned,)),
                *results.said(whole, wanted),
                *remarks((found for finding in findings for found in finding.beyond), curved=False),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def found(self, evidence: Evidence) -> tuple[list[PressureFinding], DeviceFound]:
        """Return what was found at each set point, and of the device as a whole."""
        seen = self._seen(evidence)
        at: dict[float, AtPressure[S]] = {}
        error: dict[float, ErrorOf[S]] = {}
        for value in self.sweep.values:
            there = [one for one in seen if one.entry.point.nominal[PRESSURE] == value]
            at[value] = AtPressure(value, evidence, there, self.parameters)
            error[value] = self.error(at[value])
        errors = passages(
            (
                (one.entry.point, found)
                for value, repeats in at.items()
                for one, found in zip(repeats.seen, repeats.errors(error[value]), strict=True)
            ),
            PRESSURE,
        )
        findings = [
            found_at(repeats, error[value], errors, self.ideal, self.unit, self.full)
            for value, repeats in at.items()
        ]
        return findings, DeviceFound.of(errors, findings)

    def _seen(self, evidence: Evidence) -> list[S]:
        """Return what all repeats yielded, in their order."""
        return [cast("S", self.yields().of(entry)) for entry in evidence.observations]

    def _permissible(self) -> Constant | Zones:
        wanted, unit = self.parameters, self.unit
        limit = wanted.accuracy_class / 100 * self.full
        if wanted.class_at_top is None:
            return Constant(limit, unit)
        last = convert(wanted.span[1] - 0.1 * wanted.width, "Pa", wanted.unit)
        at_top = wanted.class_at_top / 100 * self.full
        return Zones(((last, limit), (float("inf"), at_top)), unit, wanted.unit)


HYSTERESIS = Text(zh="回差", en="hysteresis")
