"""What every calibration of a pressure device shares, whatever makes the pressure and tells what it is."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, cast

from remotecal.drivers.capabilities import AmbientMonitor
from remotecal.errors import CertificateRefused
from remotecal.model import IN_CMC, Text
from remotecal.procedures import Evaluation, Evidence, Point, Procedure, Run
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conformity import (
    Constant,
    Further,
    Specification,
    Zones,
    as_it_comes,
)
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.series import is_rising, passages
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.measuring.sweep import Sweep
from remotecal.procedures.library.pressure import head, results
from remotecal.procedures.library.pressure.against import DRIFT, AtPressure, ErrorOf, S
from remotecal.procedures.library.pressure.parameters import PressureParameters
from remotecal.procedures.library.pressure.places import (
    INPUTS,
    PRESSURE,
    DeviceFound,
    PressureFinding,
    found_at,
)
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.observation import Value

ZERO = Text(
    zh="压力已在量程下限。请调整被检表零位，完成后请选择。",
    en="The pressure is at the lower end of the range. Set the zero of the device, then choose.",
)
"""What the person on site is asked for where the device is to be adjusted."""

AIR = (50e3, 110e3)
"""Between which pressures in Pa the air may be where people work."""

DONE, CANT = "zero is set", "it can't be set"
"""What may be answered."""


class PressureProcedure(Procedure, Generic[S]):
    """A calibration of a pressure device, led up and down through its set points."""

    Parameters: ClassVar[type[PressureParameters]] = PressureParameters
    parameters: PressureParameters

    ambient: AmbientMonitor

    sets: ClassVar[Mapping[str, str]] = {PRESSURE: "Pa"}
    drift_by: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("reference", "controller", "piston", "weights"), DRIFT
    )

    item: ClassVar[Text]
    """What the device is called in its verdict."""
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
    def unit(self) -> str:
        """Unit of the errors: that of a device which indicates pressure."""
        return self.parameters.unit

    @property
    def full(self) -> float:
        """What the device's span is in that unit."""
        return convert(self.parameters.width, "Pa", self.unit)

    def ideal(self, pressure: float) -> float:
        """Return what the device should indicate at a pressure in Pa, in that unit."""
        return convert(pressure, "Pa", self.unit)

    @abstractmethod
    def error(self, repeats: AtPressure[S]) -> ErrorOf[S]:
        """Return the device's error in a repeat, in that unit, and add the inputs that reading it takes."""

    @abstractmethod
    def equation(self, evidence: Evidence) -> str:
        """Return the measurement model in one line, for the certificate: what was done in this run."""

    @abstractmethod
    def at(self, value: float, evidence: Evidence, seen: Sequence[S]) -> AtPressure[S]:
        """Return the readings at a set point in Pa, with what tells the pressure there."""

    def points(self) -> Sequence[Point]:
        return self.sweep.points()

    def shows(self, quantity: str, driver: type[Instrument], nominal: float) -> tuple[float, float]:
        """Return what a gauge shows at a set point, which it may count from elsewhere than the device.

        What a gauge counts from is known of some beforehand (`absolute`); of others it is as the device, or
        what tells the pressure as the order says.
        """
        its: bool | None = getattr(driver, "absolute", None)
        if its is None:
            wanted = self.parameters
            its = wanted.absolute if quantity.startswith("dut.") else wanted.standard_absolute
        return self.counted(nominal, AIR, absolute=its)

    def counted(self, pressure: float, air: tuple[float, float], *, absolute: bool) -> tuple[float, float]:
        """Return between what a gauge shows at a pressure in Pa as the device counts it.

        Args:
            pressure: there.
            air: between what the air's pressure is, in Pa.
            absolute: whether the gauge counts absolute pressure.
        """
        if absolute == self.parameters.absolute:
            return pressure, pressure
        least, most = air
        return (pressure + least, pressure + most) if absolute else (pressure - most, pressure - least)

    def characteristics(self) -> Mapping[str, str]:
        return head.characteristics(self.parameters.medium)

    def plausible(self) -> Mapping[str, tuple[float, float]]:
        return {**super().plausible(), **head.PLAUSIBLE}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), DRIFT: "Pa", CMC: self.unit}

    def see_standard(self, role: str, expanded: float) -> None:
        """Raise `CertificateRefused` if a standard with this U in Pa at the top is too poor."""
        wanted = self.parameters
        limit = wanted.accuracy_class / 100 * wanted.width
        if expanded > wanted.standard_share * limit:
            raise CertificateRefused(
                f"{role}: U = {expanded:.3g} Pa at the top is more than {wanted.standard_share:.2g} of the "
                f"maximum permissible error, {limit:.3g} Pa: use a better standard, or allow more by "
                "standard_share"
            )

    def prepare(self, run: Run) -> None:
        """Begin anew: the way to the first point is that of a device at rest."""
        self._last = None

    def approach(self, point: Point, run: Run) -> None:
        """Lead the device to a point from its side, and let it come to rest there."""
        sweep, was = self.sweep, self.sweep.values[0]
        way = sweep.way(self._last, point)
        for value in way[:-1]:
            self._stay(value, run, rising=value > was)
            was = value
        self._stay(way[-1], run, rising=is_rising(point))
        self._last = point

    def expect(self, value: float, run: Run) -> None:
        """Say what is to be read at a set point in Pa as the device counts it."""

    @abstractmethod
    def bring(self, value: float, run: Run, *, rising: bool) -> None:
        """Bring the pressure to a set point in Pa as the device counts it, from below or from above."""

    def _stay(self, value: float, run: Run, *, rising: bool) -> None:
        """Bring the pressure to a set point, and let all come to rest there."""
        self.expect(value, run)
        self.bring(value, run, rising=rising)
        run.wait(self.sweep.rest(value))

    def adjust(self, run: Run) -> Mapping[str, Value]:
        """Let the person on site set the device at the lower end of its range, if it can be set."""
        self._stay(self.sweep.values[0], run, rising=False)
        self._last = None
        answer = run.ask(ZERO, (DONE, CANT))
        return {"zero": answer} if answer == DONE else {}

    def adjustment(self, was_set: Mapping[str, Value]) -> Text:
        at = f"{convert(self.sweep.values[0], 'Pa', self.parameters.unit):.6g} {self.parameters.unit}"
        return Text(zh=f"调整：在 {at} 处调整了零位。", en=f"Adjustment: the zero was set at {at}.")

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, characteristics, budgets and conformity."""
        findings, whole = self.found(evidence)
        wanted, unit = self.parameters, self.unit
        specification = Specification(self._permissible(), wanted.norm, wanted.rule, EVERY_READING)
        limit = wanted.accuracy_class / 100 * self.full
        comes = as_it_comes(wanted, "hysteresis_share") and wanted.norm != "JJG 52-1999"
        turned = Further(HYSTERESIS, whole.hysteresis, wanted.hysteresis_share * limit, unit, comes)
        accredited = CMC in evidence.characteristics
        return Evaluation(
            norms=(wanted.document,),
            results=(
                results.error_table(findings, specification, wanted, accredited=accredited),
                results.characteristics(findings, whole),
            ),
            budgets=budgets(findings),
            conditions=results.conditions(self._seen(evidence), wanted, evidence),
            methods=(by_gum(self.equation(evidence), findings, self.inputs),),
            statements=(
                *conformity.statements(findings, specification, self.item, (turned,)),
                *results.said(whole, wanted),
                *remarks(findings, self._least(evidence)),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def _least(self, evidence: Evidence) -> Text:
        """Return why no smaller U may be reported: by the CMC, or by the sequence that was followed."""
        wanted, fact = self.parameters, evidence.characteristics.get(CMC)
        floor = wanted.least * self.full / 100
        if fact is not None and fact.size(self.unit) >= floor:
            return BY_CMC
        share = f"{wanted.least:g} %"
        return Text(
            zh=f"{wanted.sequence} 规定的量程的 {share}", en=f"{share} of the span, by {wanted.sequence}"
        )

    def found(self, evidence: Evidence) -> tuple[list[PressureFinding], DeviceFound]:
        """Return what was found at each set point, and of the device as a whole."""
        seen = self._seen(evidence)
        at: dict[float, AtPressure[S]] = {}
        error: dict[float, ErrorOf[S]] = {}
        for value in self.sweep.values:
            there = [one for one in seen if one.entry.point.nominal[PRESSURE] == value]
            at[value] = self.at(value, evidence, there)
            error[value] = self.error(at[value])
        errors = passages(
            (
                (one.entry.point, found)
                for value, repeats in at.items()
                for one, found in zip(repeats.seen, repeats.errors(error[value]), strict=True)
            ),
            PRESSURE,
        )
        # Zero deviation and repeatability are of all cycles, and count at each set point.
        of_all = [
            name for place in (at if self.parameters.single else (min(at),)) for name in at[place].points
        ]
        findings = [
            replace(
                found_at(repeats, error[value], errors, self.ideal, self.unit, self.full),
                observed_at=tuple(dict.fromkeys((*repeats.points, *of_all))),
            )
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
        top = max(map(abs, wanted.span))
        last = convert(top - 0.1 * wanted.width, "Pa", wanted.unit)
        at_top = wanted.class_at_top / 100 * self.full
        below_zero = wanted.span[0] < 0
        return Zones(((last, limit), (math.inf, at_top)), unit, wanted.unit, by_magnitude=below_zero)


HYSTERESIS = Text(zh="回差", en="hysteresis")

EVERY_READING = Text(
    zh="每个压力点以各次正、反行程中绝对值最大的示值误差判定。",
    en="At each set point the error of largest magnitude of all readings is judged, rising and falling.",
)
"""What a device is judged by: a mean of both directions would let one of them be outside its limits."""
