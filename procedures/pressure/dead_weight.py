"""Calibrate a pressure gauge against a piston gauge, whose weights a person puts on.

At each set point the person on site is told which weights are to be on the piston, and confirms that it
floats and turns; without weights the line is open to the air. Piston and weights are artefacts of the bench:
the one's certificate states area and distortion with their correlation, the others' a mass each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import model_validator

from remotecal.drivers.capabilities import Thermometer
from remotecal.drivers.measured import Measured
from remotecal.errors import BenchError, CertificateRefused, ParameterError, RunError
from remotecal.model import Certificate, Text
from remotecal.procedures import Artefact, By, Certificates, Drivers, Evidence, In, Often, Point, Run
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.coefficients import Function, Single
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.pressure import head
from remotecal.procedures.library.pressure.against import (
    AgainstPiston,
    AtPressure,
    ErrorOf,
    UnderPiston,
    drift_equation,
)
from remotecal.procedures.library.pressure.indicating import Indicating, shown_error
from remotecal.procedures.library.pressure.parameters import IndicatingParameters, PressureParameters
from remotecal.procedures.library.pressure.piston import (
    BASE,
    INPUTS,
    LIQUID,
    MASS,
    MAY_BE_STATED,
    MOST_WEIGHTS,
    PLAUSIBLE,
    REFERENCE_TEMPERATURE,
    area_of,
)
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.number import Number, estimate
from remotecal.units import convert

DONE, CANT = "done", "it can't be done"
"""What may be answered."""

NEAR: Final = 0.01
"""How far weights may be from their set point, as a share of it: that of gravity is half as much."""

GRAVITY: Final = 9.80665
"""About what gravity is, in m/s²: to see which weights belong to which set point."""


class DeadWeightSeen(UnderPiston):
    """What a repeat yields: the gauge, and the piston's temperature."""

    indicated: Annotated[tuple[Measured, ...], "Pa", By("dut", "pressure"), Often("readings")]
    """The gauge under test."""


class DeadWeightParameters(IndicatingParameters):
    """What a calibration against a piston gauge is told."""

    pressures: Annotated[tuple[float, ...], In("Pa")]
    """Set points in ascending order, about as the weights make them."""
    loads: tuple[tuple[int, ...], ...]
    """For each set point the numbers of the weights on the piston, counted from 1 as the bench lists them;
    none where the line is open to the air."""

    @model_validator(mode="after")
    def _each_set_point_has_its_load(self) -> Self:
        if len(self.loads) != len(self.pressures):
            raise ValueError(f"there are {len(self.loads)} loads for {len(self.pressures)} set points")
        if not all(1 <= number <= MOST_WEIGHTS for load in self.loads for number in load):
            raise ValueError(f"weights are counted from 1 to {MOST_WEIGHTS} at most")
        if any(len(set(load)) < len(load) for load in self.loads):
            raise ValueError("a weight is on the piston once")
        if self.absolute:
            raise ValueError("a piston gauge makes gauge pressure: absolute can't be asked for")
        return self


class DeadWeight(Indicating[DeadWeightSeen]):
    """Calibrate a pressure gauge against a piston gauge, up and down (DKD-R 6-1, EURAMET cg-17)."""

    title: ClassVar[Text] = Text(
        zh="活塞压力计法压力表校准", en="Calibration of a pressure gauge by a piston gauge"
    )
    norms: ClassVar[tuple[str, ...]] = ("DKD-R 6-1", "EURAMET cg-17")

    piston: Artefact
    weights: tuple[Artefact, ...]
    """The weights, the piston's own mass among them."""
    thermometer: Thermometer
    """At the piston."""

    safe_by_hand: ClassVar[Text] = Text(
        zh="请降压，将管路通大气，并确认压力为零。",
        en="Let the pressure out, open the line to the air, and see that there is none left.",
    )
    Parameters: ClassVar[type[PressureParameters]] = DeadWeightParameters
    parameters: DeadWeightParameters
    inputs: ClassVar[Mapping[str, Text]] = {**Indicating.inputs, **INPUTS}

    def load(self, value: float) -> tuple[int, ...]:
        """Return the numbers of the weights that are on the piston at a set point."""
        return self.parameters.loads[self.parameters.pressures.index(value)]

    def characteristics(self) -> Mapping[str, str]:
        facts = {**super().characteristics(), "piston_expansion": "1/K", "weight_density": "kg/m3"}
        return {**facts, **LIQUID} if self.parameters.liquid else facts

    def plausible(self) -> Mapping[str, tuple[float, float]]:
        return {**super().plausible(), **PLAUSIBLE}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), **MAY_BE_STATED}

    def equation(self, evidence: Evidence) -> str:
        surface, base = (" + Γ·C" if self.parameters.liquid else ""), evidence.characteristics.get(BASE)
        base_said = f"{REFERENCE_TEMPERATURE if base is None else base.place('°C'):g}"
        lost = head.equation(self.parameters.medium, absolute=False)
        return (
            f"E = p_i + p_res - p_ref, p_ref = (Σ m·g·(1 - ρ_a/ρ_m){surface})/(A_0·(1 + λ·p)·(1 + α·(t_p - "
            f"{base_said}))){drift_equation(evidence)} - {lost}"
        )

    def certified(self) -> Sequence[str]:
        return ("piston", "weights")

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that all weights are there, make their set points, and the piston is good enough."""
        require_known(certificates, drivers, (("thermometer", "temperature", "°C"), *CORRECTED))
        self._see_range(certificates["piston"].certificate)
        area = area_of(certificates["piston"].certificate)
        known = {each.symbol: each.value for each in area.inputs}
        used = {number for load in self.parameters.loads for number in load}
        masses = {number: _weight(number, certificates) for number in sorted(used)}
        for value in self.parameters.pressures:
            mass = sum(masses[number].inputs[0].value for number in self.load(value))
            made = mass * GRAVITY / estimate(area.value(known, value))
            if abs(made - value) > NEAR * max(value, self.parameters.width / 100):
                raise ParameterError(
                    f"the weights at {value:g} Pa make {made:.6g} Pa: mend loads, or pressures"
                )
        self.see_standard("piston", 2 * self._u_at_top(area, masses))

    def _u_at_top(self, area: Function, masses: Mapping[int, Single]) -> float:
        """Return the standard uncertainty in Pa of what piston and weights make at the top, by certificates.

        What the bench states of gravity, expansion and densities is in the budget, and less than these.
        """
        top = self.parameters.pressures[-1]
        on = [masses[number] for number in self.load(top)]

        def made(**x: Number) -> Number:
            load: Number = sum((mass.value(x) for mass in on), 0.0)
            pressure: Number = load * GRAVITY / area.value(x, top)
            return pressure

        inputs = (*(each for mass in on for each in mass.inputs), *area.inputs)
        return Budget(made, inputs, "Pa", area.correlations).evaluate().u

    def _see_range(self, piston: Certificate) -> None:
        """Raise `CertificateRefused` if the piston's certificate states a range that set points leave."""
        stated, top = piston.range_in("Pa"), self.parameters.pressures[-1]
        if stated is not None and top > stated[1] * (1 + NEAR):
            raise CertificateRefused(
                f"certificate {piston.number} holds up to {stated[1]:g} Pa, but the piston is to make "
                f"{top:g} Pa: use one that is calibrated there"
            )

    def bring(self, value: float, run: Run, *, rising: bool) -> None:
        on = [self.weights[number - 1].serial for number in self.load(value)]
        if run.ask(_asked(value, self.parameters.unit, on, rising=rising), (DONE, CANT)) == CANT:
            raise RunError(f"the piston gauge can't be brought to {value:g} Pa")

    def measure(self, point: Point, run: Run) -> DeadWeightSeen:
        wanted, air = self.parameters, read_air(run, self.ambient)
        quantities = {"indicated": self.dut.pressure, "piston_temperature": self.thermometer.temperature}
        read = sample(run, wanted.readings * wanted.every, quantities, wanted.readings)
        told: dict[str, Any] = {**air._asdict(), **read}
        return DeadWeightSeen(**told)

    def at(
        self, value: float, evidence: Evidence, seen: Sequence[DeadWeightSeen]
    ) -> AgainstPiston[DeadWeightSeen]:
        return AgainstPiston(value, evidence, seen, self.parameters, self.load(value))

    def error(self, repeats: AtPressure[DeadWeightSeen]) -> ErrorOf[DeadWeightSeen]:
        return shown_error(repeats, lambda seen: seen.indicated, self.parameters)


def _weight(number: int, certificates: Certificates) -> Single:
    """Return what a weight's certificate says it is, in kg."""
    used = certificates.get(f"weights[{number}]")
    if used is None:
        raise BenchError(f"there is no weight {number} on the bench: give it an artefact, or mend loads")
    return Single(f"m_{number}", used.certificate, MASS, "kg")


def _asked(value: float, unit: str, on: Sequence[str], *, rising: bool) -> Text:
    """Return what the person on site is asked to do."""
    called = f"{convert(value, 'Pa', unit):.6g} {unit}"
    if not on:
        return Text(zh=f"{called}：请将管路通大气。", en=f"{called}: open the line to the air.")
    serials = ", ".join(on)
    return Text(
        zh=f"{called}：请在活塞上加放 {serials}，{'升压' if rising else '降压'}至活塞浮起并转动，"
        "不得超过该点。",
        en=f"{called}: let {serials} be on the piston; come from {'below' if rising else 'above'} and not "
        "past it, until it floats and turns.",
    )
