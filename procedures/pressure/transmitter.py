"""Calibrate a pressure transmitter by its current of 4 to 20 mA (JJG 882).

    I(p) = 4 mA + 16 mA·(p - p_lo)/(p_hi - p_lo)

Errors are in mA; as a share of the span they are these by 16 mA. What the regulation of 2019 allows has not
been seen, so that its classes and the hysteresis are parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from remotecal.drivers.capabilities import Ammeter
from remotecal.drivers.measured import Measured
from remotecal.model import Column, Condition, Text
from remotecal.procedures import By, Certificates, Drivers, Evaluation, Evidence, In, Often, Point, Run
from remotecal.procedures.library.evaluation.output import SPAN_CURRENT, ZERO_CURRENT, Current
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.pressure.against import AtPressure, BesideGauge, ErrorOf
from remotecal.procedures.library.pressure.controlled import ControlledProcedure
from remotecal.procedures.library.pressure.parameters import (
    ControlledParameters,
    Followed,
    PressureParameters,
)
from remotecal.uncertainty.number import Number, Numbers


class TransmitterSeen(BesideGauge):
    """What a repeat yields: the standard and the transmitter's current together."""

    current: Annotated[tuple[Measured, ...], "mA", By("dut", "current"), Often("readings")]
    """The transmitter's output."""


class TransmitterParameters(ControlledParameters):
    """What a transmitter's calibration is told."""

    sequence: Followed = "JJG 882"
    """Which sequence of set points is followed; what is given otherwise differs from it."""
    supply: Annotated[float, In("V", above=0, at_most=60)] = 24.0
    """Voltage that feeds the transmitter."""
    load: Annotated[float, In("ohm", at_least=0)] = 250.0
    """Resistance in its loop."""
    norm: str = "JJG 882"
    """The regulation the transmitter is held against."""


class Transmitter(ControlledProcedure[TransmitterSeen]):
    """Calibrate a pressure transmitter by its current, up and down (JJG 882)."""

    title: ClassVar[Text] = Text(zh="压力变送器校准", en="Calibration of a pressure transmitter")
    norms: ClassVar[tuple[str, ...]] = ("JJG 882",)
    item: ClassVar[Text] = Text(en="the transmitter")

    dut: Ammeter
    """What reads the transmitter's current."""
    read_by: ClassVar[tuple[type, ...]] = (Ammeter,)

    Parameters: ClassVar[type[PressureParameters]] = TransmitterParameters
    parameters: TransmitterParameters

    inputs: ClassVar[Mapping[str, Text]] = {
        **ControlledProcedure.inputs,
        "I": Text(zh="电流示值偏差", en="deviation of the measured current"),
    }

    unit: ClassVar[str] = "mA"
    full: ClassVar[float] = SPAN_CURRENT

    def ideal(self, pressure: float) -> float:
        return ZERO_CURRENT + SPAN_CURRENT * (pressure - self.parameters.span[0]) / self.parameters.width

    def equation(self, evidence: Evidence) -> str:
        return f"E = I - (4 + 16·(p_ref - p_lo)/(p_hi - p_lo)), {self.reference_equation(evidence)}"

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        return (*super().corrected(drivers), ("dut", "current", "mA"))

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the certificates of the standard and of the ammeter hold where they are used."""
        super().check(certificates, drivers)
        if "dut" in certificates:
            low, high = ZERO_CURRENT, ZERO_CURRENT + SPAN_CURRENT
            known = Standard.certified("I", certificates["dut"].certificate, "mA")
            known.require(low, high, "the ammeter is to read")

    def measure(self, point: Point, run: Run) -> TransmitterSeen:
        return TransmitterSeen(**self.read(run, {"current": self.dut.current}))

    def error(self, repeats: AtPressure[TransmitterSeen]) -> ErrorOf[TransmitterSeen]:
        ends = (ZERO_CURRENT, ZERO_CURRENT + SPAN_CURRENT)
        output = Current(repeats, "dut", lambda seen: seen.current, ends)
        low, width = self.parameters.span[0], self.parameters.width

        def error(seen: TransmitterSeen, x: Numbers) -> Number:
            ideal = ZERO_CURRENT + SPAN_CURRENT * (repeats.reference(seen, x) - low) / width
            found: Number = output.indicated(seen, x) - ideal
            return found

        return error

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return what every pressure device's evaluation does, and how the transmitter was fed."""
        found = super().evaluate(evidence)
        fed = (
            ("remotecal_supply", Text(zh="供电电压", en="Supply"), "V", self.parameters.supply),
            ("remotecal_load", Text(zh="负载电阻", en="Load"), "ohm", self.parameters.load),
        )
        conditions = [
            Condition(
                name=name,
                ref_types=(ref_type,),
                quantities=(Column(name=name, ref_types=(ref_type,), unit=unit, values=(f"{value:g}",)),),
            )
            for ref_type, name, unit, value in fed
        ]
        return found.model_copy(update={"conditions": (*found.conditions, *conditions)})
