"""Evidence of a pressure calibration, written by hand: readings of known devices by a known standard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from remotecal.bench import CertificateUsed
from remotecal.bench_file import Characteristic
from remotecal.drivers.druck.pace import DruckPace
from remotecal.drivers.measured import Measured
from remotecal.journal.evidence import Evidence, InstrumentUsed, ProcedureUsed
from remotecal.journal.observation import Observation, Point
from remotecal.model import Text
from remotecal.order import Order
from remotecal.procedures import Procedure
from remotecal.procedures.library.pressure.gauge import Gauge
from remotecal.sim.calibrated import Calibrated, Stated
from remotecal.sim.certificates import Certified, certificate

DAY = date(2026, 11, 28)

ORDER = {
    "order": {"number": "P-1", "procedure": "pressure.gauge", "bench": "bench.toml"},
    "dut": {"name": "gauge", "serial": "G-1"},
    "customer": {"name": "Customer", "address": "Street 1"},
    "laboratory": {"name": "Laboratory", "address": "Street 2"},
    "persons": ({"name": "Person", "duty": "performed"},),
}


def certified(unit: str, places: Sequence[float], expanded: float, serial: str = "S-1") -> CertificateUsed:
    """Return the certificate of a standard without errors, with the same U everywhere."""
    return _used(serial, (unit, places, expanded))


def certified_air(expanded: float = 40.0) -> CertificateUsed:
    """Return the certificate of the instrument that reads the air, with a U in Pa."""
    kinds = ("Pa", (90e3, 110e3), expanded), ("°C", (10, 30), 0.2), ("%", (20, 80), 2.0)
    return _used("S-1", *kinds)


def _used(serial: str, *kinds: tuple[str, Sequence[float], float]) -> CertificateUsed:
    tables = [
        Calibrated(Stated(unit, tuple(places), (0.0,) * len(places), (expanded,) * len(places)), 0.0)
        for unit, places, expanded in kinds
    ]
    about = Certified(Text.plain("standard"), tuple((Text.plain("quantity"), table) for table in tables))
    record = certificate(about, DruckPace, serial, Text.plain("Laboratory"), "C-1", DAY)
    return CertificateUsed(file="c.xml", sha256="0" * 64, record=record)


def instrument(name: str) -> InstrumentUsed:
    return InstrumentUsed(
        name=name, driver="", address="", settings={}, maker="", model="", serial="1", firmware=""
    )


def fact(value: float, unit: str, expanded: float = 0.0) -> Characteristic:
    return Characteristic(
        value=value, unit=unit, expanded_uncertainty=expanded, source="here", valid_until=DAY
    )


LEVEL = {"reference_height": fact(0.0, "m"), "gravity": fact(9.80122, "m/s2")}
"""Standard and device at one level."""


def evidence(
    procedure: Procedure,
    readings: Sequence[Sequence[float]],
    device: tuple[str, str],
    standard: CertificateUsed,
    **more: CertificateUsed,
) -> Evidence:
    """Return a run in which the standard showed each set point exactly.

    Args:
        procedure: with its parameters.
        readings: what the device showed, M1, M2 … in the order of the procedure's points.
        device: part of the observation the device is read as, and its unit.
        standard: the controller's certificate.
        more: further certificates, by role.
    """
    points = tuple(procedure.points())
    shown = [
        value
        for number, passage in enumerate(readings)
        for value in (passage if number % 2 == 0 else reversed(passage))
    ]
    observations = [
        observed(point, at, point.nominal["pressure"], device, value)
        for at, (point, value) in enumerate(zip(points, shown, strict=True))
    ]
    run = evidence_of(procedure, observations)
    return replace(run, certificates={"controller": standard, **more})


def observed(point: Point, at: int, pressure: float, device: tuple[str, str], value: float) -> Observation:
    """Return an observation: the standard showed a pressure in Pa, and the device a value in its unit."""
    part, unit = device
    return Observation(point, 1, values(pressure, {part: (_read(f"dut.{part}", value, unit),)}), at, at + 1)


def evidence_of(procedure: Procedure, observations: Sequence[Observation]) -> Evidence:
    """Return a run without certificates that saw this, standard and device at one level."""
    return replace(
        hand_written(tuple(procedure.points()), observations),
        parameters=procedure.parameters.model_dump(mode="json"),
        characteristics=LEVEL,
    )


def hand_written(points: Sequence[Point], observations: Sequence[Observation]) -> Evidence:
    """Return a run on a bench without papers."""
    return Evidence(
        order=Order.model_validate(ORDER),
        procedure=ProcedureUsed(name="pressure.gauge", sha256="0" * 64),
        parameters={},
        points=tuple(points),
        observations=tuple(observations),
        instruments={name: instrument(name) for name in ("controller", "ambient", "dut")},
        artefacts={},
        certificates={},
        characteristics={},
        approvals=(),
        answers=(),
        software={},
        discarded=(),
        run="run",
        began=0.0,
        finished=1.0,
        complete=True,
        head="0" * 64,
        lines=1,
        time_zone="UTC",
    )


def values(pressure: float, device: Mapping[str, tuple[Measured, ...]]) -> dict[str, object]:
    return {
        "air_pressure": _read("ambient.air_pressure", 101_325.0, "Pa", 20.0),
        "air_temperature": _read("ambient.air_temperature", 20.0, "°C", 0.1),
        "humidity": _read("ambient.humidity", 50.0, "%", 1.0),
        "reference": (_read("controller.pressure", pressure, "Pa"),),
        "reference_kind": "gauge",
        **device,
    }


def _read(source: str, value: float, unit: str, u: float | None = None) -> Measured:
    return Measured(value, unit, u, source, 0.0, 1)


def elsewhere(run: Evidence, **facts: Characteristic) -> Evidence:
    """Return a run on a bench of which other facts are stated."""
    return replace(run, characteristics={**run.characteristics, **facts})


BARS = (0, 2, 4, 6, 8, 10)
"""The set points of the fact sheet's gauge."""


def gauge(**changes: object) -> Gauge:
    """Return the calibration of the fact sheet's gauge, of 10 bar."""
    told = {
        "span": ("0 bar", "10 bar"),
        "sequence": "cg-17 comprehensive",
        "pressures": [f"{bar} bar" for bar in BARS],
        "unit": "bar",
        "resolution": "0.0001 bar",
        "accuracy_class": 0.1,
        **changes,
    }
    return Gauge(Gauge.accepts()(**told))


GAUGE = (
    (0.0000, 2.0012, 4.0020, 6.0022, 8.0016, 10.0004),
    (0.0006, 2.0024, 4.0034, 6.0034, 8.0022, 10.0004),
    (0.0002, 2.0014, 4.0022, 6.0023, 8.0017, 10.0006),
    (0.0008, 2.0026, 4.0035, 6.0036, 8.0024, 10.0006),
    (0.0001, 2.0013, 4.0023, 6.0025, 8.0018, 10.0005),
    (0.0007, 2.0026, 4.0036, 6.0037, 8.0024, 10.0005),
)
"""M1 to M6 of a gauge in bar, at 0, 2 … 10 bar; the odd ones rise."""

TRANSMITTER = (
    (4.002, 8.004, 12.007, 16.005, 20.003),
    (4.004, 8.009, 12.012, 16.009, 20.003),
    (4.002, 8.005, 12.008, 16.005, 20.002),
    (4.004, 8.009, 12.013, 16.009, 20.002),
    (4.003, 8.005, 12.008, 16.006, 20.003),
    (4.004, 8.010, 12.013, 16.010, 20.003),
)
"""The same of a transmitter in mA, at 0, 0.25 … 1 MPa."""
